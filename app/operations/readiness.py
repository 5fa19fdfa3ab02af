"""Readiness of this process: the state of everything that a request needs."""

import asyncio
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy.exc import SQLAlchemyError

from app.core.db import Database
from app.core.errors import Unavailable
from app.core.jobs import ArqJobQueue
from app.standards.rulebook import RulebookCache
from migrations import revisions

LIVE_PATH, READY_PATH = "/health/live", "/health/ready"

PROBE_SECONDS = 3.0
"""Real seconds that the database or the queue may take to reply to a probe."""


class Check(StrEnum):
    """The state of one thing that a request needs."""

    OK = "ok"
    DOWN = "down"
    NOT_MIGRATED = "not_migrated"
    NOT_LOADED = "not_loaded"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Readiness:
    """The result of each check; without the queue the service is degraded and still works."""

    database: Check
    migrations: Check
    catalogue: Check
    queue: Check

    @property
    def ready(self) -> bool:
        """Return whether requests can be taken."""
        return self.database is self.migrations is self.catalogue is Check.OK

    @property
    def degraded(self) -> bool:
        """Return whether the queue is unavailable, which no request depends on."""
        return self.queue is not Check.OK


async def check_readiness(database: Database, rulebooks: RulebookCache, job_queue: ArqJobQueue) -> Readiness:
    """Check the database and the queue at the same time, each for at most `PROBE_SECONDS`."""
    (reached, migrated, loaded), queue = await asyncio.gather(
        _check_database(database, rulebooks), check_queue(job_queue)
    )
    return Readiness(reached, migrated, loaded, queue)


async def check_queue(job_queue: ArqJobQueue) -> Check:
    """Return `OK` if the server of the queue replies, else `DOWN`."""
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            return Check.OK if await job_queue.ping() else Check.DOWN
    except TimeoutError:
        return Check.DOWN


async def _check_database(database: Database, rulebooks: RulebookCache) -> tuple[Check, Check, Check]:
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            async with database.reading() as session:
                revision = await revisions.current(session)
            if revision != revisions.head():
                return Check.OK, Check.NOT_MIGRATED, Check.UNKNOWN
            await rulebooks.current()
    except Unavailable:
        return Check.OK, Check.OK, Check.NOT_LOADED
    except (SQLAlchemyError, OSError, TimeoutError):
        return Check.DOWN, Check.UNKNOWN, Check.UNKNOWN
    return Check.OK, Check.OK, Check.OK
