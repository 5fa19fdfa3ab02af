"""An API killed in the middle of intake: acknowledged requests are stored, the others can be sent again."""

import asyncio
import subprocess
from itertools import count

import httpx
from sqlalchemy import func, select

from app.notices.model import Notice
from app.sla.model import Checkpoint, SlaClock
from app.tickets.history import history_is_complete
from app.tickets.model import Ticket
from app.tickets.queries import load_events
from tests.desk import CALL, Desk
from tests.faults.processes import environment, eventually, free_port, running

CALLERS = 8
ENOUGH = 60


async def test_an_acknowledged_request_is_stored_and_another_can_be_sent_again(desk: Desk) -> None:
    """No response without its ticket; a repeated request with the same key is still one ticket."""
    port = free_port()
    variables = environment(desk.container.settings, now=desk.clock.now(), port=port)
    answered: dict[str, str] = {}
    sent: set[str] = set()
    with running("api", variables) as process:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=desk.client.headers) as caller:
            await eventually(lambda: answers(caller), process, "the API answers")
            keys = count()
            await asyncio.gather(*(call(caller, keys, sent, answered, process) for _ in range(CALLERS)))
    assert len(answered) >= ENOUGH
    assert len(sent) > len(answered)

    async with desk.container.database.reading() as session:
        found = await session.execute(select(Ticket.idempotency_key, Ticket.number))
        stored = {key: number for key, number in found if key is not None}
    assert {key: stored.get(key) for key in answered} == answered
    assert set(stored) <= sent

    again = await asyncio.gather(*(desk.client.post("/v1/tickets", json=CALL, headers=key_of(key)) for key in sent))
    assert {answer.status_code for answer in again} <= {200, 201}
    numbers = {key: answer.json()["number"] for key, answer in zip(sent, again, strict=True)}
    assert {key: numbers[key] for key in stored} == stored
    await every_ticket_is_whole(desk, len(sent))


def key_of(key: str) -> dict[str, str]:
    return {"Idempotency-Key": key}


async def answers(caller: httpx.AsyncClient) -> bool:
    try:
        return (await caller.get("/v1/tickets")).status_code == 200
    except httpx.TransportError:
        return False


async def call(
    caller: httpx.AsyncClient,
    keys: "count[int]",
    sent: set[str],
    answered: dict[str, str],
    process: "subprocess.Popen[bytes]",
) -> None:
    """Send requests until the API is gone; kill it after the last response needed."""
    while True:
        key = f"call-{next(keys)}"
        sent.add(key)
        try:
            answer = await caller.post("/v1/tickets", json=CALL, headers=key_of(key))
        except httpx.TransportError:
            return
        assert answer.status_code == 201, answer.text
        answered[key] = answer.json()["number"]
        if len(answered) == ENOUGH:
            process.kill()


async def every_ticket_is_whole(desk: Desk, expected: int) -> None:
    """Each ticket has its history, its clock with checkpoints, and its receipt."""
    async with desk.container.database.reading() as session:
        tickets = list(await session.scalars(select(Ticket)))
        assert len(tickets) == expected
        for ticket in tickets:
            assert history_is_complete(ticket, await load_events(session, ticket.id))
        for table, each in ((SlaClock, 1), (Checkpoint, 3), (Notice, 1)):
            assert await session.scalar(select(func.count()).select_from(table)) == each * expected
