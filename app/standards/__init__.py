"""The catalogue of services: what the municipality has published, and what its folder adds to it."""
