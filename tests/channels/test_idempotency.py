"""The same request again, later or at the same instant, in one process or in two: one ticket and one answer."""

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
SINGLE_DOORS = {url: body for url, body in bodies.DOORS.items() if url != BATCHES}

ClientAs = Callable[..., Awaitable[AsyncClient]]


async def rows(app: FastAPI) -> dict[str, int]:
    """How many rows each table has that an intake writes."""
    counts = {}
    async with app.state.container.database.reading() as session:
        for model in (Ticket, TicketEvent, Applicant, SlaClock, Checkpoint, Notice, InboundMessage):
            counts[model.__tablename__] = await session.scalar(select(func.count()).select_from(model)) or 0
    return counts


def one_ticket(answers: list[Response]) -> Response:
    """Assert that all answers are the same 201, byte for byte; the first of them."""
    assert {answer.status_code for answer in answers} == {201}, [answer.text for answer in answers]
    assert len({answer.content for answer in answers}) == 1
    assert len({answer.headers["location"] for answer in answers}) == 1
    return answers[0]


@pytest.mark.parametrize("url", SINGLE_DOORS)
async def test_a_message_delivered_three_times_is_one_ticket(
    app: FastAPI, client_as: ClientAs, clock: SettableClock, url: str
) -> None:
    """C8: also hours later; the answer is the first one, and it says that it is a replay."""
    client = await client_as("developer")
    first = await client.post(url, json=SINGLE_DOORS[url])
    before = await rows(app)
    clock.advance(hours=30)
    answers = [first, *[await client.post(url, json=SINGLE_DOORS[url]) for _ in range(2)]]
    one_ticket(answers)
    assert [answer.headers.get("idempotent-replayed") for answer in answers] == [None, "true", "true"]
    assert await rows(app) == before
    assert before["ticket"] == 1


@pytest.mark.parametrize("url", SINGLE_DOORS)
async def test_ten_equal_requests_at_once_are_one_ticket(app: FastAPI, client_as: ClientAs, url: str) -> None:
    """They share a transaction or meet in two: the unique index decides, nobody looks before."""
    client = await client_as("developer")
    answers = await asyncio.gather(*(client.post(url, json=SINGLE_DOORS[url]) for _ in range(10)))
    one_ticket(list(answers))
    assert (await rows(app))["ticket"] == 1
    assert sum("idempotent-replayed" not in answer.headers for answer in answers) == 1


@pytest.fixture
async def two_processes(settings: Settings, clock: SettableClock) -> AsyncIterator[tuple[AsyncClient, AsyncClient]]:
    """Two apps with containers of their own on one database, called with one key."""
    async with AsyncExitStack() as stack:
        apps = [await stack.enter_async_context(opened_app(settings, clock)) for _ in range(2)]
        key = await new_key(apps[0].state.container, "developer")
        one, other = [await stack.enter_async_context(opened_client(app, key)) for app in apps]
        yield one, other


@pytest.mark.parametrize("by", ["external_id", "key"])
async def test_equal_requests_to_two_processes_are_one_ticket(
    two_processes: tuple[AsyncClient, AsyncClient], by: str
) -> None:
    """Behind a load balancer a retry lands elsewhere; overlapping batches wait for each other and don't dead-lock."""
    requests = [_numbered(i, by) for i in range(20)]

    async def all_of_them(client: AsyncClient, order: int) -> list[Response]:
        sent = [client.post(TICKETS, json=body, headers=headers) for body, headers in requests[::order]]
        return list(await asyncio.gather(*sent))[::order]

    one, other, again = await asyncio.gather(
        all_of_them(two_processes[0], 1), all_of_them(two_processes[1], -1), all_of_them(two_processes[0], 1)
    )
    numbers = {one_ticket(list(answers)).json()["number"] for answers in zip(one, other, again, strict=True)}
    assert len(numbers) == len(requests)


def _numbered(i: int, by: str) -> tuple[dict[str, Any], dict[str, str]]:
    if by == "key":
        return bodies.ticket(description=f"Dilek {i}"), {"Idempotency-Key": f"key-{i}"}
    return bodies.ticket(description=f"Dilek {i}", external_id=f"call-{i}"), {}


async def test_an_idempotency_key_makes_repeats_one_ticket(app: FastAPI, client_as: ClientAs) -> None:
    """Where the channel has no id of its own; quotes around it change nothing, nor does the body's spelling."""
    client = await client_as("developer")
    raw = [
        b'{"channel":"call-center","description":"a"}',
        b'{ "description" : "\\u0061", "channel":"call-center" }',
        b'{"channel":"call-center","description":"a","applicant":null,"kind":"request"}',
    ]
    keys = ["5f3c", '"5f3c"', "5f3c"]
    answers = [
        await client.post(TICKETS, content=body, headers={"Idempotency-Key": key, "Content-Type": "application/json"})
        for body, key in zip(raw, keys, strict=True)
    ]
    one_ticket(answers)
    assert (await rows(app))["ticket"] == 1


async def test_requests_without_key_or_id_are_each_their_own(client_as: ClientAs) -> None:
    """Two neighbours may report the same hole in the same words."""
    client = await client_as("developer")
    answers = await asyncio.gather(*(client.post(TICKETS, json=bodies.ticket()) for _ in range(5)))
    assert len({answer.json()["number"] for answer in answers}) == 5


async def test_a_key_with_another_content_is_refused(app: FastAPI, client_as: ClientAs) -> None:
    """422 key_reused, alone and in one batch with the first; one ticket stands."""
    client = await client_as("developer")
    headers = {"Idempotency-Key": "once"}
    answers = await asyncio.gather(
        *(client.post(TICKETS, json=bodies.ticket(description=f"Dilek {i}"), headers=headers) for i in range(4))
    )
    answers.append(await client.post(TICKETS, json=bodies.ticket(description="Dilek 9"), headers=headers))
    assert sorted(answer.status_code for answer in answers) == [201, 422, 422, 422, 422]
    assert {answer.json().get("code") for answer in answers} == {None, "key_reused"}
    assert (await rows(app))["ticket"] == 1


@pytest.mark.parametrize("url", [url for url in SINGLE_DOORS if url != TICKETS])
async def test_a_channels_id_with_another_content_is_a_conflict(app: FastAPI, client_as: ClientAs, url: str) -> None:
    """409 names the ticket that has the id; the other message is kept for a person, for it may be a request."""
    client = await client_as("developer")
    text = "text" if "text" in SINGLE_DOORS[url] else "description"
    first = await client.post(url, json=SINGLE_DOORS[url])
    answer = await client.post(url, json=SINGLE_DOORS[url] | {text: "Başka bir konu"})
    assert (answer.status_code, answer.json()["code"]) == (409, "already_received")
    assert answer.json()["number"] == first.json()["number"]
    kept = (await client.get("/v1/channels/quarantine")).json()["items"]
    assert [item["id"] for item in kept] == [answer.json()["quarantine_id"]]
    assert "Başka bir konu" in kept[0]["body"]
    assert (await rows(app))["ticket"] == 1


async def test_the_canonical_form_and_a_door_share_the_channels_ids(client_as: ClientAs) -> None:
    """An SMS that came by its door is not taken again in another shape."""
    client = await client_as("developer")
    first = await client.post(SMS, json=bodies.sms("shared-1"))
    answer = await client.post(TICKETS, json=bodies.ticket(channel="sms", external_id="shared-1"))
    assert (answer.status_code, answer.json()["code"]) == (409, "already_received")
    assert answer.json()["number"] == first.json()["number"]
    other_channel = await client.post(TICKETS, json=bodies.ticket(channel="mobile", external_id="shared-1"))
    assert other_channel.status_code == 201


async def test_clients_do_not_share_their_keys(client_as: ClientAs) -> None:
    """Two programs that count from 1 must not get each other's tickets."""
    headers = {"Idempotency-Key": "1"}
    clients = [await client_as("developer") for _ in range(2)]
    answers = await asyncio.gather(*(c.post(TICKETS, json=bodies.ticket(), headers=headers) for c in clients))
    assert len({answer.json()["number"] for answer in answers}) == 2


async def test_a_refused_request_uses_up_no_key(client_as: ClientAs) -> None:
    """The caller mends the body and sends it again under the same key."""
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
