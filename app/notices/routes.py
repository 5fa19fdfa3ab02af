"""Notices over HTTP: the list and one of them. That an office takes note of one is in `escalation/routes.py`."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from app.access.actor import Actor
from app.access.dependencies import needs
from app.access.scopes import Scope
from app.core.dependencies import DEFAULT_PAGE, Now, PageCursor, PageLimit, Transaction, problems
from app.core.paging import link_header
from app.notices.dependencies import OpenDesk
from app.notices.kinds import NoticeKind
from app.notices.queries import NoticeFilter, find_notice, list_notices
from app.notices.schemas import NoticeAnswer, NoticePage, NoticeState

router = APIRouter(prefix="/v1/notices", tags=["escalation"])

NoticeNumber = Annotated[str, Path(examples=["26-000123"], description="Number of the notice")]


def _filter(
    kind: NoticeKind | None = None,
    state: NoticeState | None = None,
    recipient: Annotated[
        str | None,
        Query(
            max_length=70,
            pattern=r"^(applicant|unit:[A-Za-z0-9._-]+|office:[12])$",
            examples=["office:1"],
            description="`applicant`, `unit:<code>` or `office:<level>`",
        ),
    ] = None,
    level: Annotated[int | None, Query(ge=0, le=100, description="1 or 2; of warnings the percentage")] = None,
    ticket: Annotated[
        str | None, Query(pattern=r"^[0-9]{10}$", examples=["2600012349"], description="Number of the ticket")
    ] = None,
    unacknowledged: Annotated[
        bool | None, Query(description="true: to units and offices, nobody took note yet; false: somebody did")
    ] = None,
) -> NoticeFilter:
    return NoticeFilter(kind, state, recipient, level, ticket, unacknowledged)


@router.get(
    "",
    summary="Notices, newest first",
    response_model=NoticePage,
    responses=problems(401, 403, 422, 503),
)
async def read_notices(
    request: Request,
    response: Response,
    session: Transaction,
    actor: Annotated[Actor, Depends(needs(Scope.NOTICES_READ))],
    desk: OpenDesk,
    wanted: Annotated[NoticeFilter, Depends(_filter)],
    now: Now,
    cursor: PageCursor = None,
    limit: PageLimit = DEFAULT_PAGE,
) -> NoticePage:
    """Notices with their words as they go out; a key with a unit sees those to its unit.

    Personal data are masked unless the key holds `personal-data:read`; such a reading is written down.
    """
    page = await list_notices(session, actor, wanted, cursor=cursor, limit=limit)
    items = await desk.show(session, page.items, actor=actor, operation="read_notices", now=now)
    response.headers.update(link_header(request.url.path, request.query_params.multi_items(), page.next_cursor))
    return NoticePage(items=items, next_cursor=page.next_cursor)


@router.get(
    "/{number}",
    summary="One notice",
    response_model=NoticeAnswer,
    responses=problems(401, 403, 404, 503),
)
async def read_notice(
    number: NoticeNumber,
    session: Transaction,
    actor: Annotated[Actor, Depends(needs(Scope.NOTICES_READ))],
    desk: OpenDesk,
    now: Now,
) -> NoticeAnswer:
    """A notice by its number, which stands on it and in the name of its file in the outbox."""
    found = await find_notice(session, actor, number)
    [answer] = await desk.show(session, [found], actor=actor, operation="read_notice", now=now)
    return answer
