"""Escalations over HTTP: the list of them, and an office's acknowledgement of a notice."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from app.access.actor import Actor
from app.access.dependencies import needs
from app.access.scopes import Scope
from app.core.dependencies import DEFAULT_PAGE, Now, PageCursor, PageLimit, Reading, Transaction, problems
from app.core.paging import link_header
from app.escalation.acknowledgement import acknowledge
from app.escalation.queries import EscalationFilter, Raised, list_escalations
from app.escalation.schemas import EscalationAnswer, EscalationPage
from app.notices.dependencies import OpenDesk
from app.notices.routes import NoticeNumber
from app.notices.schemas import NoticeAnswer

router = APIRouter(prefix="/v1", tags=["escalation"])


def _filter(
    level: Annotated[int | None, Query(ge=1, le=2, description="1: first, 2: second application office")] = None,
    is_open: Annotated[bool | None, Query(alias="open", description="Whether the answer is still owed")] = None,
    acknowledged: Annotated[bool | None, Query(description="Whether the office took note")] = None,
    ticket: Annotated[
        str | None, Query(pattern=r"^[0-9]{10}$", examples=["2600012349"], description="Number of the ticket")
    ] = None,
) -> EscalationFilter:
    return EscalationFilter(level, is_open, acknowledged, ticket)


@router.get(
    "/escalations",
    summary="Escalations, newest first",
    response_model=EscalationPage,
    responses=problems(401, 403, 422, 503),
)
async def read_escalations(
    request: Request,
    response: Response,
    session: Reading,
    actor: Annotated[Actor, Depends(needs(Scope.NOTICES_READ))],
    wanted: Annotated[EscalationFilter, Depends(_filter)],
    cursor: PageCursor = None,
    limit: PageLimit = DEFAULT_PAGE,
) -> EscalationPage:
    """Tickets that were raised to an application office; a key with a unit sees those of the unit's tickets."""
    page = await list_escalations(session, actor, wanted, cursor=cursor, limit=limit)
    response.headers.update(link_header(request.url.path, request.query_params.multi_items(), page.next_cursor))
    return EscalationPage(items=[_answer(raised) for raised in page.items], next_cursor=page.next_cursor)


@router.post(
    "/notices/{number}/acknowledge",
    summary="Take note of a notice",
    response_model=NoticeAnswer,
    response_description="The notice; a repeated request changes nothing and gets the first acknowledgement",
    responses=problems(401, 403, 404, 503),
)
async def acknowledge_notice(
    number: NoticeNumber,
    session: Transaction,
    actor: Annotated[Actor, Depends(needs(Scope.NOTICES_ACKNOWLEDGE))],
    desk: OpenDesk,
    now: Now,
) -> NoticeAnswer:
    """Acknowledge a notice to a unit or an office, and with it the escalation that it tells of.

    Who and when stand in the ticket's history. Notices to applicants are not acknowledged: 404.
    """
    found = await acknowledge(session, number, actor=actor, now=now)
    [answer] = await desk.show(session, [found], actor=actor, operation="acknowledge_notice", now=now)
    return answer


def _answer(raised: Raised) -> EscalationAnswer:
    escalation = raised.escalation
    return EscalationAnswer(
        ticket=raised.ticket,
        cycle=escalation.cycle,
        level=escalation.level,
        source="citizen" if escalation.source == "citizen" else "system",
        legal_risk=escalation.legal_risk,
        office=escalation.office,
        open=raised.is_open,
        raised_at=escalation.raised_at,
        breached_at=escalation.breached_at,
        acknowledged_at=escalation.acknowledged_at,
        acknowledged_by=raised.acknowledged_by,
    )
