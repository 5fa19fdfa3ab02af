"""The failure that every command may end in."""


class CommandError(Exception):
    """A command can't do what was asked; `str()` says why and what to do, in one line."""
