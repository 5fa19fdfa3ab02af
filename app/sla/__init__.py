"""Time limits: the pure functions that compute them, and the modules that store and serve them."""
