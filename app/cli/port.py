"""Whether the API can listen where it shall, asked before anything is started."""

import errno
import socket

from app.cli.errors import CommandError
from config.settings import Settings


def refuse_taken_port(settings: Settings) -> None:
    """Raise `CommandError` where the API can't listen."""
    try:
        family = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0][0]
        with socket.create_server((settings.host, settings.port), family=family):
            return
    except OSError as error:
        reason = "the port is in use" if error.errno == errno.EADDRINUSE else (error.strerror or str(error))
    raise CommandError(
        f"The API can't listen on {settings.host}:{settings.port}: {reason}. "
        f"Choose another port with ESTIM_PORT, e.g. ESTIM_PORT={settings.port % 65535 + 1}."
    )


def reachable(host: str) -> str:
    """The address at which a program on this machine reaches an API that listens on `host`."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - recognised, not bound
