"""Time limits: pure functions that compute them, and the rooms around that store and serve them."""
