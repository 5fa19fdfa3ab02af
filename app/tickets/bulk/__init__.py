"""Bulk changes of open clocks: another calendar, another version of the catalogue."""
