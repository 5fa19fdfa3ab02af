"""Intake over HTTP: the API compared with the floor app, in alternating rounds on the same servers."""

import asyncio
from dataclasses import dataclass
from statistics import median, quantiles
from typing import Any

import asyncpg

from bench.installation import BenchmarkError, ChildProgram, Installation, await_http, environment
from config.settings import Settings

CONNECTIONS = 32
MAX_REQUESTS_A_SECOND = 8000
"""Prepared requests per second of a round: more than this machine can serve."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """Times of a measurement: a warm-up, then rounds for each app."""

    warm_up_seconds: float
    rounds: int
    round_seconds: float


@dataclass(frozen=True, slots=True)
class _Target:
    """A server under load and its kind of request."""

    port: int
    path: str
    key: str
    status: str = "201"
    method: str = "POST"


def measure(installation: Installation, schedule: Schedule) -> dict[str, Any]:
    """Return requests per second and latencies of both apps, and the API's rate for a 404."""
    estim, floor = installation.copy("intake"), installation.copy("floor", empty=True)
    plain = asyncpg_url(floor)
    with (
        ChildProgram("app.cli", "api", environment=environment(estim)),
        ChildProgram("bench.floor", str(floor.port), environment={"FLOOR_DATABASE_URL": plain}),
        ChildProgram("bench.load", environment={}) as load,
    ):
        product = _Target(estim.port, "/v1/tickets", installation.key)
        baseline = _Target(floor.port, "/tickets", installation.key)
        idle = _Target(estim.port, "/v1/nothing", installation.key, status="404", method="GET")
        for target in (product, baseline):
            await_http(target.port)
        rounds = _rounds(load, product, baseline, schedule)
        not_found = _run_round(load, idle, 0, schedule.warm_up_seconds)
    asyncio.run(_check(asyncpg_url(estim), "ticket", sum(len(result["latencies"]) for result in rounds["estim"])))
    asyncio.run(_check(plain, "floor_ticket", sum(len(result["latencies"]) for result in rounds["floor"])))
    return _figures({side: results[1:] for side, results in rounds.items()}, not_found)


def _rounds(
    load: ChildProgram, product: _Target, baseline: _Target, schedule: Schedule
) -> dict[str, list[dict[str, Any]]]:
    """Return the results of both apps, the warm-up first."""
    results: dict[str, list[dict[str, Any]]] = {"estim": [], "floor": []}
    first = 0
    for number in range(schedule.rounds + 1):
        seconds = schedule.round_seconds if number else schedule.warm_up_seconds
        for name, target in (("estim", product), ("floor", baseline)):
            results[name].append(_run_round(load, target, first, seconds))
        first += int(seconds * MAX_REQUESTS_A_SECOND)
    return results


def _run_round(load: ChildProgram, target: _Target, first: int, seconds: float) -> dict[str, Any]:
    plan = {
        "port": target.port,
        "path": target.path,
        "key": target.key,
        "status": target.status,
        "method": target.method,
        "first": first,
        "count": int(seconds * MAX_REQUESTS_A_SECOND),
        "seconds": seconds,
        "connections": CONNECTIONS,
    }
    load.send(plan)
    load.receive()
    load.send("go")
    result: dict[str, Any] = load.receive()
    if result["refused"]:
        raise BenchmarkError(f"{target.path} responded {result['refused'][0]}")
    if result["exhausted"]:
        raise BenchmarkError("the load generator ran out of requests: MAX_REQUESTS_A_SECOND is too low")
    return result


async def _check(asyncpg_url: str, table: str, accepted: int) -> None:
    """Check that every accepted request is a row, and that there are no others."""
    connection = await asyncpg.connect(asyncpg_url)
    stored = await connection.fetchval(f'SELECT count(*) FROM "{table}"')  # noqa: S608 - our own table names
    await connection.close()
    if stored != accepted:
        raise BenchmarkError(f"{accepted} requests were accepted, {table} has {stored} rows")


def _figures(rounds: dict[str, list[dict[str, Any]]], not_found: dict[str, Any]) -> dict[str, Any]:
    ratios = [_rate(one) / _rate(other) for one, other in zip(rounds["estim"], rounds["floor"], strict=True)]
    return {
        "connections": CONNECTIONS,
        "estim": _summary(rounds["estim"]),
        "floor": _summary(rounds["floor"]),
        "ratio": round(median(ratios), 3),
        "ratios": [round(ratio, 3) for ratio in ratios],
        "api_404_per_second": round(_rate(not_found)),
    }


def _summary(results: list[dict[str, Any]]) -> dict[str, Any]:
    cuts = quantiles((latency for result in results for latency in result["latencies"]), n=100)
    return {
        "requests_per_second": round(median(map(_rate, results))),
        "rounds": [round(_rate(result)) for result in results],
        "p50_ms": round(cuts[49] * 1000, 2),
        "p99_ms": round(cuts[98] * 1000, 2),
        "generator_load": round(median(result["generator_load"] for result in results), 2),
    }


def _rate(result: dict[str, Any]) -> float:
    return len(result["latencies"]) / float(result["seconds"])


def asyncpg_url(settings: Settings) -> str:
    """Return the database's URL in asyncpg's form."""
    assert settings.database_url is not None
    return settings.database_url.get_secret_value().replace("+asyncpg", "")
