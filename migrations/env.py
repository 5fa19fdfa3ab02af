"""The alembic environment: an async engine, one migration at a time, and a short lock timeout."""

import asyncio

from alembic import context
from sqlalchemy import Connection, pool, text
from sqlalchemy.ext.asyncio import create_async_engine

from app.core.db import Base
from migrations.tables import ALL_MODELS

ADVISORY_LOCK = 0x45535449
"""Key of the advisory lock that lets one program migrate at a time (the letters `ESTI`)."""


def _run(connection: Connection) -> None:
    connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": ADVISORY_LOCK})
    connection.execute(text("SET lock_timeout = '5s'"))  # after the line above, which may wait without a limit
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


async def _run_on_engine(url: str) -> None:
    engine = create_async_engine(url, poolclass=pool.NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(_run)
    await engine.dispose()


assert ALL_MODELS, "alembic needs all tables imported"  # noqa: S101 - the import registers the tables
connection_of_caller = context.config.attributes.get("connection")
if connection_of_caller is not None:
    _run(connection_of_caller)
else:
    asyncio.run(_run_on_engine(context.config.get_main_option("sqlalchemy.url", "")))
