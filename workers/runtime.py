"""What every job and every background task runs in: a log that says which it was, and an end that takes nothing along.

A job is a hint with ids. It may come twice, late or never: the rows are the truth, and the sweeps find what was missed.
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
"""What a job does: gets the worker's context and the ids of the rows to look at; safe to run twice."""

RESTART_SECONDS = 0.5
"""Pause before a background task that died is started again."""


def job(handler: Handler) -> Function:
    """`handler` as an arq job under its own name.

    An error is logged, with its kind and place, and ends there: arq would not run the job again anyway.
    """
    name = handler.__name__

    async def run(ctx: dict[str, Any], ids: list[str]) -> None:
        with bound_contextvars(job=name, job_id=ctx["job_id"]):
            try:
                await handler(ctx, [UUID(one) for one in ids])
            except Exception:
                log.exception("job_failed")

    return func(run, name=name)


async def keep_running(name: str, start: Callable[[], Awaitable[None]], stop: asyncio.Event) -> None:
    """Run a background task until `stop` is set, and start it again whenever it ends before."""
    while not stop.is_set():
        with bound_contextvars(task=name):
            try:
                await start()
            except Exception:
                log.exception("background_task_died")
        await pause(RESTART_SECONDS, stop)


async def pause(seconds: float, stop: asyncio.Event) -> None:
    """Wait so many real seconds, or until `stop` is set."""
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
