"""Benchmarks of the product on temporary servers with durable settings: `make bench`.

Each benchmark checks its own work and fails if a count is wrong: every accepted request has its ticket, every fired
checkpoint exactly one notice.
"""
