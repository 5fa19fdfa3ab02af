"""Commands that move clocks: start at completeness, pause by whole dates, meet, cancel, and begin a new cycle."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete

from app.core.clock import ISTANBUL
from app.sla.calendar import Calendar
from app.sla.model import CalendarVersion
from app.sla.service import store_calendars
from app.standards.rulebook import REFRESH_SECONDS
from tests.escalation.desk import second_house
from tests.installation import START
from tests.tickets.counter import ANSWER, AT_WORK, CALL, INFORMATION, ORDER, VISIT, Counter, due, end_of, state
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
async def test_a_pause_drops_exactly_its_dates(counter: Counter, dates: int, expected: datetime) -> None:
    """A pause from P to R drops the dates P to R−1; within one day it drops none."""
    counter.clock.set(datetime(2026, 1, 10, 9, 0, tzinfo=ISTANBUL))
    number = await counter.open(VISIT)
    await counter.done(number, *AT_WORK)
    counter.clock.advance(days=2)
    assert due(await counter.did(number, "pause")) is None
    counter.clock.advance(days=dates, hours=14 if dates == 0 else 0)
    assert due(await counter.did(number, "resume")) == expected


async def test_pauses_add_up(counter: Counter) -> None:
    """B38: each of several pauses counts; B37: nothing is added by time alone."""
    counter.clock.set(datetime(2026, 2, 2, 9, 0, tzinfo=ISTANBUL))
    number = await counter.open(VISIT)
    await counter.done(number, *AT_WORK)
    for _ in range(3):
        counter.clock.advance(days=1)
        await counter.did(number, "pause")
        counter.clock.advance(days=2)
        resumed = await counter.did(number, "resume")
    assert due(resumed) == end_of(2026, 2, 23)  # 17 + 6 dates
    counter.clock.advance(days=3)
    await sweep(counter.container)
    assert (await counter.clock_of(number))["due_at"] == resumed["clocks"][0]["due_at"]


@pytest.mark.parametrize("body", [CALL, VISIT])
async def test_a_reason_that_the_service_does_not_name_stops_no_clock(counter: Counter, body: dict[str, Any]) -> None:
    number = await counter.open(body)
    await counter.done(number, *AT_WORK)
    armed = await counter.armed(number)
    ticket = await counter.did(number, "pause", {"reason": "awaiting_external"})
    assert (ticket["status"], state(ticket)) == ("awaiting_external", "running")
    assert due(ticket) == end_of(2026, 6, 1)
    assert await counter.armed(number) == armed


async def test_a_record_of_the_portal_never_pauses(counter: Counter) -> None:
    number = await counter.open(
        channel="cimer", external_id="2600004717", occurred_at="2026-05-11T10:00:00+03:00", documents=["cimer_record"]
    )
    await counter.done(number, *AT_WORK)
    ticket = await counter.did(number, "pause")
    assert [clock["state"] for clock in ticket["clocks"]] == ["running", "running"]


async def test_force_majeure_stops_the_promise(counter: Counter) -> None:
    number = await counter.ticket_in("in_progress")
    ticket = await counter.did(number, "pause", {"reason": "force_majeure"})
    assert (ticket["status"], state(ticket), state(ticket, "statutory")) == ("awaiting_external", "paused", "running")


async def test_the_limit_of_law_runs_through_every_pause(counter: Counter) -> None:
    number = await counter.ticket_in("awaiting_citizen")
    assert due(await counter.read(number), "statutory") == end_of(2026, 6, 11)
    counter.clock.set(end_of(2026, 6, 11))
    await sweep(counter.container)
    ticket = await counter.read(number)
    assert (state(ticket), state(ticket, "statutory")) == ("paused", "breached")
    assert await counter.notices(number) == [("escalation_2", 2, 1)]


async def test_nothing_fires_on_a_promise_that_stands_still(counter: Counter) -> None:
    number = await counter.open(CALL)
    await counter.done(number, *AT_WORK, "pause")
    counter.clock.advance(days=60)
    assert await sweep(counter.container) == 0
    ticket = await counter.read(number)
    assert (ticket["overdue"], state(ticket)) == (False, "paused")
    ends = due(await counter.did(number, "resume"))
    assert await sweep(counter.container) == 0
    left = ends - counter.clock.now()
    counter.clock.advance(left / 2)
    assert await sweep(counter.container) == 1
    assert await counter.notices(number) == [("warning", 50, 1)]


async def test_a_warning_that_went_out_is_not_repeated_after_a_pause(counter: Counter) -> None:
    """B56: a moved deadline repeats no notice."""
    number = await counter.open(CALL)
    await counter.done(number, *AT_WORK)
    counter.clock.advance(days=11)
    await sweep(counter.container)
    assert await counter.notices(number) == [("warning", 50, 1)]
    await counter.did(number, "pause")
    counter.clock.advance(days=20)
    await counter.did(number, "resume")
    await sweep(counter.container)
    assert await counter.notices(number) == [("warning", 50, 1)]
    counter.clock.advance(days=2)
    await sweep(counter.container)
    assert await counter.notices(number) == [("warning", 50, 1), ("warning", 80, 1)]


async def test_a_limit_that_is_past_can_not_be_paused_away(counter: Counter) -> None:
    """C7, B71: a worker that was away must not make a difference to what the citizen was promised."""
    number = await counter.open(CALL)
    await counter.done(number, *AT_WORK)
    counter.clock.set(end_of(2026, 6, 2))
    ticket = await counter.did(number, "pause")
    assert (state(ticket), ticket["overdue"]) == ("running", True)
    await sweep(counter.container)
    assert await counter.notices(number) == [("escalation_1", 1, 1)]


async def test_answering_while_paused_counts_the_pause(counter: Counter) -> None:
    """B33: paused → resolved without resuming takes the pause off like any other."""
    number = await counter.open(CALL)
    await counter.done(number, *AT_WORK)
    counter.clock.advance(days=3)
    await counter.did(number, "pause")
    counter.clock.advance(days=42)
    ticket = await counter.did(number, "resolve")
    clock = ticket["clocks"][0]
    assert (clock["state"], clock["on_time"], ticket["overdue"]) == ("met", True, False)
    assert datetime.fromisoformat(clock["due_at"]) == end_of(2026, 7, 8)
    assert await counter.armed(number) == []


async def test_a_second_pause_is_refused_and_the_first_one_counts(counter: Counter) -> None:
    """B36: paused → paused."""
    number = await counter.open(CALL)
    await counter.done(number, *AT_WORK, "pause")
    counter.clock.advance(days=2)
    assert (await counter.send(number, "pause", {"reason": "force_majeure"})).status_code == 409
    counter.clock.advance(days=1)
    assert due(await counter.did(number, "resume")) == end_of(2026, 6, 1)  # 27 May + 3 dates


async def test_giving_a_ticket_back_resets_nothing(counter: Counter) -> None:
    """Domain §9.10: a unit that is not concerned returns it, twice; the citizen's date stays."""
    number = await counter.open(VISIT)
    before = (await counter.read(number))["clocks"]
    for unit in ("public-works", "cleaning"):
        counter.clock.advance(days=1)
        await counter.did(number, "refer", {"unit": unit})
        returned = await counter.did(number, "return")
        assert returned["unit"] is None
    assert returned["clocks"] == before


# ── replies ──


async def test_an_interim_reply_satisfies_the_petition_law_but_not_the_promise(counter: Counter) -> None:
    """Law 3071 art. 7: an answer on the progress within 30 days; the result is owed all the same."""
    number = await counter.ticket_in("in_progress")
    counter.clock.advance(days=5)
    ticket = await counter.did(number, "interim_reply")
    assert (state(ticket), state(ticket, "statutory")) == ("running", "met")
    assert ticket["clocks"][1]["on_time"] is True
    assert [kind for kind, _ in await counter.armed(number)] == ["warning", "warning", "escalation"]
    counter.clock.set(end_of(2026, 6, 30))
    await sweep(counter.container)
    assert await counter.notices(number) == [("escalation_1", 1, 1)]
    late = await counter.did(number, "resolve")
    assert [clock["on_time"] for clock in late["clocks"]] == [False, True]


async def test_an_interim_reply_does_not_satisfy_the_information_law(counter: Counter) -> None:
    number = await counter.open(INFORMATION)
    ticket = await counter.did(number, "interim_reply")
    assert [clock["state"] for clock in ticket["clocks"]] == ["running", "running"]


async def levels(counter: Counter, number: str) -> list[int]:
    """The levels that offices were told of, without reminders."""
    return [level for kind, level, _ in await counter.notices(number) if kind.startswith("escalation")]


async def test_an_interim_reply_from_before_the_breach_keeps_nobody_from_the_second_office(counter: Counter) -> None:
    """What was said on day 3 does not answer for a promise that is broken on day 15."""
    number = await counter.open(CALL)
    await counter.done(number, *AT_WORK)
    counter.clock.advance(days=3)
    await counter.did(number, "interim_reply")
    for day in (1, 4):
        counter.clock.set(end_of(2026, 6, day))
        await sweep(counter.container)
    assert await levels(counter, number) == [1, 2]


@pytest.mark.parametrize("swept", [True, False])
async def test_an_interim_reply_after_the_limit_puts_the_second_office_off(counter: Counter, swept: bool) -> None:
    """The limit counts once more from the last reply, also where no sweep had seen the breach before it."""
    number = await counter.open(CALL)
    await counter.done(number, *AT_WORK)
    counter.clock.set(end_of(2026, 6, 1))
    if swept:
        await sweep(counter.container)
    for replied, until in ((2, 9), (10, 24)):
        counter.clock.set(end_of(2026, 6, replied) - timedelta(hours=12))
        await counter.did(number, "interim_reply")
        counter.clock.set(end_of(2026, 6, until))
        await sweep(counter.container)
        assert await levels(counter, number) == [1]
    assert (await counter.read(number))["overdue"] is True
    counter.clock.set(end_of(2026, 6, 25))
    await sweep(counter.container)
    assert await levels(counter, number) == [1, 2]


async def test_what_is_put_off_does_not_end_a_sweep(counter: Counter) -> None:
    """B75: a batch that settles nothing for good is not the last one."""
    numbers = [await counter.open(CALL) for _ in range(4)]
    counter.clock.set(end_of(2026, 6, 1))
    await sweep(counter.container)
    for number in numbers[:3]:
        counter.clock.advance(hours=1)
        await counter.did(number, "interim_reply")
    counter.clock.set(end_of(2026, 6, 4))
    async with second_house(counter, batch=1) as container:
        await sweep(container)
    assert [await levels(counter, number) for number in numbers] == [[1], [1], [1], [1, 2]]


@pytest.mark.parametrize(("late", "on_time"), [(timedelta(0), True), (timedelta(microseconds=1), False)])
@pytest.mark.parametrize("swept", [False, True])
async def test_an_answer_at_the_exact_due_instant_is_on_time(
    counter: Counter, late: timedelta, on_time: bool, swept: bool
) -> None:
    """C10: one verdict, on the ticket and in the list, whether the sweep or the answer came first."""
    number = await counter.open(CALL)
    counter.clock.set(end_of(2026, 6, 1) + late)
    if swept:  # at the due instant itself: the office is told, and an answer of that instant is on time all the same
        await sweep(counter.container)
    ticket = await counter.did(number, "resolve")
    clock = ticket["clocks"][0]
    assert (clock["on_time"], clock["state"]) == (on_time, "met" if on_time else "breached")
    assert clock["breached_at"] == (None if on_time else clock["due_at"])
    assert ticket["overdue"] is not on_time
    counter.clock.advance(days=90)
    for wanted in (True, False):
        page = (await counter.client.get("/v1/tickets", params={"overdue": wanted})).json()["items"]
        assert [item["number"] for item in page] == ([number] if wanted is not on_time else [])
        assert all(item["overdue"] is wanted for item in page)
    assert await sweep(counter.container) == 0
    assert len(await counter.notices(number)) == (1 if swept else 0)


async def test_closing_later_moves_no_verdict(counter: Counter) -> None:
    """B36, B39: what happens after the answer is no part of the time to it."""
    number = await counter.open(CALL)
    answered = await counter.did(number, "resolve")
    counter.clock.advance(days=400)
    closed = await counter.did(number, "close")
    assert closed["clocks"] == answered["clocks"]


# ── cycles and endings ──


async def test_a_reopened_ticket_has_new_limits_and_new_notices(counter: Counter) -> None:
    """C6, B31, B52: the second cycle owes nothing to the first, and a second breach is told anew."""
    number = await counter.open(VISIT)
    counter.clock.set(end_of(2026, 6, 2))
    await sweep(counter.container)
    first = (await counter.did(number, "resolve"))["clocks"]
    counter.clock.advance(days=100)
    ticket = await counter.did(number, "reopen")
    assert (ticket["cycle"], ticket["overdue"], ticket["outcome"], ticket["reply"]) == (2, False, None, None)
    assert [clock["state"] for clock in ticket["clocks"]] == ["running", "running"]
    assert datetime.fromisoformat(ticket["clocks"][0]["started_at"]) == counter.clock.now()
    assert due(ticket) == end_of(2026, 9, 25)
    assert await sweep(counter.container) == 0
    counter.clock.set(end_of(2026, 9, 25))
    await sweep(counter.container)
    counter.clock.advance(days=7)
    await sweep(counter.container)
    told = await counter.notices(number)
    assert [notice for notice in told if notice[0] == "escalation_1"] == [
        ("escalation_1", 1, 1),
        ("escalation_1", 1, 2),
    ]
    assert [notice for notice in told if notice[0] == "escalation_2"] == [("escalation_2", 2, 2)]
    rows = await counter.rows_of_clocks(number)
    assert [row.due_at for row in rows[:2]] == [datetime.fromisoformat(clock["due_at"]) for clock in first]
    assert (await counter.timeline(number))["chain_holds"] is True


async def test_an_interim_reply_of_one_cycle_silences_nothing_in_the_next(counter: Counter) -> None:
    number = await counter.open(CALL)
    await counter.done(number, "interim_reply", "resolve", "reopen")
    counter.clock.set(end_of(2026, 6, 1))
    await sweep(counter.container)
    counter.clock.advance(days=10)
    await sweep(counter.container)
    assert [level for kind, level, _ in await counter.notices(number) if kind != "reminder"] == [1, 2]


async def test_a_new_cycle_is_counted_in_the_calendar_of_today(counter: Counter) -> None:
    """A holiday that was entered meanwhile counts for the clocks that start after it."""
    number = await counter.open(CALL)
    await counter.did(number, "resolve")
    old = (await counter.container.rulebooks.current()).calendars
    async with counter.container.database.transaction() as session:
        days = old["office"].to_json()
        days["special_days"] = {**days["special_days"], "2026-06-01": {"kind": "holiday", "name": "Örnek tatil"}}
        newer = {name: Calendar.from_json(days) for name in old}
        version = await store_calendars(
            session, newer, now=counter.clock.now() + timedelta(seconds=1), actor="test", reason="leave"
        )
    counter.container.rulebooks._checked = -2 * REFRESH_SECONDS  # as if the time to look again had come
    assert due(await counter.did(number, "reopen")) == end_of(2026, 6, 2)
    assert [row.calendar_version_id == version for row in await counter.rows_of_clocks(number)] == [False, True]
    await counter.empty()
    async with counter.container.database.transaction() as session:
        await session.execute(delete(CalendarVersion).where(CalendarVersion.id == version))
    counter.container.rulebooks._checked = -2 * REFRESH_SECONDS


@pytest.mark.parametrize("ending", ["withdraw", "link_duplicate"])
@pytest.mark.parametrize("paused", [False, True])
async def test_what_is_given_up_or_a_duplicate_is_out_of_the_figures(
    counter: Counter, ending: str, paused: bool
) -> None:
    """B46, B72: clocks that nobody waits for any more fire nothing."""
    original, number = await counter.open(kind="thanks"), await counter.open(VISIT)
    await counter.done(number, *AT_WORK)
    counter.clock.advance(days=1)
    if paused:
        await counter.did(number, "pause")
    counter.clock.advance(days=1)
    ticket = await counter.did(number, ending, {"duplicate_of": original} if ending == "link_duplicate" else {})
    assert [clock["state"] for clock in ticket["clocks"]] == ["cancelled", "cancelled"]
    assert [clock["on_time"] for clock in ticket["clocks"]] == [None, None]
    assert await counter.armed(number) == []
    counter.clock.advance(days=100)
    assert await sweep(counter.container) == 0
    assert (await counter.read(number))["overdue"] is False
    assert await counter.notices(number) == []


async def test_what_was_late_when_it_was_given_up_stays_late(counter: Counter) -> None:
    """B54: closing erases no breach; and nothing more is told."""
    number = await counter.open(CALL)
    counter.clock.set(end_of(2026, 6, 1))
    await sweep(counter.container)
    ticket = await counter.did(number, "withdraw")
    assert (state(ticket), ticket["clocks"][0]["on_time"]) == ("breached", False)
    counter.clock.advance(days=30)
    assert await sweep(counter.container) == 0
    assert await counter.notices(number) == [("escalation_1", 1, 1)]


async def test_minutes_pause_by_the_second(counter: Counter) -> None:
    number = await counter.open(ORDER)
    await counter.done(number, *AT_WORK)
    counter.clock.advance(minutes=4)
    await counter.did(number, "pause", {"reason": "force_majeure"})
    counter.clock.advance(minutes=30, seconds=7)
    resumed = await counter.did(number, "resume")
    assert due(resumed) == START + timedelta(minutes=40, seconds=7)
    assert (await counter.did(number, "resolve", ANSWER))["clocks"][0]["on_time"] is True
