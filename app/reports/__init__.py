"""Figures of what was done, from stored dates and pinned policies: the catalogue of today has no say in them."""
