"""Escalations over HTTP: the list of them, and what an office does: takes note of a notice, answers."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from app.access.actor import Actor
from app.access.dependencies import needs
from app.access.scopes import Scope
from app.core.dependencies import NowDep, PagingDep, TransactionDep, problem_responses
from app.core.schema import CASE_NUMBER
from app.escalation.acknowledgement import acknowledge
from app.escalation.queries import EscalationFilter, list_escalations
from app.escalation.responses import acknowledge_by_id, respond
from app.escalation.schemas import EscalationOut, EscalationPage, ResponseBody
from app.escalation.serializers import shown
from app.notices.dependencies import OpenDesk
from app.notices.routes import NoticeNumber
from app.notices.schemas import NoticeOut
from app.people.dependencies import OpenVault
from app.tickets.model import EscalationState

router = APIRouter(prefix="/v1", tags=["escalation"])


def _filter(
    level: Annotated[int | None, Query(ge=1, le=2, description="1: first, 2: second application office")] = None,
    is_open: Annotated[bool | None, Query(alias="open", description="Whether the answer is still owed")] = None,
    acknowledged: Annotated[bool | None, Query(description="Whether the office took note")] = None,
    ticket: Annotated[
        str | None,
        Query(pattern=CASE_NUMBER, examples=["2600012349"], description="Number of the ticket"),
    ] = None,
    source: Annotated[
        Literal["system", "citizen"] | None, Query(description="A missed limit, or a citizen's complaint")
    ] = None,
    state: Annotated[EscalationState | None, Query(description="How far it has come")] = None,
) -> EscalationFilter:
    return EscalationFilter(level, is_open, acknowledged, ticket, source, state)


@router.get(
    "/escalations",
    summary="Escalations, newest first",
    response_model=EscalationPage,
    responses=problem_responses(401, 403, 422, 503),
)
async def read_escalations(
    session: TransactionDep,
    actor: Annotated[Actor, Depends(needs(Scope.NOTICES_READ))],
    wanted: Annotated[EscalationFilter, Depends(_filter)],
    vault: OpenVault,
    now: NowDep,
    paging: PagingDep,
) -> EscalationPage:
    """Tickets that were raised to an application office; a key with a unit sees those of the unit's tickets."""
    page = await list_escalations(session, actor, wanted, cursor=paging.cursor, limit=paging.page_size)
    paging.set_next_link(page.next_cursor)
    items = await shown(session, vault, page.items, actor=actor, operation="read_escalations", now=now)
    return EscalationPage(items=items, next_cursor=page.next_cursor)


@router.post(
    "/escalations/{escalation_id}/acknowledge",
    summary="Take note of an escalation",
    response_model=EscalationOut,
    response_description="The escalation; a repeated request changes nothing and gets the first acknowledgement",
    responses=problem_responses(401, 403, 404, 422, 503),
)
async def acknowledge_escalation(
    escalation_id: UUID,
    session: TransactionDep,
    actor: Annotated[Actor, Depends(needs(Scope.NOTICES_ACKNOWLEDGE))],
    vault: OpenVault,
    now: NowDep,
) -> EscalationOut:
    """The office takes note: reminders stop, and the notices that told of it count as seen.

    Who and when stand in the ticket's history.
    """
    found = await acknowledge_by_id(session, escalation_id, actor=actor, now=now)
    [answer] = await shown(session, vault, [found], actor=actor, operation="acknowledge_escalation", now=now)
    return answer


@router.post(
    "/escalations/{escalation_id}/respond",
    summary="Answer an escalation",
    response_model=EscalationOut,
    response_description="The escalation with the office's answer",
    responses=problem_responses(401, 403, 404, 409, 413, 415, 422, 503),
)
async def respond_to_escalation(
    escalation_id: UUID,
    body: ResponseBody,
    session: TransactionDep,
    actor: Annotated[Actor, Depends(needs(Scope.NOTICES_ACKNOWLEDGE))],
    vault: OpenVault,
    now: NowDep,
) -> EscalationOut:
    """Keep what the office has done or decided, sealed; reminders stop. Once: 409 where it is answered or closed.

    A citizen's complaint is answered to the citizen, at `/v1/complaints`: 409 `is_complaint`.
    The citizen is answered by the ticket's own commands, and they close the escalation.
    """
    found = await respond(session, vault, escalation_id, body.text, actor=actor, now=now)
    [answer] = await shown(session, vault, [found], actor=actor, operation="respond_to_escalation", now=now)
    return answer


@router.post(
    "/notices/{number}/acknowledge",
    summary="Take note of a notice",
    response_model=NoticeOut,
    response_description="The notice; a repeated request changes nothing and gets the first acknowledgement",
    responses=problem_responses(401, 403, 404, 503),
)
async def acknowledge_notice(
    number: NoticeNumber,
    session: TransactionDep,
    actor: Annotated[Actor, Depends(needs(Scope.NOTICES_ACKNOWLEDGE))],
    desk: OpenDesk,
    now: NowDep,
) -> NoticeOut:
    """Acknowledge a notice to a unit or an office, and with it the escalation that it tells of.

    Who and when stand in the ticket's history. Notices to applicants are not acknowledged: 404.
    """
    found = await acknowledge(session, number, actor=actor, now=now)
    [answer] = await desk.show(session, [found], actor=actor, operation="acknowledge_notice", now=now)
    return answer
