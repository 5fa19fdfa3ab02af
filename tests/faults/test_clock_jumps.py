"""Jumps of the machine's clock, forward and back: no notice is repeated, none is lost, and no pause is negative."""

from datetime import timedelta

from sqlalchemy import select

from app.sla.clocks import pauses_of
from app.sla.model import SlaClock
from tests.desk import AT_WORK, CALL, Desk, due, end_of
from tests.limit_notices import LimitNotice, escalation
from workers.timers import sweep

LIMIT = end_of(2026, 6, 1)


async def levels(desk: Desk, number: str) -> list[LimitNotice]:
    """Return the notices of the ticket to offices, without reminders."""
    return [notice for notice in await desk.notices(number) if notice.kind != "reminder"]


async def test_a_clock_that_is_set_back_repeats_no_notice(desk: Desk) -> None:
    """Levels notified before the correction are not notified again, and the next one waits for its own instant."""
    number = await desk.open(CALL)
    desk.clock.set(LIMIT)
    await sweep(desk.container)
    for back in (timedelta(hours=1), timedelta(days=12), timedelta(days=19)):
        desk.clock.set(LIMIT - back)
        assert await sweep(desk.container) == 0
    desk.clock.set(end_of(2026, 6, 4))
    await sweep(desk.container)
    assert await levels(desk, number) == [escalation(level=1), escalation(level=2)]
    [clock] = await desk.rows_of_clocks(number)
    assert (clock.breached_at, clock.detected_at) == (LIMIT, LIMIT)


async def test_a_clock_that_was_ahead_takes_back_no_breach_and_no_notice(desk: Desk) -> None:
    """A notice sent too early can't be taken back; it is not sent again at its real instant."""
    number = await desk.open(CALL)
    ahead = desk.clock.advance(days=25)
    await sweep(desk.container)
    desk.clock.advance(days=-25)
    for _ in range(60):
        desk.clock.advance(days=1)
        await sweep(desk.container)
    assert await levels(desk, number) == [escalation(level=1), escalation(level=2)]
    [clock] = await desk.rows_of_clocks(number)
    assert (clock.breached_at, clock.detected_at) == (LIMIT, ahead)
    assert (await desk.timeline(number))["chain_holds"] is True


async def test_a_pause_over_a_clock_that_is_set_back_is_none(desk: Desk) -> None:
    """B36: it ends before it began; no time is subtracted, and the ticket goes on."""
    number = await desk.open(CALL)
    before = due(await desk.read(number))
    await desk.run_all(number, *AT_WORK, "pause")
    desk.clock.advance(days=-2)
    assert due(await desk.run(number, "resume")) == before
    async with desk.container.database.reading() as session:
        clock = (await session.scalars(select(SlaClock))).one()
        [pause] = await pauses_of(session, clock.id)
    assert pause.started_at == pause.ended_at
