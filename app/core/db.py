"""The database: one engine a process, and the only place that commits.

Timeouts stand on every stage (connect, pool, statement), for a server that hangs must cost a request, not the service.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import Any

from sqlalchemy import Column, MetaData, Table, bindparam, column, func, select, text
from sqlalchemy import Sequence as Sequence_
from sqlalchemy.dialects.postgresql import ARRAY, Insert, insert
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.sql.dml import ReturningInsert

from app.core.jobs import Doorbell, rung

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Base of all tables; the naming convention makes every constraint addressable in a migration."""

    metadata = MetaData(naming_convention=NAMING)


class Database:
    """The engine of one process and its two ways in: `transaction()` writes, `reading()` does not."""

    def __init__(self, url: str, *, pool_size: int = 10, doorbell: Doorbell | None = None) -> None:
        self._engine = create_async_engine(
            url,
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=10,
            pool_pre_ping=False,
            pool_recycle=1800,
            hide_parameters=True,
            connect_args={"timeout": 10, "command_timeout": 30},
        )
        self._sessions = async_sessionmaker(self._engine, expire_on_commit=False)
        self._doorbell = doorbell

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """One transaction: committed at the end, rolled back by any exception.

        Jobs that were rung inside it are sent after the commit, so none can run ahead of its row.
        """
        async with self._sessions() as session:
            async with session.begin():
                yield session
            if self._doorbell is not None:
                await self._doorbell.send(rung(session.info))

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A session for reads; whatever it would change is rolled back."""
        async with self._sessions() as session:
            yield session

    async def ping(self) -> None:
        """Prove that the server answers; raises what the driver raises."""
        async with self.reading() as session:
            await session.execute(text("SELECT 1"))

    async def close(self) -> None:
        """Close all connections."""
        await self._engine.dispose()


async def bulk_insert(
    session: AsyncSession,
    model: type[Base],
    rows: Sequence[Mapping[str, Any]],
    *,
    skip_conflicts: bool = False,
    returning: str | None = None,
) -> list[Any]:
    """Insert any number of equal-shaped rows in one statement of one shape, whatever their number.

    The values travel as one array a column (`unnest`), which the server plans once. With `skip_conflicts` rows that
    hit any unique constraint are left out; `returning` names a column whose values of the rows really inserted come back.
    """
    if not rows:
        return []
    names = tuple(rows[0])
    statement = _unnest_insert(model, names, skip_conflicts, returning)
    result = await session.execute(statement, {name: [row[name] for row in rows] for name in names})
    return list(result.scalars()) if returning else []


@lru_cache(maxsize=64)
def _unnest_insert(
    model: type[Base], names: tuple[str, ...], skip: bool, returning: str | None
) -> Insert | ReturningInsert[Any]:
    table = model.__table__
    assert isinstance(table, Table)  # noqa: S101 - narrows FromClause for the type checker
    columns: list[Column[Any]] = [table.c[name] for name in names]
    arrays = func.unnest(*(bindparam(c.name, type_=ARRAY(c.type, dimensions=1)) for c in columns))
    values = arrays.table_valued(*(column(c.name, c.type) for c in columns)).render_derived(name="incoming")
    statement = insert(table).from_select(list(names), select(*(values.c[name] for name in names)))
    if skip:
        statement = statement.on_conflict_do_nothing()
    return statement.returning(table.c[returning]) if returning else statement


async def draw_numbers(session: AsyncSession, sequence: Sequence_, count: int) -> list[int]:
    """The next `count` values of a sequence; they stay used even if the transaction is rolled back."""
    drawn = await session.scalars(select(sequence.next_value()).select_from(func.generate_series(1, count)))
    return list(drawn)
