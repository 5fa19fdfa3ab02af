"""The job queue: after a commit it notifies the workers of the rows that wait for them.

A job is a name and ids, never content. It may get lost (the queue wiped, its server unavailable): the row is the truth,
and the workers' own sweeps find it. Only this module and `workers/` know arq.
"""

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

import structlog
from arq.connections import ArqRedis, RedisSettings, create_pool
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError
from sqlalchemy.ext.asyncio import AsyncSession

log = structlog.get_logger(__name__)

_BUFFER = "enqueued_jobs"

SEND_SECONDS = 2.0
"""Timeout of an enqueue: a request waits no longer for a queue that hangs."""

CIRCUIT_OPEN_SECONDS = 1.0
"""Circuit breaker: after a failed enqueue the queue is skipped this long; the sweeps find the rows."""


@dataclass(frozen=True, slots=True)
class Job:
    """A job to run: the name of a worker function and the ids of its rows."""

    name: str
    ids: tuple[UUID, ...]


class JobQueue(Protocol):
    """A queue that sends jobs to the workers; it never raises, because no result depends on it."""

    async def send(self, jobs: Sequence[Job]) -> None:
        """Enqueue the jobs; log a failure."""
        ...


def enqueue(session: AsyncSession, name: str, ids: Sequence[UUID]) -> None:
    """Add a job to the session's transaction; `Database.transaction` sends it after the commit."""
    if ids:
        session.info.setdefault(_BUFFER, []).append(Job(name, tuple(ids)))


def take_enqueued(session: AsyncSession) -> list[Job]:
    """Remove the enqueued jobs from the session and return them."""
    jobs: list[Job] = session.info.pop(_BUFFER, [])
    return jobs


def redis_settings(url: str) -> RedisSettings:
    """Return connection settings with which arq's worker survives a restart of the server."""
    settings = RedisSettings.from_dsn(url)
    settings.conn_timeout = 5
    settings.conn_retries = 10
    settings.retry_on_error = [RedisConnectionError, RedisTimeoutError, ConnectionResetError]
    settings.retry = Retry(ExponentialBackoff(cap=1.0, base=0.05), retries=20)
    return settings


def serialize_job(job: dict[str, Any]) -> bytes:
    """Encode a job as JSON: with pickle anyone who can write into the queue could run code."""
    return json.dumps(job, default=str).encode()


def deserialize_job(content: bytes) -> dict[str, Any]:
    """Decode a job from JSON; raise `ValueError` for anything else."""
    job: dict[str, Any] = json.loads(content)
    return job


class ArqJobQueue:
    """The job queue over arq; it connects on first use."""

    def __init__(self, url: str) -> None:
        self._settings = RedisSettings.from_dsn(url)
        self._settings.conn_retries = 0
        self._settings.conn_timeout = 1
        self._pool: ArqRedis | None = None
        self._connecting = asyncio.Lock()
        self._circuit_open_until = 0.0

    async def send(self, jobs: Sequence[Job]) -> None:
        """Enqueue each job; an unavailable queue costs a log line, not a request."""
        if not jobs or time.monotonic() < self._circuit_open_until:
            return
        try:
            async with asyncio.timeout(SEND_SECONDS):
                pool = await self._connected()
                for job in jobs:
                    await pool.enqueue_job(job.name, [str(i) for i in job.ids])
        except (RedisError, OSError) as error:
            self._circuit_open_until = time.monotonic() + CIRCUIT_OPEN_SECONDS
            log.warning("job_queue_unavailable", jobs=len(jobs), error=type(error).__name__)

    async def ping(self) -> bool:
        """Return whether the queue's server responds."""
        try:
            return bool(await (await self._connected()).ping())
        except (RedisError, OSError):
            return False

    async def close(self) -> None:
        """Close the connection."""
        if self._pool is not None:
            await self._pool.aclose()

    async def _connected(self) -> ArqRedis:
        async with self._connecting:
            if self._pool is None:
                self._pool = await create_pool(
                    self._settings, job_serializer=serialize_job, job_deserializer=deserialize_job
                )
            return self._pool
