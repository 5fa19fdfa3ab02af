"""Delivery of notices: triage, sending, outcomes, retries and receipts."""
