"""Routes that read tickets, and the public tracking by number and phone."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request, Response

from app.access.service import record_unmasked_read
from app.core.dependencies import NowDep, PagingDep, ReadSessionDep, TransactionDep, problem_responses
from app.core.etag import names_version
from app.core.schema import Instant
from app.people.dependencies import VaultDep
from app.people.identity import parse_phone
from app.people.schemas import PhoneText
from app.standards.dependencies import RulebookDep
from app.standards.values import Channel
from app.tickets.commands.context import etag
from app.tickets.dependencies import ReaderDep, TicketNumber
from app.tickets.intake import Kind
from app.tickets.queries import TicketFilter, get_details, list_tickets, load_events
from app.tickets.schemas import (
    TicketOut,
    TicketPage,
    TimelineOut,
    TrackingBody,
    TrackingOut,
)
from app.tickets.serializers import (
    is_past_due,
    sees_personal_data,
    ticket_out,
    ticket_summary,
    timeline_out,
)
from app.tickets.tracking import track
from app.tickets.workflow import State

router = APIRouter(prefix="/v1/tickets", tags=["tickets"])

_READ = problem_responses(401, 403, 404, 422, 503)


def _filter(
    vault: VaultDep,
    state: Annotated[State | None, Query(description="One state")] = None,
    is_open: Annotated[bool | None, Query(alias="open", description="Still owed an answer")] = None,
    overdue: Annotated[bool | None, Query(description="The promise was not met in time")] = None,
    unit: Annotated[str | None, Query(max_length=60, examples=["public-works"])] = None,
    service: Annotated[str | None, Query(max_length=60, examples=["call-center"])] = None,
    channel: Annotated[Channel | None, Query()] = None,
    kind: Annotated[Kind | None, Query()] = None,
    neighbourhood: Annotated[str | None, Query(max_length=100, examples=["Oruçreis"])] = None,
    external_id: Annotated[str | None, Query(max_length=200)] = None,
    phone: Annotated[PhoneText | None, Query(description="Exactly this number, however it is spelled")] = None,
    received_from: Annotated[Instant | None, Query(description="Received at or after")] = None,
    received_to: Annotated[Instant | None, Query(description="Received before")] = None,
) -> TicketFilter:
    return TicketFilter(
        state=state,
        is_open=is_open,
        overdue=overdue,
        unit=unit,
        service=service,
        channel=channel,
        kind=kind,
        neighbourhood=neighbourhood,
        external_id=external_id,
        phone_index=vault.blind_index("phone", parse_phone(phone).e164) if phone else None,
        received_from=received_from,
        received_to=received_to,
    )


@router.get("", summary="List tickets", response_model=TicketPage, responses=problem_responses(401, 403, 422, 503))
async def read_tickets(
    actor: ReaderDep,
    session: ReadSessionDep,
    filters: Annotated[TicketFilter, Depends(_filter)],
    now: NowDep,
    paging: PagingDep,
) -> TicketPage:
    """Return the tickets that the key may see, newest first.

    `next_cursor` and the header `Link` lead to the next page.
    """
    page = await list_tickets(session, actor, filters, cursor=paging.cursor, page_size=paging.page_size, now=now)
    paging.set_next_link(page.next_cursor)
    return TicketPage(
        items=[ticket_summary(ticket, clocks, now) for ticket, clocks in page.items], next_cursor=page.next_cursor
    )


@router.get(
    "/{number}",
    summary="One ticket",
    response_model=TicketOut,
    responses={**_READ, 304: {"description": "The version named by If-None-Match is still the present one"}},
)
async def read_ticket(
    number: TicketNumber,
    response: Response,
    actor: ReaderDep,
    session: TransactionDep,
    vault: VaultDep,
    now: NowDep,
    if_none_match: Annotated[str | None, Header(alias="If-None-Match", max_length=200)] = None,
) -> TicketOut | Response:
    """Return one ticket. Personal data are masked unless the key may read them; an unmasked read is recorded."""
    details = await get_details(session, actor, number)
    version = {"ETag": etag(details.ticket)}
    unchanged = if_none_match is not None and names_version(if_none_match, details.ticket.version)
    if unchanged and not is_past_due(details.clocks, now):
        return Response(status_code=304, headers=version)
    response.headers.update(version)
    if sees_personal_data(actor, details.applicant):
        facts = {"ticket": details.ticket.number}
        await record_unmasked_read(session, actor=actor, operation="read_ticket", facts=facts, now=now)
    return ticket_out(details, vault=vault, actor=actor, now=now)


@router.get("/{number}/events", summary="The history of a ticket", response_model=TimelineOut, responses=_READ)
async def read_timeline(
    number: TicketNumber, actor: ReaderDep, session: TransactionDep, vault: VaultDep, now: NowDep
) -> TimelineOut:
    """Return every event, oldest first. `chain_holds` is true if none is missing or altered."""
    details = await get_details(session, actor, number)
    events = await load_events(session, details.ticket.id)
    if sees_personal_data(actor, details.applicant):
        facts = {"ticket": details.ticket.number}
        await record_unmasked_read(session, actor=actor, operation="read_timeline", facts=facts, now=now)
    return timeline_out(details.ticket, details.applicant, events, vault=vault, actor=actor)


tracking = APIRouter(prefix="/v1/tracking", tags=["tracking"])


@tracking.post(
    "",
    summary="The status of a ticket, for the citizen",
    response_model=TrackingOut,
    responses=problem_responses(404, 408, 413, 415, 422, 429, 503),
)
async def track_ticket(
    body: TrackingBody, request: Request, session: ReadSessionDep, vault: VaultDep, rules: RulebookDep, now: NowDep
) -> TrackingOut:
    """Return the status for the number and the last four digits of the phone.

    No key is needed. Only a few wrong attempts are allowed.
    """
    attempts = request.app.state.container.tracking_limiter
    return await track(session, body, vault=vault, catalogue=rules.catalogue, attempts=attempts, now=now)
