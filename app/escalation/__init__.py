"""What happens when a limit is threatened or missed: the offices of the published table and the levels to them."""
