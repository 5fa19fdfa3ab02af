"""Paths of intake, and steps that the tests of channels share."""

from datetime import date, datetime, time
from typing import Any

from app.core.clock import ISTANBUL
from tests.channels.conftest import Shared

TICKETS = "/v1/tickets"
CALLS = "/v1/channels/call-center/calls"
SMS = "/v1/channels/sms/messages"
REPORTS = "/v1/channels/mobile/reports"
VISITS = "/v1/channels/desk/visits"
CIMER = "/v1/channels/cimer/applications"
BATCHES = "/v1/channels/field/batches"

_counter = iter(range(1_000_000))


def fresh() -> str:
    """Return a message id that no other test uses."""
    return f"channels-{next(_counter)}"


def at(day: str, hour: str = "10:00:00") -> datetime:
    """Return an instant in Istanbul."""
    return datetime.combine(date.fromisoformat(day), time.fromisoformat(hour), ISTANBUL)


async def accepted(shared: Shared, url: str, body: dict[str, Any]) -> dict[str, Any]:
    """Send a request that is accepted; return its receipt."""
    response = await shared.client.post(url, json=body)
    assert response.status_code == 201, response.text
    receipt: dict[str, Any] = response.json()
    assert response.headers["location"] == f"/v1/tickets/{receipt['number']}"
    return receipt
