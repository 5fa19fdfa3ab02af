"""Firing against the database: each notice once, whoever sweeps beside whom, and nothing lost for being late."""

import asyncio
from collections import Counter as Tally
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from redis import Redis
from sqlalchemy import select, text, update

from app.container import Container
from app.core.clock import ISTANBUL
from app.escalation.sweep import fire_due, next_due_at
from app.notices.model import Notice
from app.sla.model import Checkpoint, SlaClock
from app.tickets.model import Escalation, Ticket
from tests.desk import ANSWER, AT_WORK, ATTORNEY_VISIT, CALL, INFORMATION, ORDER, VISIT, Desk, due, end_of
from tests.escalation.offices import DUE, second_container
from tests.limit_notices import LimitNotice, escalation, reminder, warning
from workers.timers import sweep

SECOND_LEVEL = end_of(2026, 6, 4)


async def many(desk: Desk, count: int, body: Mapping[str, Any] = CALL) -> list[str]:
    return await asyncio.gather(*(desk.open(body) for _ in range(count)))


async def notified(desk: Desk) -> Tally[LimitNotice]:
    """Return how often each notice to a unit or office was written."""
    query = select(Notice.kind, Notice.level, Notice.cycle).where(Notice.recipient != "applicant")
    async with desk.container.database.reading() as session:
        return Tally(LimitNotice(kind, level, cycle) for kind, level, cycle in await session.execute(query))


async def levels_of(desk: Desk, number: str) -> list[LimitNotice]:
    """The notices of a ticket to offices, without the reminders of them."""
    return [notice for notice in await desk.notices(number) if notice.kind != "reminder"]


async def sweep_in_turns(*containers: Container) -> None:
    """All containers sweep at once, again and again, until none finds anything."""
    while any(await asyncio.gather(*(sweep(container) for container in containers))):
        pass


# ── outages ──


async def test_an_outage_of_three_days_gives_one_notice_and_the_true_instant(desk: Desk) -> None:
    """C7: levels in order, no burst, nothing dropped for being late."""
    number = await desk.open()
    back = desk.clock.advance(DUE - desk.clock.now() + timedelta(days=3))
    assert await sweep(desk.container) == 3
    assert await desk.notices(number) == [escalation(level=1)]
    assert await sweep(desk.container) == 0
    [row] = await desk.rows_of_clocks(number)
    assert (row.state, row.breached_at, row.due_at, row.detected_at) == ("breached", DUE, DUE, back)
    async with desk.container.database.reading() as session:
        raised = (await session.scalars(select(Escalation))).one()
    assert (raised.breached_at, raised.raised_at) == (DUE, back)
    desk.clock.set(end_of(2026, 6, 9) - timedelta(microseconds=1))
    await sweep(desk.container)
    assert await levels_of(desk, number) == [escalation(level=1)]
    desk.clock.advance(microseconds=1)
    await sweep(desk.container)
    assert (await levels_of(desk, number))[1:] == [escalation(level=2)]


async def test_two_warnings_in_different_batches_are_one_notice(desk: Desk) -> None:
    number = await desk.open()
    desk.clock.set(DUE - timedelta(hours=1))
    async with second_container(desk, batch=1) as container:
        assert await sweep(container) == 2
    assert await desk.notices(number) == [warning(percent=80)]


async def test_a_restarted_limit_warns_by_its_new_dates(desk: Desk) -> None:
    """A fee that was paid after weeks: 80 % of the time since the first start is past before half of the new limit."""
    number = await desk.open(INFORMATION)
    desk.clock.advance(days=10)
    await desk.run_all(number, *AT_WORK, "fee_notice")
    paid_at = desk.clock.advance(days=20)
    ends = due(await desk.run(number, "fee_paid"))
    assert ends is not None
    for share in (0.5, 0.8):
        desk.clock.set(paid_at + (ends - paid_at) * share + timedelta(minutes=1))
        await sweep(desk.container)
    assert await desk.notices(number) == [warning(percent=50), warning(percent=80)]


async def test_the_limit_of_law_is_found_after_an_outage_too(desk: Desk) -> None:
    number = await desk.open(VISIT)
    desk.clock.set(end_of(2026, 6, 20))
    await sweep(desk.container)
    assert await desk.notices(number) == [escalation(level=1), escalation(level=2)]
    clocks = await desk.rows_of_clocks(number)
    assert [clock.breached_at for clock in clocks] == [DUE, end_of(2026, 6, 11)]


async def test_a_limit_of_law_that_comes_near_marks_what_was_raised_before(desk: Desk) -> None:
    """15 days promised, 30 by law: level 2 is raised on 4 June, and its office is notified of the risk on 8 June."""
    number = await desk.open(VISIT)
    for day in (1, 4, 8):
        desk.clock.set(end_of(2026, 6, day))
        await sweep(desk.container)
    levels = [escalation(level=1), escalation(level=2)]
    assert (await levels_of(desk, number)) == [*levels, escalation(level=2)]
    raised = (await desk.client.get(f"/v1/escalations?ticket={number}")).json()["items"]
    assert [(item["level"], item["legal_risk"]) for item in raised] == [(2, True), (1, False)]
    notices = (await desk.client.get(f"/v1/notices?ticket={number}&kind=escalation_2")).json()["items"]
    assert [item["subject"].partition("]")[0] for item in notices] == [
        "[YASAL SÜRE RİSKİ – 2. KADEME",
        "[SÜRE AŞIMI – 2. KADEME",
    ]
    assert 'en geç "15 GÜN" olarak belirtilmiş olup bu süre 01.06.2026 tarihinde dolmuştur' in notices[0]["body"]
    history = await desk.timeline(number)
    assert history["chain_holds"] is True
    assert [event["kind"] for event in history["items"]].count("escalated") == 3


async def test_a_breach_that_another_worker_stamps_first_takes_no_level_away(desk: Desk) -> None:
    """After an outage both are due, and a lock of the older row is not yet a lock of the ticket."""
    number = await desk.open(ATTORNEY_VISIT)
    desk.clock.set(end_of(2026, 6, 20))
    async with desk.container.database.transaction() as session:
        await session.execute(select(Checkpoint.id).where(Checkpoint.kind == "legal_risk").with_for_update())
        assert await sweep(desk.container) == 1
    assert await desk.notices(number) == []
    await sweep(desk.container)
    assert await desk.notices(number) == [escalation(level=2)]


# ── many ──


async def test_a_sweep_goes_on_until_nothing_is_due(desk: Desk) -> None:
    """B75: a cap of one batch is no cap of the sweep. C2: the 101st-oldest ticket escalates as well."""
    numbers = await many(desk, 101)
    desk.clock.set(DUE)
    async with second_container(desk, batch=7) as container:
        assert await sweep(container) == 303
    assert await notified(desk) == {escalation(level=1): 101}
    assert await desk.notices(numbers[-1]) == [escalation(level=1)]
    async with desk.container.database.reading() as session:
        assert (
            await session.scalar(select(Checkpoint.id).where(Checkpoint.state == "armed", Checkpoint.due_at <= DUE))
            is None
        )


async def test_two_workers_at_once_notify_of_everything_once(desk: Desk) -> None:
    """C4, B58, B65: two sweeps over the same due rows, level after level."""
    await many(desk, 20)
    await many(desk, 10, VISIT)
    async with second_container(desk, batch=5) as one, second_container(desk, batch=7) as other:
        desk.clock.set(DUE)
        await sweep_in_turns(one, other, desk.container)
        assert await notified(desk) == {escalation(level=1): 30}
        desk.clock.set(SECOND_LEVEL)
        await sweep_in_turns(one, other, desk.container)
        assert await notified(desk) == {escalation(level=1): 30, escalation(level=2): 30, reminder(level=1): 30}
        desk.clock.advance(days=30)
        await sweep_in_turns(one, other)
    levels = {escalation(level=1): 30, escalation(level=2): 40}  # of ten the limit of law came near afterwards
    assert await notified(desk) == {**levels, reminder(level=1): 60, reminder(level=2): 30}
    async with desk.container.database.reading() as session:
        raised = Tally((e.ticket_id, e.level) for e in await session.scalars(select(Escalation)))
    assert (len(raised), set(raised.values())) == (60, {1})


async def test_a_sweep_beside_answers_never_notifies_of_an_answered_ticket(desk: Desk) -> None:
    """C11: the first lock wins; after an answer there is neither a breach nor a notice, and no deadlock."""
    numbers = await many(desk, 24)
    desk.clock.set(DUE)
    async with second_container(desk, batch=3) as one, second_container(desk, batch=4) as other:
        _, _, answers = await asyncio.gather(
            sweep(one), sweep(other), asyncio.gather(*(desk.send(number, "resolve", ANSWER) for number in numbers))
        )
        assert {answer.status_code for answer in answers} == {200}
        await sweep_in_turns(one, other)
        desk.clock.advance(days=30)
        assert await sweep(one) == 0
    raised = 0
    for number in numbers:
        history = await desk.timeline(number)
        kinds = [event["kind"] for event in history["items"]]
        assert history["chain_holds"] is True
        assert kinds in (["received", "resolve"], ["received", "breached", "escalated", "resolve"])
        raised += len(kinds) == 4
        assert len(await desk.notices(number)) == (len(kinds) == 4)
    assert await notified(desk) == ({escalation(level=1): raised} if raised else {})


@pytest.mark.parametrize("batch", [1, 2, 1000])
async def test_a_locked_ticket_is_left_for_the_next_sweep(desk: Desk, batch: int) -> None:
    """B69: a long transaction delays its own tickets, not those behind them in the queue."""
    locked, free = await many(desk, 3), await many(desk, 2)
    desk.clock.set(DUE)
    async with second_container(desk, batch=batch) as container:
        async with desk.container.database.transaction() as session:
            await session.execute(select(Ticket.id).where(Ticket.number.in_(locked)).with_for_update(key_share=True))
            assert await sweep(container) == 6
            assert [len(await desk.notices(number)) for number in (*locked, *free)] == [0, 0, 0, 1, 1]
        assert await sweep(container) == 9
    assert await notified(desk) == {escalation(level=1): 5}


async def test_a_locked_ticket_that_is_answered_meanwhile_sends_no_notice(desk: Desk) -> None:
    """C11: a ticket is not escalated while its answer is being written."""
    number = await desk.open()
    desk.clock.set(DUE)
    async with desk.container.database.transaction() as session:
        await session.execute(select(Ticket.id).where(Ticket.number == number).with_for_update(key_share=True))
        answering = asyncio.create_task(desk.send(number, "resolve", ANSWER))
        assert await sweep(desk.container) == 0
    assert (await answering).status_code == 200
    assert await sweep(desk.container) == 0
    assert await desk.notices(number) == []


async def test_a_stale_generation_fires_nothing(desk: Desk) -> None:
    """B73: a checkpoint that its clock has left behind is cancelled when its time comes."""
    number = await desk.open()
    async with desk.container.database.transaction() as session:
        await session.execute(update(SlaClock).values(generation=9))
    desk.clock.set(DUE)
    assert await sweep(desk.container) == 3
    assert await desk.notices(number) == []


async def test_an_undecidable_ticket_does_not_stop_the_others(desk: Desk) -> None:
    """B69: its rows stay due, where operators see them; the others are notified, and so is it after the repair."""
    bad, *_ = await many(desk, 5)
    async with desk.container.database.transaction() as session:
        await session.execute(text("UPDATE ticket SET last_action = 'unheard_of' WHERE number = :n"), {"n": bad})
    desk.clock.set(DUE)
    async with second_container(desk, batch=2) as container:
        assert await sweep(container) == 14
        assert await notified(desk) == {escalation(level=1): 4}
        async with desk.container.database.transaction() as session:
            assert await next_due_at(session) == DUE
            await session.execute(text("UPDATE ticket SET last_action = 'received' WHERE number = :n"), {"n": bad})
        assert await sweep(container) == 1
    assert await notified(desk) == {escalation(level=1): 5}
    assert (await desk.timeline(bad))["chain_holds"] is True


async def test_a_failed_sweep_has_written_no_notice(desk: Desk) -> None:
    """C4, B78: what a checkpoint causes is committed with it, or not at all."""
    number = await desk.open()
    desk.clock.set(DUE)

    async def dying() -> None:
        async with desk.container.database.transaction() as session:
            assert await fire_due(session, desk.container.rulebooks, desk.container.vault, now=DUE, batch_size=10) == 3
            raise ConnectionAbortedError

    with pytest.raises(ConnectionAbortedError):
        await dying()
    assert (await desk.notices(number), len((await desk.timeline(number))["items"])) == ([], 1)
    assert await sweep(desk.container) == 3
    assert await desk.notices(number) == [escalation(level=1)]


async def test_an_emptied_queue_loses_no_timer(desk: Desk, redis_url: str) -> None:
    """The rows are the timers: Valkey may be wiped between arming and firing."""
    number = await desk.open()
    with Redis.from_url(redis_url) as valkey:
        valkey.flushall()
    desk.clock.set(DUE)
    await sweep(desk.container)
    assert await desk.notices(number) == [escalation(level=1)]


# ── ten minutes ──


@pytest.mark.parametrize(
    ("ordered", "due"),
    [
        ("2026-05-12T10:00", "2026-05-12T10:10"),
        ("2026-05-12T16:50", "2026-05-12T17:00"),  # exactly at closing: that day
        ("2026-05-12T16:55", "2026-05-13T08:35"),
        ("2026-05-15T16:57", "2026-05-18T08:37"),  # over a weekend
        ("2026-05-18T20:00", "2026-05-20T08:40"),  # over 19 May
    ],
)
async def test_ten_minutes_run_during_opening_hours(desk: Desk, ordered: str, due: str) -> None:
    """B18, B24: to the second, and never into closed hours."""
    desk.clock.set(datetime.fromisoformat(ordered).replace(tzinfo=ISTANBUL))
    number = await desk.open(ORDER)
    desk.clock.set(datetime.fromisoformat(due).replace(tzinfo=ISTANBUL) - timedelta(microseconds=1))
    await sweep(desk.container)
    assert await desk.notices(number) == [warning(percent=80)]
    desk.clock.advance(microseconds=1)
    assert await sweep(desk.container) == 1
    assert await desk.notices(number) == [warning(percent=80), escalation(level=1)]
    desk.clock.advance(days=30)
    assert await sweep(desk.container) == 0
    [clock] = await desk.rows_of_clocks(number)
    assert clock.breached_at == datetime.fromisoformat(due).replace(tzinfo=ISTANBUL)


async def test_an_order_that_is_served_in_time_is_silent(desk: Desk) -> None:
    number = await desk.open(ORDER)
    desk.clock.advance(minutes=10)
    ticket = await desk.run(number, "resolve")
    assert ticket["clocks"][0]["on_time"] is True
    assert await sweep(desk.container) == 0


# ── who is told ──


async def test_a_matter_about_the_first_office_goes_straight_to_the_second(desk: Desk) -> None:
    number = await desk.open(about_first_office=True)
    desk.clock.set(DUE)
    await sweep(desk.container)
    desk.clock.advance(days=30)
    await sweep(desk.container)
    assert await levels_of(desk, number) == [escalation(level=2)]


async def test_a_warning_follows_the_ticket_to_its_directorate(desk: Desk) -> None:
    number = await desk.open()
    await desk.run_all(number, *AT_WORK)
    desk.clock.advance(days=11)
    await sweep(desk.container)
    async with desk.container.database.reading() as session:
        warned = list(await session.scalars(select(Notice.recipient).where(Notice.kind == "warning")))
    assert warned == ["unit:public-works"]
