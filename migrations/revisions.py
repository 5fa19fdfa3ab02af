"""The structure of the database: the revision this program needs, the one a database has, and the upgrade."""

from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncSession

import migrations

FOLDER = Path(migrations.__file__).parent


def head() -> str:
    """Return the newest revision of this program: the files are numbered, and the last one is the head.

    It reads file names only, because loading alembic would slow down every start of the API.
    """
    return max(path.name.partition("_")[0] for path in (FOLDER / "versions").glob("[0-9]*_*.py"))


async def current(session: AsyncSession) -> str | None:
    """Return the revision of the database, or None if none was ever applied."""
    try:
        found: str | None = await session.scalar(text("SELECT version_num FROM alembic_version"))
    except ProgrammingError:
        await session.rollback()
        return None
    return found


def upgrade(url: str) -> None:
    """Migrate the database to the head; a second call, or a call beside another program's, changes nothing.

    It runs an event loop of its own, so no running loop may call it.
    """
    from alembic import command  # noqa: PLC0415 - half a second, spent only where something is to be migrated
    from alembic.config import Config  # noqa: PLC0415 - as above

    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    command.upgrade(config, "head")
