"""Bugs of other engines about pauses and reopening (B28–B41): time that is lost, counted twice, or never stops."""

import asyncio
from collections import Counter as Tally
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from app.notices.model import Notice
from tests.bugs.steps import notices_of_limits
from tests.desk import AT_WORK, ATTORNEY_VISIT, CALL, PATHS, VISIT, Desk, due, end_of, state
from tests.installation import START
from tests.notices.cases import Recorder, dispatcher_with
from workers.timers import sweep

MET = {"promise": "met", "statutory": "met"}
BOTH_RUN = {"promise": "running", "statutory": "running"}
OTHERWISE = {
    "awaiting_documents": {"statutory": "running"},
    "awaiting_citizen": {"promise": "paused", "statutory": "running"},
    "awaiting_fee": {"promise": "paused", "statutory": "paused"},
    "resolved": MET,
    "callback_pending": MET,
    "closed": MET,
    "withdrawn": {"promise": "cancelled", "statutory": "cancelled"},
}
"""state of a ticket → states of its clocks, where not both of them run."""


@pytest.mark.parametrize("wanted", [*PATHS, "awaiting_documents", "awaiting_external"])
async def test_every_state_knows_its_limits(desk: Desk, wanted: str) -> None:
    """B35: a state that was neither "open" nor "on hold" left the deadlines empty."""
    ticket = await desk.read(await desk.ticket_in(wanted))
    assert ticket["status"] == wanted
    assert {clock["kind"]: clock["state"] for clock in ticket["clocks"]} == OTHERWISE.get(wanted, BOTH_RUN)
    assert all((clock["due_at"] is None) is (clock["state"] == "paused") for clock in ticket["clocks"])


async def test_a_promise_that_waits_for_papers_has_no_date_and_then_all_of_its_days(desk: Desk) -> None:
    """B35: waiting is no state without a limit; its law runs, and the promise starts whole with the last paper."""
    number = await desk.open(ATTORNEY_VISIT)
    desk.clock.advance(days=40)
    ticket = await desk.run(number, "provide_documents")
    assert due(ticket) == end_of(2026, 7, 6)  # 21 June + 15 days, a Monday


async def test_another_service_keeps_the_pauses(desk: Desk) -> None:
    """B30: a change of urgency brought another limit and lost the pause; also one that still lasts."""
    ended, lasting = await desk.open(CALL), await desk.open(CALL)
    for number in (ended, lasting):
        await desk.run_all(number, *AT_WORK)
    desk.clock.advance(days=1)
    for number in (ended, lasting):
        await desk.run(number, "pause")
    desk.clock.advance(days=7)
    await desk.run(ended, "resume")
    elsewhere = {"service": "solution-desk", "reason": "Masaya aittir."}
    assert due(await desk.run(ended, "reclassify", elsewhere)) == end_of(2026, 6, 3)  # 27 May + 7 dates
    assert state(await desk.run(lasting, "reclassify", elsewhere)) == "paused"
    assert due(await desk.run(lasting, "resume")) == end_of(2026, 6, 3)


async def test_a_date_can_be_set_by_hand_while_the_clock_is_paused(desk: Desk) -> None:
    """B32: nothing moves it afterwards, and the date before the pause, long past by now, does not matter."""
    number = await desk.open(CALL)
    await desk.run_all(number, *AT_WORK, "pause")
    desk.clock.advance(days=40)
    by_hand = desk.clock.now() + timedelta(days=5)
    agreed = {"due_at": by_hand.isoformat(), "reason": "Vatandaşla anlaşıldı."}
    await desk.run(number, "override_due", agreed)
    desk.clock.advance(days=2)
    assert due(await desk.run(number, "resume")) == by_hand


async def test_reopening_keeps_what_the_first_cycle_took(desk: Desk) -> None:
    """B40: the time to the first answer was lost when a ticket was reopened."""
    number = await desk.open(CALL)
    await desk.run_all(number, *AT_WORK)
    desk.clock.advance(days=3)
    await desk.run(number, "pause")
    desk.clock.advance(days=4)
    await desk.run_all(number, "resume", "resolve")
    answered = desk.clock.now()
    desk.clock.advance(days=90)
    await desk.run(number, "reopen")
    first, second = await desk.rows_of_clocks(number)
    assert (first.cycle, first.state, first.started_at, first.met_at) == (1, "met", START, answered)
    assert (second.cycle, second.state, second.met_at) == (2, "running", None)


async def test_the_notice_of_a_dead_delivery_is_sent_by_another(desk: Desk) -> None:
    """B40: jobs of a dead process stayed "processing"; here the lease runs out and another process takes over."""
    await desk.open(CALL)
    async with desk.container.database.transaction() as session:
        taken = text("UPDATE notice SET state = 'sending', attempts = 1, due_at = :until RETURNING id")
        ids = list(await session.scalars(taken, {"until": desk.clock.now() + timedelta(seconds=20)}))
    way_out = Recorder()
    dispatcher = dispatcher_with(desk.container, way_out)
    assert await dispatcher.deliver(ids) == 0
    desk.clock.advance(seconds=20)
    assert await dispatcher.deliver(ids) == len(ids) == 1
    async with desk.container.database.reading() as session:
        assert list(await session.scalars(select(Notice.state))) == ["sent"]


async def test_a_clock_without_a_chain_lives_through_every_command(desk: Desk) -> None:
    """B41: silencing an item with an empty escalation chain was an error."""
    number = await desk.open(VISIT)
    async with desk.container.database.transaction() as session:
        await session.execute(text("UPDATE sla_clock SET policy = policy || '{\"chain\": []}'"))
        await session.execute(text("DELETE FROM checkpoint"))
    await desk.run_all(number, *AT_WORK, "pause")
    desk.clock.advance(days=30)
    await desk.run_all(number, "resume", "interim_reply")
    desk.clock.advance(days=90)
    assert await sweep(desk.container) == 0
    ticket = await desk.run(number, "resolve")
    assert [clock["on_time"] for clock in ticket["clocks"]] == [False, True]
    await desk.run_all(number, "reopen", "withdraw")
    assert await notices_of_limits(desk) == {}


async def test_two_who_resume_at_once_credit_the_pause_once(desk: Desk) -> None:
    """B34: a pause that two paths ended was added to the deadline twice."""
    number = await desk.open(CALL)
    await desk.run_all(number, *AT_WORK, "pause")
    desk.clock.advance(days=7)
    answers = await asyncio.gather(*(desk.send(number, "resume") for _ in range(4)))
    assert Tally(answer.status_code for answer in answers) == {200: 1, 409: 3}
    assert due(await desk.read(number)) == end_of(2026, 6, 2)  # 27 May + 6 dates: the day of the start is not counted
