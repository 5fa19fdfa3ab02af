"""Clocks recomputed in batches: every date follows the present calendar, nothing is lost or notified twice."""

import asyncio
from datetime import date, datetime, timedelta
from random import Random

import pytest
from sqlalchemy import delete, select

from app.core.clock import ISTANBUL
from app.sla.model import CalendarDecision, CalendarVersion, Checkpoint, SlaClock
from app.sla.policy import PinnedPolicy
from app.tickets.bulk.recompute import RecomputeResult
from app.tickets.bulk.rules import OpenClock
from app.tickets.model import Ticket
from tests.bugs.steps import another_worker
from tests.desk import AT_WORK, CALL, INFORMATION, VISIT, Desk, end_of
from tests.journeys.test_random_lives import (
    REQUESTS,
    check_armed_checkpoints,
    check_histories,
    check_notices_once,
    check_overdue_is_consistent,
    step,
)
from tests.tickets.bulk.steps import (
    LEAVE,
    LEAVE_DAYS,
    LEAVE_OF_LAW,
    MONDAY,
    WAITING,
    a_city,
    decided,
    every_date_is_explained,
    everything_is_as,
    in_batches,
    rows,
    settled,
)
from workers.timers import sweep


@pytest.fixture(autouse=True)
async def _calendar_as_seeded(desk: Desk) -> None:
    """Each test begins without decisions, and with the first version of the calendar."""
    async with desk.container.database.transaction() as session:
        await session.execute(delete(CalendarDecision))
        oldest = select(CalendarVersion.id).order_by(CalendarVersion.id).limit(1)  # ids rise with real time
        first = await session.scalar(oldest)
        await session.execute(delete(CalendarVersion).where(CalendarVersion.id != first))
    desk.container.rulebooks._read_at = -1000.0


# ── what a run does ──


async def test_every_date_and_every_checkpoint_is_what_the_new_calendar_gives(desk: Desk) -> None:
    await a_city(desk)
    first = await decided(desk.container, LEAVE_DAYS)
    assert (await settled(desk.container, first)).moved > 8
    await everything_is_as(desk.container, first)
    second = await decided(desk.container, {date(2026, 6, 15): LEAVE_OF_LAW}, revoke=frozenset({date(2026, 6, 2)}))
    assert (await settled(desk.container, second)).moved > 3
    await everything_is_as(desk.container, second)
    desk.clock.set(end_of(2026, 6, 3))
    await sweep(desk.container)
    third = await decided(desk.container, {date(2026, 6, 4): LEAVE, date(2026, 6, 5): LEAVE})
    await settled(desk.container, third)
    await everything_is_as(desk.container, third)
    back = await decided(desk.container, {}, revoke=frozenset({*LEAVE_DAYS, date(2026, 6, 4)} - {date(2026, 6, 2)}))
    await settled(desk.container, back)
    await everything_is_as(desk.container, back)
    desk.clock.set(end_of(2026, 12, 1))
    await sweep(desk.container)
    await check_notices_once(desk.container)
    await check_histories(desk.container)


async def test_a_ticket_that_moves_has_one_event_with_both_dates_and_another_version(desk: Desk) -> None:
    """B27, C12: both dates of both clocks in one event; one that stays is the same to the last byte."""
    found = await a_city(desk)
    before = await rows(desk.container)
    version = await decided(desk.container, LEAVE_DAYS)
    await settled(desk.container, version)
    after = await rows(desk.container)
    events = [row for row in after["ticket_event"] if row not in before["ticket_event"]]
    moved_clocks = {new[0]: (old, new) for old, new in zip(before["sla_clock"], after["sla_clock"], strict=True)}
    due = list(SlaClock.__table__.columns.keys()).index("due_at")
    moved = [(new[1], old[due], new[due]) for old, new in moved_clocks.values() if old[due] != new[due]]
    moved_events = [
        (event[0], datetime.fromisoformat(one["from"]), datetime.fromisoformat(one["to"]))
        for event in events
        for one in event[5]["moved"]
    ]
    assert sorted(moved_events) == sorted(moved)
    assert len(moved) > len(events) == len({event[0] for event in events})
    assert {event[2] for event in events} == {"due_moved"}
    tickets = {row[0]: row for row in before["ticket"]}
    version_at = list(Ticket.__table__.columns.keys()).index("version")
    touched = {event[0] for event in events}
    for row in after["ticket"]:
        assert row[version_at] == tickets[row[0]][version_at] + (row[0] in touched)
        assert row[0] in touched or row == tickets[row[0]]
    for number in found.values():
        assert (await desk.timeline(number))["chain_holds"] is True


async def test_what_stands_still_is_by_hand_or_settled_keeps_its_dates(desk: Desk) -> None:
    """B16, B32, B39: of these no date moves."""
    found = await a_city(desk)
    rows_before = {
        name: await desk.rows_of_clocks(found[name]) for name in ("paused", "by hand", "answered", "withdrawn")
    }
    version = await decided(desk.container, LEAVE_DAYS)
    await settled(desk.container, version)
    for name, before in rows_before.items():
        for old, new in zip(before, await desk.rows_of_clocks(found[name]), strict=True):
            if new.kind == "promise" or name in {"answered", "withdrawn"}:
                assert (new.due_at, new.state, new.generation) == (old.due_at, old.state, old.generation)
            if name in {"answered", "withdrawn"}:
                assert new.calendar_version_id == old.calendar_version_id
    desk.clock.set(datetime(2026, 5, 15, 10, tzinfo=ISTANBUL))
    await desk.run(found["paused"], "resume")
    assert [clock.due_at for clock in await desk.rows_of_clocks(found["paused"])] == [
        end_of(2026, 6, 3),  # 29 May, then a weekend, then leave
        end_of(2026, 6, 10),
    ]
    await everything_is_as(desk.container, version)


async def test_twice_changes_nothing(desk: Desk) -> None:
    await a_city(desk)
    version = await decided(desk.container, LEAVE_DAYS)
    await settled(desk.container, version)
    once = await rows(desk.container)
    assert await settled(desk.container, version) == RecomputeResult(0, 0)
    assert await rows(desk.container) == once


async def test_a_checkpoint_that_had_no_place_comes_back_with_it(desk: Desk) -> None:
    """B20: leave pushes the legal risk of a short limit before its start, and its revocation brings it back."""
    desk.clock.set(MONDAY)
    await desk.open(INFORMATION)
    days = {date(2026, 5, 12) + timedelta(days=number): LEAVE for number in range(22)}
    async with desk.container.database.transaction() as session:
        clock = (await session.scalars(select(SlaClock).where(SlaClock.kind == "statutory"))).one()
        policy = {**clock.policy, "limit": {"amount": 20, "unit": "calendar_day"}}
        clock.policy, clock.due_at = policy, end_of(2026, 6, 1)
    before = await decided(desk.container, {date(2026, 6, 10): LEAVE})
    await settled(desk.container, before)
    for change, revoke, there in ((days, frozenset(), False), ({}, frozenset(days), True), (days, frozenset(), False)):
        version = await decided(desk.container, change, revoke=revoke)
        await settled(desk.container, version)
        await everything_is_as(desk.container, version)
        async with desk.container.database.reading() as session:
            armed = select(Checkpoint.kind).where(Checkpoint.clock_id == clock.id, Checkpoint.state == "armed")
            assert ("legal_risk" in list(await session.scalars(armed))) is there


async def test_a_fee_that_waits_on_a_late_clock_is_not_forgotten(desk: Desk) -> None:
    """Its limit was past, unseen by any sweep, when the fee was asked for: the time to pay runs on."""
    desk.clock.set(MONDAY)
    number = await desk.open(INFORMATION)
    await desk.run_all(number, *AT_WORK)
    desk.clock.set(end_of(2026, 6, 6))
    await desk.run(number, "fee_notice")
    assert ("fee_lapse", 1) in await desk.armed(number)
    await settled(desk.container, await decided(desk.container, {date(2026, 6, 5): LEAVE}))
    assert ("fee_lapse", 1) in await desk.armed(number)
    desk.clock.set(end_of(2026, 7, 30))
    await sweep(desk.container)
    assert (await desk.read(number))["status"] == "withdrawn"


async def test_a_limit_that_is_past_is_past_though_no_sweep_has_seen_it(desk: Desk) -> None:
    """B71: leave for a date that is over does not depend on how fast the workers are; what comes next counts it."""
    seen, unseen = await desk.open(CALL), await desk.open(CALL)
    desk.clock.set(end_of(2026, 6, 2))
    async with desk.container.database.transaction() as session:
        await session.execute(select(Ticket.id).where(Ticket.number == unseen).with_for_update(key_share=True))
        await sweep(desk.container)
    version = await decided(desk.container, {date(2026, 6, 1): LEAVE, date(2026, 6, 3): LEAVE})
    assert await settled(desk.container, version) == RecomputeResult(1, 0)
    await sweep(desk.container)
    for number in (seen, unseen):
        [clock] = await desk.rows_of_clocks(number)
        assert (clock.state, clock.breached_at) == ("breached", end_of(2026, 6, 1))
    await everything_is_as(desk.container, version)
    assert await settled(desk.container, version) == RecomputeResult(0, 0)


# ── beside other work ──


async def test_an_interrupted_run_is_completed_by_the_next(desk: Desk) -> None:
    numbers = [await desk.open(VISIT) for _ in range(6)]
    version = await decided(desk.container, LEAVE_DAYS)
    fourth = (await desk.rows_of_clocks(numbers[3]))[0].id
    async with desk.container.database.transaction() as session:
        clock = (await session.scalars(select(SlaClock).where(SlaClock.id == fourth))).one()
        clock.policy = {**clock.policy, "printed": "15 gün"}

    def dying(clock: OpenClock) -> PinnedPolicy:
        if clock.id == fourth:
            raise ConnectionAbortedError
        return clock.pinned

    with pytest.raises(ConnectionAbortedError):
        await in_batches(desk.container, version, size=2, policy_of=dying)
    moved = [len((await desk.timeline(number))["items"]) - 1 for number in numbers]
    assert moved == [1, 1, 0, 0, 0, 0]
    assert (await in_batches(desk.container, version, size=2)).examined == 8
    moved = [len((await desk.timeline(number))["items"]) - 1 for number in numbers]
    assert moved == [1] * 6
    await everything_is_as(desk.container, version)
    await check_histories(desk.container)


async def test_a_run_leaves_alone_what_a_newer_calendar_has_dated(desk: Desk) -> None:
    """Of two who change the calendar at once, the first is not done yet when the second already is."""
    await a_city(desk)
    first = await decided(desk.container, LEAVE_DAYS)
    second = await decided(desk.container, {date(2026, 6, 15): LEAVE}, revoke=frozenset({date(2026, 6, 2)}))
    assert (await settled(desk.container, second)).moved > 8
    as_decided_last = await rows(desk.container)
    assert await settled(desk.container, first) == RecomputeResult(0, 0)
    assert await rows(desk.container) == as_decided_last


async def test_a_run_beside_commands_and_sweeps_loses_nothing(desk: Desk) -> None:
    """C11: whoever locks first wins; each ticket ends as its commands and the new calendar have it."""
    desk.clock.set(MONDAY)
    numbers = [await desk.open(body) for body in [CALL, VISIT, INFORMATION] * 8]
    for number in numbers[::2]:
        await desk.run_all(number, *AT_WORK)
    desk.clock.set(end_of(2026, 5, 26))
    version = await decided(desk.container, LEAVE_DAYS)
    async with another_worker(desk, sweep_batch=3) as one, another_worker(desk, sweep_batch=4) as other:
        await asyncio.gather(
            in_batches(one, version, size=3, concurrency=2),
            sweep(other),
            sweep(one),
            *(desk.run(number, "resolve") for number in numbers[::4]),
            *(desk.run(number, "pause") for number in numbers[2::4]),
            in_batches(other, version, size=5),
        )
        await settled(one, version)
        while await sweep(other) + await sweep(one):
            pass
        await everything_is_as(desk.container, version)
        for number in numbers[2::4]:
            await desk.run(number, "resume")
        await everything_is_as(desk.container, version)
        desk.clock.set(end_of(2026, 9, 1))
        await asyncio.gather(sweep(one), sweep(other))
        await sweep(one)
    await check_notices_once(desk.container)
    await check_histories(desk.container)
    for number in numbers:
        events = [event["kind"] for event in (await desk.timeline(number))["items"]]
        assert events.count("due_moved") <= 1
        assert events.count("breached") == (0 if number in numbers[::4] else len(await desk.rows_of_clocks(number)))


async def test_a_run_waits_for_a_command_and_sees_what_it_did(desk: Desk) -> None:
    number, other = await desk.open(VISIT), await desk.open(VISIT)
    version = await decided(desk.container, LEAVE_DAYS)
    async with another_worker(desk) as container, another_worker(desk) as watcher:
        async with desk.container.database.transaction() as session:
            locked = select(Ticket.id).where(Ticket.number == number).with_for_update(key_share=True)
            ticket = await session.scalar(locked)
            running = asyncio.create_task(in_batches(container, version, size=1))
            async with watcher.database.reading() as looking:
                while await looking.scalar(WAITING) == 0:
                    await looking.rollback()
            for clock in await session.scalars(select(SlaClock).where(SlaClock.ticket_id == ticket)):
                clock.state, clock.met_at = "met", desk.clock.now()
        await running
    assert [clock.due_at for clock in await desk.rows_of_clocks(number)] == [end_of(2026, 6, 1), end_of(2026, 6, 11)]
    assert [clock.due_at for clock in await desk.rows_of_clocks(other)] == [end_of(2026, 6, 3), end_of(2026, 6, 12)]


@pytest.mark.parametrize("seed", range(2))
async def test_random_lives_under_a_calendar_that_changes(desk: Desk, seed: int) -> None:
    """B14, B15, B16: the invariants survive commands and calendar changes in any order."""
    chance = Random(1000 + seed)  # noqa: S311 - a repeatable choice is what is wanted
    numbers = [await desk.open(body) for body in REQUESTS]
    for _ in range(9):
        for _ in range(10):
            await step(desk, chance, numbers)
        days = {desk.clock.now().date() + timedelta(days=chance.randrange(25)): LEAVE for _ in range(3)}
        async with desk.container.database.reading() as session:
            holding = sorted(
                await session.scalars(select(CalendarDecision.date).where(CalendarDecision.revoked_at.is_(None)))
            )
        revoke = frozenset(chance.sample(holding, min(2, len(holding)))) - days.keys()
        version = await decided(desk.container, days, revoke=revoke)
        await in_batches(desk.container, version, size=3)
        await sweep(desk.container)
        await in_batches(desk.container, version, size=3)  # those whose limit was past, unseen
        await every_date_is_explained(desk.container)
        await check_armed_checkpoints(desk)
    await everything_is_as(desk.container, version)
    await check_notices_once(desk.container)
    await check_histories(desk.container)
    await check_overdue_is_consistent(desk, numbers)
