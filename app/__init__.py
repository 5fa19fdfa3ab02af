"""ESTİM: the request desk of a Turkish municipality as a service."""
