"""What happened to tickets, told to other systems: the change feed that they read, and webhooks that bring it."""
