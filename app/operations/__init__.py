"""Operation of the service: health probes, and the backlog and delivery figures for operators."""
