"""The alembic environment: the service's own async engine, one migrator at a time, short waits for locks."""

import asyncio

from alembic import context
from sqlalchemy import Connection, pool, text
from sqlalchemy.ext.asyncio import create_async_engine

from app.core.db import Base
from migrations.tables import ALL_MODELS

ADVISORY_LOCK = 0x45535449
"""Key of the lock that lets one program migrate at a time ("ESTI")."""


def _run(connection: Connection) -> None:
    connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": ADVISORY_LOCK})
    connection.execute(text("SET lock_timeout = '5s'"))  # after the line above, which may wait as long as it takes
    connection.commit()
    try:
        context.configure(connection=connection, target_metadata=Base.metadata, compare_server_default=True)
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()
    finally:
        connection.rollback()
        connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": ADVISORY_LOCK})
        connection.commit()


async def _over_engine(url: str) -> None:
    engine = create_async_engine(url, poolclass=pool.NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(_run)
    await engine.dispose()


assert ALL_MODELS, "the tables have to be imported before alembic compares them"  # noqa: S101 - an import with effect
given = context.config.attributes.get("connection")
if given is not None:
    _run(given)
else:
    asyncio.run(_over_engine(context.config.get_main_option("sqlalchemy.url", "")))
