"""Applicants: sealed in the vault, found by blind index, shown masked."""
