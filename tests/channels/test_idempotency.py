"""Repeated requests, later or simultaneous, in one process or in two: one ticket and one response."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import AsyncClient, Response
from sqlalchemy import func, select

from app.channels.model import InboundMessage
from app.notices.model import Notice
from app.people.model import Applicant
from app.sla.model import Checkpoint, SlaClock
from app.tickets.model import Ticket, TicketEvent
from config.settings import Settings
from tests.channels import bodies
from tests.installation import SettableClock, new_key, opened_app, opened_client

TICKETS = "/v1/tickets"
SMS = "/v1/channels/sms/messages"
BATCHES = "/v1/channels/field/batches"
SINGLE_MESSAGES = {url: body for url, body in bodies.MESSAGES.items() if url != BATCHES}

ClientAs = Callable[..., Awaitable[AsyncClient]]


async def rows(app: FastAPI) -> dict[str, int]:
    """Return the number of rows of each table that an intake writes."""
    counts = {}
    async with app.state.container.database.reading() as session:
        for model in (Ticket, TicketEvent, Applicant, SlaClock, Checkpoint, Notice, InboundMessage):
            counts[model.__tablename__] = await session.scalar(select(func.count()).select_from(model)) or 0
    return counts


def one_ticket(responses: list[Response]) -> Response:
    """Assert that all responses are the same 201, byte for byte; return the first."""
    assert {response.status_code for response in responses} == {201}, [response.text for response in responses]
    assert len({response.content for response in responses}) == 1
    assert len({response.headers["location"] for response in responses}) == 1
    return responses[0]


@pytest.mark.parametrize("url", SINGLE_MESSAGES)
async def test_a_message_delivered_three_times_is_one_ticket(
    app: FastAPI, client_as: ClientAs, clock: SettableClock, url: str
) -> None:
    """C8: a repeat hours later gets the first response, marked as a replay."""
    client = await client_as("developer")
    first = await client.post(url, json=SINGLE_MESSAGES[url])
    before = await rows(app)
    clock.advance(hours=30)
    responses = [first, *[await client.post(url, json=SINGLE_MESSAGES[url]) for _ in range(2)]]
    one_ticket(responses)
    assert [response.headers.get("idempotent-replayed") for response in responses] == [None, "true", "true"]
    assert await rows(app) == before
    assert before["ticket"] == 1


@pytest.mark.parametrize("url", SINGLE_MESSAGES)
async def test_ten_equal_requests_at_once_are_one_ticket(app: FastAPI, client_as: ClientAs, url: str) -> None:
    """They share one transaction or collide in two; the unique index decides, without a query before."""
    client = await client_as("developer")
    responses = await asyncio.gather(*(client.post(url, json=SINGLE_MESSAGES[url]) for _ in range(10)))
    one_ticket(list(responses))
    assert (await rows(app))["ticket"] == 1
    assert sum("idempotent-replayed" not in response.headers for response in responses) == 1


@pytest.fixture
async def two_processes(settings: Settings, clock: SettableClock) -> AsyncIterator[tuple[AsyncClient, AsyncClient]]:
    """Two apps with their own containers on one database, and one key for both."""
    async with AsyncExitStack() as stack:
        apps = [await stack.enter_async_context(opened_app(settings, clock)) for _ in range(2)]
        key = await new_key(apps[0].state.container, "developer")
        one, other = [await stack.enter_async_context(opened_client(app, key)) for app in apps]
        yield one, other


@pytest.mark.parametrize("by", ["external_id", "key"])
async def test_equal_requests_to_two_processes_are_one_ticket(
    two_processes: tuple[AsyncClient, AsyncClient], by: str
) -> None:
    """A load balancer may send a retry to another process; overlapping batches do not dead-lock."""
    requests = [_numbered(i, by) for i in range(20)]

    async def all_of_them(client: AsyncClient, order: int) -> list[Response]:
        sent = [client.post(TICKETS, json=body, headers=headers) for body, headers in requests[::order]]
        return list(await asyncio.gather(*sent))[::order]

    one, other, again = await asyncio.gather(
        all_of_them(two_processes[0], 1), all_of_them(two_processes[1], -1), all_of_them(two_processes[0], 1)
    )
    numbers = {one_ticket(list(responses)).json()["number"] for responses in zip(one, other, again, strict=True)}
    assert len(numbers) == len(requests)


def _numbered(i: int, by: str) -> tuple[dict[str, Any], dict[str, str]]:
    if by == "key":
        return bodies.ticket(description=f"Dilek {i}"), {"Idempotency-Key": f"key-{i}"}
    return bodies.ticket(description=f"Dilek {i}", external_id=f"call-{i}"), {}


async def test_an_idempotency_key_makes_repeats_one_ticket(app: FastAPI, client_as: ClientAs) -> None:
    """Quotation marks around the key and the spelling of the JSON make no difference."""
    client = await client_as("developer")
    raw = [
        b'{"channel":"call-center","description":"a"}',
        b'{ "description" : "\\u0061", "channel":"call-center" }',
        b'{"channel":"call-center","description":"a","applicant":null,"kind":"request"}',
    ]
    keys = ["5f3c", '"5f3c"', "5f3c"]
    responses = [
        await client.post(TICKETS, content=body, headers={"Idempotency-Key": key, "Content-Type": "application/json"})
        for body, key in zip(raw, keys, strict=True)
    ]
    one_ticket(responses)
    assert (await rows(app))["ticket"] == 1


async def test_requests_without_key_or_id_are_each_their_own(client_as: ClientAs) -> None:
    """Two neighbours may report the same pothole in the same words."""
    client = await client_as("developer")
    responses = await asyncio.gather(*(client.post(TICKETS, json=bodies.ticket()) for _ in range(5)))
    assert len({response.json()["number"] for response in responses}) == 5


async def test_a_key_with_another_content_is_refused(app: FastAPI, client_as: ClientAs) -> None:
    """422 key_reused, also within one batch; one ticket is stored."""
    client = await client_as("developer")
    headers = {"Idempotency-Key": "once"}
    responses = await asyncio.gather(
        *(client.post(TICKETS, json=bodies.ticket(description=f"Dilek {i}"), headers=headers) for i in range(4))
    )
    responses.append(await client.post(TICKETS, json=bodies.ticket(description="Dilek 9"), headers=headers))
    assert sorted(response.status_code for response in responses) == [201, 422, 422, 422, 422]
    assert {response.json().get("code") for response in responses} == {None, "key_reused"}
    assert (await rows(app))["ticket"] == 1


@pytest.mark.parametrize("url", [url for url in SINGLE_MESSAGES if url != TICKETS])
async def test_a_channels_id_with_another_content_is_a_conflict(app: FastAPI, client_as: ClientAs, url: str) -> None:
    """409 names the ticket with the id; the other message is quarantined, because it may be a request."""
    client = await client_as("developer")
    text = "text" if "text" in SINGLE_MESSAGES[url] else "description"
    first = await client.post(url, json=SINGLE_MESSAGES[url])
    response = await client.post(url, json=SINGLE_MESSAGES[url] | {text: "Başka bir konu"})
    assert (response.status_code, response.json()["code"]) == (409, "already_received")
    assert response.json()["number"] == first.json()["number"]
    quarantined = (await client.get("/v1/channels/quarantine")).json()["items"]
    assert [item["id"] for item in quarantined] == [response.json()["quarantine_id"]]
    assert "Başka bir konu" in quarantined[0]["body"]
    assert (await rows(app))["ticket"] == 1


async def test_the_canonical_form_and_the_channel_share_the_channels_ids(client_as: ClientAs) -> None:
    """An SMS stored through its channel is not stored again in canonical form."""
    client = await client_as("developer")
    first = await client.post(SMS, json=bodies.sms("shared-1"))
    response = await client.post(TICKETS, json=bodies.ticket(channel="sms", external_id="shared-1"))
    assert (response.status_code, response.json()["code"]) == (409, "already_received")
    assert response.json()["number"] == first.json()["number"]
    other_channel = await client.post(TICKETS, json=bodies.ticket(channel="mobile", external_id="shared-1"))
    assert other_channel.status_code == 201


async def test_clients_do_not_share_their_keys(client_as: ClientAs) -> None:
    """Two programs that count from 1 must not get each other's tickets."""
    headers = {"Idempotency-Key": "1"}
    clients = [await client_as("developer") for _ in range(2)]
    responses = await asyncio.gather(*(c.post(TICKETS, json=bodies.ticket(), headers=headers) for c in clients))
    assert len({response.json()["number"] for response in responses}) == 2


async def test_a_refused_request_uses_up_no_key(client_as: ClientAs) -> None:
    """The caller can correct the body and send it again with the same key."""
    client = await client_as("developer")
    headers = {"Idempotency-Key": "mended"}
    assert (await client.post(TICKETS, json=bodies.ticket(service="bimer"), headers=headers)).status_code == 422
    assert (await client.post(TICKETS, json=bodies.ticket(), headers=headers)).status_code == 201


async def test_an_intake_writes_everything_or_nothing(app: FastAPI, client_as: ClientAs) -> None:
    """Ticket, first event, applicant, clocks with their checkpoints, receipt notice, raw message: one transaction."""
    client = await client_as("developer")
    await client.post("/v1/channels/call-center/calls", json=bodies.call("whole"))
    assert await rows(app) == {
        "ticket": 1,
        "ticket_event": 1,
        "applicant": 1,
        "sla_clock": 1,
        "checkpoint": 3,
        "notice": 1,
        "inbound_message": 1,
    }
