"""Channels of requests: one module per channel turns its messages into intakes, `intake.py` stores them as tickets."""
