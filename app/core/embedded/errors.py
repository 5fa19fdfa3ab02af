"""Errors of the embedded servers, each with one sentence that a person can act on."""


class EmbeddedError(Exception):
    """Base of the errors; `str()` is one line for the person at the terminal.

    EmbeddedError
    ├── AlreadyRunningError   another process runs the servers of this data folder
    └── NotRunningError       no process runs them
    """


class AlreadyRunningError(EmbeddedError):
    """Another process runs the servers of this data folder."""


class NotRunningError(EmbeddedError):
    """No servers run in this data folder."""
