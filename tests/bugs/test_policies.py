"""Bugs of other engines about the choice of the limit and its end (B42–B54)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from app.sla.limit import Limit, Unit
from app.standards.catalogue import load_catalogue
from tests.bugs.steps import armed_at, load, local, notices_of_limits, without_service
from tests.channels.bodies import MESSAGES
from tests.desk import (
    AT_WORK,
    ATTORNEY_VISIT,
    CALL,
    INFORMATION,
    ORDER,
    PETITION,
    VISIT,
    Desk,
    due,
    end_of,
    kinds,
    state,
)
from tests.installation import ESENLER, START
from tests.limit_notices import escalation, warning
from workers.timers import sweep

LIMIT, LAW = end_of(2026, 6, 1), end_of(2026, 6, 11)


def steps_of(armed: dict[tuple[str, str, int], Any], clock: str) -> dict[tuple[str, int], Any]:
    """Return the armed checkpoints of one clock of a ticket."""
    return {(kind, level): due_at for (of, kind, level), due_at in armed.items() if of == clock}


async def test_one_clock_never_undercuts_the_other(desk: Desk) -> None:
    """B42: the limit of one clock was taken for all, so that the other fired too early or never."""
    number = await desk.open(VISIT)
    await desk.run_all(number, *AT_WORK)
    before = await armed_at(desk, number)
    await desk.run(number, "pause")
    assert await armed_at(desk, number) == {step: at for step, at in before.items() if step[0] == "statutory"}
    desk.clock.advance(days=9)
    await desk.run(number, "resume")
    after = await armed_at(desk, number)
    assert steps_of(after, "statutory") == steps_of(before, "statutory")
    assert steps_of(after, "promise")["escalation", 1] == end_of(
        2026, 6, 4
    )  # 27 May + 8 dates: the day of the start is not counted
    await desk.run(number, "interim_reply")
    assert await armed_at(desk, number) == {step: at for step, at in after.items() if step[0] == "promise"}


async def test_no_notice_follows_after_the_answer(desk: Desk) -> None:
    """B43, B72: it escalated after the answer was sent, because a user wrote a comment afterwards."""
    number = await desk.open(VISIT)
    desk.clock.advance(days=10)
    await desk.run_all(number, "resolve", "comment", "callback", "comment")
    desk.clock.advance(days=60)
    await sweep(desk.container)
    await desk.run(number, "comment")
    await sweep(desk.container)
    assert {notice.kind for notice in await notices_of_limits(desk)} <= {"warning"}
    assert (await desk.read(number))["overdue"] is False


async def test_every_channel_starts_the_promise_and_only_an_answer_stops_it(desk: Desk) -> None:
    """B44: a note from the web started no clock, and an agent's public answer stopped none."""
    for path, body in MESSAGES.items():
        answer = await desk.client.post(path, json=body)
        assert answer.status_code in {200, 201}, answer.text
    numbers = [item["number"] for item in (await desk.client.get("/v1/tickets")).json()["items"]]
    assert len(numbers) == len(MESSAGES)
    for number in numbers:
        assert state(await desk.read(number)) == "running"
        assert state(await desk.run(number, "comment")) == "running"
        assert state(await desk.run(number, "resolve")) == "met"


async def test_the_first_resume_already_moves_date_and_timers(desk: Desk) -> None:
    """B45: the deadline was updated with the second reply only."""
    number = await desk.open(CALL)
    await desk.run_all(number, *AT_WORK, "pause")
    assert await armed_at(desk, number) == {}
    desk.clock.advance(days=9)
    resumed = await desk.run(number, "resume")
    assert due(resumed) == end_of(2026, 6, 4)
    assert steps_of(await armed_at(desk, number), "promise")["escalation", 1] == end_of(2026, 6, 4)
    [row] = await desk.rows_of_clocks(number)
    assert row.due_at == end_of(2026, 6, 4)


async def test_a_service_that_left_the_table_ends_its_tickets_in_order(own_desk: Desk) -> None:
    """B47: after a limit was deleted, its notices never stopped; a pinned limit runs to its end, and no longer."""
    desk = own_desk
    number, answered = await desk.open(CALL), await desk.open(CALL)
    desk.clock.set(LIMIT)
    await sweep(desk.container)
    await load(desk, without_service("call-center", heir="field"))
    refused = await desk.client.post("/v1/tickets", json={**CALL, "service": "call-center"})
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "unknown_service")
    await desk.run(answered, "resolve")
    for _ in range(30):
        desk.clock.advance(days=1)
        await sweep(desk.container)
    assert await notices_of_limits(desk) == {escalation(level=1): 2, escalation(level=2): 1}
    await desk.run_all(number, "refer", "accept", "pause", "resume", "interim_reply", "resolve", "reopen", "withdraw")
    assert [clock.state for clock in await desk.rows_of_clocks(number)] == ["breached", "cancelled"]


async def test_documents_of_a_service_that_left_the_table_can_still_be_handed_in(own_desk: Desk) -> None:
    """B47: a promise of an older table is fulfilled under it."""
    desk = own_desk
    number = await desk.open(ATTORNEY_VISIT)
    await load(desk, without_service("solution-desk", heir="field"))
    ticket = await desk.run(number, "provide_documents")
    assert due(ticket) == LIMIT


async def test_a_promise_that_waited_for_documents_is_the_one_of_the_table_it_was_made_under(
    own_desk: Desk,
) -> None:
    """B47: a table that changed while the citizen fetched a document requires and promises the same as the old one."""
    desk = own_desk
    number = await desk.open(ATTORNEY_VISIT)
    table = load_catalogue(ESENLER)
    changed = tuple(
        replace(one, limit=Limit(40, Unit.CALENDAR_DAY), documents=()) if one.code == "solution-desk" else one
        for one in table.services
    )
    await load(desk, replace(table, services=changed, sha256="1" * 64))
    assert due(await desk.run(number, "provide_documents")) == LIMIT
    assert state(await desk.run(number, "request_documents")) == "paused"


async def test_a_ticket_moved_to_a_service_that_came_and_went_goes_on(own_desk: Desk) -> None:
    """B47: neither the first table nor the present one knows the service."""
    desk = own_desk
    table = load_catalogue(ESENLER)
    old = without_service("info-desk", heir="field")
    await load(desk, old)
    number = await desk.open(ATTORNEY_VISIT)
    desk.clock.advance(seconds=1)
    await load(desk, replace(table, sha256="2" * 64))
    await desk.run(number, "reclassify", {"service": "info-desk", "reason": "Danışma konusudur."})
    desk.clock.advance(seconds=1)
    await load(desk, replace(old, sha256="3" * 64))
    assert due(await desk.run(number, "provide_documents")) == end_of(2026, 5, 13)


async def test_an_interim_reply_meets_the_limits_of_the_pinned_rules(own_desk: Desk) -> None:
    """B77: a rule that was stored and never read; a clock from before it was pinned follows the former law."""
    desk, table = own_desk, load_catalogue(ESENLER)
    before, unpinned = await desk.open(VISIT), await desk.open(VISIT)
    async with desk.container.database.transaction() as session:
        forget = text(
            "UPDATE sla_clock SET policy = policy - 'interim_reply_satisfies' FROM ticket"
            " WHERE ticket.id = ticket_id AND ticket.number = :number"
        )
        await session.execute(forget, {"number": unpinned})
    desk.clock.advance(seconds=1)
    stricter = tuple(replace(regime, interim_reply_satisfies=False) for regime in table.regimes)
    await load(desk, replace(table, regimes=stricter, sha256="4" * 64))
    after = await desk.open(VISIT)
    found = [state(await desk.run(number, "interim_reply"), "statutory") for number in (before, unpinned, after)]
    assert found == ["met", "met", "running"]


async def test_the_hours_of_a_service_that_left_the_table_are_still_counted(own_desk: Desk) -> None:
    """B47: an order of the old table runs in hours that no service has any more; leave counts in them too."""
    desk = own_desk
    number = await desk.open(ORDER)
    answered = await desk.open(ORDER)
    await desk.run(answered, "resolve")
    table = without_service("hospitality", heir="field")
    hours = {name: week for name, week in table.hours.items() if name != "hospitality"}
    assert len(hours) < len(table.hours)
    await load(desk, replace(table, hours=hours))
    leave = {"date": "2026-05-12", "kind": "leave", "name": "İdari izin", "counts_as_working": []}
    moved = await desk.client.post("/v1/calendar/apply", json={"days": [leave], "reason": "Genelge"})
    assert (moved.status_code, moved.json()["moved"]) == (200, 1)
    desk.container.rulebooks._read_at = -1000.0
    assert due(await desk.read(number)) == local("2026-05-13T08:40")
    assert due(await desk.run(answered, "reopen")) == local("2026-05-13T08:40")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (CALL, ["promise"]),
        ({**CALL, "channel": "sms"}, ["promise"]),
        ({**CALL, "channel": "sms", "formal": True, "documents": ["petition"]}, ["promise", "statutory"]),
        (ORDER, ["promise"]),
        (VISIT, ["promise", "statutory"]),
        (PETITION, ["promise", "statutory"]),
        (INFORMATION, ["promise", "statutory"]),
        ({**VISIT, "kind": "thanks"}, []),
    ],
)
async def test_an_empty_condition_matches_nothing_by_accident(
    desk: Desk, body: dict[str, Any], expected: list[str]
) -> None:
    """B48: a blank condition caught everything, a default was inverted, "no limit" was not possible."""
    assert kinds(await desk.read(await desk.open(body))) == expected


@pytest.mark.parametrize("service", ["", " ", "Call-Center", "call_center", "*"])
async def test_a_blank_service_is_no_service(desk: Desk, service: str) -> None:
    """B48: an empty value is refused by name and never taken for "any"."""
    answer = await desk.client.post("/v1/tickets", json={**CALL, "service": service})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/service")


async def test_no_limit_is_not_a_limit_of_nothing(desk: Desk) -> None:
    """B49: a ticket without a target was counted as failed, as if the target had been 0."""
    thanks, waiting = await desk.open(VISIT, kind="thanks"), await desk.open(ATTORNEY_VISIT)
    desk.clock.advance(days=400)
    await sweep(desk.container)
    late = (await desk.client.get("/v1/tickets", params={"overdue": True})).json()["items"]
    assert late == []
    for number in (thanks, waiting):
        assert (await desk.read(number))["overdue"] is False
    assert (await desk.run(thanks, "resolve"))["clocks"] == []
    assert {notice.kind for notice in await notices_of_limits(desk)} == {"escalation_2"}  # of the waiting one's law


async def test_steps_are_measured_on_their_own_clock(desk: Desk) -> None:
    """B50: the steps of one limit were computed from the date of the other."""
    armed = await armed_at(desk, await desk.open(VISIT))
    assert steps_of(armed, "promise") == {
        ("warning", 50): START + (LIMIT - START) * 50 // 100,
        ("warning", 80): START + (LIMIT - START) * 80 // 100,
        ("escalation", 1): LIMIT,
    }
    assert steps_of(armed, "statutory") == {("legal_risk", 2): end_of(2026, 6, 8), ("breach", 1): LAW}


async def test_steps_are_measured_from_the_start_of_their_clock(desk: Desk) -> None:
    """B51: they were measured from the opening of the ticket, though the clock had started later."""
    number = await desk.open(ATTORNEY_VISIT)
    started = desk.clock.advance(days=20)
    await desk.run(number, "provide_documents")
    limit = end_of(2026, 6, 16)
    assert steps_of(await armed_at(desk, number), "promise") == {
        ("warning", 50): started + (limit - started) * 50 // 100,
        ("warning", 80): started + (limit - started) * 80 // 100,
        ("escalation", 1): limit,
    }
    assert await sweep(desk.container) == 0


async def test_a_second_report_of_the_same_matter_has_its_whole_limit(desk: Desk) -> None:
    """B53: a copy inherited the rest of the first ticket's time."""
    first = await desk.open(CALL)
    desk.clock.advance(days=14)
    second = await desk.open(CALL)
    own = await desk.clock_of(second)
    assert due(await desk.read(second)) == end_of(2026, 6, 10)
    await desk.run(first, "link_duplicate", {"duplicate_of": second})
    assert await desk.clock_of(second) == own
    desk.clock.set(LIMIT + timedelta(days=2))
    await sweep(desk.container)
    assert await notices_of_limits(desk) == {warning(percent=50): 1}
