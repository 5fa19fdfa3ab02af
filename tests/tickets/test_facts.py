"""What offices wrote to an applicant stays what it was, by the number of the event it was written with."""

from sqlalchemy import select

from app.tickets.model import Ticket
from app.tickets.notice_ports import HIDDEN
from tests.tickets.counter import CALL, Counter

REFUSED = {"outcome": "negative", "reason": "Alan özel mülkiyettedir.", "remedy": "administrative_court"}


async def values_of(counter: Counter, number: str, *, masked: bool = False, for_unit: bool = False) -> dict[str, str]:
    """Reference → value of one ticket, as notices get them."""
    async with counter.container.database.reading() as session:
        [ticket_id] = await session.scalars(select(Ticket.id).where(Ticket.number == number))
        found = await counter.container.facts.reference_values(session, {ticket_id}, masked=masked, for_unit=for_unit)
        return found[ticket_id]


async def test_a_ticket_that_was_not_answered_has_no_words_of_offices(counter: Counter) -> None:
    number = await counter.open(CALL)
    await counter.did(number, "refer", {"unit": "public-works", "note": "Acele bakılsın."})

    assert set(await values_of(counter, number)) == {"applicant.name", "applicant.phone", "ticket.description"}


async def test_each_interim_reply_keeps_its_own_words(counter: Counter) -> None:
    number = await counter.open(CALL)
    await counter.done(number, "refer", "accept")
    await counter.did(number, "interim_reply", {"text": "Keşif yapılacaktır."})
    await counter.did(number, "comment", {"text": "Vatandaş sinirliydi."})
    await counter.did(number, "interim_reply", {"text": "Keşif yapıldı."})

    values = await values_of(counter, number)

    written = {name: words for name, words in values.items() if ":" in name}
    assert written == {
        "ticket.interim_reply:4": "Keşif yapılacaktır.",
        "ticket.interim_reply:6": "Keşif yapıldı.",
    }


async def test_a_reply_outlives_the_reopening_that_takes_it_from_the_ticket(counter: Counter) -> None:
    number = await counter.open(CALL)
    await counter.did(number, "resolve", REFUSED)
    assert (await values_of(counter, number))["ticket.reply"] == REFUSED["reason"]
    await counter.did(number, "reopen", {"reason": "Çukur yine açıldı."})

    reopened = await values_of(counter, number)
    await counter.did(number, "resolve", {"outcome": "positive", "reply": "Onarıldı."})
    again = await values_of(counter, number)

    assert "ticket.reply" not in reopened
    assert reopened["ticket.reply:2"] == again["ticket.reply:2"] == REFUSED["reason"]
    assert again["ticket.reply"] == again["ticket.reply:4"] == "Onarıldı."


async def test_words_of_offices_are_masked_like_any_free_text(counter: Counter) -> None:
    number = await counter.open(CALL)
    await counter.did(number, "interim_reply", {"text": "0532 123 45 67 aranacak."})

    values = await values_of(counter, number, masked=True)

    assert values["ticket.interim_reply:2"] == "*** aranacak."


async def test_a_hidden_person_is_starred_out_for_units_and_the_words_masked(counter: Counter) -> None:
    number = await counter.open(CALL, applicant={**CALL["applicant"], "hide_identity": True})
    await counter.did(number, "interim_reply", {"text": "0532 123 45 67 aranacak."})

    values = await values_of(counter, number, for_unit=True)

    assert values["applicant.name"] == HIDDEN
    assert values["ticket.interim_reply:2"] == "*** aranacak."
