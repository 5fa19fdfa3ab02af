"""Intake over real HTTP: the API against the floor app, in alternating rounds on the same servers."""

import asyncio
from dataclasses import dataclass
from statistics import median, quantiles
from typing import Any

import asyncpg

from bench.ground import Ground, Program, Wrong, await_http, environment
from config.settings import Settings

CONNECTIONS = 32
MOST_A_SECOND = 8000
"""More requests than this machine answers: so many are made ready for each second of a round."""


@dataclass(frozen=True, slots=True)
class Length:
    """How long to measure: a warm-up, then so many rounds of each side."""

    warm_up_seconds: float
    rounds: int
    round_seconds: float


@dataclass(frozen=True, slots=True)
class _Side:
    """One of the servers under load, and the next request it has not had yet."""

    port: int
    path: str
    key: str
    status: str = "201"
    method: str = "POST"


def measure(ground: Ground, length: Length) -> dict[str, Any]:
    """Requests a second and latencies of both sides, and what the API answers when it has nothing to do."""
    estim, floor = ground.copy("intake"), ground.copy("floor", empty=True)
    plain = address(floor)
    with (
        Program("app.cli", "api", environment=environment(estim)),
        Program("bench.floor", str(floor.port), environment={"FLOOR_DATABASE_URL": plain}),
        Program("bench.load", environment={}) as load,
    ):
        ours = _Side(estim.port, "/v1/tickets", ground.key)
        theirs = _Side(floor.port, "/tickets", ground.key)
        idle = _Side(estim.port, "/v1/nothing", ground.key, status="404", method="GET")
        for side in (ours, theirs):
            await_http(side.port)
        rounds = _rounds(load, ours, theirs, length)
        bare = _one(load, idle, 0, length.warm_up_seconds)
    asyncio.run(_prove(address(estim), "ticket", sum(len(result["latencies"]) for result in rounds["estim"])))
    asyncio.run(_prove(plain, "floor_ticket", sum(len(result["latencies"]) for result in rounds["floor"])))
    return _figures({side: results[1:] for side, results in rounds.items()}, bare)


def _rounds(load: Program, ours: _Side, theirs: _Side, length: Length) -> dict[str, list[dict[str, Any]]]:
    """The results of both sides, the warm-up first."""
    results: dict[str, list[dict[str, Any]]] = {"estim": [], "floor": []}
    first = 0
    for number in range(length.rounds + 1):
        seconds = length.round_seconds if number else length.warm_up_seconds
        for name, side in (("estim", ours), ("floor", theirs)):
            results[name].append(_one(load, side, first, seconds))
        first += int(seconds * MOST_A_SECOND)
    return results


def _one(load: Program, side: _Side, first: int, seconds: float) -> dict[str, Any]:
    plan = {"port": side.port, "path": side.path, "key": side.key, "status": side.status, "method": side.method}
    plan |= {"first": first, "count": int(seconds * MOST_A_SECOND), "seconds": seconds, "connections": CONNECTIONS}
    load.tell(plan)
    load.hear()
    load.tell("go")
    result: dict[str, Any] = load.hear()
    if result["refused"]:
        raise Wrong(f"{side.path} answered {result['refused'][0]}")
    if result["exhausted"]:
        raise Wrong("the load generator ran out of requests: MOST_A_SECOND is too low")
    return result


async def _prove(address: str, table: str, answered: int) -> None:
    """Every answered request is a row, and there is no other."""
    connection = await asyncpg.connect(address)
    stored = await connection.fetchval(f'SELECT count(*) FROM "{table}"')  # noqa: S608 - our own table names
    await connection.close()
    if stored != answered:
        raise Wrong(f"{answered} requests were answered, {table} has {stored} rows")


def _figures(rounds: dict[str, list[dict[str, Any]]], bare: dict[str, Any]) -> dict[str, Any]:
    ratios = [_rate(one) / _rate(other) for one, other in zip(rounds["estim"], rounds["floor"], strict=True)]
    return {
        "connections": CONNECTIONS,
        "estim": _side(rounds["estim"]),
        "floor": _side(rounds["floor"]),
        "ratio": round(median(ratios), 3),
        "ratios": [round(ratio, 3) for ratio in ratios],
        "api_404_per_second": round(_rate(bare)),
    }


def _side(results: list[dict[str, Any]]) -> dict[str, Any]:
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


def address(settings: Settings) -> str:
    """The database as asyncpg itself wants it."""
    assert settings.database_url is not None
    return settings.database_url.get_secret_value().replace("+asyncpg", "")
