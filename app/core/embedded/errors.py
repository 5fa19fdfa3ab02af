"""What can go wrong with the embedded servers, each as one sentence a person can act on."""


class EmbeddedError(Exception):
    """The embedded servers can't do what was asked; `str()` is one line for the person at the terminal.

    EmbeddedError
    ├── AlreadyRunningError   another process runs the servers of this data folder
    └── NotRunningError       nobody runs them
    """


class AlreadyRunningError(EmbeddedError):
    """Another process runs the servers of this data folder."""


class NotRunningError(EmbeddedError):
    """No servers run in this data folder."""
