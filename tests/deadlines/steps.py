"""Helpers of the tests of explanations."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.core.clock import ISTANBUL
from tests.desk import (
    Desk,
)

PLAIN = {"Accept": "text/plain"}
APRIL_28 = datetime(2026, 4, 28, 10, tzinfo=ISTANBUL)
LAW_3071 = "3071 sayılı Dilekçe Hakkının Kullanılmasına Dair Kanun, madde 7"
LAW_4982 = "4982 sayılı Bilgi Edinme Hakkı Kanunu, madde 11"


def at(month: int, day: int, hour: int = 12, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=ISTANBUL)


async def explained(desk: Desk, number: str, **query: int) -> dict[str, Any]:
    response = await desk.client.get(f"/v1/tickets/{number}/deadline", params=query)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


async def clock(desk: Desk, number: str, kind: str = "promise", **query: int) -> dict[str, Any]:
    found = await explained(desk, number, **query)
    shown: dict[str, Any] = next(each for each in found["clocks"] if each["kind"] == kind)
    return shown


async def text_lines(desk: Desk, number: str, **query: int) -> list[str]:
    response = await desk.client.get(f"/v1/tickets/{number}/deadline", params=query, headers=PLAIN)
    assert response.status_code == 200, response.text
    return response.text.splitlines()


def lines(found: Mapping[str, Any], *dates: str) -> list[tuple[Any, ...]]:
    """Return (weekday, counted, reason, label, total) of these dates of a ledger."""
    by_date = {line["date"]: line for line in found["ledger"]}
    return [tuple(by_date[each][name] for name in ("weekday", "counted", "reason", "label", "total")) for each in dates]


def reasons(found: Mapping[str, Any]) -> list[str]:
    return [line["reason"] for line in found["ledger"]]


def ends(found: Mapping[str, Any]) -> None:
    """The ledger ends on the date of the computed due instant, with the whole limit counted."""
    due_at = datetime.fromisoformat(found["computed_due_at"]).astimezone(ISTANBUL)
    assert found["ledger"][-1]["date"] == due_at.date().isoformat()
    assert found["ledger"][-1]["total"] == found["whole"]


def instants(found: Mapping[str, Any], *names: str) -> list[datetime | None]:
    return [found[name] and datetime.fromisoformat(found[name]) for name in names]
