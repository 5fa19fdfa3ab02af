"""A leave day for a city with 200,000 open clocks: time of the preview, and of the change itself.

It runs in one process like in the API: read, compute, write, commit, batch after batch.
"""

import asyncio
import time
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import asyncpg
from sqlalchemy import select

from app.access.actor import Actor
from app.calendar_admin.service import CalendarChange, apply, preview
from app.channels.schemas import TicketBody
from app.container import Container, open_container
from app.core.clock import ISTANBUL
from app.core.garbage_collection import tune_garbage_collector
from app.domain.terms import PauseReason
from app.sla.calendar import DayKind, SpecialDay
from app.sla.clocks import as_pauses, pauses_of
from app.sla.deadline import deadline
from app.sla.model import SlaClock
from app.tickets.commands import lifecycle
from app.tickets.commands.context import CommandContext, lock_ticket
from app.tickets.schemas import PauseBody, ReferBody
from bench import bodies
from bench.copies import multiply
from bench.installation import BenchmarkError, Installation
from bench.intake import asyncpg_url
from config.settings import Settings

TODAY = datetime(2026, 5, 12, 10, 0, tzinfo=ISTANBUL)
DAYS_BACK = 14
"""Requests of two weeks are open and not due yet."""

LEAVE = SpecialDay(DayKind.LEAVE, "İdari izin", counts_as_working=frozenset())
ONE_DAY = {date(2026, 5, 25): LEAVE}
A_WEEK = {date(2026, 5, day): LEAVE for day in (13, 14, 15, 18, 20, 21, 22)}
"""A week with 19 May: limits in working days move, and limits in days that end in it."""

VISIT = {"channel": "desk", "description": "Park için bank isteniyor", "formal": True, "documents": ["petition"]}
INFORMATION = {
    "channel": "desk",
    "service": "right-to-information",
    "description": "Meclis kararı isteniyor",
    "documents": ["application_form"],
    "right_to_information": True,
}
ORDER = {"channel": "desk", "kind": "request", "service": "hospitality", "description": "Çay", "applicant": None}
CHECK = """
SELECT (SELECT count(*) FROM sla_clock WHERE calendar_version_id <> $1) AS forgotten,
       (SELECT count(*) FROM ticket_event WHERE kind = 'due_moved' AND data->>'calendar_version' = $1::text) AS events,
       (SELECT coalesce(sum(jsonb_array_length(data->'moved')), 0) FROM ticket_event
        WHERE kind = 'due_moved' AND data->>'calendar_version' = $1::text) AS moved
"""


@dataclass(slots=True)
class SteppingClock:
    """A clock that is set to the day of each sample."""

    at: datetime = TODAY

    def now(self) -> datetime:
        """Return the set instant."""
        return self.at

    def real_seconds(self, duration: timedelta) -> float:
        """Return the duration; no one waits on this clock."""
        return duration.total_seconds()


def measure(installation: Installation, clocks: int) -> dict[str, Any]:
    """Measure preview and change of one leave day, then of a week of them, with that many open clocks."""
    tune_garbage_collector()
    return asyncio.run(_measure(installation.copy("recompute"), installation.key, clocks))


async def _measure(settings: Settings, key: str, clocks: int) -> dict[str, Any]:
    clock = SteppingClock()
    connection = await asyncpg.connect(asyncpg_url(settings), command_timeout=300)
    try:
        async with open_container(settings, clock) as container:
            await _open_samples(container, clock, key)
            samples = await connection.fetchval("SELECT count(*) FROM sla_clock")
            await multiply(connection, clocks // samples)
            clock.at = TODAY
            changes = [
                await _change(container, connection, name, days)
                for name, days in (("1 day", ONE_DAY), ("7 days", A_WEEK))
            ]
    finally:
        await connection.close()
    return {"open_clocks": changes[0]["looked_at"], "changes": changes}


async def _open_samples(container: Container, clock: SteppingClock, key: str) -> None:
    """Open calls, petitions and questions of each of the last days; some are paused, some were."""
    actor = await container.authenticator.identify(key, now=clock.now())
    number = 0
    for days in range(DAYS_BACK, -1, -1):
        for kind in ({}, {}, {}, VISIT, INFORMATION):
            for hours in (0, 5):
                clock.at, number = TODAY - timedelta(days=days, hours=hours), number + 1
                ticket_number = await _open(container, actor, number, kind)
                if number % 7 == 0:
                    await _pause(container, actor, clock, ticket_number, ends=number % 2 == 0)
    clock.at = TODAY
    for _ in range(4):
        number += 1
        await _open(container, actor, number, ORDER)


async def _open(container: Container, actor: Actor, number: int, kind: dict[str, Any]) -> str:
    body = bodies.body(number)
    if kind is INFORMATION:
        body["applicant"] |= {"national_id": "10000000146", "address": "Örnek Mah. Örnek Sok. No: 1"}
    body |= kind
    result = await container.intake_service.store(actor, TicketBody.model_validate(body).to_intake(b"sample"))
    return str(result.receipt["number"])


async def _pause(container: Container, actor: Actor, clock: SteppingClock, number: str, *, ends: bool) -> None:
    async with container.database.transaction() as session:
        context = CommandContext(session, actor, container.vault, container.rulebooks, clock.now())
        locked = await lock_ticket(context, number, "*")
        await lifecycle.refer(context, locked, ReferBody(unit="public-works"))
        await lifecycle.accept(context, locked)
        await lifecycle.pause(context, locked, PauseBody(reason=PauseReason.AWAITING_CITIZEN))
        if ends:
            later = CommandContext(
                session, actor, container.vault, container.rulebooks, clock.now() + timedelta(hours=20)
            )
            await session.flush()
            await lifecycle.resume(later, locked)


async def _change(
    container: Container, connection: asyncpg.Connection, name: str, days: dict[date, SpecialDay]
) -> dict[str, Any]:
    rules, change = await container.rulebooks.current(), CalendarChange(days, frozenset())
    started = time.perf_counter()
    async with container.database.reading() as session:
        expected = await preview(session, rules, change, now=TODAY)
    previewed, busy = time.perf_counter(), time.process_time()
    version, done = await apply(
        container.database, rules, change, expected=None, force=True, actor="bench", reason="İdari izin", now=TODAY
    )
    applied, busy = time.perf_counter(), time.process_time() - busy
    if (expected.examined, expected.moved) != (done.examined, done.moved):
        raise BenchmarkError(f"{name}: previewed {expected.examined, expected.moved}, done {done.examined, done.moved}")
    await _check(container, connection, version, done.moved)
    return {
        "change": name,
        "looked_at": done.examined,
        "moved": done.moved,
        "preview_seconds": round(previewed - started, 2),
        "apply_seconds": round(applied - previewed, 2),
        "apply_processor_seconds": round(busy, 2),
    }


async def _check(container: Container, connection: asyncpg.Connection, version: Any, moved: int) -> None:
    """Check that no clock was forgotten, every moved date has an event, and a thousand clocks are correct."""
    counts = await connection.fetchrow(CHECK, version)
    if counts["forgotten"] or counts["moved"] != moved:
        raise BenchmarkError(f"{moved} dates were to move: {dict(counts)}")
    async with container.database.reading() as session:
        calendars = await container.rulebooks.calendars(session, version)
        for clock in await session.scalars(select(SlaClock).where(SlaClock.state == "running").limit(1000)):
            pinned = clock.pinned
            pauses = as_pauses(await pauses_of(session, clock.id))
            due = deadline(pinned.policy, clock.counted_from, calendars[pinned.hours], pauses).due_at
            if due != clock.due_at:
                raise BenchmarkError(f"a clock is due at {clock.due_at}, not {due}")
