"""The commands on a ticket: each locks, checks the workflow table, changes, records an event and queues notices."""
