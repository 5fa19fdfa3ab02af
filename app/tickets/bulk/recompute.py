"""Recomputation of the open clocks of many tickets, under another calendar or another policy.

A run works in batches of tickets. Each batch is locked, changed and recorded in one transaction, with one statement per
table. A changed clock is not selected again, so an interrupted run continues from its last batch.
"""

import asyncio
import heapq
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import Database, bulk_insert, bulk_update, equals_any, table_of
from app.sla.calendar_versions import Calendars, calendars_of
from app.sla.checkpoint_sync import DatedClock, sync_checkpoints
from app.sla.clocks import DueDateMove
from app.sla.deadline import Pause, on_time
from app.sla.model import ClockPause, SlaClock
from app.tickets.bulk.rules import OPEN_CLOCKS, ClockRule, OpenClock, RecomputeRun
from app.tickets.history import SYSTEM_ACTOR, DetachedHead, EventKind, EventRow, next_event
from app.tickets.model import Ticket, TicketEvent

BATCH_SIZE = 2000
"""Tickets per transaction: enough to be fast, few enough that a command on one of them hardly waits."""

CONCURRENCY = 3
"""Batches at the same time: while the database writes one, another is computed."""

STREAM_SIZE = 5000
"""Clocks of a preview in memory at the same time."""

_clock, _ticket, _pause = table_of(SlaClock), table_of(Ticket), table_of(ClockPause)


@dataclass(frozen=True, slots=True)
class RecomputePreview:
    """The effect of a run: the numbers of clocks examined, with a new policy, and with a moved due date.

    `earlier` and `overdue_at_once` count those of the moved that become due earlier, or are past due at once.
    `first_moves` are the moves with the earliest former due dates, with the numbers of their tickets.
    """

    examined: int
    repinned: int
    moved: int
    earlier: int
    overdue_at_once: int
    first_moves: list[tuple[str, DueDateMove]]


@dataclass(frozen=True, slots=True)
class RecomputeResult:
    """The numbers of clocks examined and of due dates moved; breached clocks count if a checkpoint of theirs moved."""

    examined: int
    moved: int


async def preview_recompute(
    session: AsyncSession, run: RecomputeRun, *, now: datetime, max_listed: int
) -> RecomputePreview:
    """Return the effect of the run without changing anything; at most `max_listed` moves are listed."""
    pauses = await _load_pauses(session, run.condition)
    examined = repinned = earlier = late = 0
    moves: list[tuple[datetime, str, str, datetime]] = []
    async for clock in _stream_clocks(session, run.condition):
        examined += 1
        if run.skips(clock, now):
            continue
        repinned += run.rule_of(clock).is_new
        new = run.due_at(clock, pauses.get(clock.id, ()))
        if new != clock.due_at:
            moves.append((clock.due_at, clock.number, clock.kind, new))
            earlier += new < clock.due_at
            late += not on_time(now, new)
    listed = [(number, DueDateMove(kind, old, new)) for old, number, kind, new in heapq.nsmallest(max_listed, moves)]
    return RecomputePreview(examined, repinned, len(moves), earlier, late, listed)


async def recompute(
    database: Database,
    run: RecomputeRun,
    *,
    now: datetime,
    batch_size: int = BATCH_SIZE,
    concurrency: int = CONCURRENCY,
) -> RecomputeResult:
    """Recompute all selected clocks, batch by batch; commands on the tickets proceed between the batches."""
    async with database.reading() as session:
        selected = select(_clock.c.ticket_id).where(run.condition).distinct().order_by(_clock.c.ticket_id)
        tickets = list(await session.scalars(selected))
    former_calendars: dict[UUID, Calendars] = {}
    batches = (tickets[begin : begin + batch_size] for begin in range(0, len(tickets), batch_size))
    tasks = [
        asyncio.create_task(_take_batches(database, run, batches, former_calendars, now)) for _ in range(concurrency)
    ]
    try:
        results = [result for task_results in await asyncio.gather(*tasks) for result in task_results]
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    return RecomputeResult(sum(result.examined for result in results), sum(result.moved for result in results))


async def _take_batches(
    database: Database,
    run: RecomputeRun,
    batches: Iterator[Sequence[UUID]],
    former_calendars: dict[UUID, Calendars],
    now: datetime,
) -> list[RecomputeResult]:
    """Recompute one batch after the other until the shared iterator is empty."""
    results = []
    for tickets in batches:
        async with database.transaction() as session:
            results.append(await _recompute_batch(session, run, tickets, former_calendars, now))
    return results


async def _stream_clocks(session: AsyncSession, condition: ColumnElement[bool]) -> AsyncIterator[OpenClock]:
    """Yield the selected clocks; no more than `STREAM_SIZE` are in memory."""
    rows = await session.stream(OPEN_CLOCKS.where(condition), execution_options={"yield_per": STREAM_SIZE})
    async for part in rows.partitions():
        for row in part:
            yield OpenClock._make(row)


async def _load_pauses(session: AsyncSession, condition: ColumnElement[bool]) -> Mapping[UUID, list[Pause]]:
    """Return clock → its pauses, oldest first."""
    query = select(_pause.c.clock_id, _pause.c.started_at, _pause.c.ended_at, _pause.c.reason)
    query = query.join_from(_pause, _clock, _clock.c.id == _pause.c.clock_id).where(condition)
    found: defaultdict[UUID, list[Pause]] = defaultdict(list)
    for clock_id, start, end, reason in (await session.execute(query.order_by(_pause.c.started_at, _pause.c.id))).all():
        found[clock_id].append(Pause(start, end, reason))
    return found


@dataclass(slots=True)
class _TicketChanges:
    """The changes to the clocks of one ticket, for its event."""

    moved: list[dict[str, str]] = field(default_factory=list)
    policies: list[dict[str, str]] = field(default_factory=list)


@dataclass(slots=True)
class _BatchChanges:
    """The changes of one batch: rows for `sla_clock`, clocks that only get the new calendar, and checkpoints."""

    dated: list[dict[str, object]] = field(default_factory=list)
    undated: list[UUID] = field(default_factory=list)
    repinned: list[dict[str, object]] = field(default_factory=list)
    dated_clocks: list[DatedClock] = field(default_factory=list)
    tickets: defaultdict[UUID, _TicketChanges] = field(default_factory=lambda: defaultdict(_TicketChanges))


async def _recompute_batch(
    session: AsyncSession,
    run: RecomputeRun,
    tickets: Sequence[UUID],
    former_calendars: dict[UUID, Calendars],
    now: datetime,
) -> RecomputeResult:
    """Recompute the clocks of these tickets; the tickets are locked before the clocks are read, as by a command."""
    await session.execute(text("SET LOCAL plan_cache_mode = force_generic_plan"))
    await _lock(session, tickets)
    selected = and_(equals_any(_clock.c.ticket_id, tickets), run.condition)
    read = [OpenClock._make(row) for row in (await session.execute(OPEN_CLOCKS.where(selected))).all()]
    clocks = [clock for clock in read if not run.skips(clock, now)]
    for version in {clock.calendar_version_id for clock in clocks} - former_calendars.keys():
        former_calendars[version] = await calendars_of(session, version)
    pauses = await _load_pauses(session, equals_any(_clock.c.id, [clock.id for clock in clocks]))
    changes = _BatchChanges()
    for clock in clocks:
        _plan(run, clock, pauses.get(clock.id, ()), former_calendars, changes)
    redated = await _write(session, run, changes)
    await _record(session, run, changes.tickets, now)
    examined = sum(clock.state != "breached" or clock.id in redated for clock in clocks)
    return RecomputeResult(examined, len(changes.dated))


def _plan(
    run: RecomputeRun,
    clock: OpenClock,
    pauses: Sequence[Pause],
    former_calendars: Mapping[UUID, Calendars],
    changes: _BatchChanges,
) -> None:
    """Add the changes of one clock to those of its batch."""
    rule, due_at = run.rule_of(clock), run.due_at(clock, pauses)
    moved = due_at != clock.due_at
    if moved:
        changes.tickets[clock.ticket_id].moved.append(DueDateMove(clock.kind, clock.due_at, due_at).to_json())
        changes.dated.append({"id": clock.id, "calendar_version_id": run.calendar_version_id, "due_at": due_at})
    elif clock.state != "breached":
        changes.undated.append(clock.id)
    if rule.is_new:
        printed = {"clock": clock.kind, "from": clock.pinned.printed, "to": rule.pinned.printed}
        changes.tickets[clock.ticket_id].policies.append(printed)
        changes.repinned.append({"id": clock.id, "policy": rule.pinned.to_json()})
    if moved or not rule.keeps_checkpoints(clock, former_calendars):
        changes.dated_clocks.append(_dated_clock(rule, clock, due_at, pauses))


def _dated_clock(rule: ClockRule, clock: OpenClock, due_at: datetime, pauses: Sequence[Pause]) -> DatedClock:
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


async def _write(session: AsyncSession, run: RecomputeRun, changes: _BatchChanges) -> set[UUID]:
    """Store the changed clocks and checkpoints; return the clocks whose checkpoints changed."""
    await bulk_update(session, SlaClock, changes.dated)
    undated = update(_clock).where(equals_any(_clock.c.id, changes.undated))
    await session.execute(undated.values(calendar_version_id=run.calendar_version_id))
    await bulk_update(session, SlaClock, changes.repinned)
    return await sync_checkpoints(session, changes.dated_clocks)


async def _lock(session: AsyncSession, tickets: Sequence[UUID]) -> None:
    query = select(_ticket.c.id).where(equals_any(_ticket.c.id, tickets)).order_by(_ticket.c.id)
    locked = query.with_for_update(key_share=True).cte("locked")
    await session.execute(select(func.count()).select_from(locked))


@dataclass(slots=True)
class _VersionedHead(DetachedHead):
    """The head of a locked ticket's history, and the ticket's version."""

    version: int


async def _load_heads(session: AsyncSession, tickets: Sequence[UUID]) -> list[_VersionedHead]:
    columns = (getattr(_ticket.c, column.name) for column in fields(_VersionedHead))
    rows = await session.execute(select(*columns).where(equals_any(_ticket.c.id, tickets)))
    return [_VersionedHead(*row) for row in rows]


async def _record(
    session: AsyncSession, run: RecomputeRun, tickets: Mapping[UUID, _TicketChanges], now: datetime
) -> None:
    """Append one event per changed ticket with every moved date, and raise the version of the ticket."""
    cause = {"cause": run.cause, "by": run.actor, "calendar_version": str(run.calendar_version_id), **run.facts}
    heads = await _load_heads(session, list(tickets))
    events: list[EventRow] = []
    for head in heads:
        changes = tickets[head.id]
        data: dict[str, Any] = {**cause, "moved": changes.moved}
        if changes.policies:
            data["policies"] = changes.policies
        note = run.seal_reason(head.id, head.event_seq + 1) if run.seal_reason else None
        events.append(next_event(head, kind=EventKind.DUE_MOVED, at=now, actor=SYSTEM_ACTOR, data=data, note=note))
    await bulk_insert(session, TicketEvent, events)
    await bulk_update(
        session,
        Ticket,
        [
            {"id": head.id, "event_seq": head.event_seq, "event_hash": head.event_hash, "version": head.version + 1}
            for head in heads
        ],
    )
