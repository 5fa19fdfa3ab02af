"""Helpers beside the desk: other workers, other rules, and queries of notices and armed checkpoints."""

from collections import Counter as Tally
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from shutil import copytree
from typing import Any

from sqlalchemy import select

from app.container import Container, open_container
from app.core.clock import ISTANBUL
from app.notices.model import Notice
from app.sla.model import Checkpoint, SlaClock
from app.standards.catalogue import load_catalogue
from app.standards.rulebook import REFRESH_SECONDS
from app.standards.service import store_catalogue
from app.standards.values import Catalogue
from app.tickets.model import Escalation, Ticket
from tests.desk import Desk
from tests.installation import ESENLER
from tests.limit_notices import LimitNotice, RaisedLevel

OF_LIMITS = ("warning", "escalation_1", "escalation_2")
"""The notices of a limit: a bug in time keeping would repeat, lose or delay them."""


def local(written: str) -> datetime:
    """Return the instant at which a clock in Istanbul shows that."""
    return datetime.fromisoformat(written).replace(tzinfo=ISTANBUL)


@asynccontextmanager
async def another_worker(desk: Desk, **settings: Any) -> AsyncIterator[Container]:
    """Open another container on the same database; for PostgreSQL it is another process."""
    async with open_container(desk.container.settings.model_copy(update=settings), desk.clock) as container:
        yield container


async def notices_of_limits(desk: Desk) -> Tally[LimitNotice]:
    """Return how often each notice of a limit was written."""
    query = select(Notice.kind, Notice.level, Notice.cycle).where(Notice.kind.in_(OF_LIMITS))
    async with desk.container.database.reading() as session:
        return Tally(LimitNotice(kind, level, cycle) for kind, level, cycle in await session.execute(query))


async def raised(desk: Desk) -> Tally[RaisedLevel]:
    """Return how often each level was raised."""
    async with desk.container.database.reading() as session:
        rows = await session.execute(select(Escalation.level, Escalation.cycle))
        return Tally(RaisedLevel(level, cycle) for level, cycle in rows)


async def armed_at(desk: Desk, number: str) -> dict[tuple[str, str, int], datetime]:
    """Return the instants of the armed checkpoints of a ticket by (clock, kind, level)."""
    query = (
        select(SlaClock.kind, Checkpoint.kind, Checkpoint.level, Checkpoint.due_at)
        .join(SlaClock, SlaClock.id == Checkpoint.clock_id)
        .join(Ticket, Ticket.id == SlaClock.ticket_id)
        .where(Ticket.number == number, Checkpoint.state == "armed")
    )
    async with desk.container.database.reading() as session:
        return {(clock, kind, level): due_at for clock, kind, level, due_at in await session.execute(query)}


async def notice_of(desk: Desk, number: str, kind: str) -> Notice:
    """Return the one notice of that kind of a ticket."""
    query = select(Notice).join(Ticket, Ticket.id == Notice.ticket_id)
    async with desk.container.database.reading() as session:
        return (await session.scalars(query.where(Ticket.number == number, Notice.kind == kind))).one()


def edited_municipality(folder: Path, file: str, old: str, new: str) -> Path:
    """Copy the municipality's folder with other words in one of its files."""
    copied = copytree(ESENLER, folder / "municipality")
    content = (copied / file).read_text(encoding="utf-8")
    assert content.count(old) == 1, old
    (copied / file).write_text(content.replace(old, new), encoding="utf-8")
    return copied


def without_service(code: str, *, heir: str) -> Catalogue:
    """Return the catalogue after a service has left the published table; `heir` serves its channels now."""
    catalogue = load_catalogue(ESENLER)
    channels = next(service.channels for service in catalogue.services if service.code == code)
    services = tuple(
        replace(service, channels=(*service.channels, *channels)) if service.code == heir else service
        for service in catalogue.services
        if service.code != code
    )
    return replace(catalogue, services=services, sha256="0" * 64)


async def load(desk: Desk, catalogue: Catalogue) -> None:
    """Make that catalogue the rules for new tickets, at once."""
    async with desk.container.database.transaction() as session:
        await store_catalogue(session, catalogue, now=desk.clock.now())
    desk.container.rulebooks._read_at = -2 * REFRESH_SECONDS  # expire the cached rules


@asynccontextmanager
async def leave_on(desk: Desk, day: str) -> AsyncIterator[dict[str, Any]]:
    """Administrative leave that counts for no clock, decided over HTTP; yields the response. Revoked at the end."""
    leave = {"date": day, "kind": "leave", "name": "İdari izin", "counts_as_working": []}
    answer = await desk.client.post("/v1/calendar/apply", json={"days": [leave], "reason": "Genelge"})
    assert answer.status_code == 200, answer.text
    try:
        yield answer.json()
    finally:
        body = {"revoke": [day], "reason": "Deneme bitti", "force": True}
        assert (await desk.client.post("/v1/calendar/apply", json=body)).status_code == 200
        desk.container.rulebooks._read_at = -2 * REFRESH_SECONDS
