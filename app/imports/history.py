"""The rows of a request that was answered long ago: closed, its limits judged, its chain of events sealed.

Nothing is armed and nobody is told: there are neither checkpoints nor notices, and the chain that is pinned to its
clocks would tell nobody even if somebody opened the ticket again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from app.domain.terms import Outcome
from app.people.vault import Vault
from app.sla.checkpoints import Chain, CheckpointKind, Step
from app.sla.deadline import on_time
from app.tickets.creation.prepare import NewTicket
from app.tickets.creation.rows import TicketRows, build_rows
from app.tickets.history import DetachedHead, EventKind, EventRow, next_event, seal_note
from app.tickets.workflow import Command, State, next_state

SILENT: Final = Chain((Step(CheckpointKind.BREACH, 1, "due"),))
"""A breach is stamped, and that is all."""


@dataclass(frozen=True, slots=True)
class Past:
    """How a request ended: when it was answered, in what words, with which outcome, by which directorate."""

    answered_at: datetime
    reply: str | None
    outcome: Outcome | None
    unit: str | None


@dataclass(frozen=True, slots=True)
class PastRows:
    """The rows of one imported ticket, table by table."""

    ticket: dict[str, Any]
    applicant: dict[str, Any]
    events: list[EventRow]
    documents: list[dict[str, Any]]
    clocks: list[dict[str, Any]]


def past_rows(
    new_ticket: NewTicket, past: Past, sequence: int, *, vault: Vault, importer: str, now: datetime
) -> PastRows:
    """The rows of a ticket whose `new_ticket` was made at the instant of the old receipt.

    `importer` is who took it over, at `now`; the number is of the year of receipt.
    """
    made = build_rows(new_ticket, sequence, tracking_url="")
    events = _events(made, new_ticket, past, vault=vault, importer=importer, now=now)
    return PastRows(
        ticket=_ticket(made.ticket, events[-1], past, vault),
        applicant=made.applicant,
        events=[made.event, *events],
        documents=made.documents,
        clocks=past_clocks(new_ticket, past, now),
    )


def past_clocks(new_ticket: NewTicket, past: Past, now: datetime) -> list[dict[str, Any]]:
    """The clocks of the new_ticket as the answer ended them; a late one is breached on its due instant."""
    return [_judged(opened.clock, past.answered_at, now) for opened in new_ticket.clocks]


def _judged(clock: Mapping[str, Any], met_at: datetime, now: datetime) -> dict[str, Any]:
    kept = on_time(met_at, clock["due_at"])
    return {
        **clock,
        "policy": {**clock["policy"], "chain": SILENT.to_json()},
        "state": "met" if kept else "breached",
        "met_at": met_at,
        "breached_at": None if kept else clock["due_at"],
        "detected_at": None if kept else now,
    }


def _events(
    made: TicketRows, new_ticket: NewTicket, past: Past, *, vault: Vault, importer: str, now: datetime
) -> list[EventRow]:
    """What followed the receipt: answered and closed then, taken over now; the workflow's table has the states."""
    ticket = made.ticket
    head = DetachedHead(ticket["id"], ticket["event_seq"], ticket["event_hash"], ticket["last_action"], new_ticket.now)
    state = new_ticket.state
    events: list[EventRow] = []
    for command, data in ((Command.RESOLVE, {"outcome": past.outcome}), (Command.CLOSE, {})):
        target = next_state(state, command)
        if target is None:
            raise LookupError(f"{command} is not possible in {state}")
        note = None
        if command is Command.RESOLVE and past.reply is not None:
            note = seal_note(vault, past.reply, ticket_id=head.id, seq=head.event_seq + 1)
        told = {"from": state.value, "to": target.value, **{k: str(v) for k, v in data.items() if v is not None}}
        event = next_event(head, kind=command, at=past.answered_at, actor=new_ticket.actor, data=told, note=note)
        events.append(event)
        state = target
    taken_over = {"channel": new_ticket.intake.channel.value, "unit": past.unit}
    known = {name: value for name, value in taken_over.items() if value is not None}
    return [*events, next_event(head, kind=EventKind.IMPORTED, at=now, actor=importer, data=known)]


def _ticket(row: Mapping[str, Any], last: Mapping[str, Any], past: Past, vault: Vault) -> dict[str, Any]:
    """The ticket as it stands after its last event; nobody was given a receipt."""
    reply = past.reply and vault.seal(past.reply, table="ticket", column="reply", row_id=row["id"])
    return {
        **row,
        "receipt": {},
        "state": State.CLOSED.value,
        "outcome": past.outcome and past.outcome.value,
        "unit": past.unit,
        "suggested_unit": None,
        "reply": reply,
        "resolved_at": past.answered_at,
        "closed_at": past.answered_at,
        "last_action": last["kind"],
        "last_action_at": last["at"],
        "event_seq": last["seq"],
        "event_hash": last["hash"],
    }
