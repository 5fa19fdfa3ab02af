"""Helpers of the tests of commands about limits."""

from datetime import datetime
from typing import Any

from app.core.clock import ISTANBUL
from tests.desk import (
    INFORMATION,
    Desk,
)

APRIL_28 = datetime(2026, 4, 28, 10, tzinfo=ISTANBUL)


async def asked_in_april(desk: Desk) -> str:
    """Open a request for information on Tuesday 28 April 2026, in progress; 15 working days end on Thursday 21 May."""
    desk.clock.set(APRIL_28)
    number = await desk.open(INFORMATION)
    await desk.run_all(number, "refer", "accept")
    return number


async def moved(desk: Desk, number: str) -> list[dict[str, Any]]:
    """Return the moves in the last event of the history."""
    found: list[dict[str, Any]] = (await desk.timeline(number))["items"][-1]["data"].get("moved", [])
    return found


def noon(month: int, day: int) -> datetime:
    return datetime(2026, month, day, 12, tzinfo=ISTANBUL)
