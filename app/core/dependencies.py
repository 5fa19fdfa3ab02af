"""What routes get from the process they run in."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Depends, Header, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.paging import DEFAULT_LIMIT, MAX_LIMIT, Cursor, link_header
from app.core.problem import MEDIA_TYPE


async def _transaction(request: Request) -> AsyncIterator[AsyncSession]:
    async with request.app.state.container.database.transaction() as session:
        yield session


async def _reading(request: Request) -> AsyncIterator[AsyncSession]:
    async with request.app.state.container.database.reading() as session:
        yield session


Transaction = Annotated[AsyncSession, Depends(_transaction, scope="function")]
"""A session that is committed BEFORE the answer is sent: a failed commit is never answered with 2xx."""

Reading = Annotated[AsyncSession, Depends(_reading, scope="function")]
"""A session for reads."""

PageLimit = Annotated[int, Query(ge=1, le=MAX_LIMIT, description="Items on a page")]


@dataclass(frozen=True, slots=True)
class Paging:
    """The page of a list that is asked for, and the answer that it goes into."""

    request: Request
    response: Response
    cursor: Cursor | None
    limit: int

    def link(self, next_cursor: str | None) -> None:
        """Say in the answer's `Link` header where the next page is; nothing on the last one."""
        query = self.request.query_params.multi_items()
        self.response.headers.update(link_header(self.request.url.path, query, next_cursor))


async def _paging(
    request: Request,
    response: Response,
    cursor: Annotated[str | None, Query(max_length=300, description="From `next_cursor`")] = None,
    limit: PageLimit = DEFAULT_LIMIT,
) -> Paging:
    return Paging(request, response, None if cursor is None else Cursor.decode(cursor), limit)


AskedPage = Annotated[Paging, Depends(_paging)]
"""`cursor` and `limit` of a list."""


async def _idempotency_key(
    given: Annotated[
        str | None,
        Header(
            alias="Idempotency-Key",
            max_length=255,
            pattern=r'^"?[\x21\x23-\x7e]+"?$',
            description="Any unique text; the same key with the same body is one record and one answer",
        ),
    ] = None,
) -> str | None:
    return given.strip('"') if given else None


IdempotencyKey = Annotated[str | None, Depends(_idempotency_key)]
"""The caller's own key of a request, with or without quotation marks around it."""


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The error answers of an operation for the API docs; `app/http/openapi.py` says what each of them means."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": HTTPStatus(status).phrase, "content": content} for status in statuses}


async def _now(request: Request) -> datetime:
    now: datetime = request.app.state.container.clock.now()
    return now


Now = Annotated[datetime, Depends(_now)]
"""The instant of the request, UTC, by the installation's clock."""
