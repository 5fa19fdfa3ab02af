"""Clocks of many tickets computed anew: under another calendar, or under another policy where a person said so.

Batches of tickets, each locked, changed and recorded in a transaction of its own, a statement a table. What a batch has
done is not found again, so an interrupted run goes on where it was.
"""

import asyncio
import heapq
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from pydantic_core import from_json
from sqlalchemy import ColumnElement, Text, and_, cast, exists, func, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import Database, bulk_insert, bulk_update, equals_any, table_of
from app.sla.calendar import Calendar
from app.sla.calendar_versions import Calendars, calendars_of
from app.sla.checkpoint_sync import DatedClock, sync_checkpoints
from app.sla.checkpoints import days_before_due
from app.sla.clocks import DueDateMove
from app.sla.deadline import Basis, Pause, Policy, deadline, on_time
from app.sla.model import Checkpoint, ClockPause, SlaClock
from app.sla.policy import PinnedPolicy
from app.tickets.history import SYSTEM_ACTOR, DetachedHead, EventKind, next_event
from app.tickets.model import Ticket, TicketEvent

TICKETS_AT_ONCE = 2000
"""In one transaction: long enough to be fast, short enough that a command on one of them hardly waits."""

LANES = 3
"""Batches under way beside each other: while the database writes some, another is computed."""


class OpenClock(NamedTuple):
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
    calendar_version_id: UUID

    @property
    def counted_from(self) -> datetime:
        """The instant from which the limit counts."""
        return self.restarted_at or self.started_at

    @property
    def pinned(self) -> PinnedPolicy:
        """The policy that it was pinned to."""
        return parsed_policy(self.stored_policy)


_clock, _ticket = table_of(SlaClock), table_of(Ticket)
_pause, _point = table_of(ClockPause), table_of(Checkpoint)

_OF_CLOCK = (
    _clock.c.id,
    _clock.c.ticket_id,
    _ticket.c.number,
    _ticket.c.service,
    _ticket.c.formal,
    _ticket.c.right_to_information,
    _clock.c.kind,
    _clock.c.state,
    cast(_clock.c.policy, Text),
    _clock.c.started_at,
    _clock.c.restarted_at,
    _clock.c.extended_at,
    _clock.c.due_at,
    _clock.c.overridden,
    _clock.c.generation,
    _clock.c.calendar_version_id,
)
"""What an `OpenClock` is made of, in the order of its fields; columns of tables, which are read faster than rows."""

_CLOCKS = select(*_OF_CLOCK).join_from(_clock, _ticket, _ticket.c.id == _clock.c.ticket_id)


@lru_cache(maxsize=1024)
def parsed_policy(stored: str) -> PinnedPolicy:
    """A pinned policy from its stored text; thousands of clocks share the same few."""
    return PinnedPolicy.from_json(from_json(stored))


def keeps_policy(clock: OpenClock) -> PinnedPolicy:
    """The policy of a clock whose calendar alone is new."""
    return clock.pinned


@dataclass(frozen=True, slots=True)
class Rule:
    """What a run judges a clock by, and whether it was another policy before.

    Thousands of clocks share one; it remembers the dates that it has given.
    """

    pinned: PinnedPolicy
    is_new: bool
    policy: Policy
    calendar: Calendar
    _of_days: dict[date, datetime] = field(default_factory=dict, repr=False)
    _steady: dict[tuple[UUID, datetime], bool] = field(default_factory=dict, repr=False)

    def due_at(self, counted_from: datetime, pauses: Sequence[Pause]) -> datetime:
        """The due date; of a limit of days without pauses it depends on the local date of the start alone."""
        if pauses or self.policy.limit.seconds is not None:
            return deadline(self.policy, counted_from, self.calendar, pauses).due_at
        day = self.calendar.local_date(counted_from)
        found = self._of_days.get(day)
        if found is None:
            found = self._of_days[day] = deadline(self.policy, counted_from, self.calendar).due_at
        return found

    def keeps_checkpoints(self, clock: OpenClock, formers: Mapping[UUID, Calendars]) -> bool:
        """Whether those of a clock whose due date is the same lie where its former calendar laid them."""
        if self.is_new or clock.state != "running" or self.policy.basis is Basis.OPENING_HOURS:
            return False
        name = clock.calendar_version_id, clock.due_at
        found = self._steady.get(name)
        if found is None:
            chain, former = self.pinned.chain, formers[clock.calendar_version_id][self.pinned.hours]
            before = days_before_due(chain, clock.due_at, former)
            found = self._steady[name] = before == days_before_due(chain, clock.due_at, self.calendar)
        return found


Reason = Callable[[UUID, int], bytes]
"""A person's words for the event of that ticket with that number, sealed."""


@dataclass(frozen=True, slots=True)
class Renewal:
    """One run: which calendars hold now, why (`calendar` or `policy`), by whose word, and each clock's policy.

    With `only_new_policies` a clock whose policy is equal is left alone.
    """

    calendars: Calendars
    calendar_version_id: UUID
    cause: str
    actor: str
    concerns: ColumnElement[bool]
    policy_of: Callable[[OpenClock], PinnedPolicy] = keeps_policy
    only_new_policies: bool = False
    facts: Mapping[str, str] = field(default_factory=dict)
    reason: Reason | None = None
    _rules: dict[tuple[Any, ...], Rule] = field(default_factory=dict, repr=False)

    def rule_of(self, clock: OpenClock) -> Rule:
        """What the clock is judged by in this run."""
        extended = clock.extended_at is not None
        key = (clock.stored_policy, extended, clock.kind, clock.service, clock.formal, clock.right_to_information)
        rule = self._rules.get(key)
        if rule is None:
            pinned = self.policy_of(clock)
            calendar, policy = self.calendars[pinned.hours], pinned.in_force(extended=extended)
            rule = self._rules[key] = Rule(pinned, pinned != clock.pinned, policy, calendar)
        return rule

    def leaves(self, clock: OpenClock, now: datetime) -> bool:
        """Whether the clock stays as it is: so does one whose limit is past, though no sweep has seen it yet (B71)."""
        if clock.state == "running" and not on_time(now, clock.due_at):
            return True
        return self.only_new_policies and not self.rule_of(clock).is_new

    def due_at(self, clock: OpenClock, pauses: Sequence[Pause]) -> datetime:
        """The due date of a clock under this run; one that stands still, is late or was set by hand keeps its own."""
        if clock.state != "running" or clock.overridden:
            return clock.due_at
        return self.rule_of(clock).due_at(clock.counted_from, pauses)


def still_kept() -> ColumnElement[bool]:
    """Clocks that run or stand still, and late ones whose next level still waits."""
    waits = exists().where(_point.c.clock_id == _clock.c.id, _point.c.state == "armed")
    return or_(_clock.c.state.in_(("running", "paused")), and_(_clock.c.state == "breached", waits))


def of_older_calendars(version_id: UUID) -> ColumnElement[bool]:
    """Of them, those that were computed with an older calendar: ids of versions rise with time.

    What knows a newer one already is left alone, for another change may be made while a run is under way. A late clock
    stays among them: its due date goes on to be explained by the calendar that it was missed under.
    """
    return and_(still_kept(), _clock.c.calendar_version_id < version_id)


@dataclass(frozen=True, slots=True)
class RecomputePreview:
    """What a run would do: clocks looked at, those whose policy changes, those whose date moves (`earlier` and late at
    once among them), and the first that move, with their tickets' numbers."""

    looked_at: int
    repinned: int
    moved: int
    earlier: int
    overdue_at_once: int
    first: list[tuple[str, DueDateMove]]


async def preview(session: AsyncSession, renewal: Renewal, *, now: datetime, first: int) -> RecomputePreview:
    """What `run` would do, without doing it; of those that move, the `first` to be due are named."""
    pauses = await _pauses(session, renewal.concerns)
    looked_at = repinned = earlier = late = 0
    moves: list[tuple[datetime, str, str, datetime]] = []
    async for clock in _concerned(session, renewal.concerns):
        looked_at += 1
        if renewal.leaves(clock, now):
            continue
        repinned += renewal.rule_of(clock).is_new
        new = renewal.due_at(clock, pauses.get(clock.id, ()))
        if new != clock.due_at:
            moves.append((clock.due_at, clock.number, clock.kind, new))
            earlier += new < clock.due_at
            late += not on_time(now, new)
    listed = [(number, DueDateMove(kind, old, new)) for old, number, kind, new in heapq.nsmallest(first, moves)]
    return RecomputePreview(looked_at, repinned, len(moves), earlier, late, listed)


@dataclass(frozen=True, slots=True)
class Renewed:
    """What a run did: how many clocks there were to do (late ones if their next level moved), how many dates moved."""

    looked_at: int
    moved: int


async def run(
    database: Database, renewal: Renewal, *, now: datetime, at_once: int = TICKETS_AT_ONCE, lanes: int = LANES
) -> Renewed:
    """Compute all concerned clocks anew, batch after batch; other work on the tickets goes on between the batches."""
    async with database.reading() as session:
        concerned = select(_clock.c.ticket_id).where(renewal.concerns).distinct().order_by(_clock.c.ticket_id)
        tickets = list(await session.scalars(concerned))
    formers: dict[UUID, Calendars] = {}
    batches = (tickets[begin : begin + at_once] for begin in range(0, len(tickets), at_once))
    under_way = [asyncio.create_task(_lane(database, renewal, batches, formers, now)) for _ in range(lanes)]
    try:
        found = [batch for lane in await asyncio.gather(*under_way) for batch in lane]
    finally:
        for lane in under_way:
            lane.cancel()
        await asyncio.wait(under_way)
    return Renewed(sum(batch.looked_at for batch in found), sum(batch.moved for batch in found))


async def _lane(
    database: Database,
    renewal: Renewal,
    batches: Iterator[Sequence[UUID]],
    formers: dict[UUID, Calendars],
    now: datetime,
) -> list[Renewed]:
    """Take one batch after the other, until no lane finds any."""
    done = []
    for tickets in batches:
        async with database.transaction() as session:
            done.append(await _renew(session, renewal, tickets, formers, now))
    return done


async def _concerned(session: AsyncSession, concerns: ColumnElement[bool]) -> AsyncIterator[OpenClock]:
    """The concerned clocks, of which no more than a few thousand are in memory at once."""
    rows = await session.stream(_CLOCKS.where(concerns), execution_options={"yield_per": 5000})
    async for part in rows.partitions():
        for row in part:
            yield OpenClock._make(row)


async def _pauses(session: AsyncSession, concerns: ColumnElement[bool]) -> Mapping[UUID, list[Pause]]:
    """The pauses of the concerned clocks, oldest first."""
    query = select(_pause.c.clock_id, _pause.c.started_at, _pause.c.ended_at, _pause.c.reason)
    query = query.join_from(_pause, _clock, _clock.c.id == _pause.c.clock_id).where(concerns)
    found: defaultdict[UUID, list[Pause]] = defaultdict(list)
    for clock_id, start, end, reason in (await session.execute(query.order_by(_pause.c.started_at, _pause.c.id))).all():
        found[clock_id].append(Pause(start, end, reason))
    return found


@dataclass(slots=True)
class _Head(DetachedHead):
    """The head of a locked ticket's history, which a batch moves on, and its version."""

    version: int


@dataclass(slots=True)
class _Told:
    """What happened to one ticket's clocks, for its event."""

    moved: list[dict[str, str]] = field(default_factory=list)
    policies: list[dict[str, str]] = field(default_factory=list)


async def _renew(
    session: AsyncSession, renewal: Renewal, tickets: Sequence[UUID], formers: dict[UUID, Calendars], now: datetime
) -> Renewed:
    """One batch: the tickets are locked first, as every command does, and only then their clocks are read."""
    await session.execute(text("SET LOCAL plan_cache_mode = force_generic_plan"))
    await _lock(session, tickets)
    mine = and_(equals_any(_clock.c.ticket_id, tickets), renewal.concerns)
    read = [OpenClock._make(row) for row in (await session.execute(_CLOCKS.where(mine))).all()]
    clocks = [clock for clock in read if not renewal.leaves(clock, now)]
    for version in {clock.calendar_version_id for clock in clocks} - formers.keys():
        formers[version] = await calendars_of(session, version)
    pauses = await _pauses(session, equals_any(_clock.c.id, [clock.id for clock in clocks]))
    told: defaultdict[UUID, _Told] = defaultdict(_Told)
    dated, same, repinned, redating = [], [], [], []
    for clock in clocks:
        rule, own = renewal.rule_of(clock), pauses.get(clock.id, ())
        due_at = renewal.due_at(clock, own)
        moved = due_at != clock.due_at
        if moved:
            told[clock.ticket_id].moved.append(DueDateMove(clock.kind, clock.due_at, due_at).to_json())
        if rule.is_new:
            words = {"clock": clock.kind, "from": clock.pinned.printed, "to": rule.pinned.printed}
            told[clock.ticket_id].policies.append(words)
            repinned.append({"id": clock.id, "policy": rule.pinned.to_json()})
        if moved:
            dated.append({"id": clock.id, "calendar_version_id": renewal.calendar_version_id, "due_at": due_at})
        elif clock.state != "breached":
            same.append(clock.id)
        if moved or not rule.keeps_checkpoints(clock, formers):
            redating.append(_redating(rule, clock, due_at, own))
    await bulk_update(session, SlaClock, dated)
    known = update(_clock).where(equals_any(_clock.c.id, same)).values(calendar_version_id=renewal.calendar_version_id)
    await session.execute(known)
    await bulk_update(session, SlaClock, repinned)
    changed = await sync_checkpoints(session, redating)
    await _record(session, renewal, told, now)
    looked_at = sum(clock.state != "breached" or clock.id in changed for clock in clocks)
    return Renewed(looked_at, sum(len(one.moved) for one in told.values()))


async def _lock(session: AsyncSession, tickets: Sequence[UUID]) -> None:
    held = select(_ticket.c.id).where(equals_any(_ticket.c.id, tickets)).order_by(_ticket.c.id)
    locked = held.with_for_update(key_share=True).cte("locked")
    await session.execute(select(func.count()).select_from(locked))


async def _heads(session: AsyncSession, tickets: Sequence[UUID]) -> list[_Head]:
    of_head = (getattr(_ticket.c, one.name) for one in fields(_Head))
    return [_Head(*row) for row in await session.execute(select(*of_head).where(equals_any(_ticket.c.id, tickets)))]


def _redating(rule: Rule, clock: OpenClock, due_at: datetime, pauses: Sequence[Pause]) -> DatedClock:
    return DatedClock(
        clock_id=clock.id,
        state=clock.state,
        generation=clock.generation,
        counted_from=clock.counted_from,
        due_at=due_at,
        pinned=rule.pinned,
        calendar=rule.calendar,
        pauses=pauses,
    )


async def _record(session: AsyncSession, renewal: Renewal, told: Mapping[UUID, _Told], now: datetime) -> None:
    """One event a ticket, with every date that moved on it; its version rises, for it reads otherwise now."""
    why = {"cause": renewal.cause, "by": renewal.actor, "calendar_version": str(renewal.calendar_version_id)}
    why |= renewal.facts
    touched, events = await _heads(session, list(told)), []
    for head in touched:
        one = told[head.id]
        data = {**why, "moved": one.moved, **({"policies": one.policies} if one.policies else {})}
        note = renewal.reason(head.id, head.event_seq + 1) if renewal.reason else None
        events.append(next_event(head, kind=EventKind.DUE_MOVED, at=now, actor=SYSTEM_ACTOR, data=data, note=note))
    await bulk_insert(session, TicketEvent, events)
    await bulk_update(
        session,
        Ticket,
        [
            {"id": one.id, "event_seq": one.event_seq, "event_hash": one.event_hash, "version": one.version + 1}
            for one in touched
        ],
    )
