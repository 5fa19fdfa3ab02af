"""The applicant is notified of every step that concerns them, once, by a medium that reaches them."""

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select

from app.notices.model import Notice
from app.tickets.model import Ticket
from tests.desk import CALL, INFORMATION, VISIT, Desk, end_of
from workers.timers import sweep


async def notices_of(desk: Desk, number: str) -> list[Notice]:
    """Return the notices to the applicant after the receipt and the referral, in order."""
    query = select(Notice).join(Ticket, Ticket.id == Notice.ticket_id).where(Ticket.number == number)
    query = query.where(Notice.recipient == "applicant", Notice.kind.not_in(("receipt", "referral")))
    async with desk.container.database.reading() as session:
        return list(await session.scalars(query.order_by(Notice.running)))


async def only(desk: Desk, number: str, kind: str) -> dict[str, Any]:
    """The facts of the one notice that was written."""
    [notice] = await notices_of(desk, number)
    assert notice.kind == kind
    facts: dict[str, Any] = notice.payload
    return facts


async def test_an_extension_names_its_ground_and_the_new_date(desk: Desk) -> None:
    number = await desk.open(INFORMATION)
    await desk.run(number, "extend", {"ground": "other_institution", "consulted": "Çevre Bakanlığı"})
    facts = await only(desk, number, "extension")
    assert (facts["ground"], facts["consulted"]) == ("other_institution", "Çevre Bakanlığı")
    assert datetime.fromisoformat(facts["new_due"]) == end_of(2026, 6, 29)


async def test_a_fee_names_the_amount_and_the_last_day_to_pay(desk: Desk) -> None:
    number = await desk.open(INFORMATION)
    await desk.run(number, "fee_notice")
    facts = await only(desk, number, "fee_notice")
    assert facts["amount"] == "125.50"
    assert datetime.fromisoformat(facts["pay_by"]) == end_of(2026, 6, 8)


async def test_a_request_that_ended_unpaid_is_confirmed_as_such(desk: Desk) -> None:
    number = await desk.open(INFORMATION)
    await desk.run(number, "fee_notice")
    desk.clock.set(end_of(2026, 6, 8))
    await sweep(desk.container)
    _, notice = await notices_of(desk, number)
    assert (notice.kind, notice.payload["cause"]) == ("withdrawal", "fee_unpaid")
    assert datetime.fromisoformat(notice.payload["pay_by"]) == end_of(2026, 6, 8)


async def test_a_withdrawal_is_confirmed(desk: Desk) -> None:
    number = await desk.open(CALL)
    await desk.run(number, "withdraw")
    assert (await only(desk, number, "withdrawal"))["cause"] == "own_wish"


@pytest.mark.parametrize(("body", "law"), [(VISIT, "law_3071"), (CALL, None), (INFORMATION, None)])
async def test_an_interim_reply_says_which_limit_it_satisfies(
    desk: Desk, body: dict[str, Any], law: str | None
) -> None:
    number = await desk.open(body)
    await desk.run(number, "interim_reply")
    facts = await only(desk, number, "interim_reply")
    assert (facts["legal_basis"], facts["event_seq"]) == (law, 2)


async def test_a_duplicate_is_notified_with_the_number_of_the_original(desk: Desk) -> None:
    number, original = await desk.open(CALL), await desk.open(CALL)
    await desk.run(number, "link_duplicate", {"duplicate_of": original})
    assert (await only(desk, number, "duplicate"))["duplicate_of"] == original


async def test_who_was_called_in_vain_is_written_to_after_the_last_call(desk: Desk) -> None:
    number = await desk.open(CALL)
    await desk.run_all(number, "resolve", "callback", "callback")
    assert [notice.kind for notice in await notices_of(desk, number)] == ["resolution"]
    await desk.run(number, "callback")
    assert [notice.kind for notice in await notices_of(desk, number)] == ["resolution", "unreached"]


async def test_who_was_reached_is_not_written_to_as_well(desk: Desk) -> None:
    number = await desk.open(CALL)
    await desk.run(number, "resolve")
    await desk.run(number, "callback", {"reached": True})
    assert [notice.kind for notice in await notices_of(desk, number)] == ["resolution"]


@pytest.mark.parametrize(
    ("body", "law"),
    [(VISIT, "law_3071"), (CALL, None), ({**INFORMATION, "right_to_information": False}, "law_4982")],
)
async def test_a_matter_is_sent_on_by_the_law_it_is_under(desk: Desk, body: dict[str, Any], law: str | None) -> None:
    number = await desk.open(body)
    await desk.run(number, "resolve", {"outcome": "forwarded_out", "forwarded_to": "İSKİ"})
    assert (await only(desk, number, "forwarded_out"))["legal_basis"] == law


async def test_a_forwarded_matter_is_notified_with_its_institution(desk: Desk) -> None:
    number = await desk.open(INFORMATION)
    await desk.run(number, "resolve", {"outcome": "forwarded_out", "forwarded_to": "İSKİ", "reply": "İletildi."})
    facts = await only(desk, number, "forwarded_out")
    assert (facts["institution"], facts["legal_basis"], facts["event_seq"]) == ("İSKİ", "law_4982", 2)
