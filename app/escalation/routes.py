"""HTTP routes of escalations: the list, acknowledgements, and the responses of offices."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from app.access.actor import Actor
from app.access.dependencies import require_scope
from app.access.scopes import Scope
from app.core.dependencies import NowDep, PagingDep, TransactionDep, problem_responses
from app.core.schema import CASE_NUMBER
from app.escalation import responses
from app.escalation.queries import EscalationFilter, list_escalations
from app.escalation.schemas import EscalationOut, EscalationPage, ResponseBody
from app.escalation.serializers import escalations_out
from app.notices.dependencies import NoticeReaderDep
from app.notices.routes import NoticeNumber
from app.notices.schemas import NoticeOut
from app.people.dependencies import VaultDep
from app.tickets.model import EscalationState

router = APIRouter(prefix="/v1", tags=["escalation"])


def _filter(
    level: Annotated[int | None, Query(ge=1, le=2, description="1: first, 2: second application office")] = None,
    is_open: Annotated[
        bool | None, Query(alias="open", description="true: the citizen still awaits the answer")
    ] = None,
    acknowledged: Annotated[bool | None, Query(description="true: the office has acknowledged it")] = None,
    ticket: Annotated[
        str | None,
        Query(pattern=CASE_NUMBER, examples=["2600012349"], description="Number of the ticket"),
    ] = None,
    source: Annotated[
        Literal["system", "citizen"] | None, Query(description="system: a missed limit; citizen: a complaint")
    ] = None,
    state: Annotated[EscalationState | None, Query(description="State of the escalation")] = None,
) -> EscalationFilter:
    return EscalationFilter(
        level=level, is_open=is_open, acknowledged=acknowledged, ticket=ticket, source=source, state=state
    )


@router.get(
    "/escalations",
    summary="Escalations, newest first",
    response_model=EscalationPage,
    responses=problem_responses(401, 403, 422, 503),
)
async def read_escalations(
    session: TransactionDep,
    actor: Annotated[Actor, Depends(require_scope(Scope.NOTICES_READ))],
    filters: Annotated[EscalationFilter, Depends(_filter)],
    vault: VaultDep,
    now: NowDep,
    paging: PagingDep,
) -> EscalationPage:
    """List tickets that were raised to an application office; a key with a unit sees those of its own tickets."""
    page = await list_escalations(session, actor, filters, cursor=paging.cursor, page_size=paging.page_size)
    paging.set_next_link(page.next_cursor)
    items = await escalations_out(session, vault, page.items, actor=actor, operation="read_escalations", now=now)
    return EscalationPage(items=items, next_cursor=page.next_cursor)


@router.post(
    "/escalations/{escalation_id}/acknowledge",
    summary="Acknowledge an escalation",
    response_model=EscalationOut,
    response_description="The escalation; a repeated request changes nothing and gets the first acknowledgement",
    responses=problem_responses(401, 403, 404, 422, 503),
)
async def acknowledge_escalation(
    escalation_id: UUID,
    session: TransactionDep,
    actor: Annotated[Actor, Depends(require_scope(Scope.NOTICES_ACKNOWLEDGE))],
    vault: VaultDep,
    now: NowDep,
) -> EscalationOut:
    """Acknowledge an escalation for its office: reminders stop, and its notices count as acknowledged.

    The ticket's history names the client and the time.
    """
    record = await responses.acknowledge_escalation(session, escalation_id, actor=actor, now=now)
    [response] = await escalations_out(
        session, vault, [record], actor=actor, operation="acknowledge_escalation", now=now
    )
    return response


@router.post(
    "/escalations/{escalation_id}/respond",
    summary="Respond to an escalation",
    response_model=EscalationOut,
    response_description="The escalation with the office's response",
    responses=problem_responses(401, 403, 404, 409, 413, 415, 422, 503),
)
async def respond_to_escalation(
    escalation_id: UUID,
    body: ResponseBody,
    session: TransactionDep,
    actor: Annotated[Actor, Depends(require_scope(Scope.NOTICES_ACKNOWLEDGE))],
    vault: VaultDep,
    now: NowDep,
) -> EscalationOut:
    """Store what the office has done or decided, encrypted; reminders stop.

    An escalation takes one response: 409 `wrong_state` if it has one or is closed. The citizen does not see it: the
    commands of the ticket answer the citizen and close the escalation. A complaint is answered at `/v1/complaints`
    instead: 409 `is_complaint`.
    """
    record = await responses.respond(session, vault, escalation_id, body.text, actor=actor, now=now)
    [response] = await escalations_out(
        session, vault, [record], actor=actor, operation="respond_to_escalation", now=now
    )
    return response


@router.post(
    "/notices/{number}/acknowledge",
    summary="Acknowledge a notice",
    response_model=NoticeOut,
    response_description="The notice; a repeated request changes nothing and gets the first acknowledgement",
    responses=problem_responses(401, 403, 404, 503),
)
async def acknowledge_notice(
    number: NoticeNumber,
    session: TransactionDep,
    actor: Annotated[Actor, Depends(require_scope(Scope.NOTICES_ACKNOWLEDGE))],
    reader: NoticeReaderDep,
    now: NowDep,
) -> NoticeOut:
    """Acknowledge a notice to a unit or an office, and with it the escalation it is about.

    The ticket's history names the client and the time. Notices to applicants can't be acknowledged: 404.
    """
    found = await responses.acknowledge_notice(session, number, actor=actor, now=now)
    [response] = await reader.show(session, [found], actor=actor, operation="acknowledge_notice", now=now)
    return response
