"""The `estim` command: `main.py` defines the commands and calls the other files, one file per group."""
