"""Bugs of other engines about calendars (B14–B27): holidays, opening hours, and missing calendars."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.sla.limit import Limit, Unit
from app.standards.catalogue import CatalogueError, load_catalogue
from tests.bugs.steps import armed_at, edited_municipality, leave_on, load, local, notices_of_limits
from tests.desk import CALL, ORDER, VISIT, Desk, due, end_of
from tests.installation import ESENLER, START
from tests.limit_notices import escalation
from workers.timers import sweep

MICROSECOND = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("body", "checkpoint", "instant"),
    [
        (ORDER, ("promise", "warning", 80), local("2026-05-12T10:08")),
        (CALL, ("promise", "warning", 50), START + (end_of(2026, 6, 1) - START) * 50 // 100),
        (CALL, ("promise", "warning", 80), START + (end_of(2026, 6, 1) - START) * 80 // 100),
        (VISIT, ("statutory", "legal_risk", 2), end_of(2026, 6, 8)),
    ],
    ids=["minutes", "half", "four-fifths", "before-the-law"],
)
async def test_a_step_of_the_chain_fires_at_its_own_instant(
    desk: Desk, body: dict[str, Any], checkpoint: tuple[str, str, int], instant: datetime
) -> None:
    """B19: a step one hour before the limit ran at midnight; here it fires exactly at its instant."""
    number = await desk.open(body)
    assert (await armed_at(desk, number))[checkpoint] == instant
    desk.clock.set(instant - MICROSECOND)
    await sweep(desk.container)
    assert checkpoint in await armed_at(desk, number)
    desk.clock.set(instant)
    await sweep(desk.container)
    assert checkpoint not in await armed_at(desk, number)


async def test_a_ticket_without_a_directorate_keeps_every_limit(desk: Desk) -> None:
    """B23: a ticket that no team had, and so no calendar, broke the clocks; here the service brings the calendar."""
    number = await desk.open(VISIT)
    ticket = await desk.read(number)
    assert (ticket["unit"], due(ticket), due(ticket, "statutory")) == (None, end_of(2026, 6, 1), end_of(2026, 6, 11))
    await desk.run_all(number, "refer", "return")
    returned = await desk.read(number)
    assert (returned["unit"], returned["clocks"]) == (None, ticket["clocks"])
    desk.clock.set(end_of(2026, 6, 1))
    await sweep(desk.container)
    assert await notices_of_limits(desk) == {escalation(level=1): 1}


def test_a_service_with_a_missing_calendar_is_not_loaded(tmp_path: Path) -> None:
    """B22, B23: a missing calendar is found when the table is loaded, not when a citizen calls."""
    folder = edited_municipality(tmp_path, "standards.yaml", "    hours: hospitality\n", "    hours: nowhere\n")
    with pytest.raises(CatalogueError, match="nowhere"):
        load_catalogue(folder)


@pytest.mark.parametrize(
    ("ordered", "served", "on_time"),
    [
        ("2026-05-15T16:50", "2026-05-15T17:00:00.000001", False),
        ("2026-05-15T16:50", "2026-05-15T23:00", False),
        ("2026-05-15T16:50", "2026-05-17T12:00", False),
        ("2026-05-15T16:55", "2026-05-15T23:00", True),  # five minutes of Monday are left
        ("2026-05-15T20:00", "2026-05-16T03:00", True),
        ("2026-05-16T12:00", "2026-05-18T08:40", True),
        ("2026-05-16T12:00", "2026-05-18T08:40:00.000001", False),
    ],
)
async def test_what_is_done_outside_the_hours_is_judged_by_the_due_instant(
    desk: Desk, ordered: str, served: str, on_time: bool
) -> None:
    """B25: a delay that began and ended outside the opening hours was counted as none."""
    desk.clock.set(local(ordered))
    number = await desk.open(ORDER)
    desk.clock.set(local(served))
    ticket = await desk.run(number, "resolve")
    clock = ticket["clocks"][0]
    assert (clock["on_time"], ticket["overdue"]) == (on_time, not on_time)
    assert (clock["state"], clock["breached_at"]) == (("met", None) if on_time else ("breached", clock["due_at"]))


async def test_level_two_waits_working_days_over_a_weekend(desk: Desk) -> None:
    """B26: three days from Friday ended on Monday, because the weekend was counted."""
    desk.clock.set(local("2026-04-09T10:00"))
    number = await desk.open(CALL)
    limit = end_of(2026, 4, 24)  # a Friday
    assert due(await desk.read(number)) == limit
    desk.clock.set(limit)
    await sweep(desk.container)
    assert await armed_at(desk, number) == {("promise", "escalation", 2): end_of(2026, 4, 29)}


async def test_a_changed_limit_is_shown_and_counted_as_it_was_changed(own_desk: Desk) -> None:
    """B17: a target of 24 minutes went on as two hours; a new one is for new tickets, an old one keeps its words."""
    desk = own_desk
    old = await desk.open(ORDER)
    catalogue = load_catalogue(ESENLER)
    services = tuple(
        replace(service, limit=Limit(24, Unit.MINUTE), limit_text="24 DAKİKA")
        if service.code == "hospitality"
        else service
        for service in catalogue.services
    )
    await load(desk, replace(catalogue, services=services, sha256="0" * 64))
    new = await desk.open(ORDER)
    for number, words, minutes in ((old, "10 D", 10), (new, "24 DAKİKA", 24)):
        clock = await desk.clock_of(number)
        assert clock["limit"] == words
        assert datetime.fromisoformat(clock["due_at"]) == START + timedelta(minutes=minutes)
    assert (await armed_at(desk, new))["promise", "warning", 80] == START + timedelta(seconds=24 * 60 * 0.8)


# ── edits of the calendar ──


async def test_a_calendar_edit_moves_open_tickets(desk: Desk) -> None:
    """B15, B16: open tickets stayed at the date of the old calendar."""
    number = await desk.open(VISIT)
    async with leave_on(desk, "2026-06-01"):
        assert due(await desk.read(number)) == end_of(2026, 6, 2)
        assert (await armed_at(desk, number))[("promise", "escalation", 1)] == end_of(2026, 6, 2)
        desk.clock.set(end_of(2026, 6, 1))
        await sweep(desk.container)
        assert escalation(level=1) not in await notices_of_limits(desk)
        desk.clock.set(end_of(2026, 6, 2))
        await sweep(desk.container)
        assert (await notices_of_limits(desk))[escalation(level=1)] == 1


async def test_a_new_holiday_counts_for_a_paused_ticket(desk: Desk) -> None:
    """B16: an edit skipped paused tickets."""
    number = await desk.open(CALL)
    await desk.run_all(number, "refer", "accept", "pause")
    async with leave_on(desk, "2026-06-03"):
        desk.clock.set(local("2026-05-20T10:00"))
        assert due(await desk.run(number, "resume")) == end_of(2026, 6, 4)  # 27 May + 7 days is the day of the leave
