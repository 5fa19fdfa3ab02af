"""Lists of tickets: filters, pages that neither skip nor repeat, and the verdict that every reader gets."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import event

from tests.desk import CALL, CITIZEN, ORDER, VISIT, Desk, end_of
from tests.installation import START, new_key, opened_client
from workers.timers import sweep


async def listed(client: AsyncClient, **wanted: Any) -> list[str]:
    response = await client.get("/v1/tickets", params=wanted)
    assert response.status_code == 200, response.text
    return [item["number"] for item in response.json()["items"]]


async def walk(client: AsyncClient, address: str) -> list[str]:
    """All numbers, page after page by the header `Link`."""
    found: list[str] = []
    while address:
        response = await client.get(address)
        assert response.status_code == 200, response.text
        found += [item["number"] for item in response.json()["items"]]
        assert ("next" in response.links) is (response.json()["next_cursor"] is not None)
        address = response.links.get("next", {}).get("url", "")
    return found


@contextmanager
def statements(desk: Desk) -> Iterator[list[str]]:
    """The SQL statements that the app sends meanwhile."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        sent.append(statement)

    engine = desk.container.database._engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    yield sent
    event.remove(engine, "before_cursor_execute", note)


# ── filters ──


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, "dcba"),
        ({"state": "referred"}, "b"),
        ({"state": "resolved"}, "d"),
        ({"open": True}, "cba"),
        ({"open": False}, "d"),
        ({"unit": "public-works"}, "b"),
        ({"service": "solution-desk"}, "b"),
        ({"service": "hospitality"}, "c"),
        ({"channel": "call-center"}, "da"),
        ({"channel": "desk"}, "cb"),
        ({"kind": "complaint"}, "d"),
        ({"neighbourhood": "Oruçreis"}, "a"),
        ({"external_id": "CALL-1"}, "a"),
        ({"external_id": "call-1"}, ""),
        ({"received_from": (START + timedelta(hours=1)).isoformat()}, "dcb"),
        ({"received_to": (START + timedelta(hours=1)).isoformat()}, "a"),
        ({"received_from": (START + timedelta(hours=1)).isoformat(), "received_to": "2026-05-12T12:00:00+03:00"}, "b"),
        ({"channel": "desk", "open": True, "state": "referred"}, "b"),
        ({"channel": "sms"}, ""),
    ],
)
async def test_each_filter_narrows(desk: Desk, wanted: dict[str, Any], expected: str) -> None:
    numbers = {}
    place = {"neighbourhood": "ORUÇREİS MAH."}
    numbers["a"] = await desk.open(CALL, external_id="CALL-1", place=place)
    desk.clock.advance(hours=1)
    numbers["b"] = await desk.open(VISIT)
    await desk.run(numbers["b"], "refer")
    desk.clock.advance(hours=1)
    numbers["c"] = await desk.open(ORDER)
    desk.clock.advance(hours=1)
    numbers["d"] = await desk.open(CALL, kind="complaint")
    await desk.run(numbers["d"], "resolve")
    assert await listed(desk.client, **wanted) == [numbers[name] for name in expected]


@pytest.mark.parametrize(
    "wanted",
    [
        {"state": "lost"},
        {"channel": "pigeon"},
        {"limit": 0},
        {"limit": 101},
        {"cursor": "rubbish"},
        {"received_from": "2026-05-12T10:00:00"},
        {"phone": "12"},
        {"overdue": "perhaps"},
    ],
)
async def test_a_filter_that_can_not_be_is_refused(desk: Desk, wanted: dict[str, Any]) -> None:
    response = await desk.client.get("/v1/tickets", params=wanted)
    assert response.status_code == 422
    assert response.json()["errors"][0]["pointer"] == f"/{next(iter(wanted))}"


@pytest.mark.parametrize(
    "spelling",
    ["05320000067", "0532 000 00 67", "+90 532 000 00 67", "(0532) 000-00-67", "0090 532 0000067", "5320000067"],
)
async def test_a_phone_is_found_however_it_is_spelled(desk: Desk, spelling: str) -> None:
    number = await desk.open(CALL)
    await desk.open(CALL, applicant={**CITIZEN, "phone": "0532 000 00 68"})
    assert await listed(desk.client, phone=spelling) == [number]


# ── pages ──


async def test_pages_neither_skip_nor_repeat_while_tickets_come_in(desk: Desk) -> None:
    """Several tickets of one instant, and new ones before every page: each old one is seen once, in its order."""
    first = []
    for index in range(17):
        first.append(await desk.open())
        if index % 4 == 3:
            desk.clock.advance(seconds=1)
    seen: list[str] = []
    address = "/v1/tickets?limit=3&channel=call-center"
    while address:
        response = await desk.client.get(address)
        seen += [item["number"] for item in response.json()["items"]]
        await desk.open()
        desk.clock.advance(seconds=1)
        address = response.links.get("next", {}).get("url", "")
    assert len(seen) == len(set(seen)) == 17
    assert set(seen) == set(first)
    assert await walk(desk.client, "/v1/tickets?limit=100") == await walk(desk.client, "/v1/tickets?limit=4")


async def test_the_next_page_keeps_the_filters(desk: Desk) -> None:
    calls = [await desk.open(CALL) for _ in range(3)]
    await desk.open(VISIT)
    response = await desk.client.get(
        "/v1/tickets", params={"limit": 2, "channel": "call-center", "phone": "0532 000 00 67"}
    )
    assert "channel=call-center" in response.links["next"]["url"]
    rest = await desk.client.get(response.links["next"]["url"])
    assert [item["number"] for item in response.json()["items"] + rest.json()["items"]] == calls[::-1]
    assert "next" not in rest.links


@pytest.mark.parametrize("count", [1, 2, 3])
async def test_a_full_last_page_has_no_next(desk: Desk, count: int) -> None:
    for _ in range(count):
        await desk.open()
    response = (await desk.client.get("/v1/tickets", params={"limit": 2})).json()
    assert (len(response["items"]), response["next_cursor"] is None) == (min(count, 2), count <= 2)


async def test_a_page_costs_the_same_queries_for_any_length(desk: Desk) -> None:
    costs = []
    for count in (1, 2, 20):
        for _ in range(count):
            await desk.open(VISIT)
        await listed(desk.client)
        with statements(desk) as sent:
            assert len(await listed(desk.client, limit=100, overdue=False)) >= count
        costs.append(len(sent))
    assert costs == [2, 2, 2]


async def test_a_command_costs_the_same_however_long_the_history(desk: Desk) -> None:
    number = await desk.open(VISIT)
    await desk.run(number, "comment")
    with statements(desk) as early:
        await desk.run(number, "comment")
    for _ in range(20):
        await desk.run(number, "comment")
    with statements(desk) as late:
        await desk.run(number, "comment")
    assert len(late) == len(early)


# ── overdue ──


async def test_overdue_needs_no_sweep_and_is_the_same_everywhere(desk: Desk) -> None:
    """B71: nothing has to flip a status for time to have passed. C10: at the due instant it is not late yet."""
    number = await desk.open(CALL)
    tag = (await desk.client.get(f"/v1/tickets/{number}")).headers["ETag"]
    desk.clock.set(end_of(2026, 6, 1))
    assert await listed(desk.client, overdue=True) == []
    assert await listed(desk.client, overdue=False) == [number]
    desk.clock.advance(microseconds=1)
    for swept in (False, True):
        if swept:
            assert await sweep(desk.container) == 3
        assert await listed(desk.client, overdue=True) == [number]
        assert await listed(desk.client, overdue=False) == []
        ticket = await desk.read(number)
        summary = (await desk.client.get("/v1/tickets")).json()["items"][0]
        assert ticket["overdue"] is summary["overdue"] is True
        assert [clock["on_time"] for clock in ticket["clocks"]] == [False]
        assert summary["clocks"] == ticket["clocks"]
        again = await desk.client.get(f"/v1/tickets/{number}", headers={"If-None-Match": tag})
        assert again.status_code == 200


async def test_lists_of_a_directorate_stay_within_it(desk: Desk) -> None:
    ours, theirs = await desk.open(), await desk.open()
    await desk.run(ours, "refer", {"unit": "public-works"})
    await desk.run(theirs, "refer", {"unit": "cleaning"})
    async with opened_client(desk.app, await new_key(desk.container, "unit-officer", "public-works")) as officer:
        assert await listed(officer) == [ours]
        assert await listed(officer, unit="cleaning") == []
