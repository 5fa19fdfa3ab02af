"""Applicants: sealed by the vault, found by blind index, displayed masked."""
