"""The municipality as its programs see it: everything over HTTP, each role with its own API key."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx

from app.core.clock import ISTANBUL
from demo.values import Door, Verdict

OFFICER = "unit-officer"
"""Gives the commands and watches tickets and notices, without seeing personal data."""

ATTEMPTS = 5
PAUSE_SECONDS = 0.3
BUSY = frozenset({httpx.codes.TOO_MANY_REQUESTS, httpx.codes.SERVICE_UNAVAILABLE})


class CityError(Exception):
    """The API refused what the demonstration asked; the message is one line for the person at the terminal."""


@dataclass(frozen=True, slots=True)
class TicketSeen:
    """A ticket as the list shows it; `due_at` is None before the promise runs and while it stands still."""

    number: str
    status: str
    channel: str
    unit: str | None
    due_at: datetime | None
    verdict: Verdict

    @classmethod
    def of(cls, item: Mapping[str, Any]) -> "TicketSeen":
        """Read an item of `GET /v1/tickets`."""
        promise = next((clock for clock in item["clocks"] if clock["kind"] == "promise"), None)
        due = promise["due_at"] if promise else None
        return cls(
            number=item["number"],
            status=item["status"],
            channel=item["channel"],
            unit=item["unit"],
            due_at=_local(due) if due else None,
            verdict=_verdict(promise),
        )


@dataclass(frozen=True, slots=True)
class NoticeSeen:
    """A notice as the list shows it; `level` is the percentage of a warning."""

    number: str
    kind: str
    level: int
    ticket: str
    recipient: str | None
    state: str
    legal_risk: bool
    created_at: datetime

    @classmethod
    def of(cls, item: Mapping[str, Any]) -> "NoticeSeen":
        """Read an item of `GET /v1/notices`."""
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


class City:
    """Calls the API; `keys` are API keys by role."""

    def __init__(self, client: httpx.AsyncClient, keys: Mapping[str, str]) -> None:
        self._client = client
        self._keys = keys

    async def now(self) -> datetime:
        """The instant by the API's own clock, in Istanbul."""
        status = (await self._call("GET", "/v1/operations/status", role="ops")).json()
        return _local(status["clock"]["now"])

    async def units(self) -> dict[str, str]:
        """Names of the directorates by their codes."""
        found = (await self._call("GET", "/v1/catalogue/units", role=OFFICER)).json()
        return {unit["code"]: unit["name"] for unit in found["units"]}

    async def send(self, door: Door, message: Mapping[str, Any]) -> dict[str, Any]:
        """Post a channel's message; the answer."""
        answer: dict[str, Any] = (await self._call("POST", door.path, role=door.role, body=message)).json()
        return answer

    async def command(self, number: str, command: str, body: Mapping[str, Any] | None) -> None:
        """Give a command on the ticket as it stands now."""
        path = f"/v1/tickets/{number}"
        read = await self._call("GET", path, role=OFFICER)
        await self._call("POST", f"{path}/{command}", role=OFFICER, body=body, etag=read.headers["ETag"])

    async def tickets(self) -> list[TicketSeen]:
        """All tickets, oldest first."""
        return [TicketSeen.of(item) for item in reversed(await self._list("/v1/tickets"))]

    async def notices(self) -> list[NoticeSeen]:
        """All notices, oldest first."""
        return [NoticeSeen.of(item) for item in reversed(await self._list("/v1/notices"))]

    async def escalations(self) -> list[tuple[str, int]]:
        """Ticket and level of every escalation, oldest first."""
        return [(item["ticket"], item["level"]) for item in reversed(await self._list("/v1/escalations"))]

    async def broken_chains(self, numbers: list[str]) -> list[str]:
        """The tickets whose history has a gap or was altered."""
        paths = [f"/v1/tickets/{number}/events" for number in numbers]
        answers = [(await self._call("GET", path, role=OFFICER)).json() for path in paths]
        return [answer["number"] for answer in answers if not answer["chain_holds"]]

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
        """One request, repeated where the API or the line is busy; what it refuses raises `CityError`."""
        headers = {"X-API-Key": self._keys[role], **({"If-Match": etag} if etag else {})}
        for attempt in range(1, ATTEMPTS + 1):
            try:
                answer = await self._client.request(method, path, headers=headers, json=body, params=query)
            except httpx.TransportError as error:
                problem = f"{method} {path}: {type(error).__name__}"
            else:
                if answer.is_success:
                    return answer
                problem = f"{method} {path}: {answer.status_code} {answer.text}"
                if answer.status_code not in BUSY:
                    break
            await asyncio.sleep(PAUSE_SECONDS * attempt)
        raise CityError(problem)


def _local(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(ISTANBUL)


def _verdict(promise: Mapping[str, Any] | None) -> Verdict:
    if promise is None:
        return Verdict.OPEN
    if promise["state"] == "cancelled":
        return Verdict.WITHDRAWN
    if promise["on_time"] is None:
        return Verdict.OPEN
    return Verdict.ON_TIME if promise["on_time"] else Verdict.BREACHED
