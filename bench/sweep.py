"""The sweep with a million open timers: how many fire in a second, and how long after its instant one is a notice."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import median, quantiles
from typing import Any

import asyncpg

from bench.ground import Ground, Program, Wrong, environment
from bench.intake import address
from bench.timers import POSITIONS, Nursery, Tickets, plant
from config.settings import Settings

MIX = (1, 2, 3)
"""Two warnings to each level 1: most tickets are answered in between."""

PROOF = """
SELECT count(*) FILTER (WHERE c.state = 'fired') AS fired,
       count(*) FILTER (WHERE n.kinds = ARRAY[replace(d.kind, 'escalation', 'escalation_1')]) AS told,
       count(*) FILTER (WHERE (d.kind = 'warning') = (e.id IS NULL)) AS raised
FROM bench_due d JOIN checkpoint c ON c.id = d.checkpoint_id
LEFT JOIN (SELECT ticket_id, array_agg(kind) AS kinds FROM notice GROUP BY ticket_id) n ON n.ticket_id = d.ticket_id
LEFT JOIN escalation e ON e.ticket_id = d.ticket_id
WHERE d.measurement = $1
"""
STAMPED = "SELECT n.id, d.due_at FROM notice n JOIN bench_due d USING (ticket_id) WHERE d.measurement = $1"


@dataclass(frozen=True, slots=True)
class Size:
    """How many timers stand open, how many fall due at once, and the steady stream: so many a second, for so long."""

    open_timers: int
    due: int
    a_second: int
    seconds: int


class _Field:
    """The database full of timers, and what is measured on it."""

    def __init__(self, nursery: Nursery, settings: Settings, size: Size) -> None:
        self._nursery = nursery
        self._settings = settings
        self._size = size

    async def burst(self, name: str, positions: tuple[int, ...], *, workers: int) -> dict[str, Any]:
        """Everything falls due at once; the rate counts from the word to the last worker's end."""
        size = self._size
        with _workers(self._settings, workers) as staff:
            first = datetime.now(UTC) - timedelta(minutes=10)
            await self._nursery.grow(Tickets(name, size.due, first, timedelta(microseconds=100), positions))
            await self._nursery.settle()
            for worker in staff:
                worker.tell("sweep")
            results = [worker.hear() for worker in staff]
        await self._prove(name, size.due)
        return {
            "measurement": name,
            "workers": workers,
            "fired": size.due,
            "per_second": round(size.due / max(result["seconds"] for result in results)),
            "worker_load": round(max(result["load"] for result in results), 2),
        }

    async def steady(self, name: str, *, workers: int) -> dict[str, Any]:
        """A stream of due timers, and for each the delay from its instant to its committed notice."""
        size = self._size
        count = size.a_second * size.seconds
        with _workers(self._settings, workers) as staff:
            first = datetime.now(UTC) + timedelta(seconds=3 + count / 2000)
            await self._nursery.grow(Tickets(name, count, first, timedelta(seconds=1 / size.a_second), MIX))
            if datetime.now(UTC) > first:
                raise Wrong("the stream began before it was planted")
            for worker in staff:
                worker.tell("keep time")
            await asyncio.sleep((first - datetime.now(UTC)).total_seconds() + size.seconds + 2)
            for worker in staff:
                worker.tell("stop")
            results = [worker.hear() for worker in staff]
        await self._prove(name, count)
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
        """Milliseconds of a sweep that finds nothing due."""
        with _workers(self._settings, 1) as (worker,):
            seconds: list[float] = []
            for _ in range(times):
                worker.tell("sweep")
                result = worker.hear()
                seconds.append(result["seconds"])
        return round(median(seconds) * 1000, 2)

    async def _prove(self, name: str, count: int) -> None:
        """Every checkpoint has fired, with exactly its one notice, and with an escalation if it is level 1."""
        proof = await self._nursery.connection.fetchrow(PROOF, name)
        if set(proof.values()) != {count}:
            raise Wrong(f"{name}: of {count} checkpoints {dict(proof)}")

    async def _delays(self, name: str, results: list[dict[str, Any]]) -> list[float]:
        committed = {
            notice: datetime.fromisoformat(instant)
            for result in results
            for instant, notices in result["stamps"]
            for notice in notices
        }
        due = await self._nursery.connection.fetch(STAMPED, name)
        return [(committed[str(notice)] - due_at).total_seconds() for notice, due_at in due]


def measure(ground: Ground, size: Size) -> dict[str, Any]:
    """All measurements of the sweep, on one database that fills with each of them."""
    return asyncio.run(_measure(ground.copy("sweep"), ground.key, size))


async def _measure(settings: Settings, key: str, size: Size) -> dict[str, Any]:
    connection = await asyncpg.connect(address(settings))
    try:
        nursery = await plant(connection, settings, key)
        future = datetime.now(UTC) + timedelta(hours=1)
        tickets = size.open_timers // len(POSITIONS)
        await nursery.grow(Tickets("open", tickets, future, timedelta(days=28) / tickets))
        await nursery.settle()
        field = _Field(nursery, settings, size)
        bursts = [
            await field.burst("mixed, 1 worker", MIX, workers=1),
            await field.burst("mixed, 2 workers", MIX, workers=2),
            await field.burst("warnings", (1, 2), workers=1),
            await field.burst("level 1", (3,), workers=1),
        ]
        steady = await field.steady("steady", workers=1)
        return {
            "open_timers": await connection.fetchval("SELECT count(*) FROM checkpoint WHERE state = 'armed'"),
            "bursts": bursts,
            "steady": steady,
            "idle_sweep_ms": await field.idle(50),
        }
    finally:
        await connection.close()


@contextmanager
def _workers(settings: Settings, count: int) -> Iterator[list[Program]]:
    with ExitStack() as stack:
        staff = [stack.enter_context(Program("bench.worker", environment=environment(settings))) for _ in range(count)]
        for worker in staff:
            worker.hear()
        yield staff


def _percentile(values: list[float], percent: int) -> float:
    return round(quantiles(values, n=100)[percent - 1] * 1000, 1)
