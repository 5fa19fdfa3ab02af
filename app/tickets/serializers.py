"""Serializers of tickets: sealed fields are opened, and masked unless the caller may read personal data."""

from collections.abc import Sequence
from datetime import datetime

from app.access.actor import Actor
from app.access.scopes import Scope
from app.core.email_address import readable_email
from app.people.masking import MASKS, mask_text
from app.people.model import Applicant
from app.people.vault import Vault
from app.sla.calendar import ClockKind
from app.sla.deadline import on_time
from app.sla.model import SlaClock
from app.tickets.clock_policies import inapplicable_commands
from app.tickets.history import EVENT_LABELS, history_is_complete, open_note
from app.tickets.model import Ticket, TicketEvent
from app.tickets.queries import TicketDetails
from app.tickets.schemas import (
    ApplicantOut,
    ClockOut,
    DocumentOut,
    EventOut,
    PlaceOut,
    TicketOut,
    TicketSummary,
    TimelineOut,
)
from app.tickets.workflow import State, allowed_actions


def sees_personal_data(actor: Actor, applicant: Applicant) -> bool:
    """Return whether `actor` may read this applicant unmasked; a hidden identity stays hidden from units."""
    return actor.may(Scope.PERSONAL_DATA_READ) and not (applicant.identity_hidden and actor.unit is not None)


def clock_out(clock: SlaClock, now: datetime) -> ClockOut:
    """Return the response for a clock."""
    pinned, extended = clock.pinned, clock.extended_at is not None
    return ClockOut(
        kind=clock.kind,
        limit=pinned.printed_in_force(extended=extended),
        state=clock.state,
        started_at=clock.started_at,
        due_at=None if clock.state == "paused" else clock.due_at,
        met_at=clock.met_at,
        breached_at=clock.breached_at,
        on_time=met_in_time(clock, now),
        extended=extended and pinned.extended_to is not None,
        overridden=clock.overridden,
    )


def met_in_time(clock: SlaClock, now: datetime) -> bool | None:
    """Return whether a limit was met in time, None while it is open; the rule is the same everywhere (C10, B71)."""
    if clock.met_at is not None:
        return on_time(clock.met_at, clock.due_at)
    return False if _is_past(clock, now) else None


def is_overdue(clocks: Sequence[SlaClock], now: datetime) -> bool:
    """Return whether the promise was not met in time; the SQL twin is `queries.overdue`."""
    return any(
        not on_time(clock.met_at or now, clock.due_at)
        for clock in clocks
        if clock.kind == ClockKind.PROMISE and (clock.met_at or clock.state in {"running", "breached"})
    )


def is_past_due(clocks: Sequence[SlaClock], now: datetime) -> bool:
    """Return whether an open clock is past its due date: the response then differs although the version is the same."""
    return any(clock.met_at is None and _is_past(clock, now) for clock in clocks)


def _is_past(clock: SlaClock, now: datetime) -> bool:
    return clock.state == "breached" or (clock.state == "running" and not on_time(now, clock.due_at))


def ticket_summary(ticket: Ticket, clocks: Sequence[SlaClock], now: datetime) -> TicketSummary:
    """Return the response for a ticket in a list."""
    return TicketSummary(
        number=ticket.number,
        status=ticket.state,
        status_label=State(ticket.state).label_tr,
        outcome=ticket.outcome,
        kind=ticket.kind,
        channel=ticket.channel,
        service=ticket.service,
        unit=ticket.unit,
        suggested_unit=ticket.suggested_unit,
        neighbourhood=ticket.neighbourhood,
        cycle=ticket.cycle,
        received_at=ticket.received_at,
        overdue=is_overdue(clocks, now),
        clocks=[clock_out(clock, now) for clock in clocks],
    )


def ticket_out(details: TicketDetails, *, vault: Vault, actor: Actor, now: datetime) -> TicketOut:
    """Return the response for one ticket."""
    ticket, unmasked = details.ticket, sees_personal_data(actor, details.applicant)

    def text(column: str, sealed: bytes | None) -> str | None:
        if sealed is None:
            return None
        opened = vault.open(sealed, table="ticket", column=column, row_id=ticket.id)
        return opened if unmasked else mask_text(opened)

    return TicketOut(
        **dict(ticket_summary(ticket, details.clocks, now)),
        allowed_actions=_actions(ticket, details.clocks, now),
        external_id=ticket.external_id,
        description=text("description", ticket.description) or "",
        reply=text("reply", ticket.reply),
        applicant=applicant_out(details.applicant, vault, unmasked=unmasked),
        place=_place_out(ticket, note=text("place_note", ticket.place_note)),
        documents=[DocumentOut.model_validate(document) for document in details.documents],
        occurred_at=ticket.occurred_at,
        time_flag=ticket.time_flag,
        referred_at=ticket.referred_at,
        interim_reply_at=ticket.interim_reply_at,
        resolved_at=ticket.resolved_at,
        closed_at=ticket.closed_at,
        duplicate_of=ticket.duplicate_of,
    )


def _place_out(ticket: Ticket, *, note: str | None) -> PlaceOut:
    return PlaceOut(latitude=ticket.latitude, longitude=ticket.longitude, neighbourhood=ticket.neighbourhood, note=note)


def _actions(ticket: Ticket, clocks: Sequence[SlaClock], now: datetime) -> list[str]:
    """Return the commands that the state and the limits allow."""
    law = next((clock for clock in clocks if clock.kind == ClockKind.STATUTORY), None)
    inapplicable = inapplicable_commands(
        promise_open=any(clock.kind == ClockKind.PROMISE and _is_open(clock, now) for clock in clocks),
        law=law.pinned if law else None,
        extendable=law is not None and law.extended_at is None and _is_open(law, now),
    )
    return [action.value for action in allowed_actions(State(ticket.state)) if action not in inapplicable]


def _is_open(clock: SlaClock, now: datetime) -> bool:
    return clock.state == "paused" or (clock.state == "running" and on_time(now, clock.due_at))


def timeline_out(
    ticket: Ticket, applicant: Applicant, events: Sequence[TicketEvent], *, vault: Vault, actor: Actor
) -> TimelineOut:
    """Return the response for a ticket's history, with masked notes unless the caller may read personal data."""
    unmasked = sees_personal_data(actor, applicant)
    return TimelineOut(
        number=ticket.number,
        chain_holds=history_is_complete(ticket, events),
        items=[
            EventOut(
                seq=event.seq,
                kind=event.kind,
                label=EVENT_LABELS[event.kind],
                at=event.at,
                actor=event.actor,
                data=event.data,
                note=_note(event, vault, unmasked=unmasked),
                hash=event.hash.hex(),
            )
            for event in events
        ],
    )


def _note(event: TicketEvent, vault: Vault, *, unmasked: bool) -> str | None:
    if event.note is None:
        return None
    note = open_note(vault, event.note, ticket_id=event.ticket_id, seq=event.seq)
    return note if unmasked else mask_text(note)


def applicant_out(applicant: Applicant, vault: Vault, *, unmasked: bool) -> ApplicantOut:
    """Return the applicant, masked unless `unmasked`; a hidden identity (CİMER) shows not even initials."""
    if applicant.identity_hidden and not unmasked:
        return ApplicantOut(role=applicant.role, masked=True)
    shown: dict[str, str | None] = {"language": applicant.language, "contact_by": applicant.contact_by}
    for column, mask in MASKS.items():
        sealed = getattr(applicant, column)
        if sealed is not None:
            value = vault.open(sealed, table="applicant", column=column, row_id=applicant.id)
            shown[column] = _readable(column, value) if unmasked else mask(value)
    return ApplicantOut(role=applicant.role, masked=not unmasked, **shown)


def _readable(column: str, value: str) -> str:
    return readable_email(value) if column == "email" else value
