"""What the `estim` command does, one file a group; `app/cli.py` has the grammar and calls these functions."""
