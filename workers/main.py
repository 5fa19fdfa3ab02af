"""The worker program: runs the sweep, the calendar, the webhooks, the upkeep and the job queue side by side.

Only the job queue needs Valkey. While Valkey is unavailable its task is restarted again and again, and the others go
on with PostgreSQL alone.
"""

import asyncio
import logging
import signal
from functools import partial
from typing import Any

import structlog
from arq.worker import Worker

from app.container import Container, open_container
from app.core.garbage_collection import tune_garbage_collector
from app.core.jobs import deserialize_job, redis_settings, serialize_job
from app.notices.delivery.dispatcher import NoticeDispatcher
from config.settings import Settings
from workers.calendar import run_calendar
from workers.delivery import deliver_notices, open_notice_dispatcher
from workers.feed import run_feed
from workers.runtime import job, keep_running
from workers.timers import run_timers
from workers.upkeep import run_upkeep

log = structlog.get_logger(__name__)

MAX_JOBS = 100
"""Concurrent jobs; they mostly wait for the dispatcher, which limits the work itself."""

FINISH_SECONDS = 1.0
"""Real seconds for running jobs to finish when the worker ends; another worker delivers what was cancelled."""

CLEANUP_SECONDS = 1.0
"""Real seconds after that in which each task may clean up."""


def run_worker(settings: Settings) -> None:
    """Run a worker process until SIGTERM or SIGINT, after which it ends within 4 s. Raises `SettingsError`."""
    logging.getLogger("arq").setLevel(logging.WARNING)  # arq would log each job with its arguments
    tune_garbage_collector()
    asyncio.run(_until_signalled(settings))


async def _until_signalled(settings: Settings) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with open_container(settings) as container:
        await run_tasks(container, stop)


async def run_tasks(container: Container, stop: asyncio.Event) -> None:
    """Run all tasks of a worker until `stop` is set."""
    dispatcher = open_notice_dispatcher(container)
    tasks = {
        "time": partial(run_timers, container, stop),
        "calendar": partial(run_calendar, container, stop),
        "feed": partial(run_feed, container, stop),
        "upkeep": partial(run_upkeep, container, dispatcher, stop),
        "queue": partial(run_jobs, container.settings, dispatcher, stop),
    }
    running = {asyncio.create_task(keep_running(name, task, stop)) for name, task in tasks.items()}
    log.info("worker_started")
    await stop.wait()
    await _join(running, FINISH_SECONDS + CLEANUP_SECONDS)
    await _join({asyncio.create_task(dispatcher.close())}, CLEANUP_SECONDS)
    log.info("worker_stopped")


def worker_settings(settings: Settings) -> dict[str, Any]:
    """Return the arguments of arq's worker; this program handles the signals itself."""
    if settings.redis_url is None:
        raise ValueError("ESTIM_REDIS_URL is not set")
    return {
        "functions": [job(deliver_notices)],
        "redis_settings": redis_settings(settings.redis_url.get_secret_value()),
        "job_serializer": serialize_job,
        "job_deserializer": deserialize_job,
        "handle_signals": False,
        "max_jobs": MAX_JOBS,
        "job_timeout": 30,
        "keep_result": 0,
        "poll_delay": 0.1,
        "log_results": False,
    }


async def run_jobs(settings: Settings, dispatcher: NoticeDispatcher, stop: asyncio.Event) -> None:
    """Run jobs from the queue until `stop` is set; raises if the queue stays unavailable."""
    worker = Worker(**worker_settings(settings), ctx={"dispatcher": dispatcher})
    listening = asyncio.create_task(worker.async_run())
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({listening, stopping}, return_when=asyncio.FIRST_COMPLETED)
        worker.allow_pick_jobs = False
        if stop.is_set() and worker.tasks:
            await asyncio.wait(set(worker.tasks.values()), timeout=FINISH_SECONDS)
    finally:
        stopping.cancel()
        await _join({asyncio.create_task(_close(worker, listening))}, CLEANUP_SECONDS)
    if not listening.cancelled() and listening.done():
        listening.result()


async def _close(worker: Worker, listening: "asyncio.Task[None]") -> None:
    """Cancel arq's worker and close its connections, without a last message to the queue."""
    for task in (*worker.tasks.values(), listening):
        task.cancel()
    await asyncio.gather(listening, *worker.tasks.values(), return_exceptions=True)
    if worker._pool is not None:  # noqa: SLF001 - `worker.close()` writes to the queue first and fails without it
        await worker._pool.aclose(close_connection_pool=True)  # noqa: SLF001


async def _join(tasks: set["asyncio.Task[None]"], seconds: float) -> None:
    """Wait up to `seconds` for tasks to end, then cancel them."""
    _, late = await asyncio.wait(tasks, timeout=seconds)
    for task in late:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
