"""Commands that move clocks: start at completeness, pause by whole dates, meet, cancel, and begin a new cycle."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete

from app.core.clock import ISTANBUL
from app.sla.calendar import Calendar
from app.sla.calendar_versions import store_calendars
from app.sla.model import CalendarVersion
from app.standards.rulebook import REFRESH_SECONDS
from tests.desk import ANSWER, AT_WORK, CALL, INFORMATION, ORDER, VISIT, Desk, due, end_of, state
from tests.escalation.offices import second_container
from tests.installation import START
from tests.limit_notices import escalation, warning
from workers.timers import sweep

# ── pauses ──


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        (0, end_of(2026, 1, 26)),  # 10 + 15 days = Sunday 25 January, rolled
        (1, end_of(2026, 1, 26)),
        (2, end_of(2026, 1, 27)),
        (7, end_of(2026, 2, 2)),  # Sunday 1 February, rolled
        (10, end_of(2026, 2, 4)),
    ],
)
async def test_a_pause_drops_exactly_its_dates(desk: Desk, dates: int, expected: datetime) -> None:
    """A pause from P to R drops the dates P to R−1; within one day it drops none."""
    desk.clock.set(datetime(2026, 1, 10, 9, 0, tzinfo=ISTANBUL))
    number = await desk.open(VISIT)
    await desk.run_all(number, *AT_WORK)
    desk.clock.advance(days=2)
    assert due(await desk.run(number, "pause")) is None
    desk.clock.advance(days=dates, hours=14 if dates == 0 else 0)
    assert due(await desk.run(number, "resume")) == expected


async def test_pauses_add_up(desk: Desk) -> None:
    """B38: each of several pauses counts; B37: nothing is added by time alone."""
    desk.clock.set(datetime(2026, 2, 2, 9, 0, tzinfo=ISTANBUL))
    number = await desk.open(VISIT)
    await desk.run_all(number, *AT_WORK)
    for _ in range(3):
        desk.clock.advance(days=1)
        await desk.run(number, "pause")
        desk.clock.advance(days=2)
        resumed = await desk.run(number, "resume")
    assert due(resumed) == end_of(2026, 2, 23)  # 17 + 6 dates
    desk.clock.advance(days=3)
    await sweep(desk.container)
    assert (await desk.clock_of(number))["due_at"] == resumed["clocks"][0]["due_at"]


@pytest.mark.parametrize("body", [CALL, VISIT])
async def test_a_reason_that_the_service_does_not_name_stops_no_clock(desk: Desk, body: dict[str, Any]) -> None:
    number = await desk.open(body)
    await desk.run_all(number, *AT_WORK)
    armed = await desk.armed(number)
    ticket = await desk.run(number, "pause", {"reason": "awaiting_external"})
    assert (ticket["status"], state(ticket)) == ("awaiting_external", "running")
    assert due(ticket) == end_of(2026, 6, 1)
    assert await desk.armed(number) == armed


async def test_a_record_of_the_portal_never_pauses(desk: Desk) -> None:
    number = await desk.open(
        channel="cimer", external_id="2600004717", occurred_at="2026-05-11T10:00:00+03:00", documents=["cimer_record"]
    )
    await desk.run_all(number, *AT_WORK)
    ticket = await desk.run(number, "pause")
    assert [clock["state"] for clock in ticket["clocks"]] == ["running", "running"]


async def test_force_majeure_stops_the_promise(desk: Desk) -> None:
    number = await desk.ticket_in("in_progress")
    ticket = await desk.run(number, "pause", {"reason": "force_majeure"})
    assert (ticket["status"], state(ticket), state(ticket, "statutory")) == ("awaiting_external", "paused", "running")


async def test_the_limit_of_law_runs_through_every_pause(desk: Desk) -> None:
    number = await desk.ticket_in("awaiting_citizen")
    assert due(await desk.read(number), "statutory") == end_of(2026, 6, 11)
    desk.clock.set(end_of(2026, 6, 11))
    await sweep(desk.container)
    ticket = await desk.read(number)
    assert (state(ticket), state(ticket, "statutory")) == ("paused", "breached")
    assert await desk.notices(number) == [escalation(level=2)]


async def test_nothing_fires_on_a_promise_that_stands_still(desk: Desk) -> None:
    number = await desk.open(CALL)
    await desk.run_all(number, *AT_WORK, "pause")
    desk.clock.advance(days=60)
    assert await sweep(desk.container) == 0
    ticket = await desk.read(number)
    assert (ticket["overdue"], state(ticket)) == (False, "paused")
    ends = due(await desk.run(number, "resume"))
    assert ends is not None
    assert await sweep(desk.container) == 0
    left = ends - desk.clock.now()
    desk.clock.advance(left / 2)
    assert await sweep(desk.container) == 1
    assert await desk.notices(number) == [warning(percent=50)]


async def test_a_warning_that_went_out_is_not_repeated_after_a_pause(desk: Desk) -> None:
    """B56: a moved deadline repeats no notice."""
    number = await desk.open(CALL)
    await desk.run_all(number, *AT_WORK)
    desk.clock.advance(days=11)
    await sweep(desk.container)
    assert await desk.notices(number) == [warning(percent=50)]
    await desk.run(number, "pause")
    desk.clock.advance(days=20)
    await desk.run(number, "resume")
    await sweep(desk.container)
    assert await desk.notices(number) == [warning(percent=50)]
    desk.clock.advance(days=2)
    await sweep(desk.container)
    assert await desk.notices(number) == [warning(percent=50), warning(percent=80)]


async def test_a_limit_that_is_past_can_not_be_paused_away(desk: Desk) -> None:
    """C7, B71: a worker that was away must not make a difference to what the citizen was promised."""
    number = await desk.open(CALL)
    await desk.run_all(number, *AT_WORK)
    desk.clock.set(end_of(2026, 6, 2))
    ticket = await desk.run(number, "pause")
    assert (state(ticket), ticket["overdue"]) == ("running", True)
    await sweep(desk.container)
    assert await desk.notices(number) == [escalation(level=1)]


async def test_answering_while_paused_counts_the_pause(desk: Desk) -> None:
    """B33: paused → resolved without resuming takes the pause off like any other."""
    number = await desk.open(CALL)
    await desk.run_all(number, *AT_WORK)
    desk.clock.advance(days=3)
    await desk.run(number, "pause")
    desk.clock.advance(days=42)
    ticket = await desk.run(number, "resolve")
    clock = ticket["clocks"][0]
    assert (clock["state"], clock["on_time"], ticket["overdue"]) == ("met", True, False)
    assert datetime.fromisoformat(clock["due_at"]) == end_of(2026, 7, 8)
    assert await desk.armed(number) == []


async def test_a_second_pause_is_refused_and_the_first_one_counts(desk: Desk) -> None:
    """B36: paused → paused."""
    number = await desk.open(CALL)
    await desk.run_all(number, *AT_WORK, "pause")
    desk.clock.advance(days=2)
    assert (await desk.send(number, "pause", {"reason": "force_majeure"})).status_code == 409
    desk.clock.advance(days=1)
    assert due(await desk.run(number, "resume")) == end_of(2026, 6, 1)  # 27 May + 3 dates


async def test_giving_a_ticket_back_resets_nothing(desk: Desk) -> None:
    """Domain §9.10: a unit that is not concerned returns it, twice; the citizen's date stays."""
    number = await desk.open(VISIT)
    before = (await desk.read(number))["clocks"]
    for unit in ("public-works", "cleaning"):
        desk.clock.advance(days=1)
        await desk.run(number, "refer", {"unit": unit})
        returned = await desk.run(number, "return")
        assert returned["unit"] is None
    assert returned["clocks"] == before


# ── replies ──


async def test_an_interim_reply_satisfies_the_petition_law_but_not_the_promise(desk: Desk) -> None:
    """Law 3071 art. 7: an answer on the progress within 30 days; the result is owed all the same."""
    number = await desk.ticket_in("in_progress")
    desk.clock.advance(days=5)
    ticket = await desk.run(number, "interim_reply")
    assert (state(ticket), state(ticket, "statutory")) == ("running", "met")
    assert ticket["clocks"][1]["on_time"] is True
    assert [kind for kind, _ in await desk.armed(number)] == ["warning", "warning", "escalation"]
    desk.clock.set(end_of(2026, 6, 30))
    await sweep(desk.container)
    assert await desk.notices(number) == [escalation(level=1)]
    late = await desk.run(number, "resolve")
    assert [clock["on_time"] for clock in late["clocks"]] == [False, True]


async def test_an_interim_reply_does_not_satisfy_the_information_law(desk: Desk) -> None:
    number = await desk.open(INFORMATION)
    ticket = await desk.run(number, "interim_reply")
    assert [clock["state"] for clock in ticket["clocks"]] == ["running", "running"]


async def levels(desk: Desk, number: str) -> list[int]:
    """Return the levels that offices were notified of, without reminders."""
    return [level for kind, level, _ in await desk.notices(number) if kind.startswith("escalation")]


async def test_an_interim_reply_before_the_breach_does_not_keep_the_second_office_out(desk: Desk) -> None:
    """An interim reply on day 3 does not excuse a breach on day 15."""
    number = await desk.open(CALL)
    await desk.run_all(number, *AT_WORK)
    desk.clock.advance(days=3)
    await desk.run(number, "interim_reply")
    for day in (1, 4):
        desk.clock.set(end_of(2026, 6, day))
        await sweep(desk.container)
    assert await levels(desk, number) == [1, 2]


@pytest.mark.parametrize("swept", [True, False])
async def test_an_interim_reply_after_the_limit_puts_the_second_office_off(desk: Desk, swept: bool) -> None:
    """The limit counts once more from the last reply, also where no sweep had seen the breach before it."""
    number = await desk.open(CALL)
    await desk.run_all(number, *AT_WORK)
    desk.clock.set(end_of(2026, 6, 1))
    if swept:
        await sweep(desk.container)
    for replied, until in ((2, 9), (10, 24)):
        desk.clock.set(end_of(2026, 6, replied) - timedelta(hours=12))
        await desk.run(number, "interim_reply")
        desk.clock.set(end_of(2026, 6, until))
        await sweep(desk.container)
        assert await levels(desk, number) == [1]
    assert (await desk.read(number))["overdue"] is True
    desk.clock.set(end_of(2026, 6, 25))
    await sweep(desk.container)
    assert await levels(desk, number) == [1, 2]


async def test_what_is_put_off_does_not_end_a_sweep(desk: Desk) -> None:
    """B75: a batch that settles nothing for good is not the last one."""
    numbers = [await desk.open(CALL) for _ in range(4)]
    desk.clock.set(end_of(2026, 6, 1))
    await sweep(desk.container)
    for number in numbers[:3]:
        desk.clock.advance(hours=1)
        await desk.run(number, "interim_reply")
    desk.clock.set(end_of(2026, 6, 4))
    async with second_container(desk, batch=1) as container:
        await sweep(container)
    assert [await levels(desk, number) for number in numbers] == [[1], [1], [1], [1, 2]]


@pytest.mark.parametrize(("late", "on_time"), [(timedelta(0), True), (timedelta(microseconds=1), False)])
@pytest.mark.parametrize("swept", [False, True])
async def test_an_answer_at_the_exact_due_instant_is_on_time(
    desk: Desk, late: timedelta, on_time: bool, swept: bool
) -> None:
    """C10: one verdict, on the ticket and in the list, whether the sweep or the answer came first."""
    number = await desk.open(CALL)
    desk.clock.set(end_of(2026, 6, 1) + late)
    if swept:  # at the due instant: the office is notified, and an answer of that instant is still on time
        await sweep(desk.container)
    ticket = await desk.run(number, "resolve")
    clock = ticket["clocks"][0]
    assert (clock["on_time"], clock["state"]) == (on_time, "met" if on_time else "breached")
    assert clock["breached_at"] == (None if on_time else clock["due_at"])
    assert ticket["overdue"] is not on_time
    desk.clock.advance(days=90)
    for wanted in (True, False):
        page = (await desk.client.get("/v1/tickets", params={"overdue": wanted})).json()["items"]
        assert [item["number"] for item in page] == ([number] if wanted is not on_time else [])
        assert all(item["overdue"] is wanted for item in page)
    assert await sweep(desk.container) == 0
    assert len(await desk.notices(number)) == (1 if swept else 0)


async def test_closing_later_moves_no_verdict(desk: Desk) -> None:
    """B36, B39: what happens after the answer is no part of the time to it."""
    number = await desk.open(CALL)
    answered = await desk.run(number, "resolve")
    desk.clock.advance(days=400)
    closed = await desk.run(number, "close")
    assert closed["clocks"] == answered["clocks"]


# ── cycles and endings ──


async def reopened_after_a_breach(desk: Desk) -> tuple[str, list[dict[str, Any]], dict[str, Any]]:
    """Reopen a ticket 100 days after its late answer; return its number, its first clocks and the ticket."""
    number = await desk.open(VISIT)
    desk.clock.set(end_of(2026, 6, 2))
    await sweep(desk.container)
    first: list[dict[str, Any]] = (await desk.run(number, "resolve"))["clocks"]
    desk.clock.advance(days=100)
    return number, first, await desk.run(number, "reopen")


async def test_a_reopened_ticket_has_new_limits_and_the_old_ones_stay(desk: Desk) -> None:
    """B31: the second cycle owes nothing to the first."""
    number, first, ticket = await reopened_after_a_breach(desk)
    assert (ticket["cycle"], ticket["overdue"], ticket["outcome"], ticket["reply"]) == (2, False, None, None)
    assert [clock["state"] for clock in ticket["clocks"]] == ["running", "running"]
    assert datetime.fromisoformat(ticket["clocks"][0]["started_at"]) == desk.clock.now()
    assert due(ticket) == end_of(2026, 9, 25)
    rows = await desk.rows_of_clocks(number)
    assert [row.due_at for row in rows[:2]] == [datetime.fromisoformat(clock["due_at"]) for clock in first]


async def test_a_reopened_ticket_is_notified_of_by_its_second_breach_only(desk: Desk) -> None:
    """C6, B52: reopening repeats no notice, and a second breach is notified again."""
    number, _, _ = await reopened_after_a_breach(desk)
    assert await sweep(desk.container) == 0
    desk.clock.set(end_of(2026, 9, 25))
    await sweep(desk.container)
    desk.clock.advance(days=7)
    await sweep(desk.container)
    notices = await desk.notices(number)
    assert [notice for notice in notices if notice.kind == "escalation_1"] == [
        escalation(level=1),
        escalation(level=1, cycle=2),
    ]
    assert [notice for notice in notices if notice.kind == "escalation_2"] == [escalation(level=2, cycle=2)]
    assert (await desk.timeline(number))["chain_holds"] is True


async def test_an_interim_reply_of_one_cycle_silences_nothing_in_the_next(desk: Desk) -> None:
    number = await desk.open(CALL)
    await desk.run_all(number, "interim_reply", "resolve", "reopen")
    desk.clock.set(end_of(2026, 6, 1))
    await sweep(desk.container)
    desk.clock.advance(days=10)
    await sweep(desk.container)
    assert [level for kind, level, _ in await desk.notices(number) if kind != "reminder"] == [1, 2]


async def test_a_new_cycle_is_counted_in_the_calendar_of_today(desk: Desk) -> None:
    """A holiday that was entered meanwhile counts for the clocks that start after it."""
    number = await desk.open(CALL)
    await desk.run(number, "resolve")
    old = (await desk.container.rulebooks.current()).calendars
    async with desk.container.database.transaction() as session:
        days = old["office"].to_json()
        days["special_days"] = {**days["special_days"], "2026-06-01": {"kind": "holiday", "name": "Örnek tatil"}}
        newer = {name: Calendar.from_json(days) for name in old}
        version = await store_calendars(
            session, newer, now=desk.clock.now() + timedelta(seconds=1), actor="test", reason="leave"
        )
    desk.container.rulebooks._read_at = -2 * REFRESH_SECONDS  # as if the time to look again had come
    assert due(await desk.run(number, "reopen")) == end_of(2026, 6, 2)
    assert [row.calendar_version_id == version for row in await desk.rows_of_clocks(number)] == [False, True]
    await desk.empty()
    async with desk.container.database.transaction() as session:
        await session.execute(delete(CalendarVersion).where(CalendarVersion.id == version))
    desk.container.rulebooks._read_at = -2 * REFRESH_SECONDS


@pytest.mark.parametrize("ending", ["withdraw", "link_duplicate"])
@pytest.mark.parametrize("paused", [False, True])
async def test_what_is_given_up_or_a_duplicate_is_out_of_the_figures(desk: Desk, ending: str, paused: bool) -> None:
    """B46, B72: cancelled clocks fire nothing."""
    original, number = await desk.open(kind="thanks"), await desk.open(VISIT)
    await desk.run_all(number, *AT_WORK)
    desk.clock.advance(days=1)
    if paused:
        await desk.run(number, "pause")
    desk.clock.advance(days=1)
    ticket = await desk.run(number, ending, {"duplicate_of": original} if ending == "link_duplicate" else {})
    assert [clock["state"] for clock in ticket["clocks"]] == ["cancelled", "cancelled"]
    assert [clock["on_time"] for clock in ticket["clocks"]] == [None, None]
    assert await desk.armed(number) == []
    desk.clock.advance(days=100)
    assert await sweep(desk.container) == 0
    assert (await desk.read(number))["overdue"] is False
    assert await desk.notices(number) == []


async def test_what_was_late_when_it_was_given_up_stays_late(desk: Desk) -> None:
    """B54: closing erases no breach, and nothing more is notified."""
    number = await desk.open(CALL)
    desk.clock.set(end_of(2026, 6, 1))
    await sweep(desk.container)
    ticket = await desk.run(number, "withdraw")
    assert (state(ticket), ticket["clocks"][0]["on_time"]) == ("breached", False)
    desk.clock.advance(days=30)
    assert await sweep(desk.container) == 0
    assert await desk.notices(number) == [escalation(level=1)]


async def test_minutes_pause_by_the_second(desk: Desk) -> None:
    number = await desk.open(ORDER)
    await desk.run_all(number, *AT_WORK)
    desk.clock.advance(minutes=4)
    await desk.run(number, "pause", {"reason": "force_majeure"})
    desk.clock.advance(minutes=30, seconds=7)
    resumed = await desk.run(number, "resume")
    assert due(resumed) == START + timedelta(minutes=40, seconds=7)
    assert (await desk.run(number, "resolve", ANSWER))["clocks"][0]["on_time"] is True
