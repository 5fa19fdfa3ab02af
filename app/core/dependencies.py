"""What routes get from the process they run in."""

from collections.abc import AsyncIterator
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Depends, Query, Request
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.paging import DEFAULT_LIMIT, MAX_LIMIT, Cursor
from app.core.problem import MEDIA_TYPE


async def _transaction(request: Request) -> AsyncIterator[AsyncSession]:
    async with request.app.state.house.database.transaction() as session:
        yield session


async def _reading(request: Request) -> AsyncIterator[AsyncSession]:
    async with request.app.state.house.database.reading() as session:
        yield session


async def _cursor(
    cursor: Annotated[str | None, Query(max_length=300, description="From `next_cursor`")] = None,
) -> Cursor | None:
    return None if cursor is None else Cursor.decode(cursor)


Transaction = Annotated[AsyncSession, Depends(_transaction, scope="function")]
"""A session that is committed BEFORE the answer is sent: a failed commit is never answered with 2xx."""

Reading = Annotated[AsyncSession, Depends(_reading, scope="function")]
"""A session for reads."""

PageCursor = Annotated[Cursor | None, Depends(_cursor)]
PageLimit = Annotated[int, Query(ge=1, le=MAX_LIMIT, description="Items on a page")]
DEFAULT_PAGE = DEFAULT_LIMIT


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The error answers of an operation for the API docs; `app/openapi.py` says what each of them means."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": HTTPStatus(status).phrase, "content": content} for status in statuses}


async def _now(request: Request) -> datetime:
    now: datetime = request.app.state.house.clock.now()
    return now


Now = Annotated[datetime, Depends(_now)]
"""The instant of the request, UTC, by the installation's clock."""
