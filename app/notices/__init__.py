"""Notices: what is told to whom, in which words, and that it arrived once."""
