"""A request desk for tests: it opens tickets over HTTP, runs commands and reads the stored rows."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from httpx import AsyncClient, Response
from sqlalchemy import select, text

from app.container import Container
from app.core.clock import ISTANBUL
from app.notices.model import Notice
from app.sla.model import Checkpoint, SlaClock
from app.tickets.model import Ticket
from tests.installation import START, SettableClock, make_settings, new_key, opened_app, opened_client
from tests.limit_notices import LimitNotice
from tests.servers import TestServers

CITIZEN: dict[str, Any] = {"name": "Örnek Vatandaş", "phone": "0532 000 00 67"}
CALL: dict[str, Any] = {"channel": "call-center", "description": "Kaldırımdaki çukur tehlikeli", "applicant": CITIZEN}
ATTORNEY_VISIT: dict[str, Any] = {
    "channel": "desk",
    "description": "İmar durumu soruluyor",
    "applicant": {**CITIZEN, "role": "attorney"},
}
"""A visit without its power of attorney: the promise waits for it, the limit of law 3071 runs."""
VISIT: dict[str, Any] = {"channel": "desk", "description": "Park için bank isteniyor", "applicant": CITIZEN}
PETITION: dict[str, Any] = {**VISIT, "formal": True, "documents": ["petition"]}
INFORMATION: dict[str, Any] = {
    "channel": "desk",
    "service": "right-to-information",
    "description": "Meclis kararı isteniyor",
    "applicant": {**CITIZEN, "national_id": "10000000146", "address": "Örnek Mah. Örnek Sok. No: 1"},
    "documents": ["application_form"],
    "right_to_information": True,
}
ORDER: dict[str, Any] = {"channel": "desk", "service": "hospitality", "description": "Çay isteniyor"}

ANSWER: dict[str, Any] = {"outcome": "positive", "reply": "Onarıldı."}
REFUSAL: dict[str, Any] = {
    "outcome": "negative",
    "reason": "Alan özel mülkiyettedir.",
    "remedy": "administrative_court",
}

BODIES: Mapping[str, dict[str, Any] | None] = {
    "register": None,
    "refer": {"unit": "public-works"},
    "accept": None,
    "return": {"reason": "Görev alanımız değil."},
    "request_documents": {"documents": ["petition"]},
    "provide_documents": {"documents": ["power_of_attorney"]},
    "pause": {"reason": "awaiting_citizen"},
    "resume": None,
    "interim_reply": {"text": "Keşif yapılacaktır."},
    "propose": ANSWER,
    "reject": {"reason": "Fotoğraf eklenmeli."},
    "resolve": ANSWER,
    "callback": {"reached": False},
    "close": None,
    "reopen": {"reason": "Çukur yine açıldı."},
    "withdraw": None,
    "comment": {"text": "Vatandaş aradı."},
    "reclassify": {"service": "info-desk", "reason": "Danışma konusudur."},
    "extend": {"ground": "other_institution"},
    "fee_notice": {"amount": "125.50"},
    "fee_paid": None,
    "override_due": {"due_at": "2026-06-15T23:59:59+03:00", "reason": "Vatandaşla anlaşıldı."},
}
"""A valid body for each command; `link_duplicate` needs another ticket's number."""

AT_WORK = ("refer", "accept")
PATHS: Mapping[str, tuple[str, ...]] = {
    "received": (),
    "registered": ("register",),
    "referred": ("refer",),
    "returned": ("refer", "return"),
    "in_progress": AT_WORK,
    "awaiting_citizen": (*AT_WORK, "pause"),
    "awaiting_fee": (*AT_WORK, "fee_notice"),
    "pending_approval": (*AT_WORK, "propose"),
    "resolved": ("resolve",),
    "callback_pending": ("resolve", "callback"),
    "closed": ("resolve", "close"),
    "reopened": ("resolve", "reopen"),
    "withdrawn": ("withdraw",),
}
"""State → the commands that bring a new visit there; see `Desk.ticket_in` for the two others."""


@dataclass(frozen=True, slots=True)
class Desk:
    """A started app with its clock and a client that has every scope."""

    app: FastAPI
    clock: SettableClock
    client: AsyncClient

    @property
    def container(self) -> Container:
        """Return the app's own container."""
        container: Container = self.app.state.container
        return container

    async def empty(self) -> None:
        """Delete every ticket with all its rows, and set the clock back."""
        self.clock.set(START)
        async with self.container.database.transaction() as session:
            await session.execute(text("DELETE FROM ticket"))
            await session.execute(text("DELETE FROM applicant"))

    async def open(self, body: Mapping[str, Any] = CALL, **other: Any) -> str:
        """Open a ticket and return its number."""
        response = await self.client.post("/v1/tickets", json={**body, **other})
        assert response.status_code == 201, response.text
        number: str = response.json()["number"]
        return number

    async def ticket_in(self, state: str, *, information: bool = False) -> str:
        """Bring a new visit, or request for information (law 4982), into `state`; return its number."""
        information |= state == "awaiting_fee"  # only law 4982 knows a fee
        if state == "awaiting_documents":
            return await self.open({**INFORMATION, "documents": []} if information else ATTORNEY_VISIT)
        number = await self.open(INFORMATION if information else VISIT)
        if state == "awaiting_external":
            await self.run_all(number, *AT_WORK)
            await self.run(number, "pause", {"reason": "awaiting_external"})
        else:
            await self.run_all(number, *PATHS[state])
        return number

    async def send(
        self, number: str, command: str, body: Any = None, *, if_match: str | None = "*", by: AsyncClient | None = None
    ) -> Response:
        """Send a command and return the response."""
        return await (by or self.client).post(
            f"/v1/tickets/{number}/{command.replace('_', '-')}",
            json=body,
            headers={} if if_match is None else {"If-Match": if_match},
        )

    async def run(self, number: str, command: str, body: Any = None) -> dict[str, Any]:
        """Run a command that must succeed and return the ticket; the default body is that of `BODIES`."""
        response = await self.send(number, command, body if body is not None else BODIES[command])
        assert response.status_code == 200, (command, response.text)
        ticket: dict[str, Any] = response.json()
        return ticket

    async def run_all(self, number: str, *commands: str) -> None:
        """Run commands in turn; each must succeed."""
        for command in commands:
            await self.run(number, command)

    async def read(self, number: str) -> dict[str, Any]:
        """Return the ticket over HTTP."""
        response = await self.client.get(f"/v1/tickets/{number}")
        assert response.status_code == 200, response.text
        ticket: dict[str, Any] = response.json()
        return ticket

    async def clock_of(self, number: str, kind: str = "promise") -> dict[str, Any]:
        """Return a clock of the ticket's present cycle."""
        found: dict[str, Any] = next(c for c in (await self.read(number))["clocks"] if c["kind"] == kind)
        return found

    async def timeline(self, number: str) -> dict[str, Any]:
        """Return the ticket's history over HTTP."""
        response = await self.client.get(f"/v1/tickets/{number}/events")
        assert response.status_code == 200, response.text
        history: dict[str, Any] = response.json()
        return history

    async def notices(self, number: str, *, of_offices: bool = True) -> list[LimitNotice]:
        """Return the ticket's notices, in the order of their numbers."""
        query = select(Notice).join(Ticket, Ticket.id == Notice.ticket_id).where(Ticket.number == number)
        query = query.where((Notice.recipient != "applicant") if of_offices else (Notice.recipient == "applicant"))
        async with self.container.database.reading() as session:
            found = await session.scalars(query.order_by(Notice.running))
            return [LimitNotice(notice.kind, notice.level, notice.cycle) for notice in found]

    async def rows_of_clocks(self, number: str) -> Sequence[SlaClock]:
        """Return the rows of the ticket's clocks of all cycles."""
        query = select(SlaClock).join(Ticket, Ticket.id == SlaClock.ticket_id).where(Ticket.number == number)
        async with self.container.database.reading() as session:
            return list(await session.scalars(query.order_by(SlaClock.cycle, SlaClock.kind)))

    async def armed(self, number: str) -> list[tuple[str, int]]:
        """Return (kind, level) of the armed checkpoints, in the order of their due dates."""
        query = (
            select(Checkpoint.kind, Checkpoint.level)
            .join(SlaClock, SlaClock.id == Checkpoint.clock_id)
            .join(Ticket, Ticket.id == SlaClock.ticket_id)
            .where(Ticket.number == number, Checkpoint.state == "armed")
            .order_by(Checkpoint.due_at, Checkpoint.kind)
        )
        async with self.container.database.reading() as session:
            return [(kind, level) for kind, level in await session.execute(query)]


def end_of(year: int, month: int, day: int) -> datetime:
    """Return the last instant of a date in Istanbul."""
    return datetime(year, month, day, 23, 59, 59, 999999, tzinfo=ISTANBUL)


def due(ticket: dict[str, Any], kind: str = "promise") -> datetime | None:
    """Return when a clock of a returned ticket is due, None while it is paused."""
    found = next(clock for clock in ticket["clocks"] if clock["kind"] == kind)
    return found["due_at"] and datetime.fromisoformat(found["due_at"])


def kinds(ticket: dict[str, Any]) -> list[str]:
    """Return the kinds of a returned ticket's clocks."""
    return [clock["kind"] for clock in ticket["clocks"]]


def state(ticket: dict[str, Any], kind: str = "promise") -> str:
    """Return the state of a clock of a returned ticket."""
    found: str = next(clock["state"] for clock in ticket["clocks"] if clock["kind"] == kind)
    return found


@asynccontextmanager
async def opened_desk(servers: TestServers, template: str, folder: Path, **other: Any) -> AsyncIterator[Desk]:
    """Open a desk on its own database; `other` replaces settings."""
    with servers.database(template) as url:
        clock = SettableClock()
        settings = make_settings(database_url=url, redis_url=servers.redis_url, data_dir=folder, **other)
        async with (
            opened_app(settings, clock) as app,
            opened_client(app, await new_key(app.state.container, "developer")) as client,
        ):
            yield Desk(app, clock, client)
