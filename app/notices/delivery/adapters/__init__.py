"""Delivery adapters, one per medium or provider: e-mail, SMS, webhook, and files on this machine."""
