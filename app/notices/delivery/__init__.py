"""Delivery of notices: which are sent when and how, what became of them, and when they are retried."""
