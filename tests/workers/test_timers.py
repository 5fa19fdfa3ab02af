"""Timers: due checkpoints fire without a request, no query is in vain, and the task ends on stop."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import pytest
from fastapi import FastAPI
from httpx import AsyncClient
from pydantic import SecretStr
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from app.container import Container, open_container
from app.escalation.sweep import next_due_at
from app.notices.model import Notice
from app.sla.model import Checkpoint
from app.tickets.model import Ticket
from config.settings import Settings
from tests.installation import START, SettableClock
from workers.timers import _idle_seconds, run_timers

ClientAs = Callable[..., Awaitable[AsyncClient]]

ORDER = {"channel": "desk", "service": "hospitality", "description": "Çay isteniyor"}
TEN_MINUTES = START + timedelta(minutes=10)


class Waited(SettableClock):
    """A settable clock that reports when the timer task waits."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting = asyncio.Event()

    def real_seconds(self, stretch: timedelta) -> float:
        """Return a short real time; the caller is about to wait."""
        self.waiting.set()
        return super().real_seconds(stretch)

    async def settled(self) -> None:
        """Wait until the present instant has been swept."""
        for _ in range(2):  # the first wait may belong to a sweep that began before
            self.waiting.clear()
            await asyncio.wait_for(self.waiting.wait(), 20)


@pytest.fixture
def clock() -> Waited:
    return Waited()


@asynccontextmanager
async def keeping_time(container: Container) -> AsyncIterator[asyncio.Event]:
    """Run the timer task within the block; check that it ends by itself."""
    stop = asyncio.Event()
    task = asyncio.create_task(run_timers(container, stop))
    try:
        yield stop
    finally:
        stop.set()
        await asyncio.wait_for(task, 20)


async def notice_kinds(container: Container) -> list[str]:
    async with container.database.reading() as session:
        return list(await session.scalars(select(Notice.kind).order_by(Notice.running)))


async def test_ten_minutes_fire_as_the_clock_passes_them(app: FastAPI, client_as: ClientAs, clock: Waited) -> None:
    """B70: only time passes, and that is enough."""
    container = app.state.container
    caller = await client_as("developer")
    async with keeping_time(container):
        await caller.post("/v1/tickets", json=ORDER)
        # a far checkpoint of another ticket stays armed: the task does not wait on an empty plan
        await caller.post("/v1/tickets", json={"channel": "call-center", "description": "Çukur var"})
        clock.set(TEN_MINUTES - timedelta(microseconds=1))
        await clock.settled()
        assert await notice_kinds(container) == ["warning"]
        clock.set(TEN_MINUTES)
        await clock.settled()
        assert await notice_kinds(container) == ["warning", "escalation_1"]
        clock.advance(hours=1)
        await clock.settled()
        assert await notice_kinds(container) == ["warning", "escalation_1"]


async def test_a_clock_that_is_armed_while_it_waits_is_not_missed(
    app: FastAPI, client_as: ClientAs, settings: Settings
) -> None:
    """B66, B70: the next query is never more than a quarter of a second away."""
    container = app.state.container
    caller = await client_as("developer")
    assert await _idle_seconds(container) == settings.sweep_idle_seconds <= 0.25
    await caller.post("/v1/tickets", json=ORDER)
    assert await _idle_seconds(container) < settings.sweep_idle_seconds


async def test_a_locked_row_is_not_queried_endlessly(
    app: FastAPI, client_as: ClientAs, clock: Waited, settings: Settings
) -> None:
    container = app.state.container
    await (await client_as("developer")).post("/v1/tickets", json=ORDER)
    clock.set(TEN_MINUTES)
    async with container.database.transaction() as session:
        await session.execute(select(Ticket.id).with_for_update(key_share=True))
        assert await _idle_seconds(container) == settings.sweep_idle_seconds


async def test_it_ends_on_stop(container: Container) -> None:
    async with keeping_time(container) as stop:
        stop.set()


async def test_an_unavailable_database_raises_to_the_caller(settings: Settings, clock: Waited) -> None:
    gone = settings.model_copy(update={"database_url": SecretStr("postgresql+asyncpg://127.0.0.1:1/x")})
    async with open_container(gone, clock) as container:
        with pytest.raises((OSError, SQLAlchemyError)):
            await run_timers(container, asyncio.Event())


async def test_two_timer_tasks_fire_everything_once(
    app: FastAPI, container: Container, clock: Waited, client_as: ClientAs
) -> None:
    """B58: as many workers as you like."""
    caller = await client_as("developer")
    await asyncio.gather(*(caller.post("/v1/tickets", json=ORDER) for _ in range(30)))
    await caller.post("/v1/tickets", json={"channel": "call-center", "description": "Çukur var"})
    clock.set(TEN_MINUTES)
    async with keeping_time(app.state.container), keeping_time(container):
        await clock.settled()
        await clock.settled()
    kinds = await notice_kinds(container)
    assert kinds == ["escalation_1"] * 30
    async with container.database.reading() as session:
        fired = select(func.count()).select_from(Checkpoint).where(Checkpoint.state == "fired")
        assert await session.scalar(fired) == 60
        upcoming = await next_due_at(session)
    assert isinstance(upcoming, datetime)
    assert upcoming > clock.now()
