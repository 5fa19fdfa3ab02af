"""How a command reaches the database: the one of the variables, else the one of a running `estim up`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.container import SettingsError
from app.core.db import Database
from config.settings import Settings

NOT_SET = "No database: set ESTIM_DATABASE_URL, or start “make run” in this folder."


def database_url(settings: Settings) -> str:
    """The address; raises `SettingsError` where there is none."""
    if settings.database_url is None:
        raise SettingsError(NOT_SET)
    return settings.database_url.get_secret_value()


@asynccontextmanager
async def connected(settings: Settings) -> AsyncIterator[Database]:
    """The database for as long as a command needs it."""
    database = Database(database_url(settings), pool_size=2)
    try:
        yield database
    finally:
        await database.close()
