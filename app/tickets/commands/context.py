"""What every command on a ticket works with: the locked ticket, the table that judges, the event that records."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.actor import Actor
from app.core.db import bulk_insert
from app.core.errors import NotFound, StaleVersion, VersionRequired, WrongState
from app.domain.terms import PauseReason, Regime
from app.people.vault import Vault
from app.sla import clocks as sla
from app.sla.calendar import Calendar, ClockKind
from app.sla.clocks import clocks_of
from app.sla.model import Checkpoint, SlaClock
from app.sla.policy import PinnedPolicy
from app.standards.rulebook import Rulebook, RulebookCache
from app.standards.values import Catalogue, Service
from app.tickets.history import append_event
from app.tickets.model import Escalation, Ticket
from app.tickets.queries import by_number
from app.tickets.workflow import Command, State, after, allowed_actions

CalendarOf = Callable[[SlaClock], Calendar]


@dataclass(frozen=True, slots=True)
class CommandContext:
    """What every command works with: the open transaction, who acts, the instant, the vault and the rules."""

    session: AsyncSession
    actor: Actor
    vault: Vault
    rulebooks: RulebookCache
    now: datetime

    async def rulebook(self) -> Rulebook:
        """The rules that apply now, asked for in the open transaction."""
        return await self.rulebooks.current(self.session)


@dataclass(frozen=True, slots=True)
class LockedTicket:
    """A locked ticket in hand, with the clocks of its present cycle and the calendars they were started with."""

    ticket: Ticket
    clocks: list[SlaClock]
    calendar_of: CalendarOf

    def clock(self, kind: ClockKind) -> SlaClock | None:
        """The clock of that kind in the present cycle."""
        return next((clock for clock in self.clocks if clock.kind == kind), None)

    @property
    def law(self) -> Regime | None:
        """The law that the ticket is under, None without one; a service it was moved to may know none."""
        clock = self.clock(ClockKind.STATUTORY)
        if clock is None or clock.state == "cancelled":
            return None
        return PinnedPolicy.from_json(clock.policy).regime


async def lock_ticket(context: CommandContext, number: str, if_match: str | None) -> LockedTicket:
    """Lock a visible ticket and hold it against If-Match.

    Raises `NotFound`, `VersionRequired`, `StaleVersion`. The lock (`FOR NO KEY UPDATE`) keeps other commands and the
    sweep away, but not inserts that only refer to the ticket.
    """
    ticket = await context.session.scalar(by_number(context.actor, number).with_for_update(key_share=True))
    if ticket is None:
        raise NotFound
    if if_match is None:
        raise VersionRequired
    if if_match.strip() != "*" and etag(ticket) not in [tag.strip() for tag in if_match.split(",")]:
        raise StaleVersion(etag=etag(ticket))
    return await hold(context, ticket)


async def hold(context: CommandContext, ticket: Ticket) -> LockedTicket:
    """A ticket that is locked already, with its clocks and their calendars."""
    clocks = await clocks_of(context.session, ticket.id, ticket.cycle)
    calendars = {
        clock.id: (await context.rulebooks.calendars(context.session, clock.calendar_version_id))[clock.policy["hours"]]
        for clock in clocks
    }
    return LockedTicket(ticket, clocks, lambda clock: calendars[clock.id])


def etag(ticket: Ticket) -> str:
    """The strong ETag of a ticket's present version."""
    return f'"v{ticket.version}"'


def move(
    context: CommandContext,
    ticket: Ticket,
    command: Command,
    data: Mapping[str, Any] | None = None,
    *,
    note: str | None = None,
    stays: bool = False,
    pause_reason: PauseReason | None = None,
    callback_done: bool = False,
) -> None:
    """Ask the table, change the state, append the event. Raises `WrongState`, with nothing changed.

    `stays` is for a step of a command that is not yet its whole (some documents, but not all).
    """
    state = State(ticket.state)
    target = after(state, command, pause_reason=pause_reason, callback_done=callback_done)
    if target is None:
        raise _wrong_state(state)
    ticket.state = state.value if stays else target.value
    ticket.version += 1
    sequence = ticket.event_seq + 1
    sealed = None
    if note is not None:
        sealed = context.vault.seal(note, table="ticket_event", column=f"note:{sequence}", row_id=ticket.id)
    moved = {"from": state.value, "to": ticket.state, **{k: v for k, v in (data or {}).items() if v is not None}}
    append_event(
        context.session, ticket, kind=command, at=context.now, actor=context.actor.name, data=moved, note=sealed
    )


def refuse_forbidden(ticket: Ticket, command: Command) -> None:
    """What the state forbids is refused before anything that the command carries is looked at."""
    state = State(ticket.state)
    if after(state, command) is None:
        raise _wrong_state(state)


def _wrong_state(state: State) -> WrongState:
    return WrongState(state=state.value, allowed_actions=[action.value for action in allowed_actions(state)])


async def service_of(context: CommandContext, ticket: Ticket) -> tuple[Service, Catalogue]:
    """The service of a ticket, and the catalogue it stands in: the one that the ticket was opened under.

    What was promised under an older table is carried out under it, whatever the table says today (B47).
    """
    return await context.rulebooks.service(context.session, ticket.service, version_id=ticket.catalogue_version_id)


def moves(moved: Iterable[sla.Moved | None]) -> dict[str, Any]:
    """The due dates that a command has moved, for the data of its event; nothing where it moved none."""
    found = [one.to_json() for one in moved if one is not None]
    return {"moved": found} if found else {}


async def insert_clocks(context: CommandContext, opened: list[sla.OpenedClock]) -> None:
    """Store clocks that were opened, with their checkpoints."""
    await bulk_insert(context.session, SlaClock, [one.clock for one in opened])
    await bulk_insert(context.session, Checkpoint, [row for one in opened for row in one.checkpoints])


async def close_escalations(session: AsyncSession, ticket: Ticket, *, at: datetime) -> None:
    """Close the open escalations of a locked ticket and stop their reminders: nothing is owed any more."""
    is_open = update(Escalation).where(Escalation.ticket_id == ticket.id, Escalation.closed_at.is_(None))
    await session.execute(is_open.values(closed_at=at, remind_at=None))
