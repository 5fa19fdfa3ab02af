"""A worker under measurement: the product's own sweep, with the instant of each notice's commit.

It is a process of its own (`python -m bench.worker`) that reads commands as lines of JSON.
"""

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from app.container import Container, open_container
from app.core.db import Database
from app.core.garbage_collection import tune_garbage_collector
from app.core.jobs import Job, JobQueue
from config.logging import configure_logging
from config.settings import Settings
from workers.timers import run_timers, sweep


class StampingJobQueue:
    """Enqueue in the real job queue; record the instant, right after a commit, and the ids of the notices."""

    def __init__(self, real: JobQueue) -> None:
        self._real = real
        self.stamps: list[tuple[str, list[str]]] = []

    async def send(self, jobs: Sequence[Job]) -> None:
        """Record the commit, then enqueue."""
        if jobs:
            self.stamps.append((datetime.now(UTC).isoformat(), [str(one) for job in jobs for one in job.ids]))
        await self._real.send(jobs)


async def _serve_commands(container: Container, job_queue: StampingJobQueue) -> None:
    await sweep(container)
    _print_json("ready")
    while line := await asyncio.to_thread(sys.stdin.readline):
        started, busy = time.perf_counter(), time.process_time()
        result: dict[str, Any] = {}
        if json.loads(line) == "sweep":
            result["settled"] = await sweep(container)
        else:
            await _run_timers(container)
        seconds = time.perf_counter() - started
        result |= {"seconds": seconds, "load": (time.process_time() - busy) / seconds, "stamps": job_queue.stamps}
        _print_json(result)
        job_queue.stamps = []


async def _run_timers(container: Container) -> None:
    """Run the timer loop until the next line."""
    stop = asyncio.Event()
    running = asyncio.create_task(run_timers(container, stop))
    await asyncio.to_thread(sys.stdin.readline)
    stop.set()
    await running


def _print_json(message: Any) -> None:
    print(json.dumps(message), flush=True)


async def _main() -> None:
    settings = Settings()
    configure_logging(level=settings.log_level, style=settings.log_format)
    assert settings.database_url is not None
    async with open_container(settings) as container:
        job_queue = StampingJobQueue(container.job_queue)
        database = Database(settings.database_url.get_secret_value(), job_queue=job_queue)
        try:
            await _serve_commands(replace(container, database=database), job_queue)
        finally:
            await database.close()


if __name__ == "__main__":
    tune_garbage_collector()
    asyncio.run(_main())
