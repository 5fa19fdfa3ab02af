"""The database: one engine a process, and the only place that commits.

Timeouts stand on every stage (connect, pool, statement), for a server that hangs must cost a request, not the service.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, TypeVar
from uuid import UUID

import asyncpg
from pydantic_core import from_json, to_json
from sqlalchemy import (
    Column,
    ColumnElement,
    Integer,
    MetaData,
    Select,
    Table,
    TableValuedAlias,
    Update,
    Uuid,
    any_,
    bindparam,
    column,
    func,
    literal,
    select,
    text,
    update,
)
from sqlalchemy import Sequence as Sequence_
from sqlalchemy.dialects.postgresql import ARRAY, Insert, insert
from sqlalchemy.exc import DBAPIError, InternalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute
from sqlalchemy.sql.dml import ReturningInsert

from app.core.jobs import JobQueue, take_enqueued

T = TypeVar("T")

_OWNER: Final = "owner_id"

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


DATABASE_ERRORS: Final = (DBAPIError, PoolTimeout, asyncpg.PostgresError, ConnectionError, TimeoutError)
"""What a database that does not answer is seen as, among other errors; `is_away` tells them apart."""

_AWAY_STATES: Final = ("08", "53", "57", "40001", "40P01", "55P03")
"""SQLSTATEs of a lost connection, a full server, a shutdown or a start, and of locks that went to somebody else."""

RETRY_AFTER_SECONDS: Final = 2
"""When to come back after the database was away: a restart takes about so long."""


def is_away(error: BaseException) -> bool:
    """Whether the database did not answer (away, starting, full, too slow): the same request may succeed later.

    Before there is a connection, the driver's own errors come through; afterwards SQLAlchemy's, which carry them.
    """
    if not isinstance(error, DBAPIError):
        state = getattr(error, "sqlstate", None) or ""
        return isinstance(error, (PoolTimeout, ConnectionError, TimeoutError)) or state.startswith(_AWAY_STATES)
    state = getattr(error.orig, "sqlstate", None) or ""
    torn = isinstance(error, InternalError) and not state  # the driver met the connection's end amid its protocol
    return error.connection_invalidated or torn or state.startswith(_AWAY_STATES)


class Base(DeclarativeBase):
    """Base of all tables; the naming convention makes every constraint addressable in a migration."""

    metadata = MetaData(naming_convention=NAMING)


class Database:
    """The engine of one process and its two adapters in: `transaction()` writes, `reading()` does not."""

    def __init__(self, url: str, *, pool_size: int = 10, job_queue: JobQueue | None = None) -> None:
        self._engine = create_async_engine(
            url,
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=10,
            pool_pre_ping=False,
            pool_recycle=1800,
            hide_parameters=True,
            json_serializer=_to_json,
            json_deserializer=from_json,
            connect_args={"timeout": 10, "command_timeout": 30},
        )
        self._sessions = async_sessionmaker(self._engine, expire_on_commit=False)
        self._job_queue = job_queue

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """One transaction: committed at the end, rolled back by any exception.

        Jobs that were take_enqueued inside it are sent after the commit, so none can run ahead of its row.
        """
        async with self._sessions() as session:
            async with session.begin():
                yield session
            if self._job_queue is not None:
                await self._job_queue.send(take_enqueued(session.info))

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


def _to_json(value: Any) -> str:
    """In a third of the standard library's time; numbers that JSON does not know are refused by the server."""
    return to_json(value, inf_nan_mode="constants").decode()


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
    hit any unique constraint are left out; `returning` names a column whose values come back for the rows inserted.
    """
    if not rows:
        return []
    names = tuple(rows[0])
    statement = _unnest_insert(model, names, skip_conflicts, returning)
    result = await session.execute(statement, _arrays(rows))
    return list(result.scalars()) if returning else []


@dataclass(frozen=True, slots=True)
class Part:
    """Rows of one table that are stored only together with rows of another: `owners` has the id of each one's owner."""

    model: type[Base]
    rows: Sequence[Mapping[str, Any]]
    owners: Sequence[UUID]


async def insert_whole(
    session: AsyncSession, model: type[Base], rows: Sequence[Mapping[str, Any]], parts: Sequence[Part]
) -> set[UUID]:
    """Insert rows with all their parts in one statement; the ids of those that hit no unique constraint.

    The others are left out, and their parts with them. Foreign keys are checked when the statement has ended, so
    the order of the parts does not matter. Eight statements cost a small batch more than all of its rows.
    """
    parts = [part for part in parts if part.rows]
    statement = _whole_insert(model, tuple(rows[0]), tuple((part.model, tuple(part.rows[0])) for part in parts))
    values = _arrays(rows, model.__tablename__)
    for part in parts:
        prefix = part.model.__tablename__
        values |= _arrays(part.rows, prefix) | {f"{prefix}__{_OWNER}": list(part.owners)}
    return set(await session.scalars(statement, values))


async def bulk_update(session: AsyncSession, model: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Set the named columns of any number of rows, found by their `id`, in one statement."""
    if rows:
        names = tuple(rows[0])
        statement = _unnest_update(model, names)
        await session.execute(statement, _arrays(rows), execution_options={"synchronize_session": False})


def among(one: ColumnElement[T] | InstrumentedAttribute[T], values: Sequence[T]) -> ColumnElement[bool]:
    """`one = ANY(values)`: unlike `IN`, one statement of one shape whatever the number of values."""
    return one == any_(literal(list(values), ARRAY(one.type, dimensions=1)))


def table_of(model: type[Base]) -> Table:
    """The table of a model: selected by its columns, thousands of rows come as plain tuples, and faster."""
    table = model.__table__
    assert isinstance(table, Table)  # noqa: S101 - narrows FromClause for the type checker
    return table


@lru_cache(maxsize=64)
def _unnest_insert(
    model: type[Base], names: tuple[str, ...], skip: bool, returning: str | None
) -> Insert | ReturningInsert[Any]:
    table, incoming = _incoming(model, names)
    statement = insert(table).from_select(list(names), select(*(incoming.c[name] for name in names)))
    if skip:
        statement = statement.on_conflict_do_nothing()
    return statement.returning(table.c[returning]) if returning else statement


@lru_cache(maxsize=64)
def _whole_insert(
    model: type[Base], names: tuple[str, ...], parts: tuple[tuple[type[Base], tuple[str, ...]], ...]
) -> Select[Any]:
    table, incoming = _incoming(model, names, model.__tablename__)
    arriving = select(*(incoming.c[name] for name in names))
    inserted = insert(table).from_select(list(names), arriving).on_conflict_do_nothing().returning(table.c.id)
    stored = inserted.cte("stored")
    whole = select(stored.c.id)
    for part, part_names in parts:
        prefix = part.__tablename__
        part_table, rows = _incoming(part, part_names, prefix, Column(_OWNER, Uuid))
        kept = select(*(rows.c[name] for name in part_names)).where(rows.c[_OWNER].in_(select(stored.c.id)))
        whole = whole.add_cte(insert(part_table).from_select(list(part_names), kept).cte(f"new_{prefix}"))
    return whole


@lru_cache(maxsize=64)
def _unnest_update(model: type[Base], names: tuple[str, ...]) -> Update:
    table, incoming = _incoming(model, names)
    changed = {name: incoming.c[name] for name in names if name != "id"}
    return update(table).where(table.c.id == incoming.c.id).values(changed)


def _arrays(rows: Sequence[Mapping[str, Any]], prefix: str = "all") -> dict[str, list[Any]]:
    return {f"{prefix}__{name}": [row[name] for row in rows] for name in rows[0]}


def _incoming(
    model: type[Base], names: tuple[str, ...], prefix: str = "all", *more: Column[Any]
) -> tuple[Table, TableValuedAlias]:
    """The model's table, and rows of these columns (and `more`) as they come in: one array parameter a column."""
    table = table_of(model)
    columns: list[Column[Any]] = [*(table.c[name] for name in names), *more]
    arrays = func.unnest(*(bindparam(f"{prefix}__{c.name}", type_=ARRAY(c.type, dimensions=1)) for c in columns))
    values = arrays.table_valued(*(column(c.name, c.type) for c in columns))
    return table, values.render_derived(name=f"{prefix}_rows")


async def draw_numbers(session: AsyncSession, sequence: Sequence_, count: int) -> list[int]:
    """The next `count` values of a sequence; they stay used even if the transaction is rolled back."""
    return list(await session.scalars(_drawing(sequence), {"count": count}))


@lru_cache(maxsize=8)
def _drawing(sequence: Sequence_) -> Select[Any]:
    return select(sequence.next_value()).select_from(func.generate_series(1, bindparam("count", type_=Integer)))
