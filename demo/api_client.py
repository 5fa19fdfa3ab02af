"""HTTP client of the API: every role has its own API key."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx

from app.core.clock import ISTANBUL
from demo.model import ChannelEndpoint, PromiseResult

OFFICER = "unit-officer"
"""Role that runs commands and reads tickets and notices, without personal data."""

MAX_ATTEMPTS = 5
BACKOFF_SECONDS = 0.3
RETRIED_STATUSES = frozenset({httpx.codes.TOO_MANY_REQUESTS, httpx.codes.SERVICE_UNAVAILABLE})


class ApiError(Exception):
    """The API refused a request; the message is one line for the person at the terminal."""


@dataclass(frozen=True, slots=True)
class TicketView:
    """A ticket of the list; `due_at` is None before the promise runs and while it is paused."""

    number: str
    status: str
    channel: str
    unit: str | None
    due_at: datetime | None
    result: PromiseResult

    @classmethod
    def of(cls, item: Mapping[str, Any]) -> "TicketView":
        """Parse an item of `GET /v1/tickets`."""
        promise = next((clock for clock in item["clocks"] if clock["kind"] == "promise"), None)
        due = promise["due_at"] if promise else None
        return cls(
            number=item["number"],
            status=item["status"],
            channel=item["channel"],
            unit=item["unit"],
            due_at=_local(due) if due else None,
            result=_promise_result(promise),
        )


@dataclass(frozen=True, slots=True)
class NoticeView:
    """A notice of the list; the `level` of a warning is its percentage."""

    number: str
    kind: str
    level: int
    ticket: str
    recipient: str | None
    state: str
    legal_risk: bool
    created_at: datetime

    @classmethod
    def of(cls, item: Mapping[str, Any]) -> "NoticeView":
        """Parse an item of `GET /v1/notices`."""
        return cls(
            number=item["number"],
            kind=item["kind"],
            level=item["level"],
            ticket=item["ticket"],
            recipient=item["recipient"]["name"],
            state=item["state"],
            legal_risk=item["subject"].startswith("[YASAL SÜRE RİSKİ"),
            created_at=_local(item["created_at"]),
        )


class ApiClient:
    """Client of the API; `keys` are API keys by role."""

    def __init__(self, client: httpx.AsyncClient, keys: Mapping[str, str]) -> None:
        self._client = client
        self._keys = keys

    async def now(self) -> datetime:
        """Return the present instant by the API's clock, in Istanbul."""
        status = (await self._call("GET", "/v1/operations/status", role="ops")).json()
        return _local(status["clock"]["now"])

    async def units(self) -> dict[str, str]:
        """Return the names of the directorates by code."""
        found = (await self._call("GET", "/v1/catalogue/units", role=OFFICER)).json()
        return {unit["code"]: unit["name"] for unit in found["units"]}

    async def send(self, endpoint: ChannelEndpoint, message: Mapping[str, Any]) -> dict[str, Any]:
        """Post a message of a channel and return the receipt."""
        receipt: dict[str, Any] = (await self._call("POST", endpoint.path, role=endpoint.role, body=message)).json()
        return receipt

    async def command(self, number: str, command: str, body: Mapping[str, Any] | None) -> None:
        """Run a command on the present version of a ticket."""
        path = f"/v1/tickets/{number}"
        read = await self._call("GET", path, role=OFFICER)
        await self._call("POST", f"{path}/{command}", role=OFFICER, body=body, etag=read.headers["ETag"])

    async def tickets(self) -> list[TicketView]:
        """Return all tickets, oldest first."""
        return [TicketView.of(item) for item in reversed(await self._list("/v1/tickets"))]

    async def notices(self) -> list[NoticeView]:
        """Return all notices, oldest first."""
        return [NoticeView.of(item) for item in reversed(await self._list("/v1/notices"))]

    async def escalations(self) -> list[tuple[str, int]]:
        """Return ticket and level of every escalation, oldest first."""
        return [(item["ticket"], item["level"]) for item in reversed(await self._list("/v1/escalations"))]

    async def broken_chains(self, numbers: list[str]) -> list[str]:
        """Return the tickets whose event chain has a gap or was altered."""
        paths = [f"/v1/tickets/{number}/events" for number in numbers]
        timelines = [(await self._call("GET", path, role=OFFICER)).json() for path in paths]
        return [timeline["number"] for timeline in timelines if not timeline["chain_holds"]]

    async def _list(self, path: str) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = []
        query = {"limit": "100"}
        while True:
            page = (await self._call("GET", path, role=OFFICER, query=query)).json()
            items += page["items"]
            if page["next_cursor"] is None:
                return items
            query["cursor"] = page["next_cursor"]

    async def _call(
        self,
        method: str,
        path: str,
        *,
        role: str,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, str] | None = None,
        etag: str | None = None,
    ) -> httpx.Response:
        """Send a request, with retries while the API is busy; raise `ApiError` if it is refused."""
        headers = {"X-API-Key": self._keys[role], **({"If-Match": etag} if etag else {})}
        for attempt in range(1, MAX_ATTEMPTS + 1):
            try:
                response = await self._client.request(method, path, headers=headers, json=body, params=query)
            except httpx.TransportError as error:
                problem = f"{method} {path}: {type(error).__name__}"
            else:
                if response.is_success:
                    return response
                problem = f"{method} {path}: {response.status_code} {response.text}"
                if response.status_code not in RETRIED_STATUSES:
                    break
            await asyncio.sleep(BACKOFF_SECONDS * attempt)
        raise ApiError(problem)


def _local(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(ISTANBUL)


def _promise_result(promise: Mapping[str, Any] | None) -> PromiseResult:
    if promise is None:
        return PromiseResult.OPEN
    if promise["state"] == "cancelled":
        return PromiseResult.WITHDRAWN
    if promise["on_time"] is None:
        return PromiseResult.OPEN
    return PromiseResult.ON_TIME if promise["on_time"] else PromiseResult.BREACHED
