"""The sweep with a million open timers: fired checkpoints per second, and delay from due instant to notice."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import median, quantiles
from typing import Any

import asyncpg

from bench.installation import BenchmarkError, ChildProgram, Installation, environment
from bench.intake import asyncpg_url
from bench.open_timers import POSITIONS, TicketBatch, TicketTemplate, create_template
from config.settings import Settings

MIX = (1, 2, 3)
"""Two warnings per level 1: most tickets are resolved in between."""

CHECK = """
SELECT count(*) FILTER (WHERE c.state = 'fired') AS fired,
       count(*) FILTER (WHERE n.kinds = ARRAY[replace(d.kind, 'escalation', 'escalation_1')]) AS notified,
       count(*) FILTER (WHERE (d.kind = 'warning') = (e.id IS NULL)) AS raised
FROM bench_due d JOIN checkpoint c ON c.id = d.checkpoint_id
LEFT JOIN (SELECT ticket_id, array_agg(kind) AS kinds FROM notice GROUP BY ticket_id) n ON n.ticket_id = d.ticket_id
LEFT JOIN escalation e ON e.ticket_id = d.ticket_id
WHERE d.measurement = $1
"""
DUE_OF_NOTICES = "SELECT n.id, d.due_at FROM notice n JOIN bench_due d USING (ticket_id) WHERE d.measurement = $1"


@dataclass(frozen=True, slots=True)
class Size:
    """Number of open timers, of timers due at once, and rate and seconds of the steady stream."""

    open_timers: int
    due: int
    a_second: int
    seconds: int


class _SweepBenchmark:
    """Measurements on a database full of timers."""

    def __init__(self, template: TicketTemplate, settings: Settings, size: Size) -> None:
        self._template = template
        self._settings = settings
        self._size = size

    async def burst(self, name: str, positions: tuple[int, ...], *, workers: int) -> dict[str, Any]:
        """Measure timers that are due at once, from the command to the end of the last worker."""
        size = self._size
        with _workers(self._settings, workers) as children:
            first = datetime.now(UTC) - timedelta(minutes=10)
            await self._template.insert(TicketBatch(name, size.due, first, timedelta(microseconds=100), positions))
            await self._template.vacuum()
            for worker in children:
                worker.send("sweep")
            results = [worker.receive() for worker in children]
        await self._check(name, size.due)
        return {
            "measurement": name,
            "workers": workers,
            "fired": size.due,
            "per_second": round(size.due / max(result["seconds"] for result in results)),
            "worker_load": round(max(result["load"] for result in results), 2),
        }

    async def steady(self, name: str, *, workers: int) -> dict[str, Any]:
        """Measure a stream of due timers: the delay from each due instant to its committed notice."""
        size = self._size
        count = size.a_second * size.seconds
        with _workers(self._settings, workers) as children:
            first = datetime.now(UTC) + timedelta(seconds=3 + count / 2000)
            await self._template.insert(TicketBatch(name, count, first, timedelta(seconds=1 / size.a_second), MIX))
            if datetime.now(UTC) > first:
                raise BenchmarkError("the stream began before its tickets were inserted")
            for worker in children:
                worker.send("keep time")
            await asyncio.sleep((first - datetime.now(UTC)).total_seconds() + size.seconds + 2)
            for worker in children:
                worker.send("stop")
            results = [worker.receive() for worker in children]
        await self._check(name, count)
        delays = await self._delays(name, results)
        return {
            "measurement": name,
            "workers": workers,
            "fired": count,
            "per_second": size.a_second,
            "p50_ms": _percentile(delays, 50),
            "p99_ms": _percentile(delays, 99),
            "worst_ms": round(max(delays) * 1000, 1),
            "worker_load": round(max(result["load"] for result in results), 2),
        }

    async def idle(self, times: int) -> float:
        """Return the milliseconds of a sweep that finds nothing due."""
        with _workers(self._settings, 1) as (worker,):
            seconds: list[float] = []
            for _ in range(times):
                worker.send("sweep")
                result = worker.receive()
                seconds.append(result["seconds"])
        return round(median(seconds) * 1000, 2)

    async def _check(self, name: str, count: int) -> None:
        """Check that every checkpoint has fired with exactly one notice, and a level 1 with an escalation."""
        counts = await self._template.connection.fetchrow(CHECK, name)
        if set(counts.values()) != {count}:
            raise BenchmarkError(f"{name}: of {count} checkpoints {dict(counts)}")

    async def _delays(self, name: str, results: list[dict[str, Any]]) -> list[float]:
        committed = {
            notice: datetime.fromisoformat(instant)
            for result in results
            for instant, notices in result["stamps"]
            for notice in notices
        }
        due = await self._template.connection.fetch(DUE_OF_NOTICES, name)
        return [(committed[str(notice)] - due_at).total_seconds() for notice, due_at in due]


def measure(installation: Installation, size: Size) -> dict[str, Any]:
    """Run all measurements of the sweep on one database, which grows with each of them."""
    return asyncio.run(_measure(installation.copy("sweep"), installation.key, size))


async def _measure(settings: Settings, key: str, size: Size) -> dict[str, Any]:
    connection = await asyncpg.connect(asyncpg_url(settings))
    try:
        template = await create_template(connection, settings, key)
        future = datetime.now(UTC) + timedelta(hours=1)
        tickets = size.open_timers // len(POSITIONS)
        await template.insert(TicketBatch("open", tickets, future, timedelta(days=28) / tickets))
        await template.vacuum()
        benchmark = _SweepBenchmark(template, settings, size)
        bursts = [
            await benchmark.burst("mixed, 1 worker", MIX, workers=1),
            await benchmark.burst("mixed, 2 workers", MIX, workers=2),
            await benchmark.burst("warnings", (1, 2), workers=1),
            await benchmark.burst("level 1", (3,), workers=1),
        ]
        steady = await benchmark.steady("steady", workers=1)
        return {
            "open_timers": await connection.fetchval("SELECT count(*) FROM checkpoint WHERE state = 'armed'"),
            "bursts": bursts,
            "steady": steady,
            "idle_sweep_ms": await benchmark.idle(50),
        }
    finally:
        await connection.close()


@contextmanager
def _workers(settings: Settings, count: int) -> Iterator[list[ChildProgram]]:
    with ExitStack() as stack:
        children = [
            stack.enter_context(ChildProgram("bench.worker", environment=environment(settings))) for _ in range(count)
        ]
        for worker in children:
            worker.receive()
        yield children


def _percentile(values: list[float], percent: int) -> float:
    return round(quantiles(values, n=100)[percent - 1] * 1000, 1)
