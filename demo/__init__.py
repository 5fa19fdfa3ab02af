"""A month of a city in half a minute: the real programs on throw-away data, and numbers that are checked at the end."""
