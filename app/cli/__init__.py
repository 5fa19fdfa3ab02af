"""The `estim` command: `main.py` has its grammar and calls the functions of the other files, one file a group."""
