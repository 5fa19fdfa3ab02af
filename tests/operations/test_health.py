"""Health as probes see it, and the status that operators read."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest
from httpx import AsyncClient

from migrations import revisions
from tests.installation import START, SettableClock, make_settings, new_key, opened_app, opened_client
from tests.servers import TestServers
from workers.timers import sweep

CALL = {"channel": "call-center", "description": "Kaldırımda çukur var", "applicant": {"phone": "0532 000 00 00"}}
NOWHERE = "redis://127.0.0.1:1/0"


class RealTime(SettableClock):
    """A clock that is set by hand and whose seconds count as real ones."""

    def real_seconds(self, stretch: timedelta) -> float:
        """The stretch itself."""
        return stretch.total_seconds()


async def probe(database_url: str, redis_url: str, folder: Path) -> tuple[int, dict[str, object]]:
    """Status and body of the readiness probe of an installation on these servers."""
    settings = make_settings(database_url=database_url, redis_url=redis_url, data_dir=folder)
    async with opened_app(settings, SettableClock()) as app, opened_client(app) as client:
        answer = await client.get("/health/ready")
        assert (await client.get("/health/live")).json() == {"status": "ok"}
    return answer.status_code, answer.json()


async def test_whole_it_is_ready_without_a_key(database_url: str, redis_url: str, tmp_path: Path) -> None:
    checks = {"database": "ok", "migrations": "ok", "catalogue": "ok", "queue": "ok"}
    assert await probe(database_url, redis_url, tmp_path) == (200, {"status": "ready", "checks": checks})


async def test_without_the_queue_it_is_degraded_and_still_ready(database_url: str, tmp_path: Path) -> None:
    status, body = await probe(database_url, NOWHERE, tmp_path)
    assert (status, body["status"]) == (200, "degraded")
    assert body["checks"] == {"database": "ok", "migrations": "ok", "catalogue": "ok", "queue": "down"}


async def test_without_the_database_it_is_not_ready_and_alive(redis_url: str, tmp_path: Path) -> None:
    status, body = await probe("postgresql+asyncpg://app@127.0.0.1:1/estim", redis_url, tmp_path)
    assert (status, body["code"]) == (503, "unavailable")
    assert body["checks"] == {"database": "down", "migrations": "unknown", "catalogue": "unknown", "queue": "ok"}


async def test_before_the_migration_it_is_not_ready(servers: TestServers, redis_url: str, tmp_path: Path) -> None:
    with servers.database("template1") as empty:
        status, body = await probe(empty, redis_url, tmp_path)
    assert status == 503
    assert body["checks"] == {"database": "ok", "migrations": "not_migrated", "catalogue": "unknown", "queue": "ok"}


async def test_before_a_catalogue_was_loaded_it_is_not_ready(
    servers: TestServers, redis_url: str, tmp_path: Path
) -> None:
    with servers.database("template1") as empty:
        await asyncio.to_thread(revisions.upgrade, empty)
        status, body = await probe(empty, redis_url, tmp_path)
    assert status == 503
    assert body["checks"] == {"database": "ok", "migrations": "ok", "catalogue": "not_loaded", "queue": "ok"}


@pytest.fixture
def real_time() -> RealTime:
    return RealTime()


@pytest.fixture
async def operator(
    database_url: str, redis_url: str, tmp_path: Path, real_time: RealTime
) -> AsyncIterator[AsyncClient]:
    """A caller who may do everything, beside an installation whose stretches are real seconds."""
    settings = make_settings(database_url=database_url, redis_url=redis_url, data_dir=tmp_path)
    async with opened_app(settings, real_time) as app:
        key = await new_key(app.state.container, "developer")
        async with opened_client(app, key) as client:
            client.sweep = lambda: sweep(app.state.container)  # type: ignore[attr-defined]
            yield client


async def test_the_status_of_a_quiet_installation(operator: AsyncClient) -> None:
    status = (await operator.get("/v1/operations/status")).json()
    catalogue = (await operator.get("/v1/catalogue")).json()
    assert status["clock"] == {"now": "2026-05-12T07:00:00Z", "speed": 1.0}
    assert status["checkpoints"] == {"armed": 0, "oldest_due_at": None, "lag_seconds": 0.0}
    assert status["notices"] == {"undelivered": 0, "oldest_age_seconds": 0.0, "overdue_seconds": 0.0, "failed": 0}
    assert status["quarantine"] == {"messages": 0, "oldest_received_at": None}
    assert status["versions"]["catalogue"] == catalogue["version"]
    assert status["versions"]["calendar"]


async def test_the_status_shows_what_waits_and_for_how_long(operator: AsyncClient, real_time: RealTime) -> None:
    receipt = (await operator.post("/v1/tickets", json=CALL)).json()
    await operator.post("/v1/channels/sms/messages", json={"message_id": "1", "sender": "12", "text": "?"})
    real_time.advance(seconds=90)
    young = (await operator.get("/v1/operations/status")).json()
    assert young["checkpoints"]["armed"] == 3
    assert young["checkpoints"]["lag_seconds"] == 0.0
    assert (young["notices"]["undelivered"], young["notices"]["oldest_age_seconds"]) == (1, 90.0)
    assert young["quarantine"] == {"messages": 1, "oldest_received_at": "2026-05-12T07:00:00Z"}

    half_way = START + timedelta(days=14)
    real_time.set(half_way)
    late = (await operator.get("/v1/operations/status")).json()["checkpoints"]
    assert late["oldest_due_at"] < half_way.isoformat()
    assert late["lag_seconds"] > 0
    assert receipt["clocks"][0]["due_at"] > late["oldest_due_at"]


async def test_a_sweep_takes_the_lag_away(operator: AsyncClient, real_time: RealTime) -> None:
    await operator.post("/v1/tickets", json=CALL)
    real_time.advance(days=14)
    assert (await operator.get("/v1/operations/status")).json()["checkpoints"]["lag_seconds"] > 0
    await operator.sweep()  # type: ignore[attr-defined]
    assert (await operator.get("/v1/operations/status")).json()["checkpoints"]["lag_seconds"] == 0.0


@pytest.mark.parametrize(("role", "expected"), [("ops", 200), ("developer", 200), ("call-centre", 403)])
async def test_the_status_is_for_operators(
    client_as: Callable[..., Awaitable[AsyncClient]], role: str, expected: int
) -> None:
    caller = await client_as(role)
    assert (await caller.get("/v1/operations/status")).status_code == expected


async def test_the_status_needs_a_key(client: AsyncClient) -> None:
    assert (await client.get("/v1/operations/status")).status_code == 401
