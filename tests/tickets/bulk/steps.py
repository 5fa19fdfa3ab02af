"""Helpers of the tests of bulk recomputation: a population of tickets, and the dates that it should have."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, text

from app.calendar_admin.service import settle
from app.container import Container
from app.core.clock import ISTANBUL
from app.sla.calendar import ClockKind, DayKind, SpecialDay
from app.sla.calendar_decisions import store_decisions
from app.sla.calendar_versions import Calendars, calendars_of, store_calendars
from app.sla.checkpoints import FEE_LAPSE, CheckpointKind, first_checkpoints, next_checkpoint, next_level_base
from app.sla.clocks import pauses_of
from app.sla.deadline import Pause, deadline
from app.sla.model import Checkpoint, SlaClock
from app.standards.service import current_calendars
from app.tickets.bulk.recompute import RecomputeResult, recompute
from app.tickets.bulk.rules import RecomputeRun, has_older_calendar
from app.tickets.model import Ticket, TicketEvent
from tests.desk import AT_WORK, CALL, INFORMATION, ORDER, PETITION, VISIT, Desk
from workers.timers import sweep

LEAVE = SpecialDay(DayKind.LEAVE, "İdari izin", counts_as_working=frozenset())
LEAVE_OF_LAW = replace(LEAVE, counts_as_working=frozenset({ClockKind.PROMISE}))
LEAVE_DAYS: Mapping[date, SpecialDay] = {
    date(2026, month, day): LEAVE for month, day in ((5, 25), (5, 26), (6, 1), (6, 2), (6, 8), (6, 11))
}
MONDAY = datetime(2026, 5, 11, 10, tzinfo=ISTANBUL)
WAITING = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")


async def decided(
    container: Container, days: Mapping[date, SpecialDay], *, revoke: frozenset[date] = frozenset()
) -> UUID:
    """Store a new version of the calendar, by which no clock is computed yet."""
    now = container.clock.now()
    async with container.database.transaction() as session:
        await store_decisions(session, days, revoke, actor="ops", reason="Genelge", now=now)
        calendars = await current_calendars(session, (await container.rulebooks.current()).catalogue, now=now)
        version = await store_calendars(session, calendars, now=now, actor="ops", reason="Genelge")
    container.rulebooks._read_at = -1000.0
    return version


async def calendars(container: Container, version: UUID) -> Calendars:
    async with container.database.reading() as session:
        return await calendars_of(session, version)


async def settled(container: Container, version: UUID) -> RecomputeResult:
    return await settle(
        container.database, version, await calendars(container, version), actor="ops", now=container.clock.now()
    )


async def in_batches(
    container: Container, version: UUID, *, size: int, concurrency: int = 1, **other: Any
) -> RecomputeResult:
    """Recompute in batches of `size` tickets, otherwise as `settled`."""
    condition = has_older_calendar(version)
    run = RecomputeRun(await calendars(container, version), version, "calendar", "ops", condition, **other)
    now = container.clock.now()
    return await recompute(container.database, run, now=now, batch_size=size, concurrency=concurrency)


async def a_city(desk: Desk) -> dict[str, str]:
    """Return tickets of every sort by name, as they are on 14 May."""
    desk.clock.set(MONDAY)
    found = {"call": await desk.open(CALL), "visit": await desk.open(VISIT)}
    found |= {"paused": await desk.open(VISIT), "resumed": await desk.open(CALL)}
    for name in ("information", "extended", "fee asked", "fee paid", "by hand", "answered", "withdrawn"):
        found[name] = await desk.open(INFORMATION)
    found |= {"petition": await desk.open(PETITION), "replied": await desk.open(VISIT)}
    for name in ("paused", "resumed", "fee asked", "fee paid"):
        await desk.run_all(found[name], *AT_WORK)
    await desk.run_all(found["extended"], *AT_WORK, "extend")
    await desk.run(found["by hand"], "override_due")
    await desk.run_all(found["answered"], "resolve")
    await desk.run_all(found["withdrawn"], "withdraw")
    await desk.run_all(found["replied"], *AT_WORK, "interim_reply")
    desk.clock.advance(days=1)
    await desk.run_all(found["paused"], "pause")
    await desk.run_all(found["resumed"], "pause")
    await desk.run_all(found["fee asked"], "fee_notice")
    await desk.run_all(found["fee paid"], "fee_notice")
    desk.clock.advance(days=2)
    await desk.run_all(found["resumed"], "resume")
    await desk.run_all(found["fee paid"], "fee_paid")
    found["order"] = await desk.open(ORDER)
    await sweep(desk.container)
    return found


async def rows(container: Container) -> dict[str, list[tuple[Any, ...]]]:
    """Return all rows that a run can change, by table."""
    async with container.database.reading() as session:
        return {
            model.__tablename__: [tuple(row) for row in await session.execute(select(model.__table__).order_by(*by))]
            for model, by in (
                (SlaClock, [SlaClock.id]),
                (Checkpoint, [Checkpoint.id]),
                (TicketEvent, [TicketEvent.ticket_id, TicketEvent.seq]),
                (Ticket, [Ticket.id]),
            )
        }


async def everything_is_as(container: Container, version: UUID) -> None:
    """Assert that dates and armed checkpoints of every open clock follow from that version of the calendar."""
    known = await calendars(container, version)
    async with container.database.reading() as session:
        for clock in await session.scalars(select(SlaClock).where(SlaClock.met_at.is_(None))):
            calendar = known[clock.pinned.hours]
            pauses = [Pause(row.started_at, row.ended_at, row.reason) for row in await pauses_of(session, clock.id)]
            points = list(await session.scalars(select(Checkpoint).where(Checkpoint.clock_id == clock.id)))
            armed = {(one.kind, one.level): one.due_at for one in points if one.state == "armed"}
            assert clock.state in {"cancelled", "breached"} or clock.calendar_version_id == version
            assert armed == expected(clock, calendar, pauses, points)
            if clock.state == "running" and not clock.overridden:
                pinned = clock.pinned.in_force(extended=clock.extended_at is not None)
                assert clock.due_at == deadline(pinned, clock.counted_from, calendar, pauses).due_at


async def every_date_is_explained(container: Container) -> None:
    """Assert that every due date follows from the clock's own calendar, be it late, met or running."""
    async with container.database.reading() as session:
        for clock in await session.scalars(select(SlaClock).where(SlaClock.state != "paused", ~SlaClock.overridden)):
            pinned = clock.pinned
            calendar = (await container.rulebooks.calendars(session, clock.calendar_version_id))[pinned.hours]
            pauses = [Pause(row.started_at, row.ended_at, row.reason) for row in await pauses_of(session, clock.id)]
            policy = pinned.in_force(extended=clock.extended_at is not None)
            assert deadline(policy, clock.counted_from, calendar, pauses).due_at == clock.due_at


def expected(
    clock: SlaClock, calendar: Any, pauses: list[Pause], points: list[Checkpoint]
) -> dict[tuple[str, int], datetime]:
    """Return the checkpoints that a clock still waits for."""
    pinned = clock.pinned
    fired = {(one.kind, one.level): one for one in points if one.state == "fired"}
    if clock.state == "running":
        planned = first_checkpoints(
            pinned.chain, clock.counted_from, clock.due_at, calendar, basis=pinned.policy.basis, pauses=pauses
        )
        waiting = {(one.kind.value, one.level): one.due_at for one in planned}
        return {name: at for name, at in waiting.items() if at == clock.due_at or name not in fired}
    if clock.state == "paused":
        open_fee = [one for one in pauses if one.end is None and one.reason == "awaiting_fee"]
        if not open_fee or pinned.fee_within is None:
            return {}
        until = replace(pinned.policy, limit=pinned.fee_within)
        return {(FEE_LAPSE, 1): deadline(until, open_fee[0].start, calendar).due_at}
    # a fee requested after the limit paused nothing: its time to pay is the one that the citizen read
    paying = {(one.kind, one.level): one.due_at for one in points if (one.kind, one.state) == (FEE_LAPSE, "armed")}
    first, second = fired.get(("escalation", 1)), fired.get(("escalation", 2))
    if clock.state != "breached" or first is None or first.fired_at is None or second is not None:
        return paying
    if first.generation < clock.generation:  # withdrawn since
        return paying
    base = next_level_base(first.due_at, first.fired_at)
    following = next_checkpoint(pinned.chain, CheckpointKind.ESCALATION, 1, base, calendar)
    return paying if following is None else {**paying, ("escalation", 2): following.due_at}
