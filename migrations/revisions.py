"""Schema revisions: the revision this program needs, the revision of a database, and the upgrade."""

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
    """Migrate the database to the head; a second or a concurrent call changes nothing.

    It runs its own event loop, so do not call it from a running one.
    """
    from alembic import command  # noqa: PLC0415 - the import takes half a second, only a migration needs it
    from alembic.config import Config  # noqa: PLC0415 - as above

    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    command.upgrade(config, "head")
