"""The ticket: one citizen request, its life and its history."""
