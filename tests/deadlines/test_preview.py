"""A preview gives what a ticket opened with the same facts gets, and refuses what no ticket could have."""

from datetime import datetime
from typing import Any

import pytest

from app.core.clock import ISTANBUL
from tests.desk import CALL, INFORMATION, ORDER, PETITION, VISIT, Desk, end_of
from tests.installation import START, new_key, opened_client

FROM = "2026-05-12T10:00:00+03:00"
DESK = {"service": "solution-desk", "from": FROM}
RIGHT = {"service": "right-to-information", "from": FROM, "right_to_information": True}


def pause(begin: str, end: str | None, reason: str = "awaiting_citizen") -> dict[str, str | None]:
    stretch: dict[str, str | None] = {"from": f"{begin}T09:00:00+03:00", "reason": reason}
    return stretch if end is None else {**stretch, "to": f"{end}T09:00:00+03:00"}


async def previewed(desk: Desk, **body: Any) -> dict[str, Any]:
    response = await desk.client.post("/v1/deadlines/preview", json=body)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


async def refused(desk: Desk, body: dict[str, Any]) -> list[tuple[str, str]]:
    """(pointer, code) of each field that is not taken."""
    response = await desk.client.post("/v1/deadlines/preview", json=body)
    assert response.status_code == 422, response.text
    return [(error["pointer"], error["code"]) for error in response.json()["errors"]]


def reasons(limit: dict[str, Any]) -> list[str]:
    return [line["reason"] for line in limit["ledger"]]


@pytest.mark.parametrize(
    ("ticket", "asked"),
    [
        (VISIT, {"service": "solution-desk"}),
        (PETITION, {"service": "solution-desk", "formal": True}),
        (CALL, {"service": "call-center"}),
        ({**CALL, "formal": True}, {"service": "call-center", "formal": True}),
        (ORDER, {"service": "hospitality"}),
        (INFORMATION, {"service": "right-to-information", "right_to_information": True}),
        ({**VISIT, "right_to_information": True}, {"service": "solution-desk", "right_to_information": True}),
    ],
)
@pytest.mark.parametrize("start", ["2026-01-16T23:30", "2026-03-05T16:50", "2026-05-12T10:00", "2026-10-27T08:00"])
async def test_a_ticket_opened_with_the_same_facts_gets_the_same_dates_and_ledger(
    desk: Desk, ticket: dict[str, Any], asked: dict[str, Any], start: str
) -> None:
    begin = datetime.fromisoformat(start).replace(tzinfo=ISTANBUL)
    desk.clock.set(begin)
    explained = (await desk.client.get(f"/v1/tickets/{await desk.open(ticket)}/deadline")).json()
    found = await previewed(desk, **asked, **{"from": begin.isoformat()})
    of_ticket = {clock["kind"]: clock for clock in explained["clocks"]}
    of_preview = {limit["kind"]: limit for limit in (found["promise"], found["statutory"]) if limit}
    assert of_ticket.keys() == of_preview.keys()
    for kind, limit in of_preview.items():
        for name in ("policy", "due_at", "unit", "whole", "ledger", "provisional", "pauses"):
            assert limit[name] == of_ticket[kind][name]
    for name in ("service", "catalogue_version"):
        assert found[name] == explained[name]
    assert {clock["calendar_version"] for clock in explained["clocks"]} == {found["calendar_version"]}


async def test_a_pause_moves_the_promise_and_never_the_limit_of_law(desk: Desk) -> None:
    number = await desk.open(VISIT)
    await desk.run_all(number, "refer", "accept")
    desk.clock.set(datetime(2026, 5, 14, 9, tzinfo=ISTANBUL))
    await desk.run(number, "pause")
    desk.clock.set(datetime(2026, 5, 20, 9, tzinfo=ISTANBUL))
    await desk.run(number, "resume")
    explained = (await desk.client.get(f"/v1/tickets/{number}/deadline")).json()
    found = await previewed(desk, **DESK, pauses=[pause("2026-05-14", "2026-05-20")])
    assert [found["promise"]["ledger"], found["statutory"]["ledger"]] == [one["ledger"] for one in explained["clocks"]]
    assert reasons(found["promise"]).count("paused") == 6
    assert (len(found["promise"]["pauses"]), found["promise"]["ignored_pauses"]) == (1, [])
    assert (found["statutory"]["pauses"], len(found["statutory"]["ignored_pauses"])) == ([], 1)


async def test_a_pause_for_a_reason_that_the_service_does_not_know_is_ignored_and_said(desk: Desk) -> None:
    asked = {**DESK, "pauses": [pause("2026-05-14", "2026-05-20", "awaiting_external")]}
    found = await previewed(desk, **asked)
    assert found["promise"]["due_at"] == (await previewed(desk, **DESK))["promise"]["due_at"]
    assert [each["reason"] for each in found["promise"]["ignored_pauses"]] == ["awaiting_external"]
    response = await desk.client.post("/v1/deadlines/preview", json=asked, headers={"Accept": "text/plain"})
    assert (
        "14 Mayıs 2026 Perşembe 09:00 ile 20 Mayıs 2026 Çarşamba 09:00 arasındaki bekleme bu süreyi durdurmaz "
        "(başka bir kurumun yanıtı bekleniyor)."
    ) in response.text.splitlines()


async def test_a_pause_without_an_end_leaves_no_date(desk: Desk) -> None:
    found = await previewed(desk, **DESK, pauses=[pause("2026-05-14", None)])
    assert found["promise"]["due_at"] is None
    assert reasons(found["promise"])[-1] == "still_paused"
    assert found["statutory"]["due_at"] is not None


async def test_an_extension_takes_the_longer_limit_of_the_law(desk: Desk) -> None:
    """Law 4982 art. 11: of a request of 28 April 15 working days end on 21 May, 30 on 16 June."""
    asked = {**RIGHT, "from": "2026-04-28T10:00:00+03:00"}
    found = [(await previewed(desk, **asked, extended=extended))["statutory"] for extended in (False, True)]
    assert [datetime.fromisoformat(one["due_at"]) for one in found] == [end_of(2026, 5, 21), end_of(2026, 6, 16)]
    assert [one["policy"]["printed"] for one in found] == ["15 iş günü", "30 iş günü"]


async def test_a_closed_service_can_be_asked_about(desk: Desk) -> None:
    """BİMER takes nothing new, but its old records have dates."""
    found = await previewed(desk, service="bimer", **{"from": "2015-03-02T10:00:00+02:00"})
    assert datetime.fromisoformat(found["promise"]["due_at"]) == end_of(2015, 4, 1)


async def test_a_date_beyond_the_known_holidays_says_that_it_may_move(desk: Desk) -> None:
    asked = {**DESK, "from": "2034-05-12T10:00:00+03:00"}
    assert (await previewed(desk, **asked))["promise"]["provisional"] is True
    assert (await previewed(desk, **DESK))["promise"]["provisional"] is False
    response = await desk.client.post("/v1/deadlines/preview", json=asked, headers={"Accept": "text/plain"})
    assert "Hesap, resmî tatilleri takvime henüz işlenmemiş bir yıla uzandığından" in response.text


async def test_the_text_supposes_where_a_ticket_would_state(desk: Desk) -> None:
    asked = {**RIGHT, "extended": True}
    response = await desk.client.post("/v1/deadlines/preview", json=asked, headers={"Accept": "text/plain"})
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    said = response.text.splitlines()
    assert said[:3] == [
        "SÜRE HESABI (ÖN İZLEME)",
        "=======================",
        "Hizmet         : Halkla İlişkiler - ESTİM (Bilgi Edinme)",
    ]
    begin = said.index("Yasal süre: 30 iş günü")
    assert said[begin + 2 : begin + 7] == [
        "Süre 12 Mayıs 2026 Salı günü saat 10:00 itibarıyla başlar.",
        "Dayanak: 4982 sayılı Bilgi Edinme Hakkı Kanunu, madde 11.",
        "Süre 15 iş günüdür; başladığı gün, hafta sonları ve resmî tatiller sayılmaz.",
        "Sürenin toplam 30 iş gününe uzatıldığı varsayılmıştır.",
        "Buna göre süre 29 Haziran 2026 Pazartesi günü sonunda dolar.",
    ]


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({**DESK, "service": "no-such"}, [("/service", "unknown_service")]),
        ({"from": FROM}, [("/service", "missing")]),
        ({"service": "solution-desk"}, [("/from", "missing")]),
        ({**DESK, "from": "2026-05-12T10:00:00"}, [("/from", "zone")]),
        ({**DESK, "from": "2005-12-31T23:59:59+03:00"}, [("/from", "too_old")]),
        ({**DESK, "from": "2036-05-20T10:00:00+03:00"}, [("/from", "too_late")]),
        ({**DESK, "extended": True}, [("/extended", "not_extendable")]),
        ({**DESK, "pauses": [pause("2026-05-14", "2026-05-13")]}, [("/pauses/0", "pause_order")]),
        ({**DESK, "pauses": [pause("2026-05-14", "2036-05-20")]}, [("/pauses/0/to", "too_late")]),
        ({**DESK, "pauses": [pause("2026-05-14", None, "holiday")]}, [("/pauses/0/reason", "choice")]),
        ({**DESK, "pauses": [pause("2026-05-14", None)] * 51}, [("/pauses", "too_many_items")]),
        ({**DESK, "starts_at": FROM}, [("/starts_at", "unknown_field")]),
    ],
)
async def test_what_no_ticket_could_have_is_refused_by_field(
    desk: Desk, body: dict[str, Any], errors: list[tuple[str, str]]
) -> None:
    assert await refused(desk, body) == errors


async def test_it_takes_the_scope_of_the_catalogue_and_no_more(desk: Desk) -> None:
    assert START.isoformat() == FROM
    async with opened_client(desk.app, await new_key(desk.container, "sms-gateway")) as caller:
        assert (await caller.post("/v1/deadlines/preview", json=DESK)).status_code == 200
    async with opened_client(desk.app) as anonymous:
        assert (await anonymous.post("/v1/deadlines/preview", json=DESK)).status_code == 401
