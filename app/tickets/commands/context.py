"""The context of a command: the locked ticket, the transition of its state, and the event that records it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.actor import Actor
from app.core.db import bulk_insert
from app.core.errors import NotFound, StaleVersion, VersionRequired, WrongState
from app.core.etag import format_etag, names_version
from app.domain.terms import PauseReason, Regime
from app.people.vault import Vault
from app.sla.calendar import Calendar, ClockKind
from app.sla.clock_rows import OpenedClock
from app.sla.clocks import DueDateMove, clocks_of
from app.sla.model import Checkpoint, SlaClock
from app.standards.rulebook import Rulebook, RulebookCache
from app.standards.values import Catalogue, Service
from app.tickets.history import append_event, seal_note
from app.tickets.model import Escalation, Ticket
from app.tickets.queries import select_by_number
from app.tickets.workflow import Command, State, allowed_actions, next_state

CalendarOf = Callable[[SlaClock], Calendar]


@dataclass(frozen=True, slots=True)
class CommandContext:
    """The open transaction, the actor, the instant, the vault and the rules of a command."""

    session: AsyncSession
    actor: Actor
    vault: Vault
    rulebooks: RulebookCache
    now: datetime

    async def rulebook(self) -> Rulebook:
        """Return the rules that apply now, loaded in the open transaction."""
        return await self.rulebooks.current(self.session)


@dataclass(frozen=True, slots=True)
class LockedTicket:
    """A locked ticket with the clocks of its present cycle and the calendars that they were started with."""

    ticket: Ticket
    clocks: list[SlaClock]
    calendar_of: CalendarOf

    def clock(self, kind: ClockKind) -> SlaClock | None:
        """Return the clock of that kind in the present cycle."""
        return next((clock for clock in self.clocks if clock.kind == kind), None)

    @property
    def regime(self) -> Regime | None:
        """Return the law that the ticket is under, None without one; reclassification may cancel its clock."""
        clock = self.clock(ClockKind.STATUTORY)
        if clock is None or clock.state == "cancelled":
            return None
        return clock.pinned.regime


async def lock_ticket(context: CommandContext, number: str, if_match: str | None) -> LockedTicket:
    """Lock a ticket that the actor may see, and check If-Match.

    Raises `NotFound`, `VersionRequired`, `StaleVersion`. The lock (`FOR NO KEY UPDATE`) excludes other commands and the
    sweep, but not inserts of rows that refer to the ticket.
    """
    ticket = await context.session.scalar(select_by_number(context.actor, number).with_for_update(key_share=True))
    if ticket is None:
        raise NotFound
    if if_match is None:
        raise VersionRequired
    if not names_version(if_match, ticket.version):
        raise StaleVersion(etag=etag(ticket))
    return await load_locked(context, ticket)


async def load_locked(context: CommandContext, ticket: Ticket) -> LockedTicket:
    """Load the clocks and calendars of a ticket that is already locked."""
    clocks = await clocks_of(context.session, ticket.id, ticket.cycle)
    calendars = {
        clock.id: (await context.rulebooks.calendars(context.session, clock.calendar_version_id))[clock.pinned.hours]
        for clock in clocks
    }
    return LockedTicket(ticket, clocks, lambda clock: calendars[clock.id])


def etag(ticket: Ticket) -> str:
    """Return the strong ETag of the ticket's present version."""
    return format_etag(ticket.version)


def apply_transition(
    context: CommandContext,
    ticket: Ticket,
    command: Command,
    data: Mapping[str, Any] | None = None,
    *,
    note: str | None = None,
    keep_state: bool = False,
    pause_reason: PauseReason | None = None,
    callback_done: bool = False,
) -> None:
    """Change the state as the table says, and append the event; raise `WrongState` before any change.

    `keep_state` records a step that does not complete the command (some documents, but not all).
    """
    state = State(ticket.state)
    target = next_state(state, command, pause_reason=pause_reason, callback_done=callback_done)
    if target is None:
        raise _wrong_state(state)
    ticket.state = state.value if keep_state else target.value
    ticket.version += 1
    facts = {key: value for key, value in (data or {}).items() if value is not None}
    append_event(
        context.session,
        ticket,
        kind=command,
        at=context.now,
        actor=context.actor.name,
        data={"from": state.value, "to": ticket.state, **facts},
        note=_sealed(context, ticket, note),
    )


def _sealed(context: CommandContext, ticket: Ticket, note: str | None) -> bytes | None:
    """Return the note, sealed to the next event of the ticket."""
    return None if note is None else seal_note(context.vault, note, ticket_id=ticket.id, seq=ticket.event_seq + 1)


def require_allowed(ticket: Ticket, command: Command) -> None:
    """Raise `WrongState` if the state forbids the command; call it before the body is validated."""
    state = State(ticket.state)
    if next_state(state, command) is None:
        raise _wrong_state(state)


def _wrong_state(state: State) -> WrongState:
    return WrongState(state=state.value, allowed_actions=[action.value for action in allowed_actions(state)])


async def service_of(context: CommandContext, ticket: Ticket) -> tuple[Service, Catalogue]:
    """Return the ticket's service and the catalogue version under which the ticket was opened.

    A promise of an older table is carried out under that table, even after the table changed (B47).
    """
    return await context.rulebooks.service(context.session, ticket.service, version_id=ticket.catalogue_version_id)


def moved_due_dates(moved: Iterable[DueDateMove | None]) -> dict[str, list[dict[str, str]]]:
    """Return the moved due dates as event data; an empty dict if none moved."""
    found = [one.to_json() for one in moved if one is not None]
    return {"moved": found} if found else {}


async def insert_clocks(context: CommandContext, opened: list[OpenedClock]) -> None:
    """Insert opened clocks with their checkpoints."""
    await bulk_insert(context.session, SlaClock, [one.clock for one in opened])
    await bulk_insert(context.session, Checkpoint, [row for one in opened for row in one.checkpoints])


async def close_escalations(session: AsyncSession, ticket: Ticket, *, at: datetime) -> None:
    """Close the open escalations of a locked ticket and stop their reminders: nothing is owed any more."""
    is_open = update(Escalation).where(Escalation.ticket_id == ticket.id, Escalation.closed_at.is_(None))
    await session.execute(is_open.values(closed_at=at, remind_at=None))
