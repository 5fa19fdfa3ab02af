"""The parts that commands share: the database, the user and time of a change, the API's port, and `CommandError`."""

import errno
import getpass
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

from app.container import SettingsError
from app.core.clock import make_clock
from app.core.db import Database
from config.settings import Settings

NO_DATABASE = "No database: set ESTIM_DATABASE_URL, or start “make run” in this folder."


class CommandError(Exception):
    """A command can't do its work; `str()` gives the reason and the remedy in one line."""


def current_user() -> str:
    """Return the operating system's name of the user, which is recorded with every change."""
    return getpass.getuser()


def current_time(settings: Settings) -> datetime:
    """Return the present instant by the installation's clock, UTC."""
    return make_clock(settings.virtual_clock).now()


def database_url(settings: Settings) -> str:
    """Return the URL from the variables, else of a running `estim up`; raise `SettingsError` without one."""
    if settings.database_url is None:
        raise SettingsError(NO_DATABASE)
    return settings.database_url.get_secret_value()


@asynccontextmanager
async def open_database(settings: Settings) -> AsyncIterator[Database]:
    """Open the database for a command."""
    database = Database(database_url(settings), pool_size=2)
    try:
        yield database
    finally:
        await database.close()


def check_port_is_free(settings: Settings) -> None:
    """Raise `CommandError` if the API can't listen on its address."""
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


def local_host(host: str) -> str:
    """Return the address at which programs of this machine reach an API that listens on `host`."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - recognised, not bound
