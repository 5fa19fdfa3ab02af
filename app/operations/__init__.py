"""Whether the service is well: what probes ask, and what the people who run it have to see before citizens do."""
