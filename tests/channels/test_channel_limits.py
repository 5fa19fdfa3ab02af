"""Limits of requests from each channel, with their exact instants."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.channels import bodies
from tests.channels.conftest import Shared
from tests.channels.steps import CALLS, CIMER, REPORTS, SMS, TICKETS, VISITS, accepted, at, fresh
from tests.installation import START, VALID_NATIONAL_ID

RTI_APPLICANT = bodies.APPLICANT | {"address": "Örnek Mah. Örnek Sok. No: 1", "national_id": VALID_NATIONAL_ID}


@pytest.fixture(autouse=True)
def _morning(shared: Shared) -> None:
    shared.clock.set(START)


def end_of(day: str) -> datetime:
    """Return the last instant of a day in Istanbul, at which limits in days end."""
    return at(day, "23:59:59.999999")


def dues(receipt: dict[str, Any]) -> dict[str, datetime]:
    """Return the due instant of each clock of a receipt."""
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
    """C5: half past midnight in Istanbul is the day before in UTC; the call centre is open day and night."""
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
async def test_the_promise_of_the_information_desk_is_one_day(shared: Shared, start: datetime, due: datetime) -> None:
    """1 GÜN: the next day, or the next working day after a weekend or 19 May; no limit of law applies."""
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
async def test_ten_minutes_of_hospitality_count_within_opening_hours(
    shared: Shared, arrival: datetime, due: datetime
) -> None:
    """B18, B24: the rest of the ten minutes continues at the next opening, after a half day as well."""
    shared.clock.set(arrival)
    receipt = await accepted(shared, VISITS, bodies.visit(fresh(), counter="hospitality", visitor=None))
    assert (receipt["clocks"][0]["limit"], dues(receipt)) == ("10 D", {"promise": due})


async def test_hospitality_rejects_personal_data(shared: Shared) -> None:
    """A guest's name is rejected, not stored."""
    response = await shared.client.post(VISITS, json=bodies.visit(fresh(), counter="hospitality"))
    assert [(e["pointer"], e["code"]) for e in response.json()["errors"]] == [("/applicant", "no_personal_data")]


async def test_the_desks_promise_waits_for_the_documents(shared: Shared) -> None:
    """The statutory limit runs while documents are missing; each missing document is named."""
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
async def test_a_representative_has_to_show_the_authority(shared: Shared, role: str, code: str, label: str) -> None:
    """Only representatives need it, and only the documents of the table."""
    visitor = bodies.APPLICANT | {"role": role}
    receipt = await accepted(shared, VISITS, bodies.visit(fresh(), visitor=visitor))
    assert receipt["missing_documents"] == [{"code": code, "label": label}]
    assert "promise" not in dues(receipt)
    shown = await accepted(shared, VISITS, bodies.visit(fresh(), visitor=visitor, documents=[code]))
    assert "promise" in dues(shown)


async def test_a_phone_call_that_needs_a_signature_has_no_limit_yet(shared: Shared) -> None:
    """The table allows calls only "ıslak imza gerektirmeyen hallerde": the caller is invited, and no limit runs."""
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
    """Neither the table nor a law requires an answer to it."""
    assert (await accepted(shared, url, body))["clocks"] == []


async def test_right_to_information_runs_under_its_own_law(shared: Shared) -> None:
    """Law 4982: 15 working days beside the published 15 days; an address and an identity are required."""
    body = bodies.visit(fresh(), counter="right-to-information", visitor=RTI_APPLICANT, documents=["application_form"])
    assert dues(await accepted(shared, VISITS, body)) == {
        "promise": end_of("2026-06-01"),
        "statutory": end_of("2026-06-08"),
    }
    response = await shared.client.post(VISITS, json=body | {"visit_id": fresh(), "visitor": bodies.APPLICANT})
    assert {(error["pointer"], error["code"]) for error in response.json()["errors"]} == {
        ("/applicant/address", "missing"),
        ("/applicant/national_id", "missing"),
    }


async def test_right_to_information_is_rejected_by_phone(shared: Shared) -> None:
    """Law 4982 requires the written form."""
    body = bodies.ticket(service="right-to-information", applicant=RTI_APPLICANT, external_id=fresh())
    response = await shared.client.post(TICKETS, json=body)
    assert [(error["pointer"], error["code"]) for error in response.json()["errors"]] == [("/service", "not_by_phone")]


async def test_only_a_formal_petition_starts_a_limit_of_law(shared: Shared) -> None:
    """Law 3071 applies to petitions; an ordinary message has only the published promise."""
    message = bodies.ticket(channel="mobile", external_id=fresh())
    assert dues(await accepted(shared, TICKETS, message)) == {"promise": end_of("2026-06-01")}
    petition = bodies.ticket(channel="mobile", external_id=fresh(), formal=True, documents=["petition"])
    assert dues(await accepted(shared, TICKETS, petition)) == {
        "promise": end_of("2026-06-01"),
        "statutory": end_of("2026-06-11"),
    }


async def test_cimers_limits_run_from_its_own_date(shared: Shared) -> None:
    """30 Gün from the date in CİMER, even if the clerk mirrors it late."""
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
async def test_cimers_kinds_are_mapped(shared: Shared, theirs: str, ours: str) -> None:
    """The kinds are in CİMER's own spelling."""
    assert (await accepted(shared, CIMER, bodies.application(fresh(), kind=theirs)))["kind"] == ours


async def test_bimer_accepts_no_new_request(shared: Shared) -> None:
    """It was closed in 2018."""
    response = await shared.client.post(TICKETS, json=bodies.ticket(service="bimer"))
    assert [(error["pointer"], error["code"]) for error in response.json()["errors"]] == [
        ("/service", "service_closed")
    ]


@pytest.mark.parametrize(
    ("url", "body"),
    [
        (CALLS, bodies.call("own-time-1", called_at="2026-05-11T23:30:00+03:00")),
        (SMS, bodies.sms("own-time-2", received_at="2026-05-11T23:30:00+03:00")),
        (REPORTS, bodies.report("own-time-3", reported_at="2026-05-11T20:30:00Z")),
        (TICKETS, bodies.ticket(external_id="own-time-4", occurred_at="2026-05-11T22:30:00+02:00")),
    ],
)
async def test_a_limit_starts_at_the_citizens_own_time(shared: Shared, url: str, body: dict[str, Any]) -> None:
    """The time of the call or the message, in any zone; the receipt also has the time of receipt."""
    receipt = await accepted(shared, url, body)
    assert receipt["clocks"][0]["started_at"] == "2026-05-11T20:30:00+00:00"
    assert dues(receipt)["promise"] == end_of("2026-05-26")
    assert receipt["received_at"] == START.astimezone(UTC).isoformat()


async def test_a_clock_that_is_a_little_ahead_counts_as_ours(shared: Shared) -> None:
    """No clock starts in the future."""
    ahead = (START + timedelta(minutes=4)).isoformat()
    receipt = await accepted(shared, CALLS, bodies.call(fresh(), called_at=ahead))
    assert receipt["clocks"][0]["started_at"] == START.astimezone(UTC).isoformat()
