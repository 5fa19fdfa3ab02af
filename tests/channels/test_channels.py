"""Tickets from each channel: receipt, number, applicant, permissions and error responses."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from app.core.problem import MEDIA_TYPE
from app.people.model import Applicant
from app.tickets.model import Ticket
from app.tickets.numbers import InvalidTicketNumber, format_ticket_number, parse_ticket_number
from tests.channels import bodies
from tests.channels.conftest import Shared
from tests.channels.steps import BATCHES, CALLS, CIMER, REPORTS, SMS, TICKETS, VISITS, accepted, fresh
from tests.installation import START, VALID_NATIONAL_ID, new_key, opened_client


@pytest.fixture(autouse=True)
def _morning(shared: Shared) -> None:
    shared.clock.set(START)


async def test_the_receipt_has_the_next_steps(shared: Shared) -> None:
    """Number, allowed commands, suggested directorate, and the means to follow the ticket."""
    receipt = await accepted(shared, CALLS, bodies.call(fresh()))
    number = receipt["number"]
    assert receipt["dictation"].replace(" ", "") == number
    assert (receipt["status"], receipt["status_label"]) == ("received", "Alındı")
    assert (receipt["service"], receipt["service_name"]) == ("call-center", "Halkla İlişkiler - ESTİM (Çağrı Merkezi)")
    assert receipt["clocks"][0]["limit"] == "15 GÜN"
    assert {"register", "refer"} <= set(receipt["allowed_actions"])
    assert receipt["suggested_unit"] == "public-works"
    assert receipt["follow_up"] == {"tracking_url": "https://estim.example/v1/tracking", "call_line": "444 00 73"}


@pytest.mark.parametrize(("instant", "year"), [("2026-12-31T20:59:59Z", "26"), ("2026-12-31T21:00:00Z", "27")])
async def test_a_number_has_the_year_in_istanbul_and_a_check_digit(shared: Shared, instant: str, year: str) -> None:
    """Ten digits that detect a typing error."""
    shared.clock.set(datetime.fromisoformat(instant))
    number = (await accepted(shared, CALLS, bodies.call(fresh())))["number"]
    assert number.startswith(year)
    assert parse_ticket_number(f" {number[:2]}-{number[2:6]} {number[6:]} ") == number


@given(st.integers(2020, 2119), st.integers(0, 9_999_999), st.integers(0, 9), st.integers(1, 9))
def test_any_wrong_digit_of_a_number_is_rejected(year: int, sequence: int, position: int, shift: int) -> None:
    """A digit misheard over the phone never names another ticket."""
    number = format_ticket_number(year, sequence)
    wrong = number[:position] + str((int(number[position]) + shift) % 10) + number[position + 1 :]
    with pytest.raises(InvalidTicketNumber):
        parse_ticket_number(wrong)


@given(st.integers(2020, 2119), st.integers(0, 9_999_999), st.integers(0, 8))
def test_swapped_neighbours_in_a_number_are_rejected(year: int, sequence: int, position: int) -> None:
    """A swap of equal digits changes nothing."""
    number = format_ticket_number(year, sequence)
    one, other = number[position], number[position + 1]
    swapped = number[:position] + other + one + number[position + 2 :]
    assert one == other or not _is_number(swapped)


def _is_number(text: str) -> bool:
    try:
        return bool(parse_ticket_number(text))
    except InvalidTicketNumber:
        return False


async def test_an_external_id_is_text_whatever_it_looks_like(shared: Shared) -> None:
    """`007` is not `7`."""
    one = await accepted(shared, CIMER, bodies.application("007"))
    other = await accepted(shared, CIMER, bodies.application("7"))
    assert one["number"] != other["number"]


async def stored(shared: Shared, number: str) -> tuple[Ticket, Applicant]:
    """Return the rows of a ticket and its applicant."""
    async with shared.app.state.container.database.reading() as session:
        query = select(Ticket, Applicant).join(Applicant, Applicant.id == Ticket.applicant_id)
        ticket, applicant = (await session.execute(query.where(Ticket.number == number))).one()
        return ticket, applicant


@pytest.mark.parametrize("caller", ["", "anonymous", "Unknown", " private "])
async def test_a_hidden_number_is_an_anonymous_request(shared: Shared, caller: str) -> None:
    """In the spellings of telephone systems; no personal data are stored with it."""
    receipt = await accepted(shared, CALLS, bodies.call(fresh(), caller=caller, national_id=VALID_NATIONAL_ID))
    _, applicant = await stored(shared, receipt["number"])
    assert applicant.role == "anonymous"
    assert (applicant.phone, applicant.phone_index, applicant.national_id) == (None, None, None)


async def test_every_spelling_of_a_phone_is_one_phone(shared: Shared) -> None:
    """All spellings have the same index, and no other number has it."""
    spellings = ["0532 123 45 67", "+905321234567", "00905321234567", "5321234567", "0(532)123-45-67"]
    indexes = set()
    for caller in spellings:
        receipt = await accepted(shared, CALLS, bodies.call(fresh(), caller=caller))
        indexes.add((await stored(shared, receipt["number"]))[1].phone_index)
    other = await accepted(shared, CALLS, bodies.call(fresh(), caller="0532 123 45 68"))
    assert len(indexes) == 1
    assert (await stored(shared, other["number"]))[1].phone_index not in indexes


async def test_a_neighbourhood_is_found_under_its_old_name(shared: Shared) -> None:
    """Havaalanı became Atışalanı; a name on no list is stored unchanged."""
    known = bodies.ticket(external_id=fresh(), place={"neighbourhood": "HAVAALANI MAH."})
    ticket, _ = await stored(shared, (await accepted(shared, TICKETS, known))["number"])
    assert (ticket.neighbourhood, ticket.place_note) == ("Atışalanı", None)
    unknown = bodies.ticket(external_id=fresh(), place={"neighbourhood": "Köşedeki park"})
    ticket, _ = await stored(shared, (await accepted(shared, TICKETS, unknown))["number"])
    assert ticket.neighbourhood is None
    assert ticket.place_note is not None


ROLES = {
    "call-centre": CALLS,
    "sms-gateway": SMS,
    "mobile-app": REPORTS,
    "desk": VISITS,
    "cimer-clerk": CIMER,
    "field-team": BATCHES,
}


@pytest.mark.parametrize("role", [*ROLES, "unit-officer", "ops"])
async def test_a_key_may_use_only_its_own_channel(shared: Shared, role: str) -> None:
    """It applies to the canonical form as well, where the body names the channel."""
    key = await new_key(shared.app.state.container, role)
    async with opened_client(shared.app, key) as client:
        for url, body in bodies.MESSAGES.items():
            if url == TICKETS:
                continue
            response = await client.post(url, json=body)
            assert (response.status_code == 403) == (ROLES.get(role) != url), (url, response.text)
            assert response.is_success or response.headers["content-type"] == MEDIA_TYPE
        for channel, opener in [
            ("sms", "sms-gateway"),
            ("field", "field-team"),
            ("desk", "desk"),
            ("mobile", "mobile-app"),
        ]:
            response = await client.post(TICKETS, json=bodies.ticket(channel=channel))
            assert response.status_code == (201 if role == opener else 403)


@pytest.mark.parametrize(
    ("header", "language", "words"),
    [
        (None, "tr", "Bu alan zorunludur."),
        ("tr-TR,tr;q=0.9,en;q=0.8", "tr", "Bu alan zorunludur."),
        ("de", "tr", "Bu alan zorunludur."),
        ("en", "en", "This field is required."),
        ("en-GB,tr;q=0.5", "en", "This field is required."),
        ("tr;q=0.1, en;q=0.9", "en", "This field is required."),
    ],
)
@pytest.mark.parametrize("url", bodies.MESSAGES)
async def test_rejections_use_the_callers_language_and_never_repeat_values(
    shared: Shared, url: str, header: str | None, language: str, words: str
) -> None:
    """Turkish unless English is preferred; a rejected value may be a phone number."""
    secret = "0532 765 43 21 x"
    headers = {} if header is None else {"Accept-Language": header}
    response = await shared.client.post(url, json={"kind": secret, "sender": secret, "caller": secret}, headers=headers)
    assert response.status_code == 422
    assert (response.headers["content-language"], response.headers["vary"]) == (language, "Accept-Language")
    assert words in {error["detail"] for error in response.json()["errors"]}
    assert secret not in response.text
    assert "765 43" not in response.text


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ("İstek", "request"),
        ("ISTEK", "request"),
        ("Talep", "request"),
        ("Şikayet", "complaint"),
        ("Şikâyet", "complaint"),
        ("SİKAYET", "complaint"),
        ("Bilgi Edinme", "request"),
        ("Görüş/Öneri", "suggestion"),
        ("görüş ve öneri", "suggestion"),
        ("Yönetime Katıl", "suggestion"),
        ("İHBAR", "tip_off"),
        ("Teşekkür", "thanks"),
    ],
)
async def test_a_kind_of_the_national_portal_is_read_in_any_spelling(shared: Shared, written: str, kind: str) -> None:
    receipt = await accepted(shared, CIMER, bodies.application(fresh(), kind=written))

    assert receipt["kind"] == kind


async def test_an_unknown_kind_of_the_national_portal_is_rejected_with_the_allowed_ones(shared: Shared) -> None:
    response = await shared.client.post(CIMER, json=bodies.application(fresh(), kind="dilekçe"))

    assert response.status_code == 422
    [error] = response.json()["errors"]
    assert (error["pointer"], error["code"]) == ("/kind", "choice")
    assert "şikâyet" in error["detail"]
