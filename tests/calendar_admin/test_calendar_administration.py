"""A change of the calendar is previewed, then moves due dates; both dates stay and no notice is repeated."""

import asyncio
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from httpx import Response
from sqlalchemy import delete, func, select, update

from app.calendar_admin.service import seed_next_year, settle_newest
from app.core.clock import ISTANBUL
from app.sla.calendar import DayKind, SpecialDay
from app.sla.model import CalendarDecision, CalendarVersion, CalendarYear, Checkpoint, SlaClock
from app.standards.catalogue import load_catalogue
from app.tickets.model import Ticket
from tests.bugs.steps import load
from tests.desk import CALL, INFORMATION, VISIT, Desk, due, end_of, opened_desk, state
from tests.installation import ESENLER, new_key, opened_client
from tests.limit_notices import escalation, warning
from tests.servers import TestServers
from workers.calendar import settle_calendar
from workers.timers import sweep

LEAVE = {"date": "2026-05-25", "kind": "leave", "name": "İdari izin", "counts_as_working": []}
SECOND_LEAVE = {**LEAVE, "date": "2026-05-26"}
CALLER = "developer (test)"
MONDAY = datetime(2026, 5, 11, 10, tzinfo=ISTANBUL)


@pytest.fixture(autouse=True)
async def no_decisions(desk: Desk) -> None:
    """Each test begins with the calendar as it was seeded."""
    async with desk.container.database.transaction() as session:
        await session.execute(delete(CalendarDecision))
        await session.execute(update(CalendarYear).values(confirmed_at=None, confirmed_by=None))
        first = select(CalendarVersion.id).order_by(CalendarVersion.id).limit(1)  # ids rise with real time
        oldest = await session.scalar(first)
        await session.execute(delete(CalendarVersion).where(CalendarVersion.id != oldest))
        await session.execute(update(CalendarVersion).values(settled_at=None))
    expire_cached_rules(desk)


def expire_cached_rules(desk: Desk) -> None:
    """Expire the cached rules, so that the next request reads the newest version."""
    desk.container.rulebooks._read_at = -1000.0


async def change(desk: Desk, what: str, **body: Any) -> Response:
    expire_cached_rules(desk)
    answer = await desk.client.post(f"/v1/calendar/{what}", json=body)
    expire_cached_rules(desk)
    return answer


async def applied(desk: Desk, *days: dict[str, Any], **other: Any) -> dict[str, Any]:
    answer = await change(desk, "apply", days=list(days), reason="Genelge", **other)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def armed_levels(desk: Desk) -> list[datetime]:
    """Return the instants of the armed levels."""
    armed = select(Checkpoint.due_at).where(Checkpoint.kind == "escalation", Checkpoint.state == "armed")
    async with desk.container.database.reading() as session:
        return list(await session.scalars(armed.order_by(Checkpoint.due_at)))


async def asked_on_monday(desk: Desk) -> str:
    """Information requested on Monday 11 May: 15 working days end on 5 June."""
    desk.clock.set(MONDAY)
    number = await desk.open(INFORMATION)
    assert due(await desk.read(number), "statutory") == end_of(2026, 6, 5)
    return number


async def test_leave_that_does_not_count_moves_working_days_and_one_that_counts_does_not(desk: Desk) -> None:
    """With leave on 25 and 26 May, 15 working days from 11 May end on 5 June if it counts, on 9 June if not."""
    number = await asked_on_monday(desk)
    counting = [{**day, "counts_as_working": ["promise", "statutory"]} for day in (LEAVE, SECOND_LEAVE)]
    assert (await applied(desk, *counting))["moved"] == 0
    assert due(await desk.read(number), "statutory") == end_of(2026, 6, 5)
    await applied(desk, LEAVE, SECOND_LEAVE)
    assert due(await desk.read(number), "statutory") == end_of(2026, 6, 9)


async def test_a_preview_says_what_moves_and_moves_nothing(desk: Desk) -> None:
    first, second = await asked_on_monday(desk), await asked_on_monday(desk)
    before = await desk.read(first)
    answer = await change(desk, "preview", days=[LEAVE])
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert (found["open_clocks"], found["moved"], found["earlier"], found["overdue_at_once"]) == (4, 2, 0, 0)
    assert [(one["number"], one["clock"]) for one in found["first"]] == [(first, "statutory"), (second, "statutory")]
    assert datetime.fromisoformat(found["first"][0]["old_due_at"]) == end_of(2026, 6, 5)
    assert datetime.fromisoformat(found["first"][0]["new_due_at"]) == end_of(2026, 6, 8)
    assert await desk.read(first) == before


async def test_a_previewed_change_moves_what_the_preview_said(desk: Desk) -> None:
    first, _ = await asked_on_monday(desk), await asked_on_monday(desk)
    previewed = (await change(desk, "preview", days=[LEAVE])).json()
    made = await applied(desk, LEAVE, version=previewed["version"])
    assert (made["open_clocks"], made["moved"]) == (previewed["open_clocks"], previewed["moved"]) == (4, 2)
    assert due(await desk.read(first), "statutory") == end_of(2026, 6, 8)


async def test_both_dates_stay_in_the_history_with_who_moved_them(desk: Desk) -> None:
    number = await asked_on_monday(desk)
    tag = (await desk.client.get(f"/v1/tickets/{number}")).headers["ETag"]
    version = (await applied(desk, LEAVE))["version"]
    history = await desk.timeline(number)
    event = history["items"][-1]
    assert history["chain_holds"] is True
    assert (event["kind"], event["actor"]) == ("due_moved", "system")
    [moved] = event["data"].pop("moved")
    assert event["data"] == {"cause": "calendar", "by": CALLER, "calendar_version": version}
    assert (moved["clock"], datetime.fromisoformat(moved["from"])) == ("statutory", end_of(2026, 6, 5))
    assert datetime.fromisoformat(moved["to"]) == end_of(2026, 6, 8)
    assert (await desk.client.get(f"/v1/tickets/{number}")).headers["ETag"] != tag


async def test_sent_notices_are_not_repeated_and_pending_ones_move(desk: Desk) -> None:
    """B15, B56: the 50 % warning went out; the 80 % one and the level wait for the new date."""
    desk.clock.set(datetime(2026, 5, 8, 10, tzinfo=ISTANBUL))  # 15 days end on Saturday 23 May: Monday the 25th
    number = await desk.open(CALL)
    assert due(await desk.read(number)) == end_of(2026, 5, 25)
    desk.clock.set(datetime(2026, 5, 18, 10, tzinfo=ISTANBUL))
    await sweep(desk.container)
    assert await desk.notices(number) == [warning(percent=50)]
    await applied(desk, LEAVE, SECOND_LEAVE)
    assert due(await desk.read(number)) == end_of(2026, 6, 1)  # 27 to 30 May are bayram
    desk.clock.set(end_of(2026, 5, 25) + timedelta(seconds=1))
    await sweep(desk.container)
    assert escalation(level=1) not in await desk.notices(number)
    desk.clock.set(end_of(2026, 6, 1) + timedelta(seconds=1))
    await sweep(desk.container)
    notices = await desk.notices(number)
    assert notices.count(warning(percent=50)) == 1
    assert notices.count(escalation(level=1)) == 1


async def test_an_armed_next_level_moves_too(desk: Desk) -> None:
    desk.clock.set(datetime(2026, 5, 5, 10, tzinfo=ISTANBUL))
    number = await desk.open(CALL)
    desk.clock.set(datetime(2026, 5, 21, 10, tzinfo=ISTANBUL))
    await sweep(desk.container)
    assert await armed_levels(desk) == [end_of(2026, 5, 25)]
    await applied(desk, LEAVE)
    assert await armed_levels(desk) == [end_of(2026, 5, 26)]
    assert state(await desk.read(number)) == "breached"
    assert due(await desk.read(number)) == end_of(2026, 5, 20)


async def test_a_paused_clock_counts_the_leave_when_it_resumes(desk: Desk) -> None:
    """B16."""
    desk.clock.set(MONDAY)
    number = await desk.open(CALL)
    await desk.run_all(number, "refer", "accept", "pause")
    await applied(desk, {**LEAVE, "date": "2026-06-01"})
    desk.clock.set(datetime(2026, 5, 13, 10, tzinfo=ISTANBUL))
    ticket = await desk.run(number, "resume")
    assert due(ticket) == end_of(2026, 6, 2)  # 26 May + 2 days is a bayram, and the first day after it leave


async def test_the_level_after_an_undetected_breach_counts_new_leave(desk: Desk) -> None:
    """Three working days after 25 May are 26 May, 1 and 2 June; leave on 1 June precedes the detection."""
    desk.clock.set(datetime(2026, 5, 8, 10, tzinfo=ISTANBUL))
    number = await desk.open(CALL)
    desk.clock.set(datetime(2026, 5, 26, 10, tzinfo=ISTANBUL))
    await applied(desk, {**LEAVE, "date": "2026-06-01"})
    await sweep(desk.container)
    assert due(await desk.read(number)) == end_of(2026, 5, 25)
    assert await armed_levels(desk) == [end_of(2026, 6, 3)]


async def test_dates_set_by_hand_and_of_closed_clocks_stay(desk: Desk) -> None:
    by_hand, answered = await asked_on_monday(desk), await asked_on_monday(desk)
    wished = {"due_at": end_of(2026, 5, 25).isoformat(), "reason": "Anlaşıldı."}
    await desk.run(by_hand, "override_due", wished)
    settled = await desk.run(answered, "resolve")
    await applied(desk, LEAVE)
    assert due(await desk.read(by_hand)) == end_of(2026, 5, 25)
    assert (await desk.read(answered))["clocks"] == settled["clocks"]


async def test_a_working_saturday_makes_limits_of_working_days_end_earlier(desk: Desk) -> None:
    number = await asked_on_monday(desk)
    saturday = {"date": "2026-05-16", "kind": "working", "name": "Telafi", "segments": ["09:00-13:00"]}
    assert (await change(desk, "preview", days=[saturday])).json()["earlier"] == 1
    await applied(desk, saturday)
    assert due(await desk.read(number), "statutory") == end_of(2026, 6, 4)


async def test_a_revoked_decision_moves_the_dates_back_and_stays_on_record(desk: Desk) -> None:
    number = await asked_on_monday(desk)
    await applied(desk, LEAVE)
    answer = await change(desk, "apply", revoke=["2026-05-25"], reason="Geri alındı")
    assert answer.json()["moved"] == 1
    assert due(await desk.read(number), "statutory") == end_of(2026, 6, 5)
    async with desk.container.database.reading() as session:
        [row] = await session.scalars(select(CalendarDecision))
        assert (row.decided_by, row.revoked_by, row.revoked_at is not None) == (CALLER, CALLER, True)


async def test_a_date_decided_on_again_replaces_the_decision(desk: Desk) -> None:
    number = await asked_on_monday(desk)
    await applied(desk, LEAVE)
    await applied(desk, {**LEAVE, "counts_as_working": ["statutory"]})
    assert due(await desk.read(number), "statutory") == end_of(2026, 6, 5)


async def test_the_same_change_twice_makes_no_second_version(desk: Desk) -> None:
    assert (await applied(desk, LEAVE))["version"] == (await applied(desk, LEAVE))["version"]


async def test_tickets_opened_afterwards_know_the_leave(desk: Desk) -> None:
    await applied(desk, LEAVE)
    desk.clock.set(MONDAY)
    assert due(await desk.read(await desk.open(INFORMATION)), "statutory") == end_of(2026, 6, 8)


async def test_a_closure_in_the_folder_reaches_open_tickets(
    servers: TestServers, template: str, tmp_path: Path
) -> None:
    """Hours and closures belong to the calendar, wherever they are written; limits belong to the policy, and stay."""
    async with opened_desk(servers, template, tmp_path) as desk:
        number = await asked_on_monday(desk)
        table = load_catalogue(ESENLER)
        leave = SpecialDay(DayKind.LEAVE, "İdari izin", counts_as_working=frozenset())
        await load(desk, replace(table, closures={date(2026, 5, 25): leave}, sha256="c" * 64))
        assert await settle_calendar(desk.container, None) is not None
        assert due(await desk.read(number), "statutory") == end_of(2026, 6, 8)


async def test_a_ticket_that_was_dated_with_the_calendar_before_is_found_by_the_workers(desk: Desk) -> None:
    """A request accepted while the change was made: its process had only the old calendar."""
    container = desk.container
    old = (await container.rulebooks.current()).calendar_version_id
    await applied(desk, LEAVE)
    number = await asked_with(desk, old)
    found = await settle_newest(container.database, container.rulebooks, now=desk.clock.now())
    assert found is not None
    assert (found[1].examined, found[1].moved) == (2, 1)
    assert due(await desk.read(number), "statutory") == end_of(2026, 6, 8)
    again = await settle_newest(container.database, container.rulebooks, now=desk.clock.now())
    assert again is not None
    assert again[1].examined == 0


async def asked_with(desk: Desk, version: Any) -> str:
    """Return a request dated by an older calendar."""
    desk.clock.set(MONDAY)
    number = await desk.open(INFORMATION)
    async with desk.container.database.transaction() as session:
        mine = select(Ticket.id).where(Ticket.number == number).scalar_subquery()
        await session.execute(
            update(SlaClock)
            .where(SlaClock.ticket_id == mine, SlaClock.kind == "statutory")
            .values(due_at=end_of(2026, 6, 5))
        )
        await session.execute(update(SlaClock).where(SlaClock.ticket_id == mine).values(calendar_version_id=version))
    return number


async def test_two_concurrent_changes_are_both_stored(desk: Desk) -> None:
    number = await asked_on_monday(desk)
    both = await asyncio.gather(*(change(desk, "apply", days=[day], reason="Genelge") for day in (LEAVE, SECOND_LEAVE)))
    assert [answer.status_code for answer in both] == [200, 200]
    await settle_newest(desk.container.database, desk.container.rulebooks, now=desk.clock.now())
    assert due(await desk.read(number), "statutory") == end_of(2026, 6, 9)


async def test_a_change_previewed_on_another_calendar_is_refused(desk: Desk) -> None:
    version = (await change(desk, "preview", days=[LEAVE])).json()["version"]
    await applied(desk, SECOND_LEAVE)
    refused = await change(desk, "apply", days=[LEAVE], reason="Genelge", version=version)
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
async def test_an_invalid_change_names_its_field_and_changes_nothing(
    desk: Desk, body: dict[str, Any], pointer: str, code: str
) -> None:
    before = await versions(desk)
    refused = await change(desk, "apply", **body, reason="Genelge")
    assert refused.status_code == 422, refused.text
    assert [(one["pointer"], one["code"]) for one in refused.json()["errors"]] == [(pointer, code)]
    assert await versions(desk) == before


async def versions(desk: Desk) -> int:
    async with desk.container.database.reading() as session:
        return int(await session.scalar(select(func.count()).select_from(CalendarVersion)) or 0)


async def test_a_past_date_needs_force(desk: Desk) -> None:
    number = await asked_on_monday(desk)
    desk.clock.set(datetime(2026, 5, 20, 10, tzinfo=ISTANBUL))
    await applied(desk, {**LEAVE, "date": "2026-05-13"}, force=True)
    assert due(await desk.read(number), "statutory") == end_of(2026, 6, 8)


async def test_only_an_administrator_changes_the_calendar(desk: Desk) -> None:
    for role, status in (("desk", 403), ("unit-officer", 403), ("ops", 200), ("pr-director", 200)):
        async with opened_client(desk.app, await new_key(desk.container, role)) as caller:
            assert (await caller.get("/v1/calendar")).status_code == 200
            for what in ("preview", "apply"):
                answer = await caller.post(
                    f"/v1/calendar/{what}",
                    json={"days": [LEAVE], "reason": "Genelge"} if what == "apply" else {"days": [LEAVE]},
                )
                assert answer.status_code == status, answer.text


async def test_the_calendar_is_read_with_who_decided_what(desk: Desk) -> None:
    await applied(desk, LEAVE)
    span = {"from": "2026-05-19", "to": "2026-05-28"}
    found = (await desk.client.get("/v1/calendar", params=span)).json()
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


async def test_a_year_is_confirmed_by_the_first_who_does_it(desk: Desk) -> None:
    confirmed = (await desk.client.post("/v1/calendar/years/2027/confirm")).json()
    assert (confirmed["year"], confirmed["confirmed_by"]) == (2027, CALLER)
    desk.clock.advance(days=1)
    async with opened_client(desk.app, await new_key(desk.container, "ops")) as caller:
        assert (await caller.post("/v1/calendar/years/2027/confirm")).json() == confirmed
    assert (await desk.client.post("/v1/calendar/years/2099/confirm")).status_code == 404


async def test_what_is_seeded_once_is_not_seeded_again(desk: Desk) -> None:
    """A year that was stored stays, even if the library changes."""
    async with desk.container.database.transaction() as session:
        year = await session.get(CalendarYear, 2026)
        assert year is not None
        stored = dict(year.days)
        year.days = {day: special for day, special in stored.items() if day != "2026-10-29"}
    try:
        await applied(desk, LEAVE)
        found = (await desk.client.get("/v1/calendar", params={"from": "2026-10-28", "to": "2026-10-30"})).json()
        assert [date.fromisoformat(day["date"]).day for day in found["days"]] == [28]
    finally:
        async with desk.container.database.transaction() as session:
            await session.execute(update(CalendarYear).where(CalendarYear.year == 2026).values(days=stored))


async def test_a_late_answer_keeps_its_verdict_whatever_is_decided_afterwards(desk: Desk) -> None:
    """C9: leave that is entered later un-breaches nothing."""
    desk.clock.set(datetime(2026, 4, 20, 10, tzinfo=ISTANBUL))
    number = await desk.open(VISIT)
    desk.clock.set(datetime(2026, 5, 12, 10, tzinfo=ISTANBUL))
    await sweep(desk.container)
    late = await desk.read(number)
    assert state(late) == "breached"
    await applied(desk, {**LEAVE, "date": "2026-05-05"}, force=True)
    assert (await desk.read(number))["clocks"][0] == late["clocks"][0]


async def test_the_next_year_is_seeded_and_moves_nothing(desk: Desk) -> None:
    number = await asked_on_monday(desk)
    container = desk.container
    assert await seed_next_year(container.database, container.rulebooks, now=desk.clock.now()) is False
    in_two_years = desk.clock.now() + timedelta(days=730)
    assert await seed_next_year(container.database, container.rulebooks, now=in_two_years) is True
    assert await seed_next_year(container.database, container.rulebooks, now=in_two_years) is False
    expire_cached_rules(desk)
    span = {"from": "2031-10-29", "to": "2031-10-29"}
    assert [day["name"] for day in (await desk.client.get("/v1/calendar", params=span)).json()["days"]] == [
        "Cumhuriyet Bayramı"
    ]
    found = await settle_newest(container.database, container.rulebooks, now=desk.clock.now())
    assert found is not None
    assert (found[1].examined, found[1].moved) == (2, 0)
    assert due(await desk.read(number), "statutory") == end_of(2026, 6, 5)


async def test_the_workers_settle_a_new_version_once(desk: Desk) -> None:
    """A second check follows the first: by then every process knows the new calendar."""
    old = (await desk.container.rulebooks.current()).calendar_version_id
    await applied(desk, LEAVE)
    number = await asked_with(desk, old)
    first = await settle_calendar(desk.container, None)
    assert due(await desk.read(number), "statutory") == end_of(2026, 6, 8)
    assert first == await settle_calendar(desk.container, first)
    assert await settle_calendar(desk.container, first) is None
    await applied(desk, SECOND_LEAVE)
    assert await settle_calendar(desk.container, None) not in {None, first}
