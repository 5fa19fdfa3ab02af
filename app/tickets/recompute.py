"""Clocks of many tickets computed anew: under another calendar, or under another policy where a person said so.

Batches of tickets, each locked, changed and recorded in a transaction of its own, a statement a table. What a batch has
done is not found again, so an interrupted run goes on where it was.
"""

import heapq
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from pydantic_core import from_json
from sqlalchemy import ColumnElement, Select, Text, and_, cast, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import Database, among, bulk_insert, bulk_update
from app.sla.clocks import AWAITING_FEE, Moved
from app.sla.deadline import Pause, deadline, on_time
from app.sla.model import Checkpoint, ClockPause, SlaClock
from app.sla.policy import PinnedPolicy
from app.sla.redate import Redating, needs_redating, redate
from app.sla.service import Calendars
from app.tickets.history import SYSTEM_ACTOR, EventKind, next_event
from app.tickets.model import Ticket, TicketEvent

TICKETS_AT_ONCE = 2000
"""In one transaction: long enough to be fast, short enough that a command on one of them hardly waits."""


@dataclass(frozen=True, slots=True)
class OpenClock:
    """A clock that is still to be kept, with what its dates follow from."""

    id: UUID
    ticket_id: UUID
    number: str
    service: str
    formal: bool
    right_to_information: bool
    kind: str
    state: str
    stored_policy: str
    started_at: datetime
    restarted_at: datetime | None
    extended_at: datetime | None
    due_at: datetime
    overridden: bool
    generation: int

    @property
    def counted_from(self) -> datetime:
        """The instant from which the limit counts."""
        return self.restarted_at or self.started_at

    @property
    def pinned(self) -> PinnedPolicy:
        """The policy that it was pinned to."""
        return parsed_policy(self.stored_policy)


_OF_CLOCK = (
    SlaClock.id,
    SlaClock.ticket_id,
    Ticket.number,
    Ticket.service,
    Ticket.formal,
    Ticket.right_to_information,
    SlaClock.kind,
    SlaClock.state,
    cast(SlaClock.policy, Text),
    SlaClock.started_at,
    SlaClock.restarted_at,
    SlaClock.extended_at,
    SlaClock.due_at,
    SlaClock.overridden,
    SlaClock.generation,
)
"""What an `OpenClock` is made of, in the order of its fields."""


@lru_cache(maxsize=1024)
def parsed_policy(stored: str) -> PinnedPolicy:
    """A pinned policy from its stored text; thousands of clocks share the same few."""
    return PinnedPolicy.from_json(from_json(stored))


def keeps_policy(clock: OpenClock) -> PinnedPolicy:
    """The policy of a clock whose calendar alone is new."""
    return clock.pinned


@dataclass(frozen=True, slots=True)
class Renewal:
    """One run: which calendars hold now, why (`calendar` or `policy`), by whose word, and each clock's policy."""

    calendars: Calendars
    calendar_version_id: UUID
    cause: str
    actor: str
    concerns: ColumnElement[bool]
    policy_of: Callable[[OpenClock], PinnedPolicy] = keeps_policy
    _of_dates: dict[tuple[str, bool, date], datetime] = field(default_factory=dict, repr=False)

    def due_at(self, clock: OpenClock, pauses: Sequence[Pause]) -> datetime:
        """The due date of a clock under this run; one that stands still, is late or was set by hand keeps its own.

        Limits of days depend on the local date of the start alone: a city's clocks share a few dozen computations.
        """
        if clock.state != "running" or clock.overridden:
            return clock.due_at
        pinned = self.policy_of(clock)
        calendar, policy = self.calendars[pinned.hours], pinned.in_force(extended=clock.extended_at is not None)
        if pauses or policy.limit.seconds is not None:
            return deadline(policy, clock.counted_from, calendar, pauses).due_at
        key = (_text(pinned), clock.extended_at is not None, calendar.local_date(clock.counted_from))
        found = self._of_dates.get(key)
        if found is None:
            found = self._of_dates[key] = deadline(policy, clock.counted_from, calendar).due_at
        return found


@lru_cache(maxsize=1024)
def _text(pinned: PinnedPolicy) -> str:
    return repr(pinned)


def still_kept() -> ColumnElement[bool]:
    """Clocks that run or stand still, and late ones whose next level still waits."""
    waits = exists().where(Checkpoint.clock_id == SlaClock.id, Checkpoint.state == "armed")
    return or_(SlaClock.state.in_(("running", "paused")), and_(SlaClock.state == "breached", waits))


def of_older_calendars(version_id: UUID) -> ColumnElement[bool]:
    """Of them, those that were computed with another calendar.

    A late one is always among them: its due date goes on to be explained by the calendar that it was missed under.
    """
    return and_(still_kept(), SlaClock.calendar_version_id != version_id)


@dataclass(frozen=True, slots=True)
class Preview:
    """What a run would do: clocks looked at, those whose date moves, those late at once, and the first that move."""

    looked_at: int
    moved: int
    earlier: int
    overdue_at_once: int
    first: list[tuple[str, Moved]]


async def preview(session: AsyncSession, renewal: Renewal, *, now: datetime, first: int) -> Preview:
    """What `run` would do, without doing it; `first` are those that are due first, with their tickets' numbers."""
    pauses = await _pauses(session, renewal.concerns)
    looked_at = earlier = late = 0
    moves: list[tuple[str, Moved]] = []
    rows = await session.stream(_clocks(renewal.concerns), execution_options={"yield_per": 5000})
    async for row in rows:
        clock = OpenClock(*row)
        new = renewal.due_at(clock, pauses.get(clock.id, ()))
        looked_at += 1
        if new != clock.due_at:
            moves.append((clock.number, Moved(clock.kind, clock.due_at, new)))
            earlier += new < clock.due_at
            late += on_time(now, clock.due_at) and not on_time(now, new)
    listed = heapq.nsmallest(first, moves, key=lambda move: (move[1].old_due_at, move[0]))
    return Preview(looked_at, len(moves), earlier, late, listed)


@dataclass(frozen=True, slots=True)
class Renewed:
    """What a run did: how many clocks there were to do (late ones if their next level moved), how many dates moved."""

    looked_at: int
    moved: int


async def run(database: Database, renewal: Renewal, *, now: datetime, at_once: int = TICKETS_AT_ONCE) -> Renewed:
    """Compute all concerned clocks anew, batch after batch; other work on the tickets goes on between the batches."""
    async with database.reading() as session:
        concerned = select(SlaClock.ticket_id).join(Ticket, Ticket.id == SlaClock.ticket_id).where(renewal.concerns)
        tickets = sorted(set(await session.scalars(concerned)))
    looked_at = moved = 0
    for begin in range(0, len(tickets), at_once):
        async with database.transaction() as session:
            batch = await _renew(session, renewal, tickets[begin : begin + at_once], now)
        looked_at, moved = looked_at + batch.looked_at, moved + batch.moved
    return Renewed(looked_at, moved)


async def _pauses(session: AsyncSession, concerns: ColumnElement[bool]) -> dict[UUID, list[Pause]]:
    """The pauses of the concerned clocks, oldest first."""
    query = select(ClockPause).join(SlaClock, SlaClock.id == ClockPause.clock_id)
    query = query.join(Ticket, Ticket.id == SlaClock.ticket_id).where(concerns)
    found: dict[UUID, list[Pause]] = {}
    for row in await session.scalars(query.order_by(ClockPause.started_at, ClockPause.id)):
        found.setdefault(row.clock_id, []).append(Pause(row.started_at, row.ended_at, row.reason))
    return found


def _clocks(concerns: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    return select(*_OF_CLOCK).join(Ticket, Ticket.id == SlaClock.ticket_id).where(concerns)


@dataclass(slots=True)
class _Head:
    """The head of a locked ticket's history, which a batch moves on."""

    id: UUID
    event_seq: int
    event_hash: bytes
    last_action: str
    last_action_at: datetime
    version: int


async def _renew(session: AsyncSession, renewal: Renewal, tickets: Sequence[UUID], now: datetime) -> Renewed:
    """One batch: the tickets are locked first, as every command does, and only then their clocks are read."""
    heads = await _lock(session, tickets)
    mine = and_(among(SlaClock.ticket_id, list(tickets)), renewal.concerns)
    clocks = [OpenClock(*row) for row in await session.execute(_clocks(mine))]
    pauses = await _pauses(session, among(SlaClock.id, [clock.id for clock in clocks]))
    dates = {clock.id: renewal.due_at(clock, pauses.get(clock.id, ())) for clock in clocks}
    moved = [
        (one.ticket_id, Moved(one.kind, one.due_at, dates[one.id])) for one in clocks if dates[one.id] != one.due_at
    ]
    await _date_clocks(session, renewal, [one for one in clocks if one.state != "breached"], dates)
    redated = [
        _redating(renewal, one, dates[one.id], pauses.get(one.id, ()))
        for one in clocks
        if needs_redating(one.state, renewal.policy_of(one), moved=dates[one.id] != one.due_at)
    ]
    changed = await redate(session, redated)
    await _record(session, renewal, heads, moved, now)
    return Renewed(sum(one.state != "breached" or one.id in changed for one in clocks), len(moved))


async def _lock(session: AsyncSession, tickets: Sequence[UUID]) -> dict[UUID, _Head]:
    chain = (Ticket.id, Ticket.event_seq, Ticket.event_hash, Ticket.last_action, Ticket.last_action_at)
    held = select(*chain, Ticket.version).where(among(Ticket.id, tickets)).order_by(Ticket.id)
    return {row[0]: _Head(*row) for row in await session.execute(held.with_for_update(key_share=True))}


async def _date_clocks(
    session: AsyncSession, renewal: Renewal, clocks: Sequence[OpenClock], dates: Mapping[UUID, datetime]
) -> None:
    """These clocks learn which calendar they were computed with, so that a pause that ends later is counted with it."""
    rows = [
        {"id": one.id, "calendar_version_id": renewal.calendar_version_id, "due_at": dates[one.id]} for one in clocks
    ]
    await bulk_update(session, SlaClock, rows)
    other = [one for one in clocks if renewal.policy_of(one) != one.pinned]
    await bulk_update(session, SlaClock, [{"id": one.id, "policy": renewal.policy_of(one).to_json()} for one in other])


def _redating(renewal: Renewal, clock: OpenClock, due_at: datetime, pauses: Sequence[Pause]) -> Redating:
    pinned = renewal.policy_of(clock)
    fee = next((pause.start for pause in pauses if pause.end is None and pause.reason == AWAITING_FEE), None)
    return Redating(
        clock_id=clock.id,
        state=clock.state,
        generation=clock.generation,
        counted_from=clock.counted_from,
        due_at=due_at,
        pinned=pinned,
        calendar=renewal.calendars[pinned.hours],
        fee_asked_at=fee,
    )


async def _record(
    session: AsyncSession,
    renewal: Renewal,
    heads: Mapping[UUID, _Head],
    moved: Iterable[tuple[UUID, Moved]],
    now: datetime,
) -> None:
    """One event a ticket, with every date that moved on it; its version rises, for it reads otherwise now."""
    by_ticket: defaultdict[UUID, list[dict[str, str]]] = defaultdict(list)
    for ticket_id, move in moved:
        by_ticket[ticket_id].append(move.to_json())
    why = {"cause": renewal.cause, "by": renewal.actor, "calendar_version": str(renewal.calendar_version_id)}
    events = [
        next_event(heads[ticket_id], kind=EventKind.DUE_MOVED, at=now, actor=SYSTEM_ACTOR, data={**why, "moved": moves})
        for ticket_id, moves in by_ticket.items()
    ]
    await bulk_insert(session, TicketEvent, events)
    touched = [heads[ticket_id] for ticket_id in by_ticket]
    await bulk_update(
        session,
        Ticket,
        [
            {"id": one.id, "event_seq": one.event_seq, "event_hash": one.event_hash, "version": one.version + 1}
            for one in touched
        ],
    )
