"""Notices to citizens and offices: kinds, facts, texts, letters and delivery."""
