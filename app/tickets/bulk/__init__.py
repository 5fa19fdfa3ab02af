"""Changes of many running clocks at once: another calendar, another catalogue version."""
