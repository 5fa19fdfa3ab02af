"""Intake during outages of its servers: a 503 stores nothing, a 201 is stored."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from fastapi import FastAPI
from httpx import AsyncClient, Response
from sqlalchemy import select

from app.core import embedded
from app.tickets.model import Ticket
from tests.channels import bodies
from tests.installation import SettableClock, make_settings, migrate_and_seed, new_key, opened_app, opened_client
from tests.servers import open_folder

pytestmark = pytest.mark.server

TICKETS = "/v1/tickets"


@pytest.fixture(scope="module")
def mortal() -> Iterator[embedded.Servers]:
    """Servers of this file, which the tests kill and restart."""
    with open_folder() as folder, embedded.start(folder, announce=print, durable=False) as servers:
        yield servers


@dataclass(frozen=True, slots=True)
class Installation:
    """An app on servers that can be killed."""

    servers: embedded.Servers
    app: FastAPI
    client: AsyncClient

    def kill_database(self) -> None:
        """Kill PostgreSQL and wait for its end."""
        kill(self.servers._postgres._process)

    def kill_queue(self) -> None:
        """Kill Valkey and wait for its end."""
        kill(self.servers._valkey._process)

    async def send(self, external_id: str) -> Response:
        """Send a request with this external id."""
        return await self.client.post(TICKETS, json=bodies.ticket(external_id=external_id))

    async def stored(self) -> dict[str, str]:
        """Return the numbers of the stored tickets by external id."""
        async with self.app.state.container.database.reading() as session:
            rows = await session.execute(select(Ticket.external_id, Ticket.number))
            return {str(external_id): number for external_id, number in rows}


def kill(process: subprocess.Popen[bytes] | None) -> None:
    """Kill the process with SIGKILL and wait for its end."""
    assert process is not None
    process.kill()
    process.wait()


@pytest.fixture(scope="module")
async def laid_out(mortal: embedded.Servers) -> str:
    """The URL of the migrated database."""
    await migrate_and_seed(mortal.database_url)
    return mortal.database_url


@pytest.fixture
async def installation(mortal: embedded.Servers, laid_out: str, tmp_path: Path) -> AsyncIterator[Installation]:
    """An app on running servers that has responded before."""
    mortal.restart_dead()
    settings = make_settings(database_url=laid_out, redis_url=mortal.redis_url, data_dir=tmp_path)
    async with opened_app(settings, SettableClock()) as app:
        key = await new_key(app.state.container, "developer")
        async with opened_client(app, key) as client:
            warm = await client.get("/v1/channels/quarantine")
            assert warm.status_code == 200
            yield Installation(mortal, app, client)


async def test_every_request_gets_503_while_the_database_is_unavailable(installation: Installation) -> None:
    """503 with Retry-After at once on every path that needs the database, never a 500 and never a delay."""
    assert (await installation.send("before")).status_code == 201
    installation.kill_database()
    async with asyncio.timeout(5):
        responses = [await installation.send(f"away-{i}") for i in range(3)]
        responses += await asyncio.gather(*(installation.send(f"at-once-{i}") for i in range(20)))
        responses.append(await installation.client.get("/v1/channels/quarantine"))
        responses.append(await installation.client.post("/v1/channels/sms/messages", json={}))
        responses.append(await installation.client.post("/v1/channels/sms/messages", json=bodies.sms("away")))
        items = [bodies.field_item(f"away-{i}") for i in range(5)] + [{}]
        responses.append(await installation.client.post("/v1/channels/field/batches", json={"items": items}))
    for response in responses:
        assert response.status_code == 503, response.text
        assert response.headers["content-type"] == "application/problem+json"
        assert response.json()["code"] == "unavailable"
        assert int(response.headers["retry-after"]) > 0


async def test_intake_resumes_with_the_database(installation: Installation) -> None:
    """No restart is needed; a rejected request can be repeated under its id, and a stored ticket is still there."""
    before = await installation.send("stored")
    installation.kill_database()
    refused = await installation.send("refused")
    installation.servers.restart_dead()
    assert (refused.status_code, (await installation.send("refused")).status_code) == (503, 201)
    again = await installation.send("stored")
    assert (again.status_code, again.content) == (201, before.content)
    assert again.headers["idempotent-replayed"] == "true"


async def test_a_ticket_with_a_receipt_is_never_lost(installation: Installation) -> None:
    """The database is killed during a stream of requests: each 201 is stored, each other response is a 503."""
    responses: dict[str, Response] = {}

    async def citizen(name: str) -> None:
        for i in range(15):
            responses[f"{name}-{i}"] = await installation.send(f"{name}-{i}")
            if len(responses) == 60:
                installation.kill_database()

    async with asyncio.timeout(20):
        await asyncio.gather(*(citizen(f"citizen-{i}") for i in range(12)))
    installation.servers.restart_dead()
    statuses = {response.status_code for response in responses.values()}
    assert statuses == {201, 503}
    numbers = {key: response.json()["number"] for key, response in responses.items() if response.status_code == 201}
    stored = await installation.stored()
    assert numbers == {key: stored[key] for key in numbers}
    repeated = [await installation.send(key) for key in responses]
    assert {response.status_code for response in repeated} == {201}
    assert len({response.json()["number"] for response in repeated}) == len(responses)


async def test_requests_are_stored_without_the_queue(installation: Installation) -> None:
    """Valkey is only the job queue; no result depends on it."""
    assert (await installation.send("before the outage")).status_code == 201
    installation.kill_queue()
    async with asyncio.timeout(10):
        responses = [await installation.send(f"without-queue-{i}") for i in range(5)]
    assert {response.status_code for response in responses} == {201}
    installation.servers.restart_dead()
    assert (await installation.send("after the outage")).status_code == 201
