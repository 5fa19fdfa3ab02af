"""Wrappers of jobs and background tasks: each is named in the log, and an error of one does not end the others.

A job is only a hint with ids. It may run twice, late or never: sweeps over the database find what it missed.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any
from uuid import UUID

import structlog
from arq.worker import Function, func
from structlog.contextvars import bound_contextvars

log = structlog.get_logger(__name__)

Handler = Callable[[dict[str, Any], Sequence[UUID]], Awaitable[None]]
"""A job: takes the worker's context and the ids of rows; safe to run twice."""

RESTART_SECONDS = 0.5
"""Real seconds before a background task that has ended is started again."""


def job(handler: Handler) -> Function:
    """Return `handler` as an arq job under its own name; it logs errors, because arq would not retry the job anyway."""
    name = handler.__name__

    async def run(ctx: dict[str, Any], ids: list[str]) -> None:
        with bound_contextvars(job=name, job_id=ctx["job_id"]):
            try:
                await handler(ctx, [UUID(one) for one in ids])
            except Exception:
                log.exception("job_failed")

    return func(run, name=name)


async def keep_running(name: str, start: Callable[[], Awaitable[None]], stop: asyncio.Event) -> None:
    """Run a background task until `stop` is set, and restart it if it ends before."""
    while not stop.is_set():
        with bound_contextvars(task=name):
            try:
                await start()
            except Exception:
                log.exception("background_task_died")
        await pause(RESTART_SECONDS, stop)


async def pause(seconds: float, stop: asyncio.Event) -> None:
    """Wait for some real seconds, or until `stop` is set."""
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
