"""Batches of field teams, late and maybe repeated: a result per item, and the trust in the device's time."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import AsyncClient
from sqlalchemy import func, select

from app.channels.model import InboundMessage
from app.core.clock import ISTANBUL
from app.tickets.model import Ticket
from app.tickets.numbers import parse_ticket_number
from tests.channels import bodies
from tests.channels.conftest import Shared
from tests.installation import START

BATCHES = "/v1/channels/field/batches"

ClientAs = Callable[..., Awaitable[AsyncClient]]


async def send(client: AsyncClient, *items: Any, **headers: str) -> dict[str, Any]:
    """Send a batch that is accepted; return the results."""
    response = await client.post(
        BATCHES, content=json.dumps({"items": items}), headers={"Content-Type": "application/json"} | headers
    )
    assert response.status_code == 200, response.text
    result: dict[str, Any] = response.json()
    assert [item["index"] for item in result["items"]] == list(range(len(items)))
    return result


async def stored(app: FastAPI, number: str) -> Ticket:
    """Return the row of a ticket."""
    async with app.state.container.database.reading() as session:
        ticket: Ticket = (await session.scalars(select(Ticket).where(Ticket.number == number))).one()
    return ticket


def mixed_batch() -> list[Any]:
    """Return 500 items; every tenth of them has one of the usual errors of devices."""
    bad: list[Any] = [
        {},
        None,
        "text",
        bodies.field_item("bad-phone", resident={"phone": "12"}),
        bodies.field_item("bad-date", captured_at="2026-05-12T10:00:00"),
        bodies.field_item("bad-text", description=" "),
        bodies.field_item("bad-name", unknown=1),
        bodies.field_item("bad-\ud800"),
        bodies.field_item("bad-place", place={"latitude": 91, "longitude": 0}),
        bodies.field_item("bad-\x00"),
    ]
    items: list[Any] = [bodies.field_item(f"good-{i}", description=f"Dilek {i}") for i in range(500)]
    for i in range(50):
        items[i * 10 + 3] = bad[i % len(bad)]
    return items


async def test_a_batch_is_stored_without_its_bad_items(app: FastAPI, client_as: ClientAs) -> None:
    """A repeated batch changes nothing: it has the same numbers and the same copies in quarantine."""
    client = await client_as("field-team")
    items = mixed_batch()
    first = await send(client, *items)
    assert (first["accepted"], first["repeated"], first["quarantined"]) == (450, 0, 50)
    again = await send(client, *items)
    assert (again["accepted"], again["repeated"], again["quarantined"]) == (0, 450, 50)
    for one, other in zip(first["items"], again["items"], strict=True):
        assert one | {"result": ""} == other | {"result": ""}
    numbers = [parse_ticket_number(item["number"]) for item in first["items"] if item["number"]]
    assert len(set(numbers)) == 450
    assert all(item["errors"] for item in first["items"] if item["result"] == "quarantined")
    async with app.state.container.database.reading() as session:
        outcomes = select(InboundMessage.outcome, func.count()).group_by(InboundMessage.outcome)
        quarantined = dict(iter(await session.execute(outcomes)))
    assert quarantined == {"accepted": 450, "quarantined": 10}


async def test_one_batch_sent_twice_at_once_is_stored_once(app: FastAPI, client_as: ClientAs) -> None:
    """The tablet lost the connection and retries while the first request is still running."""
    client = await client_as("field-team")
    items = [bodies.field_item(f"item-{i}") for i in range(60)]
    one, other = await asyncio.gather(send(client, *items), send(client, *items))
    assert one["accepted"] + other["accepted"] == 60
    assert [item["number"] for item in one["items"]] == [item["number"] for item in other["items"]]
    async with app.state.container.database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(Ticket)) == 60


async def test_a_repeated_item_in_a_batch_is_one_ticket(shared: Shared) -> None:
    """The response has a result for each of them."""
    result = await send(shared.client, *[bodies.field_item("twin")] * 3)
    assert sorted(item["result"] for item in result["items"]) == ["accepted", "repeated", "repeated"]
    assert len({item["number"] for item in result["items"]}) == 1


async def test_an_item_with_a_known_id_and_other_content_is_quarantined(shared: Shared) -> None:
    """A reset tablet counts from 1 again; its item is no repeat and must not be lost."""
    first = await send(shared.client, bodies.field_item("reset"))
    result = (await send(shared.client, bodies.field_item("reset", description="Başka konu")))["items"][0]
    assert (result["result"], result["number"]) == ("quarantined", None)
    assert [(error["pointer"], error["code"]) for error in result["errors"]] == [("/item_id", "already_received")]
    assert first["items"][0]["number"] in result["errors"][0]["detail"]


@pytest.mark.parametrize(
    ("captured", "believed", "flag"),
    [
        (timedelta(0), timedelta(0), None),
        (timedelta(hours=-30), timedelta(hours=-30), None),
        (timedelta(hours=-48), timedelta(hours=-48), None),
        (timedelta(hours=-48, seconds=-1), timedelta(0), "synchronised_late"),
        (timedelta(days=-400), timedelta(0), "synchronised_late"),
        (timedelta(hours=3), timedelta(0), None),
        (timedelta(hours=24), timedelta(0), None),
        (timedelta(hours=24, seconds=1), timedelta(0), "device_clock_ahead"),
        (timedelta(days=4000), timedelta(0), "device_clock_ahead"),
    ],
)
async def test_the_devices_time_counts_within_reason(
    shared: Shared, captured: timedelta, believed: timedelta, flag: str | None
) -> None:
    """At most 24 hours ahead and 48 hours old; otherwise the time of receipt counts, and the ticket has a flag."""
    item = bodies.field_item(f"skew-{captured}", captured_at=(START + captured).isoformat())
    result = (await send(shared.client, item))["items"][0]
    ticket = await stored(shared.app, result["number"])
    assert ticket.occurred_at == (START + believed).astimezone(UTC)
    assert ticket.time_flag == flag
    assert ticket.received_at == START.astimezone(UTC)


async def test_the_limit_runs_from_the_doorstep(shared: Shared) -> None:
    """15 GÜN from the day of capture, not from the day of synchronisation."""
    result = await send(shared.client, bodies.field_item("doorstep", captured_at="2026-05-11T16:00:00+03:00"))
    due = datetime.fromisoformat(result["items"][0]["due_at"])
    assert due == datetime(2026, 5, 26, 23, 59, 59, 999_999, tzinfo=ISTANBUL)


async def test_a_shown_identity_document_is_recorded(shared: Shared) -> None:
    """It counts as a document shown; a copy is rejected."""
    result = await send(shared.client, bodies.field_item("shown", id_shown=True))
    assert result["accepted"] == 1
    refused = (await send(shared.client, bodies.field_item("copied", id_scan="aGVsbG8=")))["items"][0]
    assert [(error["pointer"], error["code"]) for error in refused["errors"]] == [("/id_scan", "unknown_field")]


@pytest.mark.parametrize("size", [0, 501])
async def test_a_batch_has_1_to_500_items(shared: Shared, size: int) -> None:
    """A larger or empty batch is rejected as a whole and quarantined."""
    response = await shared.client.post(BATCHES, json={"items": [{}] * size})
    assert response.status_code == 422
    assert {error["pointer"] for error in response.json()["errors"]} == {"/items"}
    assert response.json()["quarantine_id"]


@pytest.mark.parametrize("language", ["tr", "en"])
async def test_items_are_rejected_in_the_callers_language(shared: Shared, language: str) -> None:
    """The status is 200, so each item has its own errors."""
    result = (await send(shared.client, {}, **{"Accept-Language": language}))["items"][0]
    words = {"tr": "Bu alan zorunludur.", "en": "This field is required."}[language]
    assert {error["detail"] for error in result["errors"]} == {words}


@pytest.mark.parametrize("depth", range(880, 1010, 10))
async def test_no_depth_of_nesting_breaks_a_batch(shared: Shared, depth: int) -> None:
    """The parser and the serializer have different depth limits; neither may cause a 500."""
    raw = b'{"items":[' + b"[" * depth + b"]" * depth + b"]}"
    response = await shared.client.post(BATCHES, content=raw, headers={"Content-Type": "application/json"})
    assert response.status_code in {200, 422}, response.text
    assert b"quarantine_id" in response.content
