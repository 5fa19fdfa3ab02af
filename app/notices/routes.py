"""Routes that read notices and letters; an office acknowledges a notice in `escalation/routes.py`."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Response

from app.access.actor import Actor
from app.access.dependencies import require_scope
from app.access.scopes import Scope
from app.core.dependencies import NowDep, PagingDep, TransactionDep, problem_responses
from app.core.schema import CASE_NUMBER
from app.notices.dependencies import LetterReaderDep, NoticeReaderDep, TicketNumbersDep
from app.notices.kinds import NoticeKind
from app.notices.queries import NoticeFilter, find_notice, list_notices
from app.notices.schemas import AppMessage, NoticeOut, NoticePage, NoticeState

router = APIRouter(prefix="/v1/notices", tags=["escalation"])

NoticeNumber = Annotated[str, Path(examples=["26-000123"], description="Number of the notice")]

_PDF: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The letter (PDF/A-2b)",
        "content": {"application/pdf": {"schema": {"type": "string", "format": "binary", "examples": ["%PDF-1.7 …"]}}},
    }
}
"""Response with a letter, in the OpenAPI document."""


async def _filter(
    session: TransactionDep,
    tickets: TicketNumbersDep,
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
    level: Annotated[int | None, Query(ge=0, le=100, description="1 or 2; for warnings the percentage")] = None,
    ticket: Annotated[
        str | None,
        Query(pattern=CASE_NUMBER, examples=["2600012349"], description="Number of the ticket or complaint"),
    ] = None,
    unacknowledged: Annotated[
        bool | None, Query(description="true: to units and offices, not acknowledged yet; false: acknowledged")
    ] = None,
) -> NoticeFilter | None:
    """Return the filter, or None if it names a ticket that does not exist."""
    ticket_id = await tickets.ticket_id(session, ticket) if ticket is not None else None
    if ticket is not None and ticket_id is None:
        return None
    return NoticeFilter(kind, state, recipient, level, ticket_id, unacknowledged)


@router.get(
    "",
    summary="Notices, newest first",
    response_model=NoticePage,
    responses=problem_responses(401, 403, 422, 503),
)
async def read_notices(
    session: TransactionDep,
    actor: Annotated[Actor, Depends(require_scope(Scope.NOTICES_READ))],
    reader: NoticeReaderDep,
    wanted: Annotated[NoticeFilter | None, Depends(_filter)],
    now: NowDep,
    paging: PagingDep,
) -> NoticePage:
    """List notices with their text as it is sent; a key with a unit gets those to its unit.

    Personal data are masked unless the key has `personal-data:read`; a reading in clear is recorded.
    """
    if wanted is None:
        return NoticePage(items=[], next_cursor=None)
    page = await list_notices(session, actor, wanted, cursor=paging.cursor, page_size=paging.page_size)
    items = await reader.show(session, page.items, actor=actor, operation="read_notices", now=now)
    paging.set_next_link(page.next_cursor)
    return NoticePage(items=items, next_cursor=page.next_cursor)


@router.get(
    "/{number}.pdf",
    summary="One notice as an official letter",
    response_class=Response,
    responses=_PDF | problem_responses(401, 403, 404, 503),
)
async def read_letter(
    number: NoticeNumber,
    actor: Annotated[Actor, Depends(require_scope(Scope.NOTICES_READ))],
    reader: LetterReaderDep,
    now: NowDep,
) -> Response:
    """Return the letter of a level-2 notice, an extension, missing documents or a result: a draft in the official form.

    The records system (EBYS) assigns its number and date. Other kinds end in 404 `no_letter`. Personal data are masked
    unless the key has `personal-data:read`; a reading in clear is recorded.
    """
    pdf = await reader.read(number, actor=actor, now=now)
    headers = {"Content-Disposition": f'inline; filename="{number}.pdf"', "Cache-Control": "no-store"}
    return Response(pdf, media_type="application/pdf", headers=headers)


@router.get(
    "/{number}",
    summary="One notice",
    response_model=NoticeOut,
    responses=problem_responses(401, 403, 404, 503),
)
async def read_notice(
    number: NoticeNumber,
    session: TransactionDep,
    actor: Annotated[Actor, Depends(require_scope(Scope.NOTICES_READ))],
    reader: NoticeReaderDep,
    now: NowDep,
) -> NoticeOut:
    """Return a notice by its number, which is part of its text and of the name of its file in the outbox."""
    found = await find_notice(session, actor, number)
    [response] = await reader.show(session, [found], actor=actor, operation="read_notice", now=now)
    return response


def document_app_notices(webhooks: APIRouter) -> None:
    """Add the message to the mobile backend to the OpenAPI document."""
    webhooks.add_api_route(
        "notice",
        _app_notice,
        methods=["POST"],
        operation_id="notice",
        summary="A notice for the user of the app",
        tags=["escalation"],
        status_code=204,
        response_description="The app shows it",
        responses={404: {"description": "No device: SMS or e-mail instead"}, 410: {"description": "As 404"}},
    )


async def _app_notice(body: AppMessage) -> None:
    """Show a notice: sent to `ESTIM_MOBILE_WEBHOOK_URL`, signed by Standard Webhooks 1.0, for `contact_by: app`."""
