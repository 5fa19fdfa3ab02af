"""The database: one engine per process, the only place that commits, and bulk statements.

Every stage has a timeout (connect, pool, statement): a server that hangs costs a request, not the service.
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

Row = Mapping[str, object]
"""A row to write, by column name."""

_PARENT: Final = "parent_id"

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


DATABASE_ERRORS: Final = (DBAPIError, PoolTimeout, asyncpg.PostgresError, ConnectionError, TimeoutError)
"""Errors that an unavailable database raises, among others; `is_unavailable` distinguishes them."""

_UNAVAILABLE_STATES: Final = ("08", "53", "57", "40001", "40P01", "55P03")
"""SQLSTATEs of a lost connection, a full server, a shutdown or start, a deadlock and a lock that was not free."""

RETRY_AFTER_SECONDS: Final = 2
"""`Retry-After` while the database is unavailable: a restart takes about this long."""


def is_unavailable(error: BaseException) -> bool:
    """Return whether the database did not respond (down, starting, full, too slow): a retry may succeed.

    The driver's own errors come from connecting. Later ones are SQLAlchemy's, which wrap the driver's.
    """
    if not isinstance(error, DBAPIError):
        state = getattr(error, "sqlstate", None) or ""
        return isinstance(error, (PoolTimeout, ConnectionError, TimeoutError)) or state.startswith(_UNAVAILABLE_STATES)
    state = getattr(error.orig, "sqlstate", None) or ""
    broken = isinstance(error, InternalError) and not state  # the connection ended in the middle of the protocol
    return error.connection_invalidated or broken or state.startswith(_UNAVAILABLE_STATES)


class Base(DeclarativeBase):
    """Base of all tables; the naming convention gives every constraint a name that migrations can use."""

    metadata = MetaData(naming_convention=NAMING)


class Database:
    """The engine of one process with two kinds of session: `transaction()` commits, `reading()` does not."""

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
        """Open a transaction: commit it at the end, roll it back after any exception.

        Jobs that were enqueued in it are sent after the commit, so none runs before its row is visible.
        """
        async with self._sessions() as session:
            async with session.begin():
                yield session
            if self._job_queue is not None:
                await self._job_queue.send(take_enqueued(session))

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """Open a session for reads; changes are rolled back."""
        async with self._sessions() as session:
            yield session

    async def ping(self) -> None:
        """Run a query to check that the server responds; raise the driver's error if not."""
        async with self.reading() as session:
            await session.execute(text("SELECT 1"))

    async def close(self) -> None:
        """Close all connections."""
        await self._engine.dispose()


def _to_json(value: object) -> str:
    """Encode JSON three times as fast as the standard library; the server refuses NaN and infinity."""
    return to_json(value, inf_nan_mode="constants").decode()


async def bulk_insert(
    session: AsyncSession, model: type[Base], rows: Sequence[Row], *, skip_conflicts: bool = False
) -> None:
    """Insert rows of equal shape with one statement, whose text does not depend on their number.

    Each column travels as one array (`unnest`), so the server plans the statement once. `skip_conflicts` skips rows
    that hit a unique constraint.
    """
    if rows:
        await session.execute(_insert_statement(model, tuple(rows[0]), skip_conflicts), _arrays(rows))


async def insert_new(session: AsyncSession, model: type[Base], rows: Sequence[Row]) -> list[UUID]:
    """Insert the rows that hit no unique constraint, like `bulk_insert`, and return their ids."""
    if not rows:
        return []
    return list(await session.scalars(_insert_new_statement(model, tuple(rows[0])), _arrays(rows)))


@dataclass(frozen=True, slots=True)
class ChildRows:
    """Rows of one table that depend on rows of another: `parents` has the id of each row's parent."""

    model: type[Base]
    rows: Sequence[Row]
    parents: Sequence[UUID]


async def insert_with_children(
    session: AsyncSession, model: type[Base], rows: Sequence[Row], children: Sequence[ChildRows]
) -> set[UUID]:
    """Insert rows with all their child rows in one statement; return the ids of the inserted rows.

    Rows that hit a unique constraint are skipped, and their children with them. Foreign keys are checked at the end
    of the statement, so the order of `children` does not matter. Eight statements would cost a small batch more than
    all of its rows.
    """
    children = [child for child in children if child.rows]
    shapes = tuple((child.model, tuple(child.rows[0])) for child in children)
    statement = _insert_statement_with_children(model, tuple(rows[0]), shapes)
    values = _arrays(rows, model.__tablename__)
    for child in children:
        prefix = child.model.__tablename__
        values |= _arrays(child.rows, prefix) | {f"{prefix}__{_PARENT}": list(child.parents)}
    return set(await session.scalars(statement, values))


async def bulk_update(session: AsyncSession, model: type[Base], rows: Sequence[Row]) -> None:
    """Set the columns of rows, found by their `id`, with one statement."""
    if rows:
        names = tuple(rows[0])
        statement = _update_statement(model, names)
        await session.execute(statement, _arrays(rows), execution_options={"synchronize_session": False})


def equals_any(tested: ColumnElement[T] | InstrumentedAttribute[T], values: Sequence[T]) -> ColumnElement[bool]:
    """Return `tested = ANY(values)`: unlike `IN`, the statement's text does not depend on the number of values."""
    return tested == any_(literal(list(values), ARRAY(tested.type, dimensions=1)))


def table_of(model: type[Base]) -> Table:
    """Return the table of a model: selecting its columns returns plain tuples, faster than entities."""
    table = model.__table__
    assert isinstance(table, Table)  # noqa: S101 - narrows FromClause for the type checker
    return table


@lru_cache(maxsize=64)
def _insert_statement(model: type[Base], names: tuple[str, ...], skip: bool) -> Insert:
    table, incoming = _incoming(model, names)
    statement = insert(table).from_select(list(names), select(*(incoming.c[name] for name in names)))
    return statement.on_conflict_do_nothing() if skip else statement


@lru_cache(maxsize=64)
def _insert_new_statement(model: type[Base], names: tuple[str, ...]) -> ReturningInsert[tuple[UUID]]:
    return _insert_statement(model, names, skip=True).returning(table_of(model).c.id)


@lru_cache(maxsize=64)
def _insert_statement_with_children(
    model: type[Base], names: tuple[str, ...], children: tuple[tuple[type[Base], tuple[str, ...]], ...]
) -> Select[Any]:
    table, incoming = _incoming(model, names, model.__tablename__)
    new_rows = select(*(incoming.c[name] for name in names))
    inserted = insert(table).from_select(list(names), new_rows).on_conflict_do_nothing().returning(table.c.id)
    stored = inserted.cte("stored")
    statement = select(stored.c.id)
    for child, child_names in children:
        prefix = child.__tablename__
        child_table, rows = _incoming(child, child_names, prefix, Column(_PARENT, Uuid))
        selected = select(*(rows.c[name] for name in child_names)).where(rows.c[_PARENT].in_(select(stored.c.id)))
        statement = statement.add_cte(insert(child_table).from_select(list(child_names), selected).cte(f"new_{prefix}"))
    return statement


@lru_cache(maxsize=64)
def _update_statement(model: type[Base], names: tuple[str, ...]) -> Update:
    table, incoming = _incoming(model, names)
    changed = {name: incoming.c[name] for name in names if name != "id"}
    return update(table).where(table.c.id == incoming.c.id).values(changed)


def _arrays(rows: Sequence[Row], prefix: str = "all") -> dict[str, list[object]]:
    return {f"{prefix}__{name}": [row[name] for row in rows] for name in rows[0]}


def _incoming(
    model: type[Base], names: tuple[str, ...], prefix: str = "all", *more: Column[Any]
) -> tuple[Table, TableValuedAlias]:
    """Return the model's table and an `unnest` of these columns (and `more`): one array parameter per column."""
    table = table_of(model)
    columns: list[Column[Any]] = [*(table.c[name] for name in names), *more]
    arrays = func.unnest(*(bindparam(f"{prefix}__{c.name}", type_=ARRAY(c.type, dimensions=1)) for c in columns))
    values = arrays.table_valued(*(column(c.name, c.type) for c in columns))
    return table, values.render_derived(name=f"{prefix}_rows")


async def next_values(session: AsyncSession, sequence: Sequence_, count: int) -> list[int]:
    """Return the next `count` values of a sequence; a rollback does not give them back."""
    return list(await session.scalars(_next_values_statement(sequence), {"count": count}))


@lru_cache(maxsize=8)
def _next_values_statement(sequence: Sequence_) -> Select[Any]:
    return select(sequence.next_value()).select_from(func.generate_series(1, bindparam("count", type_=Integer)))
