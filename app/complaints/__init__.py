"""What the published table promises a citizen who was asked for too much, kept waiting, or not served: to complain."""
