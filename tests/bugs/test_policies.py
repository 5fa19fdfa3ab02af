"""Bugs of other engines about which limit applies and what stops it (B42–B54)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from app.sla.limit import Limit, Unit
from app.standards.catalogue import load_catalogue
from tests.bugs.desk import armed_at, load, local, told, without_service
from tests.channels.bodies import DOORS
from tests.installation import ESENLER, START
from tests.tickets.counter import (
    AT_WORK,
    ATTORNEY_VISIT,
    CALL,
    INFORMATION,
    ORDER,
    PETITION,
    VISIT,
    Counter,
    due,
    end_of,
    kinds,
    state,
)
from workers.timers import sweep

LIMIT, LAW = end_of(2026, 6, 1), end_of(2026, 6, 11)


def steps_of(armed: dict[tuple[str, str, int], Any], clock: str) -> dict[tuple[str, int], Any]:
    """What one clock of a ticket still waits for."""
    return {(kind, level): due_at for (of, kind, level), due_at in armed.items() if of == clock}


async def test_one_clock_never_undercuts_the_other(counter: Counter) -> None:
    """B42: the limit of one clock was taken for all, so that the other fired too early or never."""
    number = await counter.open(VISIT)
    await counter.done(number, *AT_WORK)
    before = await armed_at(counter, number)
    await counter.did(number, "pause")
    assert await armed_at(counter, number) == {step: at for step, at in before.items() if step[0] == "statutory"}
    counter.clock.advance(days=9)
    await counter.did(number, "resume")
    after = await armed_at(counter, number)
    assert steps_of(after, "statutory") == steps_of(before, "statutory")
    assert steps_of(after, "promise")["escalation", 1] == end_of(
        2026, 6, 4
    )  # 27 May + 8 dates: the day of the start is not counted
    await counter.did(number, "interim_reply")
    assert await armed_at(counter, number) == {step: at for step, at in after.items() if step[0] == "promise"}


async def test_nothing_is_told_after_the_office_had_the_last_word(counter: Counter) -> None:
    """B43, B72: it escalated although the answer was out, because somebody wrote something afterwards."""
    number = await counter.open(VISIT)
    counter.clock.advance(days=10)
    await counter.done(number, "resolve", "comment", "callback", "comment")
    counter.clock.advance(days=60)
    await sweep(counter.container)
    await counter.did(number, "comment")
    await sweep(counter.container)
    assert {key for key in await told(counter) if key[0] != "warning"} == set()
    assert (await counter.read(number))["overdue"] is False


async def test_every_door_starts_the_promise_and_only_an_answer_stops_it(counter: Counter) -> None:
    """B44: a note by way of the web started no clock, and an agent's public answer stopped none."""
    for door, body in DOORS.items():
        answer = await counter.client.post(door, json=body)
        assert answer.status_code in {200, 201}, answer.text
    numbers = [item["number"] for item in (await counter.client.get("/v1/tickets")).json()["items"]]
    assert len(numbers) == len(DOORS)
    for number in numbers:
        assert state(await counter.read(number)) == "running"
        assert state(await counter.did(number, "comment")) == "running"
        assert state(await counter.did(number, "resolve")) == "met"


async def test_the_first_resume_already_moves_date_and_timers(counter: Counter) -> None:
    """B45: the deadline was brought up to date with the second reply only."""
    number = await counter.open(CALL)
    await counter.done(number, *AT_WORK, "pause")
    assert await armed_at(counter, number) == {}
    counter.clock.advance(days=9)
    resumed = await counter.did(number, "resume")
    assert due(resumed) == end_of(2026, 6, 4)
    assert steps_of(await armed_at(counter, number), "promise")["escalation", 1] == end_of(2026, 6, 4)
    [row] = await counter.rows_of_clocks(number)
    assert row.due_at == end_of(2026, 6, 4)


async def test_a_service_that_left_the_table_ends_its_tickets_in_order(own_counter: Counter) -> None:
    """B47: after a limit was deleted, its notices went on for ever; a pinned one is kept to its end, and no longer."""
    counter = own_counter
    number, answered = await counter.open(CALL), await counter.open(CALL)
    counter.clock.set(LIMIT)
    await sweep(counter.container)
    await load(counter, without_service("call-center", heir="field"))
    refused = await counter.client.post("/v1/tickets", json={**CALL, "service": "call-center"})
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "unknown_service")
    await counter.did(answered, "resolve")
    for _ in range(30):
        counter.clock.advance(days=1)
        await sweep(counter.container)
    assert await told(counter) == {("escalation_1", 1, 1): 2, ("escalation_2", 2, 1): 1}
    await counter.done(number, "refer", "accept", "pause", "resume", "interim_reply", "resolve", "reopen", "withdraw")
    assert [clock.state for clock in await counter.rows_of_clocks(number)] == ["breached", "cancelled"]


async def test_documents_of_a_service_that_left_the_table_can_still_be_handed_in(own_counter: Counter) -> None:
    """B47: what was promised under an older table is carried out under it."""
    counter = own_counter
    number = await counter.open(ATTORNEY_VISIT)
    await load(counter, without_service("solution-desk", heir="field"))
    ticket = await counter.did(number, "provide_documents")
    assert due(ticket) == LIMIT


async def test_a_promise_that_waited_for_documents_is_the_one_of_the_table_it_was_made_under(
    own_counter: Counter,
) -> None:
    """B47: a table that changed while the citizen fetched a document asks and gives what the old one did."""
    counter = own_counter
    number = await counter.open(ATTORNEY_VISIT)
    table = load_catalogue(ESENLER)
    changed = tuple(
        replace(one, limit=Limit(40, Unit.CALENDAR_DAY), documents=()) if one.code == "solution-desk" else one
        for one in table.services
    )
    await load(counter, replace(table, services=changed, sha256="1" * 64))
    assert due(await counter.did(number, "provide_documents")) == LIMIT
    assert state(await counter.did(number, "request_documents")) == "paused"


async def test_a_ticket_moved_to_a_service_that_came_and_went_goes_on(own_counter: Counter) -> None:
    """B47: neither the first table nor the present one knows the service."""
    counter = own_counter
    table = load_catalogue(ESENLER)
    old = without_service("info-desk", heir="field")
    await load(counter, old)
    number = await counter.open(ATTORNEY_VISIT)
    counter.clock.advance(seconds=1)
    await load(counter, replace(table, sha256="2" * 64))
    await counter.did(number, "reclassify", {"service": "info-desk", "reason": "Danışma konusudur."})
    counter.clock.advance(seconds=1)
    await load(counter, replace(old, sha256="3" * 64))
    assert due(await counter.did(number, "provide_documents")) == end_of(2026, 5, 13)


async def test_what_an_interim_reply_keeps_is_what_the_rules_of_the_ticket_say(own_counter: Counter) -> None:
    """B77: a rule that was saved and that nothing read; a clock of before it was pinned goes by the law as it was."""
    counter, table = own_counter, load_catalogue(ESENLER)
    before, unpinned = await counter.open(VISIT), await counter.open(VISIT)
    async with counter.container.database.transaction() as session:
        forget = text(
            "UPDATE sla_clock SET policy = policy - 'interim_reply_satisfies' FROM ticket"
            " WHERE ticket.id = ticket_id AND ticket.number = :number"
        )
        await session.execute(forget, {"number": unpinned})
    counter.clock.advance(seconds=1)
    stricter = tuple(replace(regime, interim_reply_satisfies=False) for regime in table.regimes)
    await load(counter, replace(table, regimes=stricter, sha256="4" * 64))
    after = await counter.open(VISIT)
    found = [state(await counter.did(number, "interim_reply"), "statutory") for number in (before, unpinned, after)]
    assert found == ["met", "met", "running"]


async def test_the_hours_of_a_service_that_left_the_table_are_still_counted(own_counter: Counter) -> None:
    """B47: an order of the old table runs in hours that no service has any more, and leave is counted in them too."""
    counter = own_counter
    number = await counter.open(ORDER)
    answered = await counter.open(ORDER)
    await counter.did(answered, "resolve")
    table = without_service("hospitality", heir="field")
    hours = {name: week for name, week in table.hours.items() if name != "hospitality"}
    assert len(hours) < len(table.hours)
    await load(counter, replace(table, hours=hours))
    leave = {"date": "2026-05-12", "kind": "leave", "name": "İdari izin", "counts_as_working": []}
    moved = await counter.client.post("/v1/calendar/apply", json={"days": [leave], "reason": "Genelge"})
    assert (moved.status_code, moved.json()["moved"]) == (200, 1)
    counter.container.rulebooks._checked = -1000.0
    assert due(await counter.read(number)) == local("2026-05-13T08:40")
    assert due(await counter.did(answered, "reopen")) == local("2026-05-13T08:40")


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
async def test_what_is_not_said_matches_nothing_by_accident(
    counter: Counter, body: dict[str, Any], expected: list[str]
) -> None:
    """B48: a blank condition caught everything, a default was the wrong way round, "no limit" could not be had."""
    assert kinds(await counter.read(await counter.open(body))) == expected


@pytest.mark.parametrize("service", ["", " ", "Call-Center", "call_center", "*"])
async def test_a_blank_service_is_no_service(counter: Counter, service: str) -> None:
    """B48: an empty value is refused by name and never taken for "any"."""
    answer = await counter.client.post("/v1/tickets", json={**CALL, "service": service})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/service")


async def test_no_limit_is_not_a_limit_of_nothing(counter: Counter) -> None:
    """B49: a ticket without a target was counted as failed, as if the target had been 0."""
    thanks, waiting = await counter.open(VISIT, kind="thanks"), await counter.open(ATTORNEY_VISIT)
    counter.clock.advance(days=400)
    await sweep(counter.container)
    late = (await counter.client.get("/v1/tickets", params={"overdue": True})).json()["items"]
    assert late == []
    for number in (thanks, waiting):
        assert (await counter.read(number))["overdue"] is False
    assert (await counter.did(thanks, "resolve"))["clocks"] == []
    assert {key[0] for key in await told(counter)} == {"escalation_2"}  # the law's limit of the one that waits


async def test_steps_are_measured_on_their_own_clock(counter: Counter) -> None:
    """B50: the steps of one limit were computed from the date of the other."""
    armed = await armed_at(counter, await counter.open(VISIT))
    assert steps_of(armed, "promise") == {
        ("warning", 50): START + (LIMIT - START) * 50 // 100,
        ("warning", 80): START + (LIMIT - START) * 80 // 100,
        ("escalation", 1): LIMIT,
    }
    assert steps_of(armed, "statutory") == {("legal_risk", 2): end_of(2026, 6, 8), ("breach", 1): LAW}


async def test_steps_are_measured_from_the_start_of_their_clock(counter: Counter) -> None:
    """B51: they were measured from the opening of the ticket, though the clock had started later."""
    number = await counter.open(ATTORNEY_VISIT)
    started = counter.clock.advance(days=20)
    await counter.did(number, "provide_documents")
    limit = end_of(2026, 6, 16)
    assert steps_of(await armed_at(counter, number), "promise") == {
        ("warning", 50): started + (limit - started) * 50 // 100,
        ("warning", 80): started + (limit - started) * 80 // 100,
        ("escalation", 1): limit,
    }
    assert await sweep(counter.container) == 0


async def test_a_second_report_of_the_same_matter_has_its_whole_limit(counter: Counter) -> None:
    """B53: a copy inherited what was left of the first one's time."""
    first = await counter.open(CALL)
    counter.clock.advance(days=14)
    second = await counter.open(CALL)
    own = await counter.clock_of(second)
    assert due(await counter.read(second)) == end_of(2026, 6, 10)
    await counter.did(first, "link_duplicate", {"duplicate_of": second})
    assert await counter.clock_of(second) == own
    counter.clock.set(LIMIT + timedelta(days=2))
    await sweep(counter.container)
    assert await told(counter) == {("warning", 50, 1): 1}
