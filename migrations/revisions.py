"""The database's structure: which one this program needs, which one a database has, and bringing it there."""

from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncSession

import migrations

FOLDER = Path(migrations.__file__).parent


def head() -> str:
    """The newest revision of this program: the files are numbered, the last one is the head.

    Read from the names, for the API asks at every start and need not load alembic for it.
    """
    return max(path.name.partition("_")[0] for path in (FOLDER / "versions").glob("[0-9]*_*.py"))


async def current(session: AsyncSession) -> str | None:
    """The revision of the database; None where none was ever applied."""
    try:
        found: str | None = await session.scalar(text("SELECT version_num FROM alembic_version"))
    except ProgrammingError:
        await session.rollback()
        return None
    return found


def upgrade(url: str) -> None:
    """Bring the database to the head; harmless where it is there, and where another program does it too.

    Runs an event loop of its own, so it can't be called from within one.
    """
    from alembic import command  # noqa: PLC0415 - half a second, spent only where something is to be migrated
    from alembic.config import Config  # noqa: PLC0415 - as above

    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    command.upgrade(config, "head")
