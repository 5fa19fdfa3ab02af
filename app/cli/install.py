"""What `estim up` does to the database before anything serves: structure, catalogue, a key for the developer."""

import asyncio

from app.access.service import Authenticator, create_client
from app.cli.catalogue import store
from app.cli.database import connected, database_url
from app.cli.occasion import present
from app.cli.private_files import write_private
from app.core.db import Database
from app.core.errors import Unauthenticated
from app.people.vault import decode_key
from app.standards.catalogue import CatalogueCheck
from config.settings import Settings
from migrations import revisions

KEY_FILE = "api-key"


def install(settings: Settings, catalogue: CatalogueCheck) -> None:
    """Make the database ready to serve; what is there already is left alone."""
    if not asyncio.run(_is_migrated(settings)):
        revisions.upgrade(database_url(settings))
    asyncio.run(_fill(settings, catalogue))


async def _is_migrated(settings: Settings) -> bool:
    async with connected(settings) as database, database.reading() as session:
        return await revisions.current(session) == revisions.head()


async def _fill(settings: Settings, catalogue: CatalogueCheck) -> None:
    async with connected(settings) as database:
        await store(settings, database, catalogue)
        await _keep_key(settings, database)


async def _keep_key(settings: Settings, database: Database) -> None:
    """A key of all scopes in `api-key`: the one that is there if this database knows it, else a new one."""
    path = settings.data_dir / KEY_FILE
    pepper, now = decode_key(settings.key_pepper.get_secret_value()), present(settings)
    if path.exists():
        try:
            await Authenticator(database, pepper=pepper).identify(path.read_text().strip(), now=now)
        except Unauthenticated:
            pass  # another database, or other secrets: the old key opens nothing any more
        else:
            return
    async with database.transaction() as session:
        key = await create_client(session, name="development", role="developer", unit=None, pepper=pepper, now=now)
    write_private(path, f"{key}\n")
