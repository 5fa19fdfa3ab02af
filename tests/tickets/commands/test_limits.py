"""Commands that move a limit: law 4982's extension and fee, a date set by hand; dates to the day."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.sla.model import Checkpoint, SlaClock
from app.tickets.model import Ticket
from tests.desk import (
    ATTORNEY_VISIT,
    CALL,
    CITIZEN,
    INFORMATION,
    ORDER,
    PETITION,
    VISIT,
    Desk,
    due,
    end_of,
    state,
)
from tests.limit_notices import escalation
from tests.tickets.commands.steps import APRIL_28, asked_in_april, moved, noon
from workers.timers import sweep

# ── extension ──


async def test_the_limit_of_4982_is_extended_to_thirty_working_days_in_all(desk: Desk) -> None:
    """Law 4982 art. 11: 28 April → 21 May, extended on 20 May → 16 June; the promise stays as it is."""
    number = await asked_in_april(desk)
    promise = due(await desk.read(number))
    assert due(await desk.read(number), "statutory") == end_of(2026, 5, 21)
    desk.clock.set(noon(5, 20))
    ticket = await desk.run(number, "extend")
    assert due(ticket, "statutory") == end_of(2026, 6, 16)
    assert due(ticket) == promise
    law = next(clock for clock in ticket["clocks"] if clock["kind"] == "statutory")
    assert (law["limit"], law["extended"]) == ("30 iş günü", True)
    [change] = await moved(desk, number)
    assert change["clock"] == "statutory"
    assert datetime.fromisoformat(change["from"]) == end_of(2026, 5, 21)
    assert datetime.fromisoformat(change["to"]) == end_of(2026, 6, 16)


async def test_an_extension_at_the_last_instant_counts_and_a_day_later_does_not(desk: Desk) -> None:
    late, last = await asked_in_april(desk), await asked_in_april(desk)
    desk.clock.set(end_of(2026, 5, 21))
    assert (await desk.send(last, "extend", {"ground": "other_unit"})).status_code == 200
    desk.clock.set(noon(5, 22))
    refused = await desk.send(late, "extend", {"ground": "other_unit"})
    assert (refused.status_code, refused.json()["code"]) == (409, "limit_passed")
    assert "extend" not in (await desk.read(late))["allowed_actions"]


async def test_a_limit_is_extended_once_and_only_by_a_law_that_says_so(desk: Desk) -> None:
    number, petition = await asked_in_april(desk), await desk.open(VISIT)
    await desk.run(number, "extend")
    for each in (number, petition):
        refused = await desk.send(each, "extend", {"ground": "other_unit"})
        assert (refused.status_code, refused.json()["code"]) == (409, "not_extendable")
        assert "extend" not in (await desk.read(each))["allowed_actions"]


@pytest.mark.parametrize("body", [CALL, VISIT, PETITION, INFORMATION, ATTORNEY_VISIT, ORDER])
async def test_the_receipt_offers_what_the_ticket_offers(desk: Desk, body: dict[str, Any]) -> None:
    receipt = (await desk.client.post("/v1/tickets", json=body)).json()
    assert receipt["allowed_actions"] == (await desk.read(receipt["number"]))["allowed_actions"]


async def test_the_ground_of_an_extension_is_one_of_the_law(desk: Desk) -> None:
    refused = await desk.send(await asked_in_april(desk), "extend", {"ground": "too_busy"})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == "/ground"
    assert "other_institution" in refused.json()["errors"][0]["detail"]


async def test_legal_risk_is_armed_again_for_the_longer_limit(desk: Desk) -> None:
    """B20: three working days before 16 June, not before 21 May."""
    number = await asked_in_april(desk)
    await desk.run(number, "extend")
    query = select(Checkpoint.due_at).join(SlaClock, SlaClock.id == Checkpoint.clock_id)
    async with desk.container.database.reading() as session:
        armed = await session.scalars(query.where(Checkpoint.kind == "legal_risk", Checkpoint.state == "armed"))
        assert list(armed) == [end_of(2026, 6, 11)]


async def test_a_reopened_request_has_the_first_limit_again(desk: Desk) -> None:
    number = await asked_in_april(desk)
    await desk.run(number, "extend")
    await desk.run_all(number, "resolve", "reopen")
    law = await desk.clock_of(number, "statutory")
    assert (law["limit"], law["extended"]) == ("15 iş günü", False)
    assert due(await desk.read(number), "statutory") == end_of(2026, 5, 21)


# ── fee ──


async def test_a_fee_interrupts_the_limits_and_its_payment_restarts_them(desk: Desk) -> None:
    """Law 4982: notice on Monday 11 May, paid on the 14th; 15 working days from there end on 10 June."""
    number = await asked_in_april(desk)
    desk.clock.set(noon(5, 11))
    waiting = await desk.run(number, "fee_notice")
    assert waiting["status"] == "awaiting_fee"
    assert (state(waiting), state(waiting, "statutory")) == ("paused", "paused")
    assert due(waiting, "statutory") is None
    desk.clock.set(noon(5, 14))
    paid = await desk.run(number, "fee_paid")
    assert paid["status"] == "in_progress"
    assert due(paid, "statutory") == end_of(2026, 6, 10)
    assert due(paid) == end_of(2026, 6, 1)  # 15 days end on Friday 29 May, a bayram: the next working day
    assert [change["clock"] for change in await moved(desk, number)] == ["promise", "statutory"]


async def test_a_payment_counts_from_the_day_on_which_it_was_made(desk: Desk) -> None:
    number = await asked_in_april(desk)
    desk.clock.set(noon(5, 11))
    await desk.run(number, "fee_notice")
    desk.clock.set(noon(5, 20))
    paid = await desk.run(number, "fee_paid", {"paid_at": noon(5, 14).isoformat()})
    assert due(paid, "statutory") == end_of(2026, 6, 10)


@pytest.mark.parametrize(("paid_at", "code"), [(noon(5, 10), "too_old"), (noon(5, 20), "in_future")])
async def test_a_payment_lies_between_the_notice_and_now(desk: Desk, paid_at: datetime, code: str) -> None:
    number = await asked_in_april(desk)
    desk.clock.set(noon(5, 11))
    await desk.run(number, "fee_notice")
    desk.clock.set(noon(5, 14))
    refused = await desk.send(number, "fee_paid", {"paid_at": paid_at.isoformat()})
    assert refused.status_code == 422
    assert refused.json()["errors"] == [{**refused.json()["errors"][0], "pointer": "/paid_at", "code": code}]
    assert (await desk.read(number))["status"] == "awaiting_fee"


async def test_an_unpaid_fee_ends_the_request_after_fifteen_working_days(desk: Desk) -> None:
    """Notice on 11 May: 15 working days end on 5 June; the clocks leave the figures, and no breach is notified."""
    number = await asked_in_april(desk)
    desk.clock.set(noon(5, 11))
    await desk.run(number, "fee_notice")
    desk.clock.set(end_of(2026, 6, 5) - timedelta(seconds=1))
    await sweep(desk.container)
    assert (await desk.read(number))["status"] == "awaiting_fee"
    desk.clock.set(end_of(2026, 6, 5))
    await sweep(desk.container)
    ticket = await desk.read(number)
    assert (ticket["status"], ticket["outcome"]) == ("withdrawn", "withdrawn")
    assert (state(ticket), state(ticket, "statutory")) == ("cancelled", "cancelled")
    history = await desk.timeline(number)
    assert history["chain_holds"] is True
    assert (history["items"][-1]["kind"], history["items"][-1]["actor"]) == ("fee_lapsed", "system")
    assert await desk.notices(number) == []
    assert await desk.armed(number) == []


async def test_a_payment_after_the_time_to_pay_comes_too_late(desk: Desk) -> None:
    number = await asked_in_april(desk)
    desk.clock.set(noon(5, 11))
    await desk.run(number, "fee_notice")
    desk.clock.set(noon(6, 8))
    refused = await desk.send(number, "fee_paid")
    assert (refused.status_code, refused.json()["code"]) == (409, "limit_passed")
    await sweep(desk.container)
    assert (await desk.read(number))["status"] == "withdrawn"


async def test_a_paid_fee_lapses_no_more(desk: Desk) -> None:
    number = await asked_in_april(desk)
    desk.clock.set(noon(5, 11))
    await desk.run_all(number, "fee_notice", "fee_paid")
    desk.clock.set(end_of(2026, 6, 5))
    await sweep(desk.container)
    assert (await desk.read(number))["status"] == "in_progress"


async def test_a_fee_after_the_limit_keeps_the_breach_and_may_lapse_all_the_same(desk: Desk) -> None:
    number = await asked_in_april(desk)
    desk.clock.set(noon(5, 22))
    await sweep(desk.container)
    waiting = await desk.run(number, "fee_notice")
    assert state(waiting, "statutory") == "breached"
    desk.clock.advance(days=40)
    await sweep(desk.container)
    ticket = await desk.read(number)
    assert ticket["status"] == "withdrawn"
    assert state(ticket, "statutory") == "breached"


async def test_a_fee_of_a_limit_that_is_past_is_not_paid_before_it_was_asked_for(desk: Desk) -> None:
    number = await asked_in_april(desk)
    desk.clock.set(noon(5, 22))
    await desk.run(number, "fee_notice")
    refused = await desk.send(number, "fee_paid", {"paid_at": noon(5, 21).isoformat()})
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "too_old")


async def test_an_answer_without_waiting_for_the_fee_ends_the_interruption(desk: Desk) -> None:
    number = await asked_in_april(desk)
    desk.clock.set(noon(5, 11))
    await desk.run(number, "fee_notice")
    desk.clock.set(noon(5, 22))
    ticket = await desk.run(number, "resolve")
    assert state(ticket, "statutory") == "met"
    assert await desk.armed(number) == []


async def test_no_fee_is_asked_for_outside_law_4982(desk: Desk) -> None:
    number = await desk.open(VISIT)
    await desk.run_all(number, "refer", "accept")
    refused = await desk.send(number, "fee_notice", {"amount": "10"})
    assert (refused.status_code, refused.json()["code"]) == (409, "no_fee")
    assert "fee_notice" not in (await desk.read(number))["allowed_actions"]


@pytest.mark.parametrize("amount", ["0", "-1", "1.005", "1000001", "ücretsiz", None])
async def test_a_fee_is_an_amount_of_money(desk: Desk, amount: str | None) -> None:
    refused = await desk.send(await asked_in_april(desk), "fee_notice", {"amount": amount})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == "/amount"


# ── a date set by hand ──


async def test_a_date_set_by_hand_is_flagged_and_moved_by_no_pause(desk: Desk) -> None:
    """B32."""
    number = await desk.open(CALL)
    await desk.run_all(number, "refer", "accept")
    by_hand = noon(6, 5)
    ticket = await desk.run(number, "override_due", {"due_at": by_hand.isoformat(), "reason": "Anlaşıldı."})
    assert (due(ticket), ticket["clocks"][0]["overridden"]) == (by_hand, True)
    await desk.run(number, "pause")
    desk.clock.set(noon(5, 25))
    assert due(await desk.run(number, "resume")) == by_hand
    moved_to = await desk.run(number, "reclassify", {"service": "solution-desk", "reason": "Masa."})
    assert due(moved_to) == by_hand
    desk.clock.set(by_hand)
    await sweep(desk.container)
    assert escalation(level=1) in await desk.notices(number)


@pytest.mark.parametrize("paused_first", [False, True])
async def test_a_date_set_by_hand_passes_while_the_citizen_is_waited_for(desk: Desk, paused_first: bool) -> None:
    """B32: a date that no pause moves is not hidden by one either, and its breach is seen when it happens."""
    number = await desk.open(CALL)
    await desk.run_all(number, "refer", "accept", *(["pause"] if paused_first else []))
    desk.clock.set(noon(5, 14))
    await desk.run(number, "override_due", {"due_at": noon(5, 20).isoformat(), "reason": "Anlaşıldı."})
    if not paused_first:
        await desk.run(number, "pause")
    waiting = await desk.read(number)
    assert (waiting["status"], state(waiting), due(waiting)) == ("awaiting_citizen", "running", noon(5, 20))
    desk.clock.set(noon(5, 21))
    await sweep(desk.container)
    late = await desk.read(number)
    assert (late["overdue"], state(late)) == (True, "breached")
    assert escalation(level=1) in await desk.notices(number)
    assert (await desk.run(number, "resume"))["clocks"] == late["clocks"]


async def test_the_reason_of_a_date_is_stored_sealed_in_history(desk: Desk) -> None:
    number = await desk.open(CALL)
    words = f"{CITIZEN['name']} ile konuşuldu."
    await desk.run(number, "override_due", {"due_at": noon(6, 5).isoformat(), "reason": words})
    event = (await desk.timeline(number))["items"][-1]
    assert (event["kind"], event["note"]) == ("override_due", words)
    assert CITIZEN["name"] not in str(event["data"])


@pytest.mark.parametrize(
    ("due_at", "code"), [(noon(5, 11), "too_old"), (noon(5, 20) + timedelta(days=800), "too_late")]
)
async def test_a_date_that_can_t_be_meant_is_refused(desk: Desk, due_at: datetime, code: str) -> None:
    number = await desk.open(CALL)
    refused = await desk.send(number, "override_due", {"due_at": due_at.isoformat(), "reason": "Deneme."})
    assert refused.status_code == 422
    assert [(one["pointer"], one["code"]) for one in refused.json()["errors"]] == [("/due_at", code)]


async def test_a_promise_that_is_over_or_never_began_gets_no_date(desk: Desk) -> None:
    over, waiting = await desk.open(ORDER), await desk.open(ATTORNEY_VISIT)
    desk.clock.advance(days=1)
    body = {"due_at": noon(6, 5).isoformat(), "reason": "Deneme."}
    for number, code in ((over, "limit_passed"), (waiting, "no_limit")):
        refused = await desk.send(number, "override_due", body)
        assert (refused.status_code, refused.json()["code"]) == (409, code)
        assert "override_due" not in (await desk.read(number))["allowed_actions"]


async def test_no_command_of_these_leaves_a_clock_without_its_computation(desk: Desk) -> None:
    number = await asked_in_april(desk)
    await desk.run_all(number, "extend", "fee_notice", "fee_paid")
    async with desk.container.database.reading() as session:
        query = select(SlaClock.due_at, SlaClock.started_at).join(Ticket, Ticket.id == SlaClock.ticket_id)
        rows = (await session.execute(query.where(SlaClock.kind == "statutory"))).all()
    assert rows == [(end_of(2026, 6, 16), APRIL_28)]
