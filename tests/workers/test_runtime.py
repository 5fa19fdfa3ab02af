"""Wrappers of jobs and background tasks."""

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest
from structlog.contextvars import get_contextvars
from structlog.testing import capture_logs

from app.core.ids import new_id
from app.core.jobs import deserialize_job, serialize_job
from workers import runtime
from workers.runtime import job, keep_running


async def test_a_job_gets_its_ids_and_logs_its_id() -> None:
    seen: list[tuple[Sequence[UUID], dict[str, Any]]] = []

    async def handle(_ctx: dict[str, Any], ids: Sequence[UUID]) -> None:
        seen.append((ids, get_contextvars()))

    wanted = [new_id(), new_id()]
    wrapped = job(handle)
    await wrapped.coroutine({"job_id": "j1"}, [str(one) for one in wanted])
    assert wrapped.name == "handle"
    assert seen == [(wanted, {"job": "handle", "job_id": "j1"})]
    assert "job" not in get_contextvars()


@pytest.mark.parametrize("ids", [["no-id"], "none", [17]])
async def test_a_job_that_fails_is_logged_and_ends_there(ids: Any) -> None:
    """The worker survives any content of the queue."""

    async def handle(_ctx: dict[str, Any], _ids: Sequence[UUID]) -> None:
        raise AssertionError("not to be reached")

    with capture_logs() as logs:
        await job(handle).coroutine({"job_id": "j1"}, ids)
    assert [(entry["event"], entry["log_level"]) for entry in logs] == [("job_failed", "error")]


async def test_a_background_task_that_ends_is_started_again_until_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "RESTART_SECONDS", 0.001)
    stop, starts = asyncio.Event(), 0

    async def task() -> None:
        nonlocal starts
        starts += 1
        if starts == 1:
            raise ConnectionRefusedError
        if starts == 3:
            stop.set()

    with capture_logs() as logs:
        await keep_running("tried", task, stop)
    assert starts == 3
    assert [entry["event"] for entry in logs] == ["background_task_died"]


def test_jobs_travel_as_json() -> None:
    """A pickle in the queue would run code in the worker."""
    given: dict[str, object] = {"t": None, "f": "deliver_notices", "a": [["018f"]], "k": {}, "et": 1}
    assert deserialize_job(serialize_job(given)) == given
    with pytest.raises(ValueError, match=r"codec|Expecting"):
        deserialize_job(b"\x80\x04\x8c\x02os.")
