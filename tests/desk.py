"""A desk for tests: opens tickets over HTTP, runs their commands, and looks into the rows behind them."""

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
from tests.servers import TestServers

CITIZEN: dict[str, Any] = {"name": "Örnek Vatandaş", "phone": "0532 000 00 67"}
CALL: dict[str, Any] = {"channel": "call-center", "description": "Kaldırımdaki çukur tehlikeli", "applicant": CITIZEN}
ATTORNEY_VISIT: dict[str, Any] = {
    "channel": "desk",
    "description": "İmar durumu soruluyor",
    "applicant": {**CITIZEN, "role": "attorney"},
}
"""A visit whose power of attorney is missing: the promise waits for it, the limit of law 3071 runs."""
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
"""A body that each command takes, whatever the state; `link_duplicate` needs another ticket's number."""

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
"""state → the commands that lead a new visit there; see `Desk.ticket_in` for the two others."""


@dataclass(frozen=True, slots=True)
class Desk:
    """A started app with its clock and a caller that may do everything."""

    app: FastAPI
    clock: SettableClock
    client: AsyncClient

    @property
    def container(self) -> Container:
        """The app's own container."""
        container: Container = self.app.state.container
        return container

    async def empty(self) -> None:
        """Take every ticket away, with all that hangs on it, and set the clock back."""
        self.clock.set(START)
        async with self.container.database.transaction() as session:
            await session.execute(text("DELETE FROM ticket"))
            await session.execute(text("DELETE FROM applicant"))

    async def open(self, body: Mapping[str, Any] = CALL, **other: Any) -> str:
        """A new ticket's number."""
        answer = await self.client.post("/v1/tickets", json={**body, **other})
        assert answer.status_code == 201, answer.text
        number: str = answer.json()["number"]
        return number

    async def ticket_in(self, state: str, *, information: bool = False) -> str:
        """The number of a new ticket that was led into `state`: a visit, or a request for information (law 4982)."""
        information |= state == "awaiting_fee"  # no other law asks for one
        if state == "awaiting_documents":
            return await self.open({**INFORMATION, "documents": []} if information else ATTORNEY_VISIT)
        number = await self.open(INFORMATION if information else VISIT)
        if state == "awaiting_external":
            await self.done(number, *AT_WORK)
            await self.did(number, "pause", {"reason": "awaiting_external"})
        else:
            await self.done(number, *PATHS[state])
        return number

    async def send(
        self, number: str, command: str, body: Any = None, *, if_match: str | None = "*", by: AsyncClient | None = None
    ) -> Response:
        """Whatever the command's endpoint answers."""
        return await (by or self.client).post(
            f"/v1/tickets/{number}/{command.replace('_', '-')}",
            json=body,
            headers={} if if_match is None else {"If-Match": if_match},
        )

    async def did(self, number: str, command: str, body: Any = None) -> dict[str, Any]:
        """The ticket after a command that has to succeed; without a body that of `BODIES`."""
        answer = await self.send(number, command, body if body is not None else BODIES[command])
        assert answer.status_code == 200, (command, answer.text)
        ticket: dict[str, Any] = answer.json()
        return ticket

    async def done(self, number: str, *commands: str) -> None:
        """Several commands one after the other, each of which has to succeed."""
        for command in commands:
            await self.did(number, command)

    async def read(self, number: str) -> dict[str, Any]:
        """The ticket as its reader gets it."""
        answer = await self.client.get(f"/v1/tickets/{number}")
        assert answer.status_code == 200, answer.text
        ticket: dict[str, Any] = answer.json()
        return ticket

    async def clock_of(self, number: str, kind: str = "promise") -> dict[str, Any]:
        """One clock of the ticket's present cycle."""
        found: dict[str, Any] = next(c for c in (await self.read(number))["clocks"] if c["kind"] == kind)
        return found

    async def timeline(self, number: str) -> dict[str, Any]:
        """The ticket's history as its reader gets it."""
        answer = await self.client.get(f"/v1/tickets/{number}/events")
        assert answer.status_code == 200, answer.text
        history: dict[str, Any] = answer.json()
        return history

    async def notices(self, number: str, *, of_offices: bool = True) -> list[tuple[str, int, int]]:
        """(kind, level, cycle) of the ticket's notices, in the order in which they were written."""
        query = select(Notice).join(Ticket, Ticket.id == Notice.ticket_id).where(Ticket.number == number)
        query = query.where((Notice.recipient != "applicant") if of_offices else (Notice.recipient == "applicant"))
        async with self.container.database.reading() as session:
            found = await session.scalars(query.order_by(Notice.running))
            return [(notice.kind, notice.level, notice.cycle) for notice in found]

    async def rows_of_clocks(self, number: str) -> Sequence[SlaClock]:
        """The ticket's clocks of all cycles as rows."""
        query = select(SlaClock).join(Ticket, Ticket.id == SlaClock.ticket_id).where(Ticket.number == number)
        async with self.container.database.reading() as session:
            return list(await session.scalars(query.order_by(SlaClock.cycle, SlaClock.kind)))

    async def armed(self, number: str) -> list[tuple[str, int]]:
        """(kind, level) of the checkpoints that still wait, in the order in which they are due."""
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
    """The last instant of a date in Istanbul."""
    return datetime(year, month, day, 23, 59, 59, 999999, tzinfo=ISTANBUL)


def due(ticket: dict[str, Any], kind: str = "promise") -> datetime | None:
    """When a clock of an answer is due, None while it stands still."""
    found = next(clock for clock in ticket["clocks"] if clock["kind"] == kind)
    return found["due_at"] and datetime.fromisoformat(found["due_at"])


def kinds(ticket: dict[str, Any]) -> list[str]:
    """The kinds of an answer's clocks."""
    return [clock["kind"] for clock in ticket["clocks"]]


def state(ticket: dict[str, Any], kind: str = "promise") -> str:
    """The state of a clock of an answer."""
    found: str = next(clock["state"] for clock in ticket["clocks"] if clock["kind"] == kind)
    return found


@asynccontextmanager
async def opened_desk(servers: TestServers, template: str, folder: Path, **other: Any) -> AsyncIterator[Desk]:
    """A desk on a database of its own, with other settings where they are given."""
    with servers.database(template) as url:
        clock = SettableClock()
        settings = make_settings(database_url=url, redis_url=servers.redis_url, data_dir=folder, **other)
        async with (
            opened_app(settings, clock) as app,
            opened_client(app, await new_key(app.state.container, "developer")) as client,
        ):
            yield Desk(app, clock, client)
