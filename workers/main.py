"""The worker program: keeps time, delivers notices, and answers the job queue while there is one.

Time and upkeep need PostgreSQL only. The queue is a third task beside them: when Valkey is away it is tried again and
again, and everything else goes on.
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
from workers.calendar import keep_calendar
from workers.delivery import deliver_notices, open_notice_dispatcher
from workers.feed import keep_feeding
from workers.runtime import job, keep_running
from workers.timers import keep_time
from workers.upkeep import keep_delivering

log = structlog.get_logger(__name__)

JOBS_AT_ONCE = 100
"""Jobs mostly wait for the dispatcher, which bounds the work itself."""

FINISH_SECONDS = 1.0
"""What running jobs get when the worker ends; then they are cancelled, and their rows are found by the next one."""

END_SECONDS = 1.0
"""What each part gets to end itself after that."""


def run_worker(settings: Settings) -> None:
    """Run one worker process until SIGTERM or SIGINT; ends within 4 s. Raises `SettingsError`."""
    logging.getLogger("arq").setLevel(logging.WARNING)  # it would log each job and its arguments
    tune_garbage_collector()
    asyncio.run(_until_signalled(settings))


async def _until_signalled(settings: Settings) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with open_container(settings) as container:
        await work(container, stop)


async def work(container: Container, stop: asyncio.Event) -> None:
    """Do all of a worker's tasks until `stop` is set."""
    dispatcher = open_notice_dispatcher(container)
    tasks = {
        "time": partial(keep_time, container, stop),
        "calendar": partial(keep_calendar, container, stop),
        "feed": partial(keep_feeding, container, stop),
        "upkeep": partial(keep_delivering, container, dispatcher, stop),
        "queue": partial(run_jobs, container.settings, dispatcher, stop),
    }
    running = {asyncio.create_task(keep_running(name, task, stop)) for name, task in tasks.items()}
    log.info("worker_started")
    await stop.wait()
    await _end_all(running, FINISH_SECONDS + END_SECONDS)
    await _end_all({asyncio.create_task(dispatcher.close())}, END_SECONDS)
    log.info("worker_stopped")


def worker_settings(settings: Settings) -> dict[str, Any]:
    """What arq's worker is made of; signals are ours to handle."""
    if settings.redis_url is None:
        raise ValueError("ESTIM_REDIS_URL is not set")
    return {
        "functions": [job(deliver_notices)],
        "redis_settings": redis_settings(settings.redis_url.get_secret_value()),
        "job_serializer": serialize_job,
        "job_deserializer": deserialize_job,
        "handle_signals": False,
        "max_jobs": JOBS_AT_ONCE,
        "job_timeout": 30,
        "keep_result": 0,
        "poll_delay": 0.1,
        "log_results": False,
    }


async def run_jobs(settings: Settings, dispatcher: NoticeDispatcher, stop: asyncio.Event) -> None:
    """Run jobs from the queue until `stop` is set; raises where the queue stays away."""
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
        await _end_all({asyncio.create_task(_close(worker, listening))}, END_SECONDS)
    if not listening.cancelled() and listening.done():
        listening.result()


async def _close(worker: Worker, listening: "asyncio.Task[None]") -> None:
    """End arq's worker and its connections; what it can't tell a queue that is away does not matter."""
    for task in (*worker.tasks.values(), listening):
        task.cancel()
    await asyncio.gather(listening, *worker.tasks.values(), return_exceptions=True)
    if worker._pool is not None:  # noqa: SLF001 - `worker.close()` talks to the queue first, and would fail without it
        await worker._pool.aclose(close_connection_pool=True)  # noqa: SLF001


async def _end_all(tasks: set["asyncio.Task[None]"], seconds: float) -> None:
    """Wait so long for tasks to end, then cancel them."""
    _, late = await asyncio.wait(tasks, timeout=seconds)
    for task in late:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
