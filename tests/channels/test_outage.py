"""The door while the servers behind it die and come back: refused is refused, answered is stored."""

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
    """Servers of this file's own, to be killed and revived."""
    with open_folder() as folder, embedded.start(folder, announce=print, durable=False) as servers:
        yield servers


@dataclass(frozen=True, slots=True)
class Installation:
    """An app on mortal servers."""

    servers: embedded.Servers
    app: FastAPI
    client: AsyncClient

    def kill_database(self) -> None:
        """End PostgreSQL as a crash would, and wait until it is gone."""
        kill(self.servers._postgres._process)

    def kill_queue(self) -> None:
        """End Valkey as a crash would."""
        kill(self.servers._valkey._process)

    async def send(self, external_id: str) -> Response:
        """A request under this id."""
        return await self.client.post(TICKETS, json=bodies.ticket(external_id=external_id))

    async def stored(self) -> dict[str, str]:
        """Numbers of the tickets in the database, by external id."""
        async with self.app.state.container.database.reading() as session:
            rows = await session.execute(select(Ticket.external_id, Ticket.number))
            return {str(external_id): number for external_id, number in rows}


def kill(process: subprocess.Popen[bytes] | None) -> None:
    """kill -9, and wait for the end."""
    assert process is not None
    process.kill()
    process.wait()


@pytest.fixture(scope="module")
async def laid_out(mortal: embedded.Servers) -> str:
    """The address of the migrated database."""
    await migrate_and_seed(mortal.database_url)
    return mortal.database_url


@pytest.fixture
async def installation(mortal: embedded.Servers, laid_out: str, tmp_path: Path) -> AsyncIterator[Installation]:
    """An app that has served already, on running servers."""
    mortal.restart_dead()
    settings = make_settings(database_url=laid_out, redis_url=mortal.redis_url, data_dir=tmp_path)
    async with opened_app(settings, SettableClock()) as app:
        key = await new_key(app.state.container, "developer")
        async with opened_client(app, key) as client:
            warm = await client.get("/v1/channels/quarantine")
            assert warm.status_code == 200
            yield Installation(mortal, app, client)


async def test_while_the_database_is_away_every_request_is_told_to_come_back(installation: Installation) -> None:
    """503 with Retry-After, at once, on every way that needs it: never a 500, never a wait."""
    assert (await installation.send("before")).status_code == 201
    installation.kill_database()
    async with asyncio.timeout(5):
        answers = [await installation.send(f"away-{i}") for i in range(3)]
        answers += await asyncio.gather(*(installation.send(f"at-once-{i}") for i in range(20)))
        answers.append(await installation.client.get("/v1/channels/quarantine"))
        answers.append(await installation.client.post("/v1/channels/sms/messages", json={}))
        answers.append(await installation.client.post("/v1/channels/sms/messages", json=bodies.sms("away")))
        items = [bodies.field_item(f"away-{i}") for i in range(5)] + [{}]
        answers.append(await installation.client.post("/v1/channels/field/batches", json={"items": items}))
    for answer in answers:
        assert answer.status_code == 503, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"] == "unavailable"
        assert int(answer.headers["retry-after"]) > 0


async def test_when_the_database_is_back_so_is_the_door(installation: Installation) -> None:
    """Without a restart; what was refused can be sent again under its id, what was answered is there."""
    before = await installation.send("kept")
    installation.kill_database()
    refused = await installation.send("refused")
    installation.servers.restart_dead()
    assert (refused.status_code, (await installation.send("refused")).status_code) == (503, 201)
    again = await installation.send("kept")
    assert (again.status_code, again.content) == (201, before.content)
    assert again.headers["idempotent-replayed"] == "true"


async def test_a_ticket_that_was_answered_is_never_lost(installation: Installation) -> None:
    """The database dies amid a stream of requests: each 201 is stored, each other one is a 503 that may be repeated."""
    answers: dict[str, Response] = {}

    async def citizen(name: str) -> None:
        for i in range(15):
            answers[f"{name}-{i}"] = await installation.send(f"{name}-{i}")
            if len(answers) == 60:
                installation.kill_database()

    async with asyncio.timeout(20):
        await asyncio.gather(*(citizen(f"citizen-{i}") for i in range(12)))
    installation.servers.restart_dead()
    statuses = {answer.status_code for answer in answers.values()}
    assert statuses == {201, 503}
    numbers = {key: answer.json()["number"] for key, answer in answers.items() if answer.status_code == 201}
    stored = await installation.stored()
    assert numbers == {key: stored[key] for key in numbers}
    repeated = [await installation.send(key) for key in answers]
    assert {answer.status_code for answer in repeated} == {201}
    assert len({answer.json()["number"] for answer in repeated}) == len(answers)


async def test_without_the_queue_requests_are_taken_all_the_same(installation: Installation) -> None:
    """Valkey is the job queue: nothing depends on it."""
    assert (await installation.send("enqueued")).status_code == 201
    installation.kill_queue()
    async with asyncio.timeout(10):
        answers = [await installation.send(f"unheard-{i}") for i in range(5)]
    assert {answer.status_code for answer in answers} == {201}
    installation.servers.restart_dead()
    assert (await installation.send("enqueued again")).status_code == 201
