"""Leave is announced: what would move is shown, and then moves, with both dates kept and nothing told twice."""

import asyncio
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from httpx import Response
from sqlalchemy import delete, func, select, update

from app.calendar.service import prolong, settle_newest
from app.core.clock import ISTANBUL
from app.sla.calendar import DayKind, SpecialDay
from app.sla.model import CalendarDecision, CalendarVersion, CalendarYear, Checkpoint, SlaClock
from app.standards.catalogue import load_catalogue
from app.tickets.model import Ticket
from tests.bugs.desk import load
from tests.installation import ESENLER, new_key, opened_client
from tests.servers import TestServers
from tests.tickets.counter import CALL, INFORMATION, VISIT, Counter, due, end_of, opened_counter, state
from workers.calendar import look
from workers.timers import sweep

LEAVE = {"date": "2026-05-25", "kind": "leave", "name": "İdari izin", "counts_as_working": []}
SECOND_LEAVE = {**LEAVE, "date": "2026-05-26"}
CALLER = "developer (test)"
MONDAY = datetime(2026, 5, 11, 10, tzinfo=ISTANBUL)


@pytest.fixture(autouse=True)
async def no_decisions(counter: Counter) -> None:
    """Each test begins with the calendar as it was seeded."""
    async with counter.container.database.transaction() as session:
        await session.execute(delete(CalendarDecision))
        await session.execute(update(CalendarYear).values(confirmed_at=None, confirmed_by=None))
        first = select(CalendarVersion.id).order_by(CalendarVersion.id).limit(1)  # ids rise with real time
        kept = await session.scalar(first)
        await session.execute(delete(CalendarVersion).where(CalendarVersion.id != kept))
        await session.execute(update(CalendarVersion).values(settled_at=None))
    look_again(counter)


def look_again(counter: Counter) -> None:
    """As if the time to ask for a newer version had come."""
    counter.container.rulebooks._checked = -1000.0


async def change(counter: Counter, what: str, **body: Any) -> Response:
    look_again(counter)
    answer = await counter.client.post(f"/v1/calendar/{what}", json=body)
    look_again(counter)
    return answer


async def applied(counter: Counter, *days: dict[str, Any], **other: Any) -> dict[str, Any]:
    answer = await change(counter, "apply", days=list(days), reason="Genelge", **other)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def armed_levels(counter: Counter) -> list[datetime]:
    """When the levels that wait are due."""
    armed = select(Checkpoint.due_at).where(Checkpoint.kind == "escalation", Checkpoint.state == "armed")
    async with counter.container.database.reading() as session:
        return list(await session.scalars(armed.order_by(Checkpoint.due_at)))


async def asked_on_monday(counter: Counter) -> str:
    """Information asked for on Monday 11 May: 15 working days end on 5 June."""
    counter.clock.set(MONDAY)
    number = await counter.open(INFORMATION)
    assert due(await counter.read(number), "statutory") == end_of(2026, 6, 5)
    return number


async def test_leave_that_does_not_count_moves_working_days_and_one_that_counts_does_not(counter: Counter) -> None:
    """With leave on 25 and 26 May, 15 working days from 11 May end on 5 June if it counts, on 9 June if not."""
    number = await asked_on_monday(counter)
    counting = [{**day, "counts_as_working": ["promise", "statutory"]} for day in (LEAVE, SECOND_LEAVE)]
    assert (await applied(counter, *counting))["moved"] == 0
    assert due(await counter.read(number), "statutory") == end_of(2026, 6, 5)
    await applied(counter, LEAVE, SECOND_LEAVE)
    assert due(await counter.read(number), "statutory") == end_of(2026, 6, 9)


async def test_a_preview_says_what_moves_and_moves_nothing(counter: Counter) -> None:
    first, second = await asked_on_monday(counter), await asked_on_monday(counter)
    before = await counter.read(first)
    answer = await change(counter, "preview", days=[LEAVE])
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert (found["open_clocks"], found["moved"], found["earlier"], found["overdue_at_once"]) == (4, 2, 0, 0)
    assert [(one["number"], one["clock"]) for one in found["first"]] == [(first, "statutory"), (second, "statutory")]
    assert datetime.fromisoformat(found["first"][0]["old_due_at"]) == end_of(2026, 6, 5)
    assert datetime.fromisoformat(found["first"][0]["new_due_at"]) == end_of(2026, 6, 8)
    assert await counter.read(first) == before
    made = await applied(counter, LEAVE, version=found["version"])
    assert (made["open_clocks"], made["moved"]) == (4, 2)
    assert due(await counter.read(first), "statutory") == end_of(2026, 6, 8)


async def test_both_dates_stay_in_the_history_with_who_moved_them(counter: Counter) -> None:
    number = await asked_on_monday(counter)
    tag = (await counter.client.get(f"/v1/tickets/{number}")).headers["ETag"]
    version = (await applied(counter, LEAVE))["version"]
    history = await counter.timeline(number)
    event = history["items"][-1]
    assert history["chain_holds"] is True
    assert (event["kind"], event["actor"]) == ("due_moved", "system")
    [moved] = event["data"].pop("moved")
    assert event["data"] == {"cause": "calendar", "by": CALLER, "calendar_version": version}
    assert (moved["clock"], datetime.fromisoformat(moved["from"])) == ("statutory", end_of(2026, 6, 5))
    assert datetime.fromisoformat(moved["to"]) == end_of(2026, 6, 8)
    assert (await counter.client.get(f"/v1/tickets/{number}")).headers["ETag"] != tag


async def test_what_was_told_is_not_told_again_and_what_was_not_is_told_later(counter: Counter) -> None:
    """B15, B56: the 50 % warning went out; the 80 % one and the level wait for the new date."""
    counter.clock.set(datetime(2026, 5, 8, 10, tzinfo=ISTANBUL))  # 15 days end on Saturday 23 May: Monday the 25th
    number = await counter.open(CALL)
    assert due(await counter.read(number)) == end_of(2026, 5, 25)
    counter.clock.set(datetime(2026, 5, 18, 10, tzinfo=ISTANBUL))
    await sweep(counter.container)
    assert await counter.notices(number) == [("warning", 50, 1)]
    await applied(counter, LEAVE, SECOND_LEAVE)
    assert due(await counter.read(number)) == end_of(2026, 6, 1)  # 27 to 30 May are bayram
    counter.clock.set(end_of(2026, 5, 25) + timedelta(seconds=1))
    await sweep(counter.container)
    assert ("escalation_1", 1, 1) not in await counter.notices(number)
    counter.clock.set(end_of(2026, 6, 1) + timedelta(seconds=1))
    await sweep(counter.container)
    told = await counter.notices(number)
    assert told.count(("warning", 50, 1)) == 1
    assert told.count(("escalation_1", 1, 1)) == 1


async def test_a_level_that_waits_for_the_one_before_moves_too(counter: Counter) -> None:
    counter.clock.set(datetime(2026, 5, 5, 10, tzinfo=ISTANBUL))
    number = await counter.open(CALL)
    counter.clock.set(datetime(2026, 5, 21, 10, tzinfo=ISTANBUL))
    await sweep(counter.container)
    assert await armed_levels(counter) == [end_of(2026, 5, 25)]
    await applied(counter, LEAVE)
    assert await armed_levels(counter) == [end_of(2026, 5, 26)]
    assert state(await counter.read(number)) == "breached"
    assert due(await counter.read(number)) == end_of(2026, 5, 20)


async def test_a_clock_that_stands_still_counts_the_leave_when_it_runs_again(counter: Counter) -> None:
    """B16."""
    counter.clock.set(MONDAY)
    number = await counter.open(CALL)
    await counter.done(number, "refer", "accept", "pause")
    await applied(counter, {**LEAVE, "date": "2026-06-01"})
    counter.clock.set(datetime(2026, 5, 13, 10, tzinfo=ISTANBUL))
    ticket = await counter.did(number, "resume")
    assert due(ticket) == end_of(2026, 6, 2)  # 26 May + 2 days is a bayram, and the first day after it leave


async def test_the_level_after_a_limit_that_no_sweep_had_seen_waits_for_new_leave(counter: Counter) -> None:
    """Three working days after 25 May are 26 May, 1 and 2 June; leave on 1 June came before a sweep saw the breach."""
    counter.clock.set(datetime(2026, 5, 8, 10, tzinfo=ISTANBUL))
    number = await counter.open(CALL)
    counter.clock.set(datetime(2026, 5, 26, 10, tzinfo=ISTANBUL))
    await applied(counter, {**LEAVE, "date": "2026-06-01"})
    await sweep(counter.container)
    assert due(await counter.read(number)) == end_of(2026, 5, 25)
    assert await armed_levels(counter) == [end_of(2026, 6, 3)]


async def test_dates_of_people_and_of_settled_matters_stay(counter: Counter) -> None:
    by_hand, answered = await asked_on_monday(counter), await asked_on_monday(counter)
    wished = {"due_at": end_of(2026, 5, 25).isoformat(), "reason": "Anlaşıldı."}
    await counter.did(by_hand, "override_due", wished)
    settled = await counter.did(answered, "resolve")
    await applied(counter, LEAVE)
    assert due(await counter.read(by_hand)) == end_of(2026, 5, 25)
    assert (await counter.read(answered))["clocks"] == settled["clocks"]


async def test_a_working_saturday_makes_limits_of_working_days_end_earlier(counter: Counter) -> None:
    number = await asked_on_monday(counter)
    saturday = {"date": "2026-05-16", "kind": "working", "name": "Telafi", "segments": ["09:00-13:00"]}
    assert (await change(counter, "preview", days=[saturday])).json()["earlier"] == 1
    await applied(counter, saturday)
    assert due(await counter.read(number), "statutory") == end_of(2026, 6, 4)


async def test_a_revoked_decision_moves_the_dates_back_and_stays_on_record(counter: Counter) -> None:
    number = await asked_on_monday(counter)
    await applied(counter, LEAVE)
    answer = await change(counter, "apply", revoke=["2026-05-25"], reason="Geri alındı")
    assert answer.json()["moved"] == 1
    assert due(await counter.read(number), "statutory") == end_of(2026, 6, 5)
    async with counter.container.database.reading() as session:
        [row] = await session.scalars(select(CalendarDecision))
        assert (row.decided_by, row.revoked_by, row.revoked_at is not None) == (CALLER, CALLER, True)


async def test_a_date_decided_on_again_replaces_the_decision(counter: Counter) -> None:
    number = await asked_on_monday(counter)
    await applied(counter, LEAVE)
    await applied(counter, {**LEAVE, "counts_as_working": ["statutory"]})
    assert due(await counter.read(number), "statutory") == end_of(2026, 6, 5)


async def test_the_same_change_twice_makes_no_second_version(counter: Counter) -> None:
    assert (await applied(counter, LEAVE))["version"] == (await applied(counter, LEAVE))["version"]


async def test_tickets_opened_afterwards_know_the_leave(counter: Counter) -> None:
    await applied(counter, LEAVE)
    counter.clock.set(MONDAY)
    assert due(await counter.read(await counter.open(INFORMATION)), "statutory") == end_of(2026, 6, 8)


async def test_a_closure_in_the_folder_reaches_open_tickets(
    servers: TestServers, template: str, tmp_path: Path
) -> None:
    """Hours and closures are of the calendar, whoever writes them down; limits are of the policy, and stay."""
    async with opened_counter(servers, template, tmp_path) as counter:
        number = await asked_on_monday(counter)
        table = load_catalogue(ESENLER)
        leave = SpecialDay(DayKind.LEAVE, "İdari izin", counts_as_working=frozenset())
        await load(counter, replace(table, closures={date(2026, 5, 25): leave}, sha256="c" * 64))
        assert await look(counter.container, None) is not None
        assert due(await counter.read(number), "statutory") == end_of(2026, 6, 8)


async def test_a_ticket_that_was_dated_with_the_calendar_before_is_found_by_the_workers(counter: Counter) -> None:
    """A request accepted while the change was made: its process knew only the old calendar."""
    container = counter.container
    old = (await container.rulebooks.current()).calendar_version_id
    await applied(counter, LEAVE)
    number = await asked_with(counter, old)
    found = await settle_newest(container.database, container.rulebooks, now=counter.clock.now())
    assert found is not None
    assert (found[1].looked_at, found[1].moved) == (2, 1)
    assert due(await counter.read(number), "statutory") == end_of(2026, 6, 8)
    again = await settle_newest(container.database, container.rulebooks, now=counter.clock.now())
    assert again is not None
    assert again[1].looked_at == 0


async def asked_with(counter: Counter, version: Any) -> str:
    """A request as an older calendar has dated it."""
    counter.clock.set(MONDAY)
    number = await counter.open(INFORMATION)
    async with counter.container.database.transaction() as session:
        mine = select(Ticket.id).where(Ticket.number == number).scalar_subquery()
        await session.execute(
            update(SlaClock)
            .where(SlaClock.ticket_id == mine, SlaClock.kind == "statutory")
            .values(due_at=end_of(2026, 6, 5))
        )
        await session.execute(update(SlaClock).where(SlaClock.ticket_id == mine).values(calendar_version_id=version))
    return number


async def test_two_changes_at_once_are_both_kept(counter: Counter) -> None:
    number = await asked_on_monday(counter)
    both = await asyncio.gather(
        *(change(counter, "apply", days=[day], reason="Genelge") for day in (LEAVE, SECOND_LEAVE))
    )
    assert [answer.status_code for answer in both] == [200, 200]
    await settle_newest(counter.container.database, counter.container.rulebooks, now=counter.clock.now())
    assert due(await counter.read(number), "statutory") == end_of(2026, 6, 9)


async def test_a_change_previewed_on_another_calendar_is_refused(counter: Counter) -> None:
    version = (await change(counter, "preview", days=[LEAVE])).json()["version"]
    await applied(counter, SECOND_LEAVE)
    refused = await change(counter, "apply", days=[LEAVE], reason="Genelge", version=version)
    assert (refused.status_code, refused.json()["code"]) == (412, "stale_calendar")


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"days": [{**LEAVE, "date": "2026-05-11"}]}, "/days/0/date", "past_without_force"),
        ({"revoke": ["2026-05-28"]}, "/revoke", "not_decided"),
        ({}, "", "nothing_to_change"),
        ({"days": [LEAVE], "revoke": ["2026-05-25"]}, "", "date_twice"),
        ({"days": [{**LEAVE, "kind": "holiday"}]}, "/days/0/kind", "choice"),
        ({"days": [{**LEAVE, "date": "25.05.2026"}]}, "/days/0/date", "date"),
        ({"days": [{**LEAVE, "kind": "working"}]}, "/days/0", "segments_of_special_day"),
        ({"days": [{**LEAVE, "segments": ["09:00-13:00"]}]}, "/days/0", "segments_of_special_day"),
        ({"days": [{**LEAVE, "ends_at": "öğlen"}]}, "/days/0/ends_at", "time"),
    ],
)
async def test_a_change_that_can_t_be_meant_names_its_field_and_changes_nothing(
    counter: Counter, body: dict[str, Any], pointer: str, code: str
) -> None:
    before = await versions(counter)
    refused = await change(counter, "apply", **body, reason="Genelge")
    assert refused.status_code == 422, refused.text
    assert [(one["pointer"], one["code"]) for one in refused.json()["errors"]] == [(pointer, code)]
    assert await versions(counter) == before


async def versions(counter: Counter) -> int:
    async with counter.container.database.reading() as session:
        return int(await session.scalar(select(func.count()).select_from(CalendarVersion)) or 0)


async def test_a_past_date_is_decided_on_when_it_is_meant(counter: Counter) -> None:
    number = await asked_on_monday(counter)
    counter.clock.set(datetime(2026, 5, 20, 10, tzinfo=ISTANBUL))
    await applied(counter, {**LEAVE, "date": "2026-05-13"}, force=True)
    assert due(await counter.read(number), "statutory") == end_of(2026, 6, 8)


async def test_only_who_administers_the_calendar_changes_it(counter: Counter) -> None:
    for role, status in (("desk", 403), ("unit-officer", 403), ("ops", 200), ("pr-director", 200)):
        async with opened_client(counter.app, await new_key(counter.container, role)) as caller:
            assert (await caller.get("/v1/calendar")).status_code == 200
            for what in ("preview", "apply"):
                answer = await caller.post(
                    f"/v1/calendar/{what}",
                    json={"days": [LEAVE], "reason": "Genelge"} if what == "apply" else {"days": [LEAVE]},
                )
                assert answer.status_code == status, answer.text


async def test_the_calendar_is_read_with_who_decided_what(counter: Counter) -> None:
    await applied(counter, LEAVE)
    span = {"from": "2026-05-19", "to": "2026-05-28"}
    found = (await counter.client.get("/v1/calendar", params=span)).json()
    listed = [(day["date"], day["kind"], day["decided_by"]) for day in found["days"]]
    assert listed == [
        ("2026-05-19", "holiday", None),
        ("2026-05-25", "leave", CALLER),
        ("2026-05-26", "half_day", None),
        ("2026-05-27", "holiday", None),
        ("2026-05-28", "holiday", None),
    ]
    assert (found["created_by"], found["reason"]) == (CALLER, "Genelge")
    assert [(year["year"], year["confirmed_by"]) for year in found["years"]] == [(2026, None)]


async def test_a_year_is_confirmed_by_the_first_who_does_it(counter: Counter) -> None:
    confirmed = (await counter.client.post("/v1/calendar/years/2027/confirm")).json()
    assert (confirmed["year"], confirmed["confirmed_by"]) == (2027, CALLER)
    counter.clock.advance(days=1)
    async with opened_client(counter.app, await new_key(counter.container, "ops")) as caller:
        assert (await caller.post("/v1/calendar/years/2027/confirm")).json() == confirmed
    assert (await counter.client.post("/v1/calendar/years/2099/confirm")).status_code == 404


async def test_what_is_seeded_once_is_not_seeded_again(counter: Counter) -> None:
    """A year that was stored stays, though the library may come to say otherwise."""
    async with counter.container.database.transaction() as session:
        year = await session.get(CalendarYear, 2026)
        assert year is not None
        kept = dict(year.days)
        year.days = {day: special for day, special in kept.items() if day != "2026-10-29"}
    try:
        await applied(counter, LEAVE)
        found = (await counter.client.get("/v1/calendar", params={"from": "2026-10-28", "to": "2026-10-30"})).json()
        assert [date.fromisoformat(day["date"]).day for day in found["days"]] == [28]
    finally:
        async with counter.container.database.transaction() as session:
            await session.execute(update(CalendarYear).where(CalendarYear.year == 2026).values(days=kept))


async def test_a_late_answer_keeps_its_verdict_whatever_is_decided_afterwards(counter: Counter) -> None:
    """C9: leave that is entered later un-breaches nothing."""
    counter.clock.set(datetime(2026, 4, 20, 10, tzinfo=ISTANBUL))
    number = await counter.open(VISIT)
    counter.clock.set(datetime(2026, 5, 12, 10, tzinfo=ISTANBUL))
    await sweep(counter.container)
    late = await counter.read(number)
    assert state(late) == "breached"
    await applied(counter, {**LEAVE, "date": "2026-05-05"}, force=True)
    assert (await counter.read(number))["clocks"][0] == late["clocks"][0]


async def test_a_year_that_comes_into_reach_is_seeded_and_moves_nothing(counter: Counter) -> None:
    number = await asked_on_monday(counter)
    container = counter.container
    assert await prolong(container.database, container.rulebooks, now=counter.clock.now()) is False
    in_two_years = counter.clock.now() + timedelta(days=730)
    assert await prolong(container.database, container.rulebooks, now=in_two_years) is True
    assert await prolong(container.database, container.rulebooks, now=in_two_years) is False
    look_again(counter)
    span = {"from": "2031-10-29", "to": "2031-10-29"}
    assert [day["name"] for day in (await counter.client.get("/v1/calendar", params=span)).json()["days"]] == [
        "Cumhuriyet Bayramı"
    ]
    found = await settle_newest(container.database, container.rulebooks, now=counter.clock.now())
    assert found is not None
    assert (found[1].looked_at, found[1].moved) == (2, 0)
    assert due(await counter.read(number), "statutory") == end_of(2026, 6, 5)


async def test_the_workers_settle_what_is_new_and_then_leave_it_alone(counter: Counter) -> None:
    """A second look after the first: whoever accepted a request meanwhile knows the new calendar by then."""
    old = (await counter.container.rulebooks.current()).calendar_version_id
    await applied(counter, LEAVE)
    number = await asked_with(counter, old)
    first = await look(counter.container, None)
    assert due(await counter.read(number), "statutory") == end_of(2026, 6, 8)
    assert first == await look(counter.container, first)
    assert await look(counter.container, first) is None
    await applied(counter, SECOND_LEAVE)
    assert await look(counter.container, None) not in {None, first}
