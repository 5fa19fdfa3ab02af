"""Every query parameter of every operation takes only what it can bear: a bad value gets 4xx, never 500."""

from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from httpx import AsyncClient

from tests.test_schema_fuzz import DESCRIBED

HOSTILE = (
    "\0",
    "a\0b",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
    "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59-23:59",
    "2026-05-12T10:00:00 03:00",
    "-1",
    "0",
    str(2**63),
    "1e309",
    "NaN",
    "\ud7ff\U0010ffff",
    "a" * 5_000,
    "' OR 1=1 --",
    "%",
    "",
)
PATHS = {"number": "2600012349", "name": "en"}


def queries() -> Iterator[tuple[str, str]]:
    """Yield (path, parameter) of every GET operation, with sample values in the path."""
    for path, methods in DESCRIBED.raw_schema["paths"].items():
        operation = methods.get("get")
        if operation is None:
            continue
        filled = path
        for parameter in _parameters(operation):
            if parameter["in"] == "path":
                sample = PATHS.get(parameter["name"], "01900000-0000-7000-8000-000000000000")
                filled = filled.replace(f"{{{parameter['name']}}}", sample)
        yield from ((filled, each["name"]) for each in _parameters(operation) if each["in"] == "query")


def _parameters(operation: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = operation.get("parameters", [])
    return found


async def test_no_value_of_a_query_parameter_is_an_error_of_ours(
    client_as: Callable[..., Awaitable[AsyncClient]],
) -> None:
    caller = await client_as("developer")
    walked = list(queries())

    failed = [
        f"{path}?{parameter}={value[:30]!r}: {status}"
        for path, parameter in walked
        for value in HOSTILE
        if (status := (await caller.get(path, params={parameter: value})).status_code) >= 500
    ]

    assert len(walked) > 40
    assert failed == []


async def test_a_nul_is_reported_on_its_parameter(client_as: Callable[..., Awaitable[AsyncClient]]) -> None:
    caller = await client_as("developer")

    response = await caller.get("/v1/tickets", params={"unit": "cleaning\0", "limit": "1"})

    assert response.status_code == 422
    assert [(each["pointer"], each["code"]) for each in response.json()["errors"]] == [("/unit", "control_character")]


async def test_a_nul_in_a_path_names_nothing(client_as: Callable[..., Awaitable[AsyncClient]]) -> None:
    caller = await client_as("developer")

    assert (await caller.get("/v1/tickets/26000%00")).status_code == 404
