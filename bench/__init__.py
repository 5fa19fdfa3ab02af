"""Measures how fast the product is, on throw-away servers with durable settings: `make bench`.

A benchmark that counts wrong fails: every answered request has its ticket, every fired checkpoint exactly its notice.
"""
