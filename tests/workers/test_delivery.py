"""Notices reach the outbox whatever the state of the queue: enqueued, wiped, stopped, or never there."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace

import pytest
from arq.connections import create_pool
from pydantic import SecretStr

from app.container import Container
from app.core.jobs import redis_settings
from app.notices.delivery.adapters.base import OutgoingMessage, SentMessage
from app.notices.delivery.adapters.registry import Adapters
from app.notices.delivery.backoff import clock_duration
from config.settings import Settings
from tests.installation import SettableClock
from tests.notices.cases import actor_of, files_in, ids, notices_of, open_ticket
from tests.servers import TestServers
from workers.delivery import open_notice_dispatcher
from workers.main import run_tasks
from workers.upkeep import JOB_GRACE_SECONDS, deliver_lost_notices


class Counter:
    """An adapter that counts the notices it delivers and waits for a number of them."""

    def __init__(self) -> None:
        self.numbers: list[str] = []
        self._changed = asyncio.Condition()

    async def send(self, message: OutgoingMessage) -> SentMessage:
        """Count the message."""
        async with self._changed:
            self.numbers.append(message.number)
            self._changed.notify_all()
        return SentMessage(message.medium, message.number)

    async def reached(self, count: int) -> None:
        """Wait until `count` notices have come, or fail after half a minute."""
        async with asyncio.timeout(30), self._changed:
            await self._changed.wait_for(lambda: len(self.numbers) >= count)


@asynccontextmanager
async def working(container: Container, counter: Counter) -> AsyncIterator[None]:
    """Run a worker on that container; stop it in order."""
    stop = asyncio.Event()
    worker = asyncio.create_task(run_tasks(replace(container, adapters=Adapters.only(counter)), stop))
    try:
        yield
    finally:
        stop.set()
        async with asyncio.timeout(15):
            await worker


@contextmanager
def without_valkey(servers: TestServers) -> Iterator[None]:
    """Stop Valkey within the block; it restarts at the same address, empty."""
    servers._servers._valkey.stop()
    try:
        yield
    finally:
        servers._servers.restart_dead()


async def flush(servers: TestServers) -> None:
    """Wipe the queue."""
    pool = await create_pool(redis_settings(servers.redis_url))
    await pool.flushall()
    await pool.aclose(close_connection_pool=True)


def pass_job_grace(clock: SettableClock) -> None:
    """Advance the clock until due notices count as not enqueued."""
    clock.advance(clock_duration(clock, JOB_GRACE_SECONDS))


async def states(container: Container) -> set[tuple[str, int]]:
    """Return state and attempts of all notices."""
    return {(notice.state, notice.attempts) for notice in await notices_of(container)}


async def test_an_enqueued_notice_is_delivered(container: Container) -> None:
    """The clock does not move, so only the job queue can deliver it."""
    counter = Counter()
    actor = await actor_of(container)
    async with working(container, counter):
        await open_ticket(container, actor)
        await counter.reached(1)
    assert await states(container) == {("sent", 1)}


async def test_notices_whose_jobs_were_wiped_are_found(
    container: Container, servers: TestServers, clock: SettableClock
) -> None:
    actor, counter = await actor_of(container), Counter()
    for _ in range(20):
        await open_ticket(container, actor)
    await flush(servers)
    pass_job_grace(clock)
    async with working(container, counter):
        await counter.reached(20)
    assert len(counter.numbers) == len(set(counter.numbers)) == 20
    assert await states(container) == {("sent", 1)}


async def test_without_valkey_from_the_start_notices_still_leave(
    container: Container, servers: TestServers, clock: SettableClock
) -> None:
    counter = Counter()
    with without_valkey(servers):
        actor = await actor_of(container)
        async with working(container, counter):
            await open_ticket(container, actor)
            pass_job_grace(clock)
            await counter.reached(1)
    assert await states(container) == {("sent", 1)}


async def test_a_worker_outlives_valkey_and_takes_jobs_again(
    container: Container, servers: TestServers, clock: SettableClock
) -> None:
    """arq's worker alone would end with its server."""
    counter, actor = Counter(), await actor_of(container)
    async with working(container, counter):
        await open_ticket(container, actor)
        await counter.reached(1)
        with without_valkey(servers):
            await open_ticket(container, actor)
            pass_job_grace(clock)
            await counter.reached(2)
        await flush(servers)
        container.job_queue._circuit_open_until = 0.0
        await open_ticket(container, actor)
        await counter.reached(3)
    assert await states(container) == {("sent", 1)}


async def test_upkeep_leaves_new_notices_to_the_job_queue(container: Container, clock: SettableClock) -> None:
    notice_container = replace(container, adapters=Adapters.only(Counter()))
    await open_ticket(notice_container, await actor_of(container))
    dispatcher, never = open_notice_dispatcher(notice_container), asyncio.Event()
    assert await deliver_lost_notices(notice_container, dispatcher, never) == 0
    pass_job_grace(clock)
    assert await deliver_lost_notices(notice_container, dispatcher, never) == 1
    assert await deliver_lost_notices(notice_container, dispatcher, never) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_the_program_delivers_and_ends_on_a_signal(
    container: Container, settings: Settings, number: signal.Signals
) -> None:
    """The real program on the real clock, with the default adapter; a thank-you starts no clock."""
    actor = await actor_of(container)
    for _ in range(5):
        await open_ticket(container, actor, kind="thanks")
    program = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "from config.settings import Settings; from workers.main import run_worker; run_worker(Settings())",
        env=os.environ | variables(settings),
        stderr=subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(30):
            while sum(name.endswith(".eml") for name in files_in(container)) < 5:  # noqa: ASYNC110 - another process lays them down
                await asyncio.sleep(0.05)
        program.send_signal(number)
        async with asyncio.timeout(10):
            _, said = await program.communicate()
    finally:
        if program.returncode is None:
            program.kill()
    assert program.returncode == 0, said.decode()
    assert await states(container) == {("sent", 1)}
    assert len(await ids(container)) == 5


def variables(settings: Settings) -> dict[str, str]:
    """Return the environment that gives another process the same settings."""
    given = {}
    for name, value in settings.model_dump().items():
        if value is not None and name in settings.model_fields_set:
            given[f"ESTIM_{name.upper()}"] = value.get_secret_value() if isinstance(value, SecretStr) else str(value)
    return given
