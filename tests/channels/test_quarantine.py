"""Rejected messages are never lost: stored once, listed, retried, or discarded with a reason."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from httpx import AsyncClient
from sqlalchemy import select, update

from app.access.model import ApiClient, PersonalDataAccess
from app.channels.model import InboundMessage
from app.core.clock import ISTANBUL
from app.tickets.model import Ticket
from tests.channels import bodies
from tests.installation import START, SettableClock

QUARANTINE = "/v1/channels/quarantine"
SMS = "/v1/channels/sms/messages"
CIMER = "/v1/channels/cimer/applications"
BATCHES = "/v1/channels/field/batches"
JSON = {"Content-Type": "application/json"}

ClientAs = Callable[..., Awaitable[AsyncClient]]


async def quarantine(client: AsyncClient, url: str, raw: bytes) -> str:
    """Send a message that is rejected; return its id in quarantine."""
    response = await client.post(url, content=raw, headers=JSON)
    assert response.status_code == 422, response.text
    return str(UUID(response.json()["quarantine_id"]))


async def listed(client: AsyncClient) -> list[dict[str, Any]]:
    """Return all quarantined messages, newest first."""
    response = await client.get(QUARANTINE, params={"limit": 100})
    assert response.status_code == 200, response.text
    items: list[dict[str, Any]] = response.json()["items"]
    return items


async def stored(app: FastAPI, message_id: str) -> InboundMessage:
    """Return the row of a message."""
    async with app.state.container.database.reading() as session:
        message: InboundMessage = await session.get_one(InboundMessage, UUID(message_id))
    return message


UNREADABLE = [b'{"a":', b"\xff\xfe", b'{"text":"\xc7\xf6p"}', b"[[[[", b'{"text":"\\ud800"}', b"\x00", b"null", b""]


@pytest.mark.parametrize("url", [url for url in bodies.MESSAGES if url != "/v1/tickets"])
async def test_an_unreadable_message_is_stored_unchanged(app: FastAPI, client_as: ClientAs, url: str) -> None:
    """Broken JSON, windows-1254, an empty body: a clerk can read it and call back."""
    client = await client_as("developer")
    ids = [await quarantine(client, url, raw) for raw in UNREADABLE]
    items = {item["id"]: item for item in await listed(client)}
    assert set(items) == set(ids)
    for message_id, raw in zip(ids, UNREADABLE, strict=True):
        assert items[message_id]["body"] == raw.decode("utf-8", "replace")
        assert items[message_id]["door"] == url.removeprefix("/v1/channels/")
        row = await stored(app, message_id)
        place = {"table": "inbound_message", "column": "body", "row_id": row.id}
        assert app.state.container.vault.open_bytes(row.body, **place) == raw


async def test_a_repeated_bad_message_is_stored_once(client_as: ClientAs) -> None:
    """The gateway may repeat it, even simultaneously; another sender's equal message is stored separately."""
    client, other = await client_as("sms-gateway"), await client_as("sms-gateway")
    ids = await asyncio.gather(*(quarantine(client, SMS, b'{"a":') for _ in range(10)))
    ids.append(await quarantine(client, SMS, b'{"a":'))
    assert len(set(ids)) == 1
    assert await quarantine(other, SMS, b'{"a":') not in ids
    assert await quarantine(client, SMS, b'{"b":') not in ids


async def test_a_quarantined_message_has_its_problems(client_as: ClientAs) -> None:
    """Pointers and codes; a field name that the sender made up is only in the sealed body."""
    client = await client_as("developer")
    await client.post(SMS, json={"message_id": "1", "sender": "12", "text": "", "0532 123 45 67": "x"})
    (item,) = await listed(client)
    assert {(problem["pointer"], problem["code"]) for problem in item["problems"]} == {
        ("/sender", "phone"),
        ("/text", "too_short"),
        ("", "unknown_field"),
    }
    assert (item["channel"], item["door"]) == ("sms", "sms/messages")
    assert datetime.fromisoformat(item["received_at"]) == START


async def test_the_list_has_pages(client_as: ClientAs, clock: SettableClock) -> None:
    """Newest first, each once, even if messages arrive meanwhile."""
    client = await client_as("developer")
    ids = []
    for i in range(7):
        ids.append(await quarantine(client, SMS, b"{%d" % i))
        clock.advance(seconds=i % 2)
    seen: list[str] = []
    url: str | None = f"{QUARANTINE}?limit=3"
    while url:
        response = await client.get(url)
        seen += [item["id"] for item in response.json()["items"]]
        url = response.links.get("next", {}).get("url")
        await quarantine(client, SMS, b"[%d" % len(seen))
    assert seen == ids[::-1]


async def test_the_content_is_returned_only_with_personal_data_read(app: FastAPI, client_as: ClientAs) -> None:
    """The read is logged; other keys get only the problems."""
    client, ops = await client_as("developer"), await client_as("ops")
    await quarantine(client, SMS, b'{"text":"Ben \xc3\x96rnek')
    (masked,) = await listed(ops)
    assert masked["body"] is None
    (shown,) = await listed(client)
    assert shown["body"] == '{"text":"Ben Örnek'
    async with app.state.container.database.reading() as session:
        reads = list(await session.scalars(select(PersonalDataAccess)))
    assert [(read.operation, read.facts) for read in reads] == [("list_quarantine", {"messages": "1"})]


async def test_quarantine_requires_its_scope(client_as: ClientAs) -> None:
    """Without it a key can neither list messages nor find out that one exists."""
    message_id = await quarantine(await client_as("developer"), SMS, b"{")
    for role in ("sms-gateway", "mobile-app", "call-centre", "unit-officer", "pr-director"):
        client = await client_as(role)
        responses = [
            await client.get(QUARANTINE),
            await client.post(f"{QUARANTINE}/{message_id}/retry"),
            await client.post(f"{QUARANTINE}/{message_id}/discard", json={"reason": "x"}),
        ]
        assert {response.status_code for response in responses} == {403}, role


async def test_nothing_is_quarantined_without_the_channels_scope(client: AsyncClient, client_as: ClientAs) -> None:
    """Outsiders can not fill the quarantine."""
    other = await client_as("mobile-app")
    for raw in (b"{", b"{}"):
        assert (await client.post(SMS, content=raw, headers=JSON)).status_code == 401
        assert (await other.post(SMS, content=raw, headers=JSON)).status_code == 403
    assert await listed(await client_as("developer")) == []


async def test_a_corrected_message_becomes_the_senders_ticket(app: FastAPI, client_as: ClientAs) -> None:
    """The message leaves the list, and the gateway's own retry gets the same ticket."""
    gateway, clerk = await client_as("sms-gateway"), await client_as("pr-desk")
    response = await gateway.post(SMS, json=bodies.sms("m-1", sender="12"))
    message_id = response.json()["quarantine_id"]
    retried = await clerk.post(f"{QUARANTINE}/{message_id}/retry", json={"corrected": bodies.sms("m-1")})
    assert retried.status_code == 201, retried.text
    assert await listed(clerk) == []
    row = await stored(app, message_id)
    async with app.state.container.database.reading() as session:
        query = select(Ticket).where(Ticket.number == retried.json()["number"])
        ticket = (await session.execute(query)).scalar_one()
    assert (row.outcome, row.ticket_id, row.settled_at) == ("accepted", ticket.id, START.astimezone(UTC))
    assert ticket.client_id == row.client_id
    assert (await gateway.post(SMS, json=bodies.sms("m-1"))).json() == retried.json()
    assert (await clerk.post(f"{QUARANTINE}/{message_id}/retry")).status_code == 404


async def test_a_message_can_be_retried_unchanged(client_as: ClientAs, clock: SettableClock) -> None:
    """A record dated in the future is rejected, and accepted after that time."""
    client = await client_as("developer")
    ahead = bodies.application("ahead", application_date=(START + timedelta(hours=1)).isoformat())
    response = await client.post(CIMER, json=ahead)
    message_id = response.json()["quarantine_id"]
    assert (await client.post(f"{QUARANTINE}/{message_id}/retry")).status_code == 422
    clock.advance(hours=2)
    retried = await client.post(f"{QUARANTINE}/{message_id}/retry")
    assert retried.status_code == 201, retried.text
    assert retried.json()["clocks"][0]["started_at"] == "2026-05-12T08:00:00+00:00"


async def test_a_correction_that_does_not_help_is_refused(client_as: ClientAs) -> None:
    """The message stays in quarantine."""
    client = await client_as("developer")
    response = await client.post(SMS, json=bodies.sms("m-2") | {"unknown": 1})
    message_id = response.json()["quarantine_id"]
    half = [{}, {"text": "x"}, {"\x00": "\x00"}, bodies.sms("m-2", sender="12"), bodies.sms("m-2", text=" ")]
    for corrected in half:
        retried = await client.post(f"{QUARANTINE}/{message_id}/retry", json={"corrected": corrected})
        assert (retried.status_code, retried.json()["code"]) == (422, "invalid"), corrected
    assert [item["id"] for item in await listed(client)] == [message_id]


async def test_the_limit_of_a_retried_message_runs_from_its_receipt(client_as: ClientAs, clock: SettableClock) -> None:
    """The citizen wrote on Tuesday; the correction on Friday does not cost them three days."""
    client = await client_as("developer")
    response = await client.post(SMS, json=bodies.sms("m-3", sender="12"))
    clock.advance(days=3)
    body = {"corrected": bodies.sms("m-3")}
    retried = await client.post(f"{QUARANTINE}/{response.json()['quarantine_id']}/retry", json=body)
    (promise,) = retried.json()["clocks"]
    assert datetime.fromisoformat(promise["started_at"]) == START
    assert datetime.fromisoformat(promise["due_at"]).astimezone(ISTANBUL).date().isoformat() == "2026-06-01"


@pytest.mark.parametrize(("captured", "flag"), [(-50, "synchronised_late"), (30, "device_clock_ahead"), (-10, None)])
async def test_a_retried_field_item_is_judged_by_its_synchronisation(
    app: FastAPI, client_as: ClientAs, clock: SettableClock, captured: int, flag: str | None
) -> None:
    """The device's time is compared with the receipt, not with the day of the correction."""
    client = await client_as("developer")
    item = bodies.field_item("mended", captured_at=(START + timedelta(hours=captured)).isoformat())
    response = await client.post(BATCHES, json={"items": [item | {"kind": "rant"}]})
    clock.advance(days=5)
    retry = f"{QUARANTINE}/{response.json()['items'][0]['quarantine_id']}/retry"
    retried = await client.post(retry, json={"corrected": item})
    assert retried.status_code == 201, retried.text
    started = START if flag else START + timedelta(hours=captured)
    assert datetime.fromisoformat(retried.json()["clocks"][0]["started_at"]) == started
    async with app.state.container.database.reading() as session:
        query = select(Ticket.time_flag).where(Ticket.number == retried.json()["number"])
        assert await session.scalar(query) == flag


async def test_many_simultaneous_retries_do_not_block_each_other(client_as: ClientAs) -> None:
    """There are more retries than connections; none occupies one while it waits for another."""
    client = await client_as("developer")
    ids = [
        (await client.post(SMS, json=bodies.sms(f"many-{i}", sender="12"))).json()["quarantine_id"] for i in range(25)
    ]
    async with asyncio.timeout(8):
        responses = await asyncio.gather(
            *(
                client.post(f"{QUARANTINE}/{message_id}/retry", json={"corrected": bodies.sms(f"many-{i}")})
                for i, message_id in enumerate(ids)
            )
        )
    assert {response.status_code for response in responses} == {201}


async def test_two_retries_of_one_message_make_one_ticket(client_as: ClientAs) -> None:
    """Two clerks retry simultaneously: the later one gets the same ticket, or 404."""
    client = await client_as("developer")
    message_id = (await client.post(SMS, json=bodies.sms("twice", sender="12"))).json()["quarantine_id"]
    body = {"corrected": bodies.sms("twice")}
    responses = await asyncio.gather(*(client.post(f"{QUARANTINE}/{message_id}/retry", json=body) for _ in range(4)))
    assert {response.status_code for response in responses} <= {201, 404}
    assert len({response.json()["number"] for response in responses if response.status_code == 201}) == 1
    assert len((await client.get("/v1/tickets")).json()["items"]) == 1


async def test_a_discarded_message_stays_stored_with_its_reason(app: FastAPI, client_as: ClientAs) -> None:
    """It leaves the list; the same message sent again is stored as a new one."""
    client = await client_as("developer")
    message_id = await quarantine(client, SMS, b"REKLAM")
    response = await client.post(f"{QUARANTINE}/{message_id}/discard", json={"reason": "Reklam mesajı"})
    assert (response.status_code, response.content) == (204, b"")
    assert await listed(client) == []
    row = await stored(app, message_id)
    assert (row.outcome, row.settled_at) == ("discarded", START.astimezone(UTC))
    vault = app.state.container.vault
    reason = vault.open(row.discard_reason, table="inbound_message", column="discard_reason", row_id=row.id)
    assert reason == "Reklam mesajı"
    for command in ("retry", "discard"):
        again = await client.post(
            f"{QUARANTINE}/{message_id}/{command}", json={"reason": "x"} if command == "discard" else {}
        )
        assert again.status_code == 404
    assert await quarantine(client, SMS, b"REKLAM") != message_id


async def test_a_discard_requires_a_reason(client_as: ClientAs) -> None:
    """The reason is one line of text."""
    client = await client_as("developer")
    message_id = await quarantine(client, SMS, b"?")
    for body in ({}, {"reason": ""}, {"reason": " "}, {"reason": "a\nb"}, {"reason": "x" * 201}):
        response = await client.post(f"{QUARANTINE}/{message_id}/discard", json=body)
        assert {error["pointer"] for error in response.json()["errors"]} == {"/reason"}, body
    assert len(await listed(client)) == 1


async def test_a_disabled_senders_message_can_still_become_a_ticket(app: FastAPI, client_as: ClientAs) -> None:
    """The state of the gateway must not harm the citizen."""
    gateway, clerk = await client_as("sms-gateway"), await client_as("pr-desk")
    response = await gateway.post(SMS, json=bodies.sms("orphan", sender="12"))
    async with app.state.container.database.transaction() as session:
        disabled = update(ApiClient).where(ApiClient.role == "sms-gateway").values(disabled_at=START)
        await session.execute(disabled)
    retry = f"{QUARANTINE}/{response.json()['quarantine_id']}/retry"
    assert (await clerk.post(retry, json={"corrected": bodies.sms("orphan")})).status_code == 201
