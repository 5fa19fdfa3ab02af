"""Reports of met and missed limits, from stored dates and pinned policies; the present catalogue does not count."""
