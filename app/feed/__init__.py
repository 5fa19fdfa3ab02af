"""Events of tickets for other systems: the change feed, which they read, and webhooks, which deliver it to them."""
