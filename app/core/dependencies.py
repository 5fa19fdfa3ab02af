"""FastAPI dependencies that every package's routes use: sessions, paging, the idempotency key and the time."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Depends, Header, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.paging import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE, Cursor, link_header
from app.core.problem import MEDIA_TYPE


async def _transaction(request: Request) -> AsyncIterator[AsyncSession]:
    async with request.app.state.container.database.transaction() as session:
        yield session


async def _read_session(request: Request) -> AsyncIterator[AsyncSession]:
    async with request.app.state.container.database.reading() as session:
        yield session


TransactionDep = Annotated[AsyncSession, Depends(_transaction, scope="function")]
"""A session that is committed before the response is sent: a failed commit never ends in 2xx."""

ReadSessionDep = Annotated[AsyncSession, Depends(_read_session, scope="function")]
"""A session for reads; it is never committed."""

PageSize = Annotated[int, Query(ge=1, le=MAX_PAGE_SIZE, description="Items on a page")]


@dataclass(frozen=True, slots=True)
class Paging:
    """The requested page of a list, and the response that gets its `Link` header."""

    request: Request
    response: Response
    cursor: Cursor | None
    page_size: int

    def set_next_link(self, next_cursor: str | None) -> None:
        """Set the response's `Link` header to the next page; set nothing on the last page."""
        query = self.request.query_params.multi_items()
        self.response.headers.update(link_header(self.request.url.path, query, next_cursor))


async def _paging(
    request: Request,
    response: Response,
    cursor: Annotated[str | None, Query(max_length=300, description="From `next_cursor`")] = None,
    limit: PageSize = DEFAULT_PAGE_SIZE,
) -> Paging:
    return Paging(request, response, None if cursor is None else Cursor.decode(cursor), limit)


PagingDep = Annotated[Paging, Depends(_paging)]
"""The query parameters `cursor` and `limit` of a list."""


async def _idempotency_key(
    given: Annotated[
        str | None,
        Header(
            alias="Idempotency-Key",
            max_length=255,
            pattern=r'^"?[\x21\x23-\x7e]+"?$',
            description="Any unique text; repeating it with the same body returns the first response",
        ),
    ] = None,
) -> str | None:
    return given.strip('"') if given else None


IdempotencyKeyDep = Annotated[str | None, Depends(_idempotency_key)]
"""The request's `Idempotency-Key` without its optional quotation marks; None without the header."""


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return FastAPI's `responses` for these error statuses; `app/http/openapi.py` fills them in."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": HTTPStatus(status).phrase, "content": content} for status in statuses}


async def _now(request: Request) -> datetime:
    now: datetime = request.app.state.container.clock.now()
    return now


NowDep = Annotated[datetime, Depends(_now)]
"""The instant of the request, UTC, by the installation's clock."""
