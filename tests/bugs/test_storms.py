"""Bugs of other engines about duplicates and storms (B55–B65): a notice that repeats, or is never sent."""

import asyncio
from collections import Counter as Tally
from datetime import datetime, timedelta

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import IntegrityError

from app.core.ids import new_id
from app.notices.delivery.adapters.base import PermanentFailure
from app.sla.model import ClockPause, SlaClock
from app.tickets.model import Escalation
from tests.bugs.steps import another_worker, notices_of_limits, raised
from tests.desk import AT_WORK, ATTORNEY_VISIT, CALL, ORDER, VISIT, Desk, end_of
from tests.limit_notices import escalation, raised_level, reminder
from tests.notices.cases import Recorder, dispatcher_with, ids, notices_of
from workers.timers import sweep

LIMIT = end_of(2026, 6, 1)


async def test_a_level_is_not_repeated_with_every_sweep(desk: Desk) -> None:
    """B55: the level fired in every run, which sent hundreds of mails."""
    await desk.open(CALL)
    desk.clock.set(LIMIT)
    async with another_worker(desk) as other:
        for container in (desk.container, other) * 24:
            await sweep(container)
            desk.clock.advance(hours=1)
    assert await notices_of_limits(desk) == {escalation(level=1): 1}


async def test_a_second_breach_of_the_same_day_is_notified_too(desk: Desk) -> None:
    """B56: one notice of a kind and day, even if the deadline was another one."""
    number = await desk.open(ORDER)
    for _ in range(3):
        desk.clock.advance(minutes=10)
        await sweep(desk.container)
        await desk.run_all(number, "resolve", "reopen")
    assert {notice: n for notice, n in (await notices_of_limits(desk)).items() if notice.kind != "warning"} == {
        escalation(level=1): 1,
        escalation(level=1, cycle=2): 1,
        escalation(level=1, cycle=3): 1,
    }


async def test_an_escalation_is_written_once(desk: Desk) -> None:
    """B60: program and database trigger both wrote it; here one row, one event and one notice, by a unique key."""
    number = await desk.open(CALL)
    desk.clock.set(LIMIT)
    await sweep(desk.container)
    history = (await desk.timeline(number))["items"]
    assert Tally(event["kind"] for event in history) == {"received": 1, "breached": 1, "escalated": 1}
    assert (await raised(desk), await notices_of_limits(desk)) == ({raised_level(1): 1}, {escalation(level=1): 1})
    async with desk.container.database.reading() as session:
        one = (await session.scalars(select(Escalation))).one()
        same = {c.name: getattr(one, c.name) for c in Escalation.__table__.columns if c.name != "id"}
        with pytest.raises(IntegrityError, match="uq_escalation_ticket_id_cycle_level_source"):
            await session.execute(insert(Escalation).values(id=new_id(), **same))


async def test_a_ticket_has_one_clock_of_a_kind_in_a_cycle(desk: Desk) -> None:
    """B60b: several pending limits of one conversation, until the database refused them."""
    number = await desk.open(CALL)
    [clock] = await desk.rows_of_clocks(number)
    same = {c.name: getattr(clock, c.name) for c in SlaClock.__table__.columns if c.name != "id"}
    async with desk.container.database.reading() as session:
        with pytest.raises(IntegrityError, match="uq_sla_clock_ticket_id_cycle_kind"):
            await session.execute(insert(SlaClock).values(id=new_id(), **same))
    await desk.run_all(number, *AT_WORK, "pause")
    second = {"id": new_id(), "clock_id": clock.id, "started_at": desk.clock.now(), "reason": "awaiting_citizen"}
    async with desk.container.database.reading() as session:
        with pytest.raises(IntegrityError, match="uq_clock_pause_open"):
            await session.execute(insert(ClockPause).values(**second))


@pytest.mark.parametrize("command", ["reopen", "provide_documents"])
async def test_who_starts_a_clock_at_the_same_moment_starts_one(desk: Desk, command: str) -> None:
    """B60b: of several callers one starts the new limit, the others get the information that it was done."""
    number = await desk.open(ATTORNEY_VISIT if command == "provide_documents" else VISIT)
    if command == "reopen":
        await desk.run(number, "resolve")
    body = {"documents": ["power_of_attorney"]} if command == "provide_documents" else {"reason": "Yine bozuldu."}
    answers = await asyncio.gather(*(desk.send(number, command, body) for _ in range(4)))
    assert Tally(answer.status_code for answer in answers) == {200: 1, 409: 3}
    clocks = Tally((clock.cycle, clock.kind) for clock in await desk.rows_of_clocks(number))
    cycles = (1, 2) if command == "reopen" else (1,)
    assert clocks == {(cycle, kind): 1 for cycle in cycles for kind in ("promise", "statutory")}


async def test_an_unacknowledged_level_is_not_raised_again(desk: Desk) -> None:
    """B61: every unacknowledged row was escalated again each minute; here an office gets a few reminders."""
    number = await desk.open(CALL)
    desk.clock.set(LIMIT)
    for _ in range(60):
        await sweep(desk.container)
        desk.clock.advance(days=1)
    assert await raised(desk) == {raised_level(1): 1, raised_level(2): 1}
    assert Tally(await desk.notices(number)) == {
        escalation(level=1): 1,
        reminder(level=1): 5,
        escalation(level=2): 1,
        reminder(level=2): 5,
    }


@pytest.mark.parametrize("instant", [LIMIT - timedelta(days=8), LIMIT - timedelta(hours=1), LIMIT])
async def test_what_is_queued_twice_is_done_once_and_breaks_nothing(desk: Desk, instant: datetime) -> None:
    """B62: the second of two queued escalations met the unique key and brought the worker down."""
    number = await desk.open(VISIT)
    desk.clock.set(instant)
    await sweep(desk.container)
    before = await desk.notices(number)
    assert len(before) == 1
    async with desk.container.database.transaction() as session:
        again = text("UPDATE checkpoint SET state = 'armed', fired_at = NULL WHERE state = 'fired' RETURNING id")
        twice = len((await session.scalars(again)).all())
    assert await sweep(desk.container) == twice > 0
    assert await desk.notices(number) == before
    assert (await desk.timeline(number))["chain_holds"] is True


async def test_a_notice_that_comes_back_makes_no_notice(desk: Desk) -> None:
    """B63: a mail that bounced became a new message, which was answered by a mail that bounced."""
    number = await desk.open(CALL)
    bouncing = Recorder(*(PermanentFailure("bounced", "no such number") for _ in range(50)))
    dispatcher = dispatcher_with(desk.container, bouncing)
    for _ in range(10):
        await dispatcher.deliver(await ids(desk.container))
        desk.clock.advance(hours=1)
        await sweep(desk.container)
    assert [(notice.state, notice.attempts) for notice in await notices_of(desk.container)] == [("failed", 1)]
    assert [event["kind"] for event in (await desk.timeline(number))["items"]] == ["received"]
