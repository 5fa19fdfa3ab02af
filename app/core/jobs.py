"""The job queue: after a commit, tell the workers which rows wait for them.

A enqueue is a name and ids, never content. It may get lost (the queue wiped, its server away): the row is the truth and
the workers' own sweeps find it. arq is known only here and in `workers/`.
"""

import asyncio
import json
import time
from collections.abc import MutableMapping, Sequence
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

log = structlog.get_logger(__name__)

_BUFFER = "rung_jobs"

SEND_SECONDS = 2.0
"""Longest time that a request waits for a queue that hangs."""

DEAF_SECONDS = 1.0
"""After a queue was found away, so long nobody waits for it; the sweeps find what was not enqueued."""


@dataclass(frozen=True, slots=True)
class Job:
    """A job to run: the worker function's name and the ids it shall look at."""

    name: str
    ids: tuple[UUID, ...]


class JobQueue(Protocol):
    """Sends jobs to the workers; never raises, for nothing may depend on it."""

    async def send(self, jobs: Sequence[Job]) -> None:
        """Hand the jobs over, or log that it could not be done."""
        ...


def enqueue(info: MutableMapping[Any, Any], name: str, ids: Sequence[UUID]) -> None:
    """Remember a job in a session's `info`; `Database.transaction` sends it after the commit."""
    if ids:
        info.setdefault(_BUFFER, []).append(Job(name, tuple(ids)))


def take_enqueued(info: MutableMapping[Any, Any]) -> list[Job]:
    """Take the remembered jobs out."""
    jobs: list[Job] = info.pop(_BUFFER, [])
    return jobs


def redis_settings(url: str) -> RedisSettings:
    """Connection settings that outlive a restart of the server (without them arq's worker ends with it)."""
    settings = RedisSettings.from_dsn(url)
    settings.conn_timeout = 5
    settings.conn_retries = 10
    settings.retry_on_error = [RedisConnectionError, RedisTimeoutError, ConnectionResetError]
    settings.retry = Retry(ExponentialBackoff(cap=1.0, base=0.05), retries=20)
    return settings


def serialize_job(job: dict[str, Any]) -> bytes:
    """A job as JSON, for whoever can write into the queue must not be able to run code (pickle would)."""
    return json.dumps(job, default=str).encode()


def deserialize_job(content: bytes) -> dict[str, Any]:
    """The job back from JSON; raises `ValueError`."""
    job: dict[str, Any] = json.loads(content)
    return job


class ArqJobQueue:
    """The job queue over arq; connects on first use."""

    def __init__(self, url: str) -> None:
        self._settings = RedisSettings.from_dsn(url)
        self._settings.conn_retries = 0
        self._settings.conn_timeout = 1
        self._pool: ArqRedis | None = None
        self._connecting = asyncio.Lock()
        self._deaf_until = 0.0

    async def send(self, jobs: Sequence[Job]) -> None:
        """Enqueue each job; a queue that is away costs a log line, not a request."""
        if not jobs or time.monotonic() < self._deaf_until:
            return
        try:
            async with asyncio.timeout(SEND_SECONDS):
                pool = await self._connected()
                for job in jobs:
                    await pool.enqueue_job(job.name, [str(i) for i in job.ids])
        except (RedisError, OSError) as error:
            self._deaf_until = time.monotonic() + DEAF_SECONDS
            log.warning("doorbell_unheard", jobs=len(jobs), error=type(error).__name__)

    async def ping(self) -> bool:
        """Whether the queue's server answers."""
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
