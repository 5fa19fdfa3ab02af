"""Which limits a request has, and how documents start and stop them."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.notices.model import Notice
from tests.desk import (
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
from tests.installation import START
from workers.timers import sweep

WET_CALL = {**CALL, "wet_signature": True}
DEED = {"code": "deed", "label": "Tapu örneği"}
REASON = "Hisseli taşınmazda paydaşlık belgesi zorunludur."


@pytest.mark.parametrize(
    ("body", "promise", "statutory"),
    [
        (CALL, end_of(2026, 6, 1), None),
        ({**CALL, "formal": True}, end_of(2026, 6, 1), end_of(2026, 6, 11)),
        (VISIT, end_of(2026, 6, 1), end_of(2026, 6, 11)),
        (PETITION, end_of(2026, 6, 1), end_of(2026, 6, 11)),
        ({**VISIT, "channel": "mobile"}, end_of(2026, 6, 1), None),
        ({**VISIT, "channel": "field", "formal": True}, end_of(2026, 6, 1), end_of(2026, 6, 11)),
        (INFORMATION, end_of(2026, 6, 1), end_of(2026, 6, 8)),
        ({**VISIT, "service": "info-desk"}, end_of(2026, 5, 13), None),
        (ORDER, START + timedelta(minutes=10), None),
    ],
)
async def test_the_limits_of_a_request(
    desk: Desk, body: dict[str, Any], promise: datetime, statutory: datetime | None
) -> None:
    """Row 4 of the table on Tuesday 12.05.2026: promise 01.06.2026, law 3071 until 11.06.2026 (domain §9.3)."""
    ticket = await desk.read(await desk.open(body))
    assert due(ticket) == promise
    assert kinds(ticket) == (["promise"] if statutory is None else ["promise", "statutory"])
    assert statutory is None or due(ticket, "statutory") == statutory


async def test_thanks_owe_nothing(desk: Desk) -> None:
    number = await desk.open(kind="thanks")
    assert (await desk.read(number))["clocks"] == []
    assert (await desk.run(number, "resolve"))["clocks"] == []


# ── documents ──


async def test_a_promise_waits_for_the_documents_and_the_law_does_not(desk: Desk) -> None:
    number = await desk.open(ATTORNEY_VISIT)
    waiting = await desk.read(number)
    assert (waiting["status"], kinds(waiting)) == ("awaiting_documents", ["statutory"])
    assert due(waiting, "statutory") == end_of(2026, 6, 11)
    desk.clock.advance(days=2)
    ticket = await desk.run(number, "provide_documents", {"documents": ["power_of_attorney"]})
    assert (ticket["status"], kinds(ticket)) == ("registered", ["promise", "statutory"])
    assert due(ticket) == end_of(2026, 6, 1)  # 14 May + 15 days = 29 May, Kurban Bayramı
    assert due(ticket, "statutory") == end_of(2026, 6, 11)
    assert ticket["documents"][0]["provided_at"] == ticket["clocks"][0]["started_at"]


async def test_some_documents_of_several_start_nothing(desk: Desk) -> None:
    number = await desk.open({**ATTORNEY_VISIT, "formal": True})
    one = await desk.run(number, "provide_documents", {"documents": ["petition"]})
    assert (one["status"], kinds(one)) == ("awaiting_documents", ["statutory"])
    assert [document["provided_at"] is None for document in one["documents"]] == [False, True]
    both = await desk.run(number, "provide_documents", {"documents": ["petition", "power_of_attorney"]})
    assert (both["status"], kinds(both)) == ("registered", ["promise", "statutory"])


async def test_a_call_that_needs_a_signature_has_no_limit_until_it_is_given(desk: Desk) -> None:
    """Domain §9.7; signed it is a petition, to which law 3071 gives 30 days as well."""
    number = await desk.open(WET_CALL)
    waiting = await desk.read(number)
    assert (waiting["status"], waiting["clocks"]) == ("awaiting_documents", [])
    desk.clock.advance(days=40)
    assert await sweep(desk.container) == 0
    signed = await desk.run(number, "provide_documents", {"documents": ["wet_signature"]})
    assert kinds(signed) == ["promise", "statutory"]
    assert due(signed) == end_of(2026, 7, 6)
    assert due(signed, "statutory") == end_of(2026, 7, 21)
    assert signed["clocks"][1]["limit"] == "30 gün"


@pytest.mark.parametrize("documents", [["tapu"], ["petition", "residence_paper"], ["application_form"]])
async def test_only_published_documents_may_be_asked_for(desk: Desk, documents: list[str]) -> None:
    """The first of the three grounds of complaint that the published table names."""
    number = await desk.open(VISIT)
    response = await desk.send(number, "request_documents", {"documents": documents})
    assert response.status_code == 422
    refused = response.json()["errors"][0]
    assert refused["code"] == "unlisted_document"
    assert "petition" in refused["detail"]
    assert "şikâyet gerekçesidir (extra_document_requested)" in refused["detail"]
    english = await desk.client.post(
        f"/v1/tickets/{number}/request-documents",
        json={"documents": documents},
        headers={"If-Match": "*", "Accept-Language": "en"},
    )
    assert "a ground of complaint (extra_document_requested)" in english.json()["errors"][0]["detail"]
    assert (await desk.read(number))["status"] == "received"


async def test_an_unlisted_document_needs_a_reason(desk: Desk) -> None:
    number = await desk.open(VISIT)
    response = await desk.send(number, "request_documents", {"unlisted": [DEED]})
    assert (response.status_code, response.json()["errors"][0]["code"]) == (422, "unlisted_document")
    assert response.json()["errors"][0]["pointer"] == "/unlisted/0"


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({}, "", "no_document"),
        ({"documents": ["petition"], "override_reason": REASON}, "/override_reason", "nothing_to_override"),
        ({"documents": ["tapu"], "override_reason": REASON, "unlisted": [DEED]}, "/documents/0", "unlisted_document"),
        (
            {"unlisted": [{"code": "petition", "label": "Dilekçe"}], "override_reason": REASON},
            "/unlisted/0",
            "listed_document",
        ),
    ],
)
async def test_an_override_says_what_it_is_for(desk: Desk, body: dict[str, Any], pointer: str, code: str) -> None:
    number = await desk.open(VISIT)
    response = await desk.send(number, "request_documents", body)
    assert response.status_code == 422, response.text
    assert (response.json()["errors"][0]["pointer"], response.json()["errors"][0]["code"]) == (pointer, code)


async def asked_for_the_deed(desk: Desk, *, about_first_office: bool = False) -> tuple[str, dict[str, Any]]:
    """Ask for a listed document and for the deed, with the reason; return the number and the ticket."""
    number = await desk.open({**VISIT, "about_first_office": about_first_office})
    body = {"documents": ["petition"], "unlisted": [DEED], "override_reason": REASON}
    return number, await desk.run(number, "request_documents", body)


async def notices_of_kind(desk: Desk, number: str, kind: str) -> list[dict[str, Any]]:
    """Return the ticket's notices of a kind over HTTP."""
    found = await desk.client.get(f"/v1/notices?ticket={number}&kind={kind}")
    items: list[dict[str, Any]] = found.json()["items"]
    return items


async def test_an_override_is_recorded_with_its_reason(desk: Desk) -> None:
    number, asked = await asked_for_the_deed(desk)
    first = asked["documents"][0]
    assert (first["code"], first["label"]) == ("deed", "Tapu örneği")
    event = (await desk.timeline(number))["items"][-1]
    assert (event["data"]["documents"], event["data"]["unlisted"]) == (["petition", "deed"], ["deed"])
    assert event["note"] == REASON


@pytest.mark.parametrize(("about_first_office", "office"), [(False, "office:1"), (True, "office:2")])
async def test_an_override_is_seen_by_the_office_with_its_reason(
    desk: Desk, about_first_office: bool, office: str
) -> None:
    """The words are sealed and reach the office by reference only."""
    number, _ = await asked_for_the_deed(desk, about_first_office=about_first_office)
    [notice] = await notices_of_kind(desk, number, "unlisted_documents")
    assert notice["recipient"]["code"] == office
    assert f"Gerekçe: {REASON}" in notice["body"]
    assert "- Tapu örneği" in notice["body"]
    assert "Dilekçe" not in notice["body"]
    async with desk.container.database.reading() as session:
        stored = (await session.scalars(select(Notice).where(Notice.kind == "unlisted_documents"))).one()
    assert REASON not in str(stored.payload)


async def test_the_applicant_is_asked_for_both_and_learns_which_is_not_on_the_table(desk: Desk) -> None:
    number, _ = await asked_for_the_deed(desk)
    assert len(await notices_of_kind(desk, number, "missing_documents")) == 1
    async with desk.container.database.reading() as session:
        asked_of = (await session.scalars(select(Notice).where(Notice.kind == "missing_documents"))).one().payload
    assert (asked_of["documents"], asked_of["unlisted"]) == (["Dilekçe", "Tapu örneği"], ["Tapu örneği"])


async def test_the_notice_of_an_override_stays_the_same_after_the_documents_came(desk: Desk) -> None:
    number, _ = await asked_for_the_deed(desk)
    [notice] = await notices_of_kind(desk, number, "unlisted_documents")
    came = await desk.run(number, "provide_documents", {"documents": ["petition", "deed"]})
    assert came["status"] == "registered"
    [again] = await notices_of_kind(desk, number, "unlisted_documents")
    assert again["body"] == notice["body"]


async def test_a_service_whose_row_lists_no_document_can_ask_for_none(desk: Desk) -> None:
    number = await desk.open(CALL)
    assert (await desk.send(number, "request_documents", {"documents": ["petition"]})).status_code == 422


async def test_asking_for_documents_stops_the_promise_until_they_come(desk: Desk) -> None:
    number = await desk.open(VISIT)
    desk.clock.advance(days=1)
    asked = await desk.run(number, "request_documents", {"documents": ["petition", "petition"]})
    assert (asked["status"], state(asked), due(asked)) == ("awaiting_documents", "paused", None)
    assert state(asked, "statutory") == "running"
    assert [kind for kind, _ in await desk.armed(number)] == ["legal_risk", "breach"]
    desk.clock.advance(days=4)
    came = await desk.run(number, "provide_documents", {"documents": ["petition"]})
    assert (came["status"], state(came)) == ("registered", "running")
    assert due(came) == end_of(2026, 6, 1)  # 4 dates dropped: 27 May + 4 = 31 May, a Sunday
    assert due(came, "statutory") == end_of(2026, 6, 11)
    notified = [notice.kind for notice in await desk.notices(number, of_offices=False)]
    assert notified == ["receipt", "missing_documents"]
