"""What each door makes of its messages: service, state, limits with their exact instants, and who may pending."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from app.core.clock import ISTANBUL
from app.core.problem import MEDIA_TYPE
from app.people.model import Applicant
from app.tickets.model import Ticket
from app.tickets.numbers import InvalidTicketNumber, format_ticket_number, parse_ticket_number
from tests.channels import bodies
from tests.channels.conftest import Shared
from tests.installation import START, VALID_NATIONAL_ID, new_key, opened_client

TICKETS = "/v1/tickets"
CALLS = "/v1/channels/call-center/calls"
SMS = "/v1/channels/sms/messages"
REPORTS = "/v1/channels/mobile/reports"
VISITS = "/v1/channels/desk/visits"
CIMER = "/v1/channels/cimer/applications"
BATCHES = "/v1/channels/field/batches"

RTI_APPLICANT = bodies.APPLICANT | {"address": "Örnek Mah. Örnek Sok. No: 1", "national_id": VALID_NATIONAL_ID}


@pytest.fixture(autouse=True)
def _morning(shared: Shared) -> None:
    shared.clock.set(START)


_counter = iter(range(1_000_000))


def fresh() -> str:
    """A message id that no other test uses."""
    return f"doors-{next(_counter)}"


def at(day: str, hour: str = "10:00:00") -> datetime:
    """An instant in Istanbul."""
    return datetime.combine(date.fromisoformat(day), time.fromisoformat(hour), ISTANBUL)


def end_of(day: str) -> datetime:
    """The last instant of a day in Istanbul, which is when limits of days end."""
    return at(day, "23:59:59.999999")


async def accepted(shared: Shared, url: str, body: dict[str, Any]) -> dict[str, Any]:
    """The receipt of a request that is taken."""
    answer = await shared.client.post(url, json=body)
    assert answer.status_code == 201, answer.text
    receipt: dict[str, Any] = answer.json()
    assert answer.headers["location"] == f"/v1/tickets/{receipt['number']}"
    return receipt


def dues(receipt: dict[str, Any]) -> dict[str, datetime]:
    """When each clock of a receipt is due."""
    assert all(clock["state"] == "running" for clock in receipt["clocks"])
    return {clock["kind"]: datetime.fromisoformat(clock["due_at"]) for clock in receipt["clocks"]}


VECTORS = [
    ("2026-01-02", "2026-01-19", "2026-01-23", "2026-02-02"),
    ("2026-03-05", "2026-03-23", "2026-03-27", "2026-04-06"),
    ("2026-04-28", "2026-05-13", "2026-05-21", "2026-06-01"),
    ("2026-05-11", "2026-05-26", "2026-06-05", "2026-06-10"),
    ("2026-05-12", "2026-06-01", "2026-06-08", "2026-06-11"),
    ("2026-08-14", "2026-08-31", "2026-09-04", "2026-09-14"),
    ("2026-10-13", "2026-10-28", "2026-11-04", "2026-11-12"),
    ("2026-12-17", "2027-01-04", "2027-01-08", "2027-01-18"),
    ("2025-05-22", "2025-06-10", "2025-06-16", "2025-06-23"),
]
"""Start; 15 calendar days, 15 working days, 30 calendar days later, rolled past weekends and holidays of Türkiye."""


@pytest.mark.parametrize(("start", "calendar_15", "working_15", "calendar_30"), VECTORS)
async def test_limits_end_on_the_days_that_law_and_table_say(
    shared: Shared, start: str, calendar_15: str, working_15: str, calendar_30: str
) -> None:
    """The published 15 days of a call, the 15 working days of law 4982, the 30 days of law 3071."""
    shared.clock.set(at(start))
    call = await accepted(shared, CALLS, bodies.call(fresh()))
    assert dues(call) == {"promise": end_of(calendar_15)}
    petition = await accepted(shared, VISITS, bodies.visit(fresh(), formal=True, documents=["petition"]))
    assert dues(petition) == {"promise": end_of(calendar_15), "statutory": end_of(calendar_30)}
    information = bodies.application(fresh(), application_date=at(start).isoformat(), kind="bilgi edinme")
    assert dues(await accepted(shared, CIMER, information)) == {
        "promise": end_of(calendar_30),
        "statutory": end_of(working_15),
    }


@pytest.mark.parametrize(
    ("start", "due"),
    [
        (at("2026-01-05", "23:59:59.999999"), "2026-01-20"),
        (at("2026-01-06", "00:00:00"), "2026-01-21"),
        (at("2026-10-13", "00:30:00"), "2026-10-28"),
    ],
)
async def test_the_day_of_a_call_is_the_day_in_istanbul(shared: Shared, start: datetime, due: str) -> None:
    """C5: half past midnight in Istanbul is the day before in UTC; the line answers around the clock."""
    shared.clock.set(start)
    assert dues(await accepted(shared, CALLS, bodies.call(fresh())))["promise"] == end_of(due)


@pytest.mark.parametrize(
    ("start", "due"), [("2026-10-10", "2026-11-02"), ("2026-10-13", "2026-11-04"), ("2026-05-23", "2026-06-17")]
)
async def test_working_days_from_a_night_pass_over_holidays_and_count_half_days(
    shared: Shared, start: str, due: str
) -> None:
    """C5: from 01:00 at night, across 28 October (half), 29 October (holiday), the eve and days of Kurban Bayramı."""
    started = at(start, "01:00:00")
    shared.clock.set(started + timedelta(days=2))
    application = bodies.application(fresh(), application_date=started.isoformat(), kind="bilgi edinme")
    assert dues(await accepted(shared, CIMER, application))["statutory"] == end_of(due)


@pytest.mark.parametrize(
    ("start", "due"),
    [
        (at("2026-05-12"), end_of("2026-05-13")),
        (at("2026-05-15"), end_of("2026-05-18")),
        (at("2026-05-18"), end_of("2026-05-20")),
    ],
)
async def test_the_information_desk_owes_an_answer_in_a_day(shared: Shared, start: datetime, due: datetime) -> None:
    """1 GÜN: the next day, and past a weekend or 19 May the next working one; no law beside it."""
    shared.clock.set(start)
    assert dues(await accepted(shared, VISITS, bodies.visit(fresh(), counter="info-desk"))) == {"promise": due}


@pytest.mark.parametrize(
    ("arrival", "due"),
    [
        (at("2026-05-12", "10:00:00"), at("2026-05-12", "10:10:00")),
        (at("2026-05-12", "10:00:00.5"), at("2026-05-12", "10:10:00.5")),
        (at("2026-05-12", "16:50:00"), at("2026-05-12", "17:00:00")),
        (at("2026-05-12", "16:55:00"), at("2026-05-13", "08:35:00")),
        (at("2026-05-16", "11:00:00"), at("2026-05-18", "08:40:00")),
        (at("2026-05-26", "12:55:00"), at("2026-06-01", "08:35:00")),
    ],
)
async def test_ten_minutes_of_hospitality_are_minutes_of_opening(
    shared: Shared, arrival: datetime, due: datetime
) -> None:
    """B18, B24: until closing it is due today; what is left goes on at the next opening, after a half day as well."""
    shared.clock.set(arrival)
    receipt = await accepted(shared, VISITS, bodies.visit(fresh(), counter="hospitality", visitor=None))
    assert (receipt["clocks"][0]["limit"], dues(receipt)) == ("10 D", {"promise": due})


async def test_hospitality_asks_nobody_who_they_are(shared: Shared) -> None:
    """A guest's name is refused rather than stored."""
    answer = await shared.client.post(VISITS, json=bodies.visit(fresh(), counter="hospitality"))
    assert [(e["pointer"], e["code"]) for e in answer.json()["errors"]] == [("/applicant", "no_personal_data")]


async def test_the_desks_promise_waits_for_the_documents(shared: Shared) -> None:
    """The statutory limit runs although documents are missing; each missing one is named."""
    receipt = await accepted(shared, VISITS, bodies.visit(fresh(), identity_bound=True))
    assert receipt["status"] == "awaiting_documents"
    assert receipt["missing_documents"] == [{"code": "id_card", "label": "T.C. Kimlik Belgesi veya yerine geçer belge"}]
    assert dues(receipt) == {"statutory": end_of("2026-06-11")}
    complete = await accepted(shared, VISITS, bodies.visit(fresh(), identity_bound=True, documents=["id_card"]))
    assert (complete["status"], complete["missing_documents"]) == ("received", [])
    assert dues(complete) == {"promise": end_of("2026-06-01"), "statutory": end_of("2026-06-11")}


@pytest.mark.parametrize(
    ("role", "code", "label"),
    [("attorney", "power_of_attorney", "Vekâletname"), ("guardian", "guardianship_order", "Vasi kararı")],
)
async def test_who_acts_for_another_owes_the_paper_that_says_so(
    shared: Shared, role: str, code: str, label: str
) -> None:
    """Only where somebody acts for another, and only what the table lists."""
    visitor = bodies.APPLICANT | {"role": role}
    receipt = await accepted(shared, VISITS, bodies.visit(fresh(), visitor=visitor))
    assert receipt["missing_documents"] == [{"code": code, "label": label}]
    assert "promise" not in dues(receipt)
    shown = await accepted(shared, VISITS, bodies.visit(fresh(), visitor=visitor, documents=[code]))
    assert "promise" in dues(shown)


async def test_a_phone_call_that_needs_a_signature_has_no_limit_yet(shared: Shared) -> None:
    """The table takes calls only "ıslak imza gerektirmeyen hallerde": the caller is invited, nothing runs."""
    receipt = await accepted(shared, CALLS, bodies.call(fresh(), wet_signature=True))
    assert (receipt["clocks"], receipt["status"]) == ([], "awaiting_documents")
    assert [document["code"] for document in receipt["missing_documents"]] == ["wet_signature"]


@pytest.mark.parametrize(
    ("url", "body"),
    [
        (CALLS, bodies.call("thanks-1", kind="thanks")),
        (VISITS, bodies.visit("thanks-2", kind="thanks")),
        (CIMER, bodies.application("thanks-3", kind="teşekkür")),
        (TICKETS, bodies.ticket(external_id="thanks-4", kind="thanks", channel="mobile", formal=False)),
    ],
)
async def test_a_thank_you_has_no_limit(shared: Shared, url: str, body: dict[str, Any]) -> None:
    """Neither the table nor a law owes it an answer."""
    assert (await accepted(shared, url, body))["clocks"] == []


async def test_right_to_information_runs_under_its_own_law(shared: Shared) -> None:
    """Law 4982: 15 working days beside the published 15 days; an address and an identity are required."""
    body = bodies.visit(fresh(), counter="right-to-information", visitor=RTI_APPLICANT, documents=["application_form"])
    assert dues(await accepted(shared, VISITS, body)) == {
        "promise": end_of("2026-06-01"),
        "statutory": end_of("2026-06-08"),
    }
    answer = await shared.client.post(VISITS, json=body | {"visit_id": fresh(), "visitor": bodies.APPLICANT})
    assert {(error["pointer"], error["code"]) for error in answer.json()["errors"]} == {
        ("/applicant/address", "missing"),
        ("/applicant/national_id", "missing"),
    }


async def test_right_to_information_is_not_taken_by_phone(shared: Shared) -> None:
    """Law 4982 asks for writing."""
    body = bodies.ticket(service="right-to-information", applicant=RTI_APPLICANT, external_id=fresh())
    answer = await shared.client.post(TICKETS, json=body)
    assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [("/service", "not_by_phone")]


async def test_only_a_formal_petition_starts_the_law_beside_a_message(shared: Shared) -> None:
    """Law 3071 governs petitions; an ordinary message has the published promise alone."""
    message = bodies.ticket(channel="mobile", external_id=fresh())
    assert dues(await accepted(shared, TICKETS, message)) == {"promise": end_of("2026-06-01")}
    petition = bodies.ticket(channel="mobile", external_id=fresh(), formal=True, documents=["petition"])
    assert dues(await accepted(shared, TICKETS, petition)) == {
        "promise": end_of("2026-06-01"),
        "statutory": end_of("2026-06-11"),
    }


async def test_cimers_limits_run_from_its_own_date(shared: Shared) -> None:
    """30 Gün from the date in CİMER, however late the clerk mirrors it."""
    shared.clock.set(at("2026-05-20"))
    application = bodies.application(fresh(), application_date=at("2026-05-12", "09:00:00").isoformat())
    receipt = await accepted(shared, CIMER, application)
    assert dues(receipt) == {"promise": end_of("2026-06-11"), "statutory": end_of("2026-06-11")}
    assert {clock["started_at"] for clock in receipt["clocks"]} == {"2026-05-12T06:00:00+00:00"}


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("istek", "request"),
        ("şikâyet", "complaint"),
        ("ihbar", "tip_off"),
        ("görüş-öneri", "suggestion"),
        ("bilgi edinme", "request"),
        ("teşekkür", "thanks"),
    ],
)
async def test_cimers_kinds_have_their_equals(shared: Shared, theirs: str, ours: str) -> None:
    """In CİMER's own spelling."""
    assert (await accepted(shared, CIMER, bodies.application(fresh(), kind=theirs)))["kind"] == ours


async def test_bimer_takes_nothing_new(shared: Shared) -> None:
    """It was closed in 2018."""
    answer = await shared.client.post(TICKETS, json=bodies.ticket(service="bimer"))
    assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [("/service", "service_closed")]


@pytest.mark.parametrize(
    ("url", "body"),
    [
        (CALLS, bodies.call("own-time-1", called_at="2026-05-11T23:30:00+03:00")),
        (SMS, bodies.sms("own-time-2", received_at="2026-05-11T23:30:00+03:00")),
        (REPORTS, bodies.report("own-time-3", reported_at="2026-05-11T20:30:00Z")),
        (TICKETS, bodies.ticket(external_id="own-time-4", occurred_at="2026-05-11T22:30:00+02:00")),
    ],
)
async def test_a_limit_starts_with_the_citizens_own_act(shared: Shared, url: str, body: dict[str, Any]) -> None:
    """The time of the call or the message, in whatever zone it is written; ours is told beside it."""
    receipt = await accepted(shared, url, body)
    assert receipt["clocks"][0]["started_at"] == "2026-05-11T20:30:00+00:00"
    assert dues(receipt)["promise"] == end_of("2026-05-26")
    assert receipt["received_at"] == START.astimezone(UTC).isoformat()


async def test_a_clock_that_is_a_little_ahead_counts_as_ours(shared: Shared) -> None:
    """Nothing starts in the future."""
    ahead = (START + timedelta(minutes=4)).isoformat()
    receipt = await accepted(shared, CALLS, bodies.call(fresh(), called_at=ahead))
    assert receipt["clocks"][0]["started_at"] == START.astimezone(UTC).isoformat()


async def test_the_receipt_says_how_it_goes_on(shared: Shared) -> None:
    """Number, what may be done next, the unit that is suggested, and where to ask."""
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
async def test_a_number_carries_the_year_in_istanbul_and_a_check_digit(shared: Shared, instant: str, year: str) -> None:
    """Ten digits that find a typing error by themselves."""
    shared.clock.set(datetime.fromisoformat(instant))
    number = (await accepted(shared, CALLS, bodies.call(fresh())))["number"]
    assert number.startswith(year)
    assert parse_ticket_number(f" {number[:2]}-{number[2:6]} {number[6:]} ") == number


@given(st.integers(2020, 2119), st.integers(0, 9_999_999), st.integers(0, 9), st.integers(1, 9))
def test_any_wrong_digit_of_a_number_is_noticed(year: int, sequence: int, position: int, shift: int) -> None:
    """One digit read wrongly over the phone never names another ticket."""
    number = format_ticket_number(year, sequence)
    wrong = number[:position] + str((int(number[position]) + shift) % 10) + number[position + 1 :]
    with pytest.raises(InvalidTicketNumber):
        parse_ticket_number(wrong)


@given(st.integers(2020, 2119), st.integers(0, 9_999_999), st.integers(0, 8))
def test_swapped_neighbours_in_a_number_are_noticed(year: int, sequence: int, position: int) -> None:
    """Unless they are equal, which is no swap."""
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
    """The rows of a ticket."""
    async with shared.app.state.container.database.reading() as session:
        query = select(Ticket, Applicant).join(Applicant, Applicant.id == Ticket.applicant_id)
        ticket, applicant = (await session.execute(query.where(Ticket.number == number))).one()
        return ticket, applicant


@pytest.mark.parametrize("caller", ["", "anonymous", "Unknown", " private "])
async def test_a_hidden_number_is_an_anonymous_request(shared: Shared, caller: str) -> None:
    """As telephone systems spell it; nothing personal is stored with it."""
    receipt = await accepted(shared, CALLS, bodies.call(fresh(), caller=caller, national_id=VALID_NATIONAL_ID))
    _, applicant = await stored(shared, receipt["number"])
    assert applicant.role == "anonymous"
    assert (applicant.phone, applicant.phone_index, applicant.national_id) == (None, None, None)


async def test_every_spelling_of_a_phone_is_one_phone(shared: Shared) -> None:
    """The same citizen is found again, and no other."""
    spellings = ["0532 123 45 67", "+905321234567", "00905321234567", "5321234567", "0(532)123-45-67"]
    indexes = set()
    for caller in spellings:
        receipt = await accepted(shared, CALLS, bodies.call(fresh(), caller=caller))
        indexes.add((await stored(shared, receipt["number"]))[1].phone_index)
    other = await accepted(shared, CALLS, bodies.call(fresh(), caller="0532 123 45 68"))
    assert len(indexes) == 1
    assert (await stored(shared, other["number"]))[1].phone_index not in indexes


async def test_a_neighbourhood_is_found_under_its_old_name(shared: Shared) -> None:
    """Havaalanı became Atışalanı; what was said is kept where it is on no list."""
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
async def test_a_key_opens_its_own_door_only(shared: Shared, role: str) -> None:
    """In the canonical form as well, where the body names the channel."""
    key = await new_key(shared.app.state.container, role)
    async with opened_client(shared.app, key) as client:
        for url, body in bodies.DOORS.items():
            if url == TICKETS:
                continue
            answer = await client.post(url, json=body)
            assert (answer.status_code == 403) == (ROLES.get(role) != url), (url, answer.text)
            assert answer.is_success or answer.headers["content-type"] == MEDIA_TYPE
        for channel, opener in [
            ("sms", "sms-gateway"),
            ("field", "field-team"),
            ("desk", "desk"),
            ("mobile", "mobile-app"),
        ]:
            answer = await client.post(TICKETS, json=bodies.ticket(channel=channel))
            assert answer.status_code == (201 if role == opener else 403)


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
@pytest.mark.parametrize("url", bodies.DOORS)
async def test_refusals_speak_the_callers_language_and_never_repeat_what_was_sent(
    shared: Shared, url: str, header: str | None, language: str, words: str
) -> None:
    """Turkish unless English is preferred; a refused value may be a phone number."""
    secret = "0532 765 43 21 x"
    headers = {} if header is None else {"Accept-Language": header}
    answer = await shared.client.post(url, json={"kind": secret, "sender": secret, "caller": secret}, headers=headers)
    assert answer.status_code == 422
    assert (answer.headers["content-language"], answer.headers["vary"]) == (language, "Accept-Language")
    assert words in {error["detail"] for error in answer.json()["errors"]}
    assert secret not in answer.text
    assert "765 43" not in answer.text
