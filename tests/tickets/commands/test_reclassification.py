"""Reclassification: the limits of another service count from the original start, with the recorded pauses."""

from datetime import datetime, timedelta

import pytest

from tests.desk import (
    ATTORNEY_VISIT,
    CALL,
    INFORMATION,
    ORDER,
    VISIT,
    Desk,
    due,
    end_of,
    kinds,
    state,
)
from tests.limit_notices import escalation
from tests.tickets.commands.steps import APRIL_28, noon
from workers.timers import sweep


async def test_another_service_counts_from_the_original_start_with_the_pauses_there_were(desk: Desk) -> None:
    """B30, B51: a call of Tuesday 12 May is moved on the 20th, after a pause from the 13th to the 15th."""
    number = await desk.open(CALL)
    await desk.run_all(number, "refer", "accept")
    desk.clock.set(noon(5, 13))
    await desk.run(number, "pause")
    desk.clock.set(noon(5, 15))
    await desk.run(number, "resume")
    desk.clock.set(noon(5, 20))
    ticket = await desk.run(number, "reclassify", {"service": "solution-desk", "reason": "Masaya aittir."})
    assert ticket["service"] == "solution-desk"
    assert kinds(ticket) == ["promise", "statutory"]
    assert due(ticket) == end_of(2026, 6, 1)  # 27 May + 2 days, a bayram
    assert due(ticket, "statutory") == end_of(2026, 6, 11)  # law 3071: 30 days from the call, never paused


async def test_a_shorter_service_may_be_late_at_once_and_is_breached_on_its_true_instant(desk: Desk) -> None:
    number = await desk.open(CALL)
    desk.clock.set(noon(5, 20))
    ticket = await desk.run(number, "reclassify", {"service": "info-desk", "reason": "Danışma."})
    assert due(ticket) == end_of(2026, 5, 13)
    assert ticket["overdue"] is True
    await sweep(desk.container)
    promise = await desk.clock_of(number)
    assert datetime.fromisoformat(promise["breached_at"]) == end_of(2026, 5, 13)
    assert await desk.notices(number) == [escalation(level=1)]


async def test_a_breach_under_the_wrong_service_is_taken_back_and_its_level_not_repeated(desk: Desk) -> None:
    """B52, B56: level 1 was notified under the wrong service; the right limit passes without a second notice."""
    number = await desk.open(VISIT, service="info-desk")
    desk.clock.set(noon(5, 14))
    await sweep(desk.container)
    assert await desk.notices(number) == [escalation(level=1)]
    ticket = await desk.run(number, "reclassify", {"service": "mobile", "reason": "Saha işi."})
    assert (state(ticket), due(ticket), ticket["overdue"]) == ("running", end_of(2026, 6, 1), False)
    desk.clock.set(noon(6, 2))
    await sweep(desk.container)
    ticket = await desk.read(number)
    assert state(ticket) == "breached"
    assert [one for one in await desk.notices(number) if one.kind == "escalation_1"] == [escalation(level=1)]
    desk.clock.set(noon(6, 9))
    await sweep(desk.container)
    assert escalation(level=2) in await desk.notices(number)


async def test_a_breach_that_stays_waits_for_the_next_level_of_the_new_service(desk: Desk) -> None:
    """An order never reaches the second office; what it was taken for wrongly does, from level 1 on (14 May)."""
    number = await desk.open(ORDER)
    desk.clock.set(noon(5, 14))
    await sweep(desk.container)
    assert await desk.armed(number) == []
    ticket = await desk.run(number, "reclassify", {"service": "info-desk", "reason": "Danışma."})
    assert (state(ticket), due(ticket)) == ("breached", end_of(2026, 5, 13))
    desk.clock.set(end_of(2026, 5, 20) - timedelta(microseconds=1))  # 15, 18 and 20 May
    await sweep(desk.container)
    assert escalation(level=2) not in await desk.notices(number)
    desk.clock.set(end_of(2026, 5, 20))
    await sweep(desk.container)
    levels = [notice for notice in await desk.notices(number) if notice[0].startswith("escalation")]
    assert levels == [escalation(level=1), escalation(level=2)]


async def test_a_breach_that_stays_waits_for_no_level_that_the_new_service_does_not_have(desk: Desk) -> None:
    number = await desk.open(VISIT, service="info-desk")
    desk.clock.set(noon(5, 14))
    await sweep(desk.container)
    assert ("escalation", 2) in await desk.armed(number)
    await desk.run(number, "reclassify", {"service": "hospitality", "reason": "İkram."})
    assert ("escalation", 2) not in await desk.armed(number)
    await desk.run(number, "reclassify", {"service": "info-desk", "reason": "Danışma."})
    assert ("escalation", 2) in await desk.armed(number)


async def test_a_request_that_comes_under_4982_gets_its_limit_and_one_that_leaves_it_loses_it(desk: Desk) -> None:
    number = await desk.open(VISIT)
    before = due(await desk.read(number), "statutory")
    ticket = await desk.run(number, "reclassify", {"service": "right-to-information", "reason": "Bilgi edinme."})
    law = await desk.clock_of(number, "statutory")
    assert before == end_of(2026, 6, 11)
    assert (law["limit"], due(ticket, "statutory")) == ("15 iş günü", end_of(2026, 6, 8))
    ticket = await desk.run(number, "reclassify", {"service": "hospitality", "reason": "İkram."})
    assert state(ticket, "statutory") == "cancelled"


async def test_a_law_that_a_wrong_service_took_away_comes_back_with_the_right_one(desk: Desk) -> None:
    number = await desk.open(VISIT)
    before, armed = (await desk.read(number))["clocks"], await desk.armed(number)
    desk.clock.set(noon(5, 14))
    ticket = await desk.run(number, "reclassify", {"service": "call-center", "reason": "Çağrıyla gelmiş."})
    assert state(ticket, "statutory") == "cancelled"
    desk.clock.set(noon(5, 15))
    ticket = await desk.run(number, "reclassify", {"service": "solution-desk", "reason": "Masaya aittir."})
    assert (ticket["clocks"], await desk.armed(number)) == (before, armed)


async def test_a_law_that_a_wrong_service_took_away_is_not_reopened(desk: Desk) -> None:
    moved, duplicate = await desk.open(VISIT), await desk.open(VISIT)
    for number in (moved, duplicate):
        await desk.run(number, "reclassify", {"service": "call-center", "reason": "Çağrıyla gelmiş."})
    await desk.run(moved, "resolve")
    await desk.run(duplicate, "link_duplicate", {"duplicate_of": moved})
    for number in (moved, duplicate):
        assert kinds(await desk.run(number, "reopen")) == ["promise"]


async def test_a_law_that_comes_with_another_service_begins_with_the_cycle(desk: Desk) -> None:
    """C6: after months, a second cycle owes nothing to the first; no office is notified of a limit long past."""
    number = await desk.open(CALL)
    await desk.run(number, "resolve")
    desk.clock.set(noon(9, 1))
    await desk.run(number, "reopen")
    desk.clock.set(noon(9, 2))
    ticket = await desk.run(number, "reclassify", {"service": "solution-desk", "reason": "Masaya aittir."})
    assert due(ticket, "statutory") == end_of(2026, 10, 1)
    await sweep(desk.container)
    assert await desk.notices(number) == []


async def test_a_law_that_comes_with_another_service_waits_for_no_document(desk: Desk) -> None:
    """As at intake: the promise may wait for documents, the law runs from the citizen's own time."""
    number = await desk.open({**CALL, "channel": "mobile"}, identity_bound=True)
    replied = await desk.open({**CALL, "channel": "mobile"}, identity_bound=True)
    desk.clock.set(noon(5, 18))
    await desk.run(replied, "interim_reply")
    elsewhere = {"service": "solution-desk", "reason": "Masaya aittir."}
    ticket = await desk.run(number, "reclassify", elsewhere)
    assert (ticket["status"], due(ticket, "statutory")) == ("awaiting_documents", end_of(2026, 6, 11))
    law = (await desk.run(replied, "reclassify", elsewhere))["clocks"][1]
    assert (law["state"], datetime.fromisoformat(law["met_at"])) == ("met", noon(5, 18))
    signed_later = await desk.open(CALL, wet_signature=True)
    assert (await desk.run(signed_later, "reclassify", elsewhere))["clocks"] == []


async def test_a_service_that_does_not_know_a_pause_ends_it(desk: Desk) -> None:
    """The recorded pause counts (13–19 May); a limit that never pauses is running again."""
    number = await desk.open(CALL)
    await desk.run_all(number, "refer", "accept")
    desk.clock.set(noon(5, 13))
    await desk.run(number, "pause")
    desk.clock.set(noon(5, 20))
    ticket = await desk.run(number, "reclassify", {"service": "right-to-information", "reason": "Bilgi edinme."})
    assert (ticket["status"], state(ticket), due(ticket)) == ("awaiting_citizen", "running", end_of(2026, 6, 3))
    assert due(await desk.run(number, "resume")) == end_of(2026, 6, 3)


async def test_an_extension_and_a_paid_fee_stay_with_the_law_that_knows_them(desk: Desk) -> None:
    """Under law 3071 the 30 days run from 28 April, whatever was paid or extended under the wrong law."""
    desk.clock.set(APRIL_28)
    number = await desk.open(INFORMATION, right_to_information=False)
    desk.clock.set(noon(5, 11))
    await desk.run_all(number, "fee_notice", "fee_paid", "extend")
    assert due(await desk.read(number), "statutory") == end_of(2026, 6, 26)
    ticket = await desk.run(number, "reclassify", {"service": "solution-desk", "reason": "Bilgi edinme değildir."})
    assert (due(ticket), due(ticket, "statutory")) == (end_of(2026, 5, 13), end_of(2026, 6, 1))
    assert [clock["extended"] for clock in ticket["clocks"]] == [False, False]


async def test_a_promise_that_waits_for_documents_goes_on_waiting(desk: Desk) -> None:
    number = await desk.open(ATTORNEY_VISIT)
    ticket = await desk.run(number, "reclassify", {"service": "mobile", "reason": "Saha işi."})
    assert "promise" not in kinds(ticket)


async def test_an_interim_reply_keeps_the_limit_of_the_law_that_says_so_and_of_no_other(desk: Desk) -> None:
    """Law 3071 art. 7 is content with an answer on the progress, law 4982 asks for the information itself."""
    number = await desk.open(VISIT)
    desk.clock.set(noon(5, 13))
    await desk.run_all(number, "interim_reply")
    desk.clock.set(noon(5, 20))
    ticket = await desk.run(number, "reclassify", {"service": "right-to-information", "reason": "Bilgi edinme."})
    assert (state(ticket, "statutory"), due(ticket, "statutory")) == ("running", end_of(2026, 6, 8))
    await desk.run(number, "interim_reply")
    desk.clock.set(noon(6, 9))
    await sweep(desk.container)
    assert state(await desk.read(number), "statutory") == "breached"
    ticket = await desk.run(number, "reclassify", {"service": "solution-desk", "reason": "Masaya aittir."})
    law = await desk.clock_of(number, "statutory")
    assert (law["state"], law["on_time"], law["limit"]) == ("met", True, "30 gün")
    assert datetime.fromisoformat(law["met_at"]) == noon(5, 13)
    assert [kind for kind, _ in await desk.armed(number) if kind == "legal_risk"] == []


@pytest.mark.parametrize(
    ("service", "code"),
    [("solution-desk", "same_service"), ("nothing", "unknown_service"), ("bimer", "service_closed")],
)
async def test_a_service_that_takes_nothing_is_refused(desk: Desk, service: str, code: str) -> None:
    number = await desk.open(VISIT)
    refused = await desk.send(number, "reclassify", {"service": service, "reason": "Deneme."})
    assert refused.status_code == 422
    assert [(one["pointer"], one["code"]) for one in refused.json()["errors"]] == [("/service", code)]
    assert (await desk.read(number))["service"] == "solution-desk"
