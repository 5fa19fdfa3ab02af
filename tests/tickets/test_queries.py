"""Lists of tickets: filters, pages that neither skip nor repeat, and the verdict that every reader gets."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import event

from tests.installation import START, new_key, opened_client
from tests.tickets.counter import CALL, CITIZEN, ORDER, VISIT, Counter, end_of
from workers.timers import sweep


async def listed(client: AsyncClient, **wanted: Any) -> list[str]:
    answer = await client.get("/v1/tickets", params=wanted)
    assert answer.status_code == 200, answer.text
    return [item["number"] for item in answer.json()["items"]]


async def walk(client: AsyncClient, address: str) -> list[str]:
    """All numbers, page after page by the header `Link`."""
    found: list[str] = []
    while address:
        answer = await client.get(address)
        assert answer.status_code == 200, answer.text
        found += [item["number"] for item in answer.json()["items"]]
        assert ("next" in answer.links) is (answer.json()["next_cursor"] is not None)
        address = answer.links.get("next", {}).get("url", "")
    return found


@contextmanager
def statements(counter: Counter) -> Iterator[list[str]]:
    """The SQL statements that the app sends meanwhile."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        sent.append(statement)

    engine = counter.container.database._engine.sync_engine
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
async def test_each_filter_narrows(counter: Counter, wanted: dict[str, Any], expected: str) -> None:
    numbers = {}
    place = {"neighbourhood": "ORUÇREİS MAH."}
    numbers["a"] = await counter.open(CALL, external_id="CALL-1", place=place)
    counter.clock.advance(hours=1)
    numbers["b"] = await counter.open(VISIT)
    await counter.did(numbers["b"], "refer")
    counter.clock.advance(hours=1)
    numbers["c"] = await counter.open(ORDER)
    counter.clock.advance(hours=1)
    numbers["d"] = await counter.open(CALL, kind="complaint")
    await counter.did(numbers["d"], "resolve")
    assert await listed(counter.client, **wanted) == [numbers[name] for name in expected]


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
async def test_a_filter_that_can_not_be_is_refused(counter: Counter, wanted: dict[str, Any]) -> None:
    answer = await counter.client.get("/v1/tickets", params=wanted)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == f"/{next(iter(wanted))}"


@pytest.mark.parametrize(
    "spelling",
    ["05320000067", "0532 000 00 67", "+90 532 000 00 67", "(0532) 000-00-67", "0090 532 0000067", "5320000067"],
)
async def test_a_phone_is_found_however_it_is_spelled(counter: Counter, spelling: str) -> None:
    number = await counter.open(CALL)
    await counter.open(CALL, applicant={**CITIZEN, "phone": "0532 000 00 68"})
    assert await listed(counter.client, phone=spelling) == [number]


# ── pages ──


async def test_pages_neither_skip_nor_repeat_while_tickets_come_in(counter: Counter) -> None:
    """Several tickets of one instant, and new ones before every page: each old one is seen once, in its order."""
    first = []
    for index in range(17):
        first.append(await counter.open())
        if index % 4 == 3:
            counter.clock.advance(seconds=1)
    seen: list[str] = []
    address = "/v1/tickets?limit=3&channel=call-center"
    while address:
        answer = await counter.client.get(address)
        seen += [item["number"] for item in answer.json()["items"]]
        await counter.open()
        counter.clock.advance(seconds=1)
        address = answer.links.get("next", {}).get("url", "")
    assert len(seen) == len(set(seen)) == 17
    assert set(seen) == set(first)
    assert await walk(counter.client, "/v1/tickets?limit=100") == await walk(counter.client, "/v1/tickets?limit=4")


async def test_the_next_page_keeps_the_filters(counter: Counter) -> None:
    calls = [await counter.open(CALL) for _ in range(3)]
    await counter.open(VISIT)
    answer = await counter.client.get(
        "/v1/tickets", params={"limit": 2, "channel": "call-center", "phone": "0532 000 00 67"}
    )
    assert "channel=call-center" in answer.links["next"]["url"]
    rest = await counter.client.get(answer.links["next"]["url"])
    assert [item["number"] for item in answer.json()["items"] + rest.json()["items"]] == calls[::-1]
    assert "next" not in rest.links


@pytest.mark.parametrize("count", [1, 2, 3])
async def test_a_full_last_page_has_no_next(counter: Counter, count: int) -> None:
    for _ in range(count):
        await counter.open()
    answer = (await counter.client.get("/v1/tickets", params={"limit": 2})).json()
    assert (len(answer["items"]), answer["next_cursor"] is None) == (min(count, 2), count <= 2)


async def test_a_page_costs_the_same_whatever_it_holds(counter: Counter) -> None:
    costs = []
    for count in (1, 2, 20):
        for _ in range(count):
            await counter.open(VISIT)
        await listed(counter.client)
        with statements(counter) as sent:
            assert len(await listed(counter.client, limit=100, overdue=False)) >= count
        costs.append(len(sent))
    assert costs == [2, 2, 2]


async def test_a_command_costs_the_same_however_long_the_history(counter: Counter) -> None:
    number = await counter.open(VISIT)
    await counter.did(number, "comment")
    with statements(counter) as early:
        await counter.did(number, "comment")
    for _ in range(20):
        await counter.did(number, "comment")
    with statements(counter) as late:
        await counter.did(number, "comment")
    assert len(late) == len(early)


# ── overdue ──


async def test_overdue_needs_no_sweep_and_is_the_same_everywhere(counter: Counter) -> None:
    """B71: nothing has to flip a status for time to have passed. C10: at the due instant it is not late yet."""
    number = await counter.open(CALL)
    tag = (await counter.client.get(f"/v1/tickets/{number}")).headers["ETag"]
    counter.clock.set(end_of(2026, 6, 1))
    assert await listed(counter.client, overdue=True) == []
    assert await listed(counter.client, overdue=False) == [number]
    counter.clock.advance(microseconds=1)
    for swept in (False, True):
        if swept:
            assert await sweep(counter.container) == 3
        assert await listed(counter.client, overdue=True) == [number]
        assert await listed(counter.client, overdue=False) == []
        ticket = await counter.read(number)
        summary = (await counter.client.get("/v1/tickets")).json()["items"][0]
        assert ticket["overdue"] is summary["overdue"] is True
        assert [clock["on_time"] for clock in ticket["clocks"]] == [False]
        assert summary["clocks"] == ticket["clocks"]
        again = await counter.client.get(f"/v1/tickets/{number}", headers={"If-None-Match": tag})
        assert again.status_code == 200


async def test_lists_of_a_directorate_stay_within_it(counter: Counter) -> None:
    ours, theirs = await counter.open(), await counter.open()
    await counter.did(ours, "refer", {"unit": "public-works"})
    await counter.did(theirs, "refer", {"unit": "cleaning"})
    async with opened_client(counter.app, await new_key(counter.container, "unit-officer", "public-works")) as officer:
        assert await listed(officer) == [ours]
        assert await listed(officer, unit="cleaning") == []
