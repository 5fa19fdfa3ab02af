"""The adapters in: one file a channel turns its format into an intake; `door.py` is the one way to a ticket."""
