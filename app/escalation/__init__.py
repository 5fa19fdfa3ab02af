"""Escalation of tickets whose limit is near or missed to the application offices of the published table."""
