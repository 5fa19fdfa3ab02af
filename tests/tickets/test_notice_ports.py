"""Personal facts: the text of a notice stays that of its event, by the event's number."""

from sqlalchemy import select

from app.tickets.model import Ticket
from app.tickets.notice_ports import HIDDEN
from tests.desk import CALL, Desk

REFUSED = {"outcome": "negative", "reason": "Alan özel mülkiyettedir.", "remedy": "administrative_court"}


async def values_of(desk: Desk, number: str, *, masked: bool = False, for_unit: bool = False) -> dict[str, str]:
    """Reference → value of one ticket, as notices get them."""
    async with desk.container.database.reading() as session:
        [ticket_id] = await session.scalars(select(Ticket.id).where(Ticket.number == number))
        found = await desk.container.personal_facts.reference_values(
            session, {ticket_id}, masked=masked, for_unit=for_unit
        )
        return found[ticket_id]


async def test_a_ticket_that_was_not_answered_has_no_words_of_offices(desk: Desk) -> None:
    number = await desk.open(CALL)
    await desk.run(number, "refer", {"unit": "public-works", "note": "Acele bakılsın."})

    assert set(await values_of(desk, number)) == {"applicant.name", "applicant.phone", "ticket.description"}


async def test_each_interim_reply_keeps_its_own_words(desk: Desk) -> None:
    number = await desk.open(CALL)
    await desk.run_all(number, "refer", "accept")
    await desk.run(number, "interim_reply", {"text": "Keşif yapılacaktır."})
    await desk.run(number, "comment", {"text": "Vatandaş sinirliydi."})
    await desk.run(number, "interim_reply", {"text": "Keşif yapıldı."})

    values = await values_of(desk, number)

    written = {name: words for name, words in values.items() if ":" in name}
    assert written == {
        "ticket.interim_reply:4": "Keşif yapılacaktır.",
        "ticket.interim_reply:6": "Keşif yapıldı.",
    }


async def test_a_reply_outlives_the_reopening_that_takes_it_from_the_ticket(desk: Desk) -> None:
    number = await desk.open(CALL)
    await desk.run(number, "resolve", REFUSED)
    assert (await values_of(desk, number))["ticket.reply"] == REFUSED["reason"]
    await desk.run(number, "reopen", {"reason": "Çukur yine açıldı."})

    reopened = await values_of(desk, number)
    await desk.run(number, "resolve", {"outcome": "positive", "reply": "Onarıldı."})
    again = await values_of(desk, number)

    assert "ticket.reply" not in reopened
    assert reopened["ticket.reply:2"] == again["ticket.reply:2"] == REFUSED["reason"]
    assert again["ticket.reply"] == again["ticket.reply:4"] == "Onarıldı."


async def test_words_of_offices_are_masked_like_any_free_text(desk: Desk) -> None:
    number = await desk.open(CALL)
    await desk.run(number, "interim_reply", {"text": "0532 123 45 67 aranacak."})

    values = await values_of(desk, number, masked=True)

    assert values["ticket.interim_reply:2"] == "*** aranacak."


async def test_a_hidden_person_is_starred_out_for_units_and_the_words_masked(desk: Desk) -> None:
    number = await desk.open(CALL, applicant={**CALL["applicant"], "hide_identity": True})
    await desk.run(number, "interim_reply", {"text": "0532 123 45 67 aranacak."})

    values = await values_of(desk, number, for_unit=True)

    assert values["applicant.name"] == HIDDEN
    assert values["ticket.interim_reply:2"] == "*** aranacak."
