"""`GET /v1/events`: pages of a mobile backend, filters, visibility and cursors."""

from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import text

from app.core.ids import new_id
from app.core.paging import Cursor
from tests.desk import ANSWER, CALL, VISIT, Desk
from tests.installation import START, new_key, opened_client

MOBILE = {"channel": "mobile", "description": "Sokak lambası yanmıyor", "kind": "request"}


async def page(client: AsyncClient, **parameters: Any) -> dict[str, Any]:
    response = await client.get("/v1/events", params=parameters)
    assert response.status_code == 200, response.text
    read: dict[str, Any] = response.json()
    return read


def seen(read: dict[str, Any]) -> list[tuple[str, str]]:
    return [(item["ticket"], item["type"]) for item in read["items"]]


async def test_a_tickets_events_come_in_order_with_codes_only(desk: Desk) -> None:
    number = await desk.open(VISIT)
    await desk.run(number, "refer", {"unit": "public-works", "note": "Örnek Vatandaş ile görüşüldü"})
    await desk.run(number, "resolve", {"outcome": "forwarded_out", "forwarded_to": "İSKİ"})
    read = await page(desk.client)
    assert seen(read) == [(number, "ticket.received"), (number, "ticket.referred"), (number, "ticket.resolved")]
    assert [item["seq"] for item in read["items"]] == [1, 2, 3]
    referred = read["items"][1]
    assert referred["data"] == {"from": "received", "to": "referred", "unit": "public-works"}
    assert referred["at"] == "2026-05-12T07:00:00Z"
    assert read["items"][2]["data"] == {"from": "referred", "to": "resolved", "outcome": "forwarded_out"}
    assert set(referred) == {"id", "type", "at", "ticket", "seq", "data", "cursor"}


async def test_a_reader_resumes_at_its_cursor_which_stays_the_same_without_events(
    desk: Desk,
) -> None:
    first, second = await desk.open(), await desk.open()
    read = await page(desk.client)
    again = await page(desk.client, after=read["next_cursor"])
    assert again == {"items": [], "next_cursor": read["next_cursor"], "has_more": False}
    third = await desk.open()
    assert seen(await page(desk.client, after=read["next_cursor"])) == [(third, "ticket.received")]
    after_first = await page(desk.client, after=read["items"][0]["cursor"])
    assert [item["ticket"] for item in after_first["items"]] == [second, third]
    assert first == read["items"][0]["ticket"]


async def test_pages_join_without_a_gap_and_link_to_the_next(desk: Desk) -> None:
    numbers = [await desk.open() for _ in range(5)]
    found, address = [], "/v1/events?limit=2&types=ticket.received"
    while address:
        response = await desk.client.get(address)
        assert response.status_code == 200, response.text
        found += [item["ticket"] for item in response.json()["items"]]
        assert ("next" in response.links) is response.json()["has_more"]
        address = response.links.get("next", {}).get("url", "")
    assert found == numbers


async def test_only_requested_types_are_returned(desk: Desk) -> None:
    number = await desk.open(VISIT)
    await desk.run(number, "register")
    await desk.run(number, "resolve", ANSWER)
    wanted = ["ticket.resolved", "ticket.registered"]
    assert [item["type"] for item in (await page(desk.client, types=wanted))["items"]] == wanted[::-1]
    assert seen(await page(desk.client, types="ticket.changed")) == []
    async with desk.container.database.transaction() as session:
        await session.execute(text("UPDATE ticket_event SET kind = 'of_next_year' WHERE kind = 'register'"))
    assert seen(await page(desk.client, types="ticket.changed")) == [(number, "ticket.changed")]


async def test_latest_starts_at_the_end(desk: Desk) -> None:
    await desk.open()
    read = await page(desk.client, after="latest")
    assert read["items"] == []
    number = await desk.open()
    assert seen(await page(desk.client, after=read["next_cursor"])) == [(number, "ticket.received")]


async def test_an_app_sees_the_events_of_its_own_tickets_only(desk: Desk) -> None:
    async with (
        opened_client(desk.app, await new_key(desk.container, "mobile-app")) as app,
        opened_client(desk.app, await new_key(desk.container, "mobile-app")) as other,
    ):
        mine = (await app.post("/v1/tickets", json=MOBILE)).json()["number"]
        theirs = (await other.post("/v1/tickets", json=MOBILE)).json()["number"]
        await desk.open(CALL)
        await desk.run(mine, "register")
        assert seen(await page(app)) == [(mine, "ticket.received"), (mine, "ticket.registered")]
        assert seen(await page(other)) == [(theirs, "ticket.received")]
        read = await page(other, after=(await page(other))["next_cursor"])
        assert read["items"] == []
        assert read["has_more"] is False


async def test_a_directorate_sees_the_events_of_its_tickets(desk: Desk) -> None:
    number = await desk.open(VISIT)
    await desk.open(VISIT)
    await desk.run(number, "refer", {"unit": "public-works"})
    async with opened_client(desk.app, await new_key(desk.container, "unit-officer", "public-works")) as officer:
        assert seen(await page(officer)) == [(number, "ticket.received"), (number, "ticket.referred")]


async def test_a_key_that_may_see_no_ticket_may_not_read_the_feed(desk: Desk) -> None:
    async with opened_client(desk.app, await new_key(desk.container, "ops")) as ops:
        response = await ops.get("/v1/events")
    assert response.status_code == 403
    assert response.json()["code"] == "forbidden"


@pytest.mark.parametrize(
    ("cursor", "code"),
    [
        pytest.param(Cursor(START, new_id()).encode(), "cursor", id="of another list"),
        pytest.param("x", "cursor", id="of nothing"),
        pytest.param("WyJmZWVkIiwiMDAwMDAwMDAiLDFd", "cursor_of_lost_data", id="of another life of the database"),
    ],
)
async def test_a_foreign_cursor_is_rejected_with_a_reason(desk: Desk, cursor: str, code: str) -> None:
    response = await desk.client.get("/v1/events", params={"after": cursor}, headers={"Accept-Language": "en"})
    assert response.status_code == 422
    [error] = response.json()["errors"]
    assert (error["pointer"], error["code"]) == ("/after", code)


async def test_the_cursor_of_the_feed_is_rejected_by_other_lists(desk: Desk) -> None:
    await desk.open()
    cursor = (await page(desk.client))["next_cursor"]
    response = await desk.client.get("/v1/tickets", params={"cursor": cursor})
    assert response.status_code == 422
    assert response.json()["errors"][0]["code"] == "cursor"


@pytest.mark.parametrize("parameters", [{"types": "ticket.eaten"}, {"limit": 0}, {"limit": 101}, {"after": "a" * 301}])
async def test_bad_parameters_are_named(desk: Desk, parameters: dict[str, Any]) -> None:
    response = await desk.client.get("/v1/events", params=parameters)
    assert response.status_code == 422
    assert response.json()["errors"][0]["pointer"].startswith("/" + next(iter(parameters)))
