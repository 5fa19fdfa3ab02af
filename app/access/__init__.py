"""Who may call and do what: clients, keys, scopes, and the log of unmasked reads."""
