"""From an understood request to the rows of a new ticket."""
