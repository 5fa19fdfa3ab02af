"""Bugs of other engines about time zones (B1–B13): a window, a date, a "today" taken in the wrong place."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from app.sla.calendar_versions import calendars_of
from app.tickets.model import Ticket
from app.tickets.queries import overdue
from tests.bugs.steps import armed_at, local, notices_of_limits
from tests.desk import CALL, INFORMATION, ORDER, PETITION, VISIT, Desk
from tests.installation import START
from tests.limit_notices import escalation, warning
from workers.timers import sweep


async def test_opening_hours_come_back_from_the_database_as_they_went_in(desk: Desk) -> None:
    """B2: a window that was stored in UTC was converted once more with each reading (17:00 became 14:00)."""
    rules = await desk.container.rulebooks.current()
    async with desk.container.database.reading() as session:
        stored = (await calendars_of(session, rules.calendar_version_id))["office"]
    assert stored.segments(date(2026, 5, 12)) == ((local("2026-05-12T08:30"), local("2026-05-12T17:00")),)
    again = type(stored).from_json(stored.to_json())
    assert again.segments(date(2026, 5, 12)) == stored.segments(date(2026, 5, 12))


@pytest.mark.parametrize("written", ["2026-05-12T09:59:00+03:00", "2026-05-12T06:59:00Z", "2026-05-11T23:59:00-07:00"])
async def test_an_instant_is_the_same_in_whatever_zone_it_was_written(desk: Desk, written: str) -> None:
    """B2, B11: neither the zone of the sender nor a fixed offset of ours moves the start or the due date."""
    clock = await desk.clock_of(await desk.open(ORDER, occurred_at=written))
    assert datetime.fromisoformat(clock["started_at"]) == local("2026-05-12T09:59")
    assert datetime.fromisoformat(clock["due_at"]) == local("2026-05-12T10:09")


async def test_a_time_without_a_zone_is_refused_at_intake(desk: Desk) -> None:
    """B8: naive times were read in the zone of the reader."""
    answer = await desk.client.post("/v1/tickets", json={**ORDER, "occurred_at": "2026-05-12T09:59:00"})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/occurred_at")


@pytest.mark.parametrize("zone", ["UTC", "America/Los_Angeles", "Pacific/Kiritimati", "Asia/Kathmandu"])
async def test_a_reader_in_another_zone_gets_the_same_verdict(desk: Desk, zone: str) -> None:
    """B8: an agent far away saw a fresh limit of half an hour as failed; the database session's zone is no matter."""
    number = await desk.open(ORDER)
    query = select(Ticket.number)
    async with desk.container.database.reading() as session:
        await session.execute(text(f"SET TIME ZONE '{zone}'"))
        for minutes, late in ((0, []), (10, []), (11, [number])):
            found = await session.scalars(query.where(overdue(START + timedelta(minutes=minutes))))
            assert list(found) == late


@pytest.mark.parametrize(
    "body", [CALL, VISIT, PETITION, INFORMATION, ORDER], ids=["call", "visit", "petition", "information", "order"]
)
@pytest.mark.parametrize(
    "instant", ["2026-05-12T10:00", "2026-05-16T01:00", "2026-05-27T23:59", "2026-10-28T13:00", "2026-12-31T23:59:59"]
)
async def test_a_new_ticket_is_neither_late_nor_notified(desk: Desk, body: dict[str, Any], instant: str) -> None:
    """B9, B20: a new ticket was shown as failed at once; on any day, at any hour, it is neither late nor escalated."""
    desk.clock.set(local(instant))
    ticket = await desk.read(await desk.open(body))
    assert ticket["overdue"] is False
    assert {clock["state"] for clock in ticket["clocks"]} == {"running"}
    assert {clock["on_time"] for clock in ticket["clocks"]} == {None}
    await sweep(desk.container)
    assert await notices_of_limits(desk) == {}


@pytest.mark.parametrize("midnight", ["2026-05-25T00:00", "2026-05-25T03:00"])
async def test_a_warning_is_sent_once_over_every_midnight(desk: Desk, midnight: str) -> None:
    """B13: "already sent today" was decided by the date in UTC, so the notice was repeated after the rollover."""
    number = await desk.open(CALL)
    assert (await armed_at(desk, number))["promise", "warning", 50] < local("2026-05-24T00:00")
    desk.clock.set(local(midnight) - timedelta(seconds=1))
    for _ in range(4):
        await sweep(desk.container)
        desk.clock.advance(seconds=1)
    assert await notices_of_limits(desk) == {warning(percent=50): 1}


async def test_two_limits_of_one_utc_date_are_both_notified(desk: Desk) -> None:
    """B13: conversely, a second breach must not be lost because a notice was sent on the same date."""
    await desk.open(ORDER)
    desk.clock.advance(minutes=10)
    await sweep(desk.container)
    await desk.open(ORDER)
    desk.clock.advance(minutes=10)
    await sweep(desk.container)
    assert await notices_of_limits(desk) == {escalation(level=1): 2}
