"""Messages that can't be understood are never lost: kept once, listed, tried again, or discarded with a reason."""

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

KEPT = "/v1/channels/quarantine"
SMS = "/v1/channels/sms/messages"
CIMER = "/v1/channels/cimer/applications"
BATCHES = "/v1/channels/field/batches"
JSON = {"Content-Type": "application/json"}

ClientAs = Callable[..., Awaitable[AsyncClient]]


async def kept(client: AsyncClient, url: str, raw: bytes) -> str:
    """The id under which a message that is refused was kept."""
    answer = await client.post(url, content=raw, headers=JSON)
    assert answer.status_code == 422, answer.text
    return str(UUID(answer.json()["quarantine_id"]))


async def listed(client: AsyncClient) -> list[dict[str, Any]]:
    """All kept messages, newest first."""
    answer = await client.get(KEPT, params={"limit": 100})
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def stored(app: FastAPI, message_id: str) -> InboundMessage:
    """The row of a message."""
    async with app.state.container.database.reading() as session:
        message: InboundMessage = await session.get_one(InboundMessage, UUID(message_id))
    return message


UNREADABLE = [b'{"a":', b"\xff\xfe", b'{"text":"\xc7\xf6p"}', b"[[[[", b'{"text":"\\ud800"}', b"\x00", b"null", b""]


@pytest.mark.parametrize("url", [url for url in bodies.DOORS if url != "/v1/tickets"])
async def test_whatever_a_door_cannot_read_is_kept_byte_for_byte(app: FastAPI, client_as: ClientAs, url: str) -> None:
    """Broken JSON, windows-1254, nothing at all: a person can look at it and call back."""
    client = await client_as("developer")
    ids = [await kept(client, url, raw) for raw in UNREADABLE]
    items = {item["id"]: item for item in await listed(client)}
    assert set(items) == set(ids)
    for message_id, raw in zip(ids, UNREADABLE, strict=True):
        assert items[message_id]["body"] == raw.decode("utf-8", "replace")
        assert items[message_id]["door"] == url.removeprefix("/v1/channels/")
        row = await stored(app, message_id)
        place = {"table": "inbound_message", "column": "body", "row_id": row.id}
        assert app.state.container.vault.open_bytes(row.body, **place) == raw


async def test_the_same_bad_message_is_kept_once(client_as: ClientAs) -> None:
    """However often the gateway tries, also at once; another sender's equal message is another one."""
    client, other = await client_as("sms-gateway"), await client_as("sms-gateway")
    answers = await asyncio.gather(*(kept(client, SMS, b'{"a":') for _ in range(10)))
    answers.append(await kept(client, SMS, b'{"a":'))
    assert len(set(answers)) == 1
    assert await kept(other, SMS, b'{"a":') not in answers
    assert await kept(client, SMS, b'{"b":') not in answers


async def test_a_message_that_waits_says_what_was_wrong_with_it(client_as: ClientAs) -> None:
    """By pointer and code; a name that the sender made up stands in the sealed body only."""
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
    """Newest first, each once, though messages come in meanwhile."""
    client = await client_as("developer")
    ids = []
    for i in range(7):
        ids.append(await kept(client, SMS, b"{%d" % i))
        clock.advance(seconds=i % 2)
    seen: list[str] = []
    url: str | None = f"{KEPT}?limit=3"
    while url:
        answer = await client.get(url)
        seen += [item["id"] for item in answer.json()["items"]]
        url = answer.links.get("next", {}).get("url")
        await kept(client, SMS, b"[%d" % len(seen))
    assert seen == ids[::-1]


async def test_the_content_is_shown_only_to_keys_that_may_read_personal_data(app: FastAPI, client_as: ClientAs) -> None:
    """And that it was shown is written down; the others see why it waits."""
    client, ops = await client_as("developer"), await client_as("ops")
    await kept(client, SMS, b'{"text":"Ben \xc3\x96rnek')
    (masked,) = await listed(ops)
    assert masked["body"] is None
    (shown,) = await listed(client)
    assert shown["body"] == '{"text":"Ben Örnek'
    async with app.state.container.database.reading() as session:
        reads = list(await session.scalars(select(PersonalDataAccess)))
    assert [(read.operation, read.facts) for read in reads] == [("list_quarantine", {"messages": "1"})]


async def test_who_may_not_manage_quarantine_sees_nothing_of_it(client_as: ClientAs) -> None:
    """Neither the list nor whether a message is there."""
    message_id = await kept(await client_as("developer"), SMS, b"{")
    for role in ("sms-gateway", "mobile-app", "call-centre", "unit-officer", "pr-director"):
        client = await client_as(role)
        answers = [
            await client.get(KEPT),
            await client.post(f"{KEPT}/{message_id}/retry"),
            await client.post(f"{KEPT}/{message_id}/discard", json={"reason": "x"}),
        ]
        assert {answer.status_code for answer in answers} == {403}, role


async def test_without_a_key_or_the_doors_scope_nothing_is_kept(client: AsyncClient, client_as: ClientAs) -> None:
    """Nobody fills the quarantine from outside."""
    other = await client_as("mobile-app")
    for raw in (b"{", b"{}"):
        assert (await client.post(SMS, content=raw, headers=JSON)).status_code == 401
        assert (await other.post(SMS, content=raw, headers=JSON)).status_code == 403
    assert await listed(await client_as("developer")) == []


async def test_a_corrected_message_becomes_the_senders_ticket(app: FastAPI, client_as: ClientAs) -> None:
    """With the message beside it; it leaves the list, and the gateway's own retry finds the ticket."""
    gateway, clerk = await client_as("sms-gateway"), await client_as("pr-desk")
    answer = await gateway.post(SMS, json=bodies.sms("m-1", sender="12"))
    message_id = answer.json()["quarantine_id"]
    retried = await clerk.post(f"{KEPT}/{message_id}/retry", json={"corrected": bodies.sms("m-1")})
    assert retried.status_code == 201, retried.text
    assert await listed(clerk) == []
    row = await stored(app, message_id)
    async with app.state.container.database.reading() as session:
        query = select(Ticket).where(Ticket.number == retried.json()["number"])
        ticket = (await session.execute(query)).scalar_one()
    assert (row.outcome, row.ticket_id, row.settled_at) == ("accepted", ticket.id, START.astimezone(UTC))
    assert ticket.client_id == row.client_id
    assert (await gateway.post(SMS, json=bodies.sms("m-1"))).json() == retried.json()
    assert (await clerk.post(f"{KEPT}/{message_id}/retry")).status_code == 404


async def test_a_message_can_be_tried_again_as_it_is(client_as: ClientAs, clock: SettableClock) -> None:
    """A record dated after our clock is refused, and understood once the clocks agree."""
    client = await client_as("developer")
    ahead = bodies.application("ahead", application_date=(START + timedelta(hours=1)).isoformat())
    answer = await client.post(CIMER, json=ahead)
    message_id = answer.json()["quarantine_id"]
    assert (await client.post(f"{KEPT}/{message_id}/retry")).status_code == 422
    clock.advance(hours=2)
    retried = await client.post(f"{KEPT}/{message_id}/retry")
    assert retried.status_code == 201, retried.text
    assert retried.json()["clocks"][0]["started_at"] == "2026-05-12T08:00:00+00:00"


async def test_a_correction_that_does_not_help_is_refused(client_as: ClientAs) -> None:
    """And the message waits on."""
    client = await client_as("developer")
    answer = await client.post(SMS, json=bodies.sms("m-2") | {"unknown": 1})
    message_id = answer.json()["quarantine_id"]
    half = [{}, {"text": "x"}, {"\x00": "\x00"}, bodies.sms("m-2", sender="12"), bodies.sms("m-2", text=" ")]
    for corrected in half:
        retried = await client.post(f"{KEPT}/{message_id}/retry", json={"corrected": corrected})
        assert (retried.status_code, retried.json()["code"]) == (422, "invalid"), corrected
    assert [item["id"] for item in await listed(client)] == [message_id]


async def test_the_limit_of_a_retried_message_runs_from_its_receipt(client_as: ClientAs, clock: SettableClock) -> None:
    """The citizen wrote on Tuesday; that the clerk looked on Friday does not cost them three days."""
    client = await client_as("developer")
    answer = await client.post(SMS, json=bodies.sms("m-3", sender="12"))
    clock.advance(days=3)
    body = {"corrected": bodies.sms("m-3")}
    retried = await client.post(f"{KEPT}/{answer.json()['quarantine_id']}/retry", json=body)
    (promise,) = retried.json()["clocks"]
    assert datetime.fromisoformat(promise["started_at"]) == START
    assert datetime.fromisoformat(promise["due_at"]).astimezone(ISTANBUL).date().isoformat() == "2026-06-01"


@pytest.mark.parametrize(("captured", "flag"), [(-50, "synchronised_late"), (30, "device_clock_ahead"), (-10, None)])
async def test_a_retried_field_item_is_judged_by_its_synchronisation(
    app: FastAPI, client_as: ClientAs, clock: SettableClock, captured: int, flag: str | None
) -> None:
    """Its device's time counts as it would have at once, not by the day on which somebody mended it."""
    client = await client_as("developer")
    item = bodies.field_item("mended", captured_at=(START + timedelta(hours=captured)).isoformat())
    answer = await client.post(BATCHES, json={"items": [item | {"kind": "rant"}]})
    clock.advance(days=5)
    retry = f"{KEPT}/{answer.json()['items'][0]['quarantine_id']}/retry"
    retried = await client.post(retry, json={"corrected": item})
    assert retried.status_code == 201, retried.text
    started = START if flag else START + timedelta(hours=captured)
    assert datetime.fromisoformat(retried.json()["clocks"][0]["started_at"]) == started
    async with app.state.container.database.reading() as session:
        query = select(Ticket.time_flag).where(Ticket.number == retried.json()["number"])
        assert await session.scalar(query) == flag


async def test_many_retries_at_once_do_not_wait_for_each_other(client_as: ClientAs) -> None:
    """More of them than there are connections: none holds one while it waits for another."""
    client = await client_as("developer")
    ids = [
        (await client.post(SMS, json=bodies.sms(f"many-{i}", sender="12"))).json()["quarantine_id"] for i in range(25)
    ]
    async with asyncio.timeout(8):
        answers = await asyncio.gather(
            *(
                client.post(f"{KEPT}/{message_id}/retry", json={"corrected": bodies.sms(f"many-{i}")})
                for i, message_id in enumerate(ids)
            )
        )
    assert {answer.status_code for answer in answers} == {201}


async def test_two_retries_of_one_message_make_one_ticket(client_as: ClientAs) -> None:
    """Two clerks press the button at once: the later one gets the same ticket, or finds the message settled."""
    client = await client_as("developer")
    message_id = (await client.post(SMS, json=bodies.sms("twice", sender="12"))).json()["quarantine_id"]
    body = {"corrected": bodies.sms("twice")}
    answers = await asyncio.gather(*(client.post(f"{KEPT}/{message_id}/retry", json=body) for _ in range(4)))
    assert {answer.status_code for answer in answers} <= {201, 404}
    assert len({answer.json()["number"] for answer in answers if answer.status_code == 201}) == 1
    assert len((await client.get("/v1/tickets")).json()["items"]) == 1


async def test_a_discarded_message_stays_stored_with_its_reason(app: FastAPI, client_as: ClientAs) -> None:
    """It leaves the list for good; the same message again is a new one."""
    client = await client_as("developer")
    message_id = await kept(client, SMS, b"REKLAM")
    answer = await client.post(f"{KEPT}/{message_id}/discard", json={"reason": "Reklam mesajı"})
    assert (answer.status_code, answer.content) == (204, b"")
    assert await listed(client) == []
    row = await stored(app, message_id)
    assert (row.outcome, row.settled_at) == ("discarded", START.astimezone(UTC))
    vault = app.state.container.vault
    reason = vault.open(row.discard_reason, table="inbound_message", column="discard_reason", row_id=row.id)
    assert reason == "Reklam mesajı"
    for command in ("retry", "discard"):
        again = await client.post(
            f"{KEPT}/{message_id}/{command}", json={"reason": "x"} if command == "discard" else {}
        )
        assert again.status_code == 404
    assert await kept(client, SMS, b"REKLAM") != message_id


async def test_nothing_is_discarded_without_a_reason(client_as: ClientAs) -> None:
    """One line that says why."""
    client = await client_as("developer")
    message_id = await kept(client, SMS, b"?")
    for body in ({}, {"reason": ""}, {"reason": " "}, {"reason": "a\nb"}, {"reason": "x" * 201}):
        answer = await client.post(f"{KEPT}/{message_id}/discard", json=body)
        assert {error["pointer"] for error in answer.json()["errors"]} == {"/reason"}, body
    assert len(await listed(client)) == 1


async def test_a_disabled_senders_message_can_still_become_a_ticket(app: FastAPI, client_as: ClientAs) -> None:
    """The citizen is not to blame for the gateway."""
    gateway, clerk = await client_as("sms-gateway"), await client_as("pr-desk")
    answer = await gateway.post(SMS, json=bodies.sms("orphan", sender="12"))
    async with app.state.container.database.transaction() as session:
        disabled = update(ApiClient).where(ApiClient.role == "sms-gateway").values(disabled_at=START)
        await session.execute(disabled)
    retry = f"{KEPT}/{answer.json()['quarantine_id']}/retry"
    assert (await clerk.post(retry, json={"corrected": bodies.sms("orphan")})).status_code == 201
