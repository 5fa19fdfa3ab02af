"""Texts of notices: text files, references to personal values, letters, and the length of an SMS."""
