"""Three days without a worker: each clock gets one notice of what fell due, in order, with its true instant."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import select

from app.core.clock import ISTANBUL
from app.sla.calendar import Calendar
from app.sla.checkpoints import DEFAULT_PROMISE_CHAIN, CheckpointKind, next_checkpoint, next_level_base
from app.sla.model import Checkpoint
from app.standards.values import OFFICE_HOURS
from bench.copies import multiply
from tests.bugs.steps import OF_LIMITS, another_worker, armed_at
from tests.desk import AT_WORK, CALL, INFORMATION, VISIT, Desk, due, end_of, opened_desk, state
from tests.limit_notices import LimitNotice, escalation, warning
from tests.servers import TestServers
from workers.timers import sweep

OUTAGE_BEGINS = datetime(2026, 6, 1, 10, 0, tzinfo=ISTANBUL)
OUTAGE_ENDS = datetime(2026, 6, 4, 10, 0, tzinfo=ISTANBUL)
"""A Thursday morning. The promises of three dates have ended since Monday, when the workers stopped."""

DUE = 50_000
QUESTION = {**VISIT, "service": "info-desk"}
"""Its limit is one day: both its warnings and its end fall into the outage."""

DUE_IN_OUTAGE = """
SELECT count(*) AS checkpoints,
       count(DISTINCT clock_id) FILTER (WHERE kind = 'warning') AS warned,
       count(DISTINCT clock_id) FILTER (WHERE kind = 'warning' AND c.due_at <= $1) AS warned_and_ended,
       count(DISTINCT clock_id) FILTER (WHERE kind = 'escalation' AND level = 1) AS ended,
       count(DISTINCT ticket_id) FILTER (WHERE kind IN ('escalation', 'legal_risk') AND level = 2) AS second,
       count(DISTINCT p.due_at) AS instants
FROM checkpoint p JOIN (SELECT id, due_at, ticket_id FROM sla_clock) c ON c.id = clock_id
WHERE p.state = 'armed' AND p.due_at <= $1
"""
STAMPS = """
SELECT count(*) FILTER (WHERE state = 'breached') AS breached,
       count(*) FILTER (WHERE state = 'breached' AND breached_at = due_at AND detected_at = $1) AS seen_now,
       count(*) FILTER (WHERE state = 'running' AND due_at <= $1) AS missed
FROM sla_clock
"""
NOTICES = """
SELECT count(*) FILTER (WHERE kind = 'warning') AS warnings,
       count(*) FILTER (WHERE kind = 'escalation_1') AS first,
       count(*) FILTER (WHERE kind = 'escalation_2') AS second,
       count(*) = count(DISTINCT (ticket_id, kind, level)) AS each_once,
       (SELECT count(*) FROM escalation WHERE raised_at = $1) AS raised,
       (SELECT count(DISTINCT (ticket_id, level)) FROM escalation) = (SELECT count(*) FROM escalation) AS raised_once,
       (SELECT count(*) FROM ticket_event WHERE kind = 'breached' AND at = $1) AS breaches
FROM notice WHERE created_at = $1 AND recipient <> 'applicant'
"""


@pytest.fixture
async def desk(servers: TestServers, template: str, tmp_path: Path) -> AsyncIterator[Desk]:
    """A desk on a database of its own."""
    async with opened_desk(servers, template, tmp_path) as opened:
        yield opened


@pytest.fixture
async def connection(desk: Desk) -> AsyncIterator[asyncpg.Connection]:
    """A plain connection to the desk's database."""
    url = desk.container.settings.database_url
    assert url is not None
    opened = await asyncpg.connect(url.get_secret_value().replace("+asyncpg", ""))
    yield opened
    await opened.close()


async def open_at(desk: Desk, month: int, day: int, body: Mapping[str, Any], *commands: str) -> str:
    """Open a ticket on that morning, after a sweep: before the outage the workers are up to date."""
    desk.clock.set(datetime(2026, month, day, 10, 0, tzinfo=ISTANBUL))
    await sweep(desk.container)
    number = await desk.open(body)
    await desk.run_all(number, *commands)
    return number


async def open_samples(desk: Desk) -> None:
    """Open tickets of every sort that is affected by the outage, and some that are not."""
    for day in (8, 11):  # level 1 fires before, level 2 falls due in the outage
        await open_at(desk, 5, day, CALL)
    for day in range(12, 20):  # the promise ends in the outage
        await open_at(desk, 5, day, CALL)
        await open_at(desk, 5, day, VISIT, *AT_WORK)
    await open_at(desk, 5, 11, INFORMATION)  # three working days before the limit of law
    for day in (20, 21, 25, 26):  # 80 % or 50 % of the promise
        await open_at(desk, 5, day, CALL)
    await open_at(desk, 5, 12, CALL, *AT_WORK, "pause")
    await open_at(desk, 5, 28, CALL)
    desk.clock.set(OUTAGE_BEGINS)
    await sweep(desk.container)
    for hours in (0, 3, 23):  # the API runs: a limit of a day starts and ends in the outage
        desk.clock.set(OUTAGE_BEGINS + timedelta(hours=hours))
        await desk.open(QUESTION)


async def sweep_at_once(*containers: Any) -> int:
    """Sweep with all containers at once until none finds anything; return the number of checkpoints."""
    settled = 0
    while found := sum(await asyncio.gather(*(sweep(container) for container in containers))):
        settled += found
    return settled


async def test_fifty_thousand_checkpoints_after_three_days(desk: Desk, connection: asyncpg.Connection) -> None:
    """C7, B65, B69, B75: two workers find them; no notice is missing or repeated, no level comes too early."""
    await open_samples(desk)
    due_counts = await connection.fetchrow(DUE_IN_OUTAGE, OUTAGE_ENDS)
    await multiply(connection, DUE // due_counts["checkpoints"] + 1)
    due_counts = await connection.fetchrow(DUE_IN_OUTAGE, OUTAGE_ENDS)
    assert due_counts["checkpoints"] >= DUE
    assert due_counts["warned_and_ended"] > 1000
    assert due_counts["instants"] > 6
    late = await connection.fetchval("SELECT count(*) FROM sla_clock WHERE state = 'breached'")
    desk.clock.set(OUTAGE_ENDS)
    async with another_worker(desk) as one, another_worker(desk) as other:
        await sweep_at_once(one, other)
        fired = "SELECT count(*) FROM checkpoint WHERE state = 'fired' AND fired_at = $1"
        assert await connection.fetchval(fired, OUTAGE_ENDS) == due_counts["checkpoints"]
        assert dict(await connection.fetchrow(STAMPS, OUTAGE_ENDS)) == {
            "breached": late + due_counts["ended"],
            "seen_now": due_counts["ended"],
            "missed": 0,
        }
        assert dict(await connection.fetchrow(NOTICES, OUTAGE_ENDS)) == {
            "warnings": due_counts["warned"] - due_counts["warned_and_ended"],
            "first": due_counts["ended"],
            "second": due_counts["second"],
            "each_once": True,
            "raised": due_counts["ended"] + due_counts["second"],
            "raised_once": True,
            "breaches": due_counts["ended"],
        }
        await check_next_levels(desk, connection)
        assert await sweep_at_once(one, other) == 0
        assert await connection.fetchval("SELECT min(due_at) FROM checkpoint WHERE state = 'armed'") > OUTAGE_ENDS


async def check_next_levels(desk: Desk, connection: asyncpg.Connection) -> None:
    """Check that each fired level 1 has armed one level 2, three working days later."""
    calendar = (await desk.container.rulebooks.current()).calendars[OFFICE_HOURS]
    waiting = await connection.fetch(
        "SELECT first.due_at AS ended, second.due_at, count(*) FROM checkpoint first "
        "LEFT JOIN checkpoint second ON second.clock_id = first.clock_id AND second.level = 2 "
        "AND second.kind = 'escalation' AND second.state = 'armed' WHERE first.kind = 'escalation' AND first.level = 1 "
        "AND first.fired_at = $1 GROUP BY 1, 2",
        OUTAGE_ENDS,
    )
    assert len(waiting) == len({row["ended"] for row in waiting}) == 3
    for row in waiting:
        assert row["due_at"] == second_level(next_level_base(row["ended"], OUTAGE_ENDS), calendar)
        assert row["due_at"] >= end_of(2026, 6, 8)


def second_level(base: datetime, calendar: Calendar) -> datetime:
    following = next_checkpoint(DEFAULT_PROMISE_CHAIN, CheckpointKind.ESCALATION, 1, base, calendar)
    assert following is not None
    return following.due_at


# ── one of each, to the instant ──


async def limit_notices_of(desk: Desk, number: str) -> list[LimitNotice]:
    """Return the notices of the ticket's limits."""
    return [notice for notice in await desk.notices(number) if notice.kind in OF_LIMITS]


async def run_workers_daily(desk: Desk, until: datetime) -> None:
    """Sweep every morning until that instant."""
    while (morning := desk.clock.now() + timedelta(days=1)) < until:
        desk.clock.set(morning)
        await sweep(desk.container)
    desk.clock.set(until)
    await sweep(desk.container)


async def notices_after_outage(desk: Desk, number: str) -> list[LimitNotice]:
    """Return the ticket's notices from the sweep after the outage; check that a second sweep finds nothing."""
    await run_workers_daily(desk, OUTAGE_BEGINS)
    before = await limit_notices_of(desk, number)
    desk.clock.set(OUTAGE_ENDS)
    await sweep(desk.container)
    new = (await limit_notices_of(desk, number))[len(before) :]
    assert await sweep(desk.container) == 0
    return new


async def test_an_outage_longer_than_a_promise_gives_one_notice(desk: Desk) -> None:
    desk.clock.set(OUTAGE_BEGINS)
    number = await desk.open(QUESTION)
    assert await notices_after_outage(desk, number) == [escalation(level=1)]
    clocks = await desk.rows_of_clocks(number)
    assert (clocks[0].breached_at, clocks[0].detected_at) == (end_of(2026, 6, 2), OUTAGE_ENDS)
    assert (await armed_at(desk, number))["promise", "escalation", 2] == end_of(2026, 6, 9)


async def test_an_outage_over_the_risk_of_law_notifies_the_second_office(desk: Desk) -> None:
    """The risk level is three working days before the limit of law, which has not ended yet."""
    number = await open_at(desk, 5, 11, INFORMATION)
    assert await notices_after_outage(desk, number) == [escalation(level=2)]
    clocks = {clock.kind: clock for clock in await desk.rows_of_clocks(number)}
    assert (clocks["statutory"].state, clocks["statutory"].due_at) == ("running", end_of(2026, 6, 5))
    async with desk.container.database.reading() as session:
        fired = select(Checkpoint.due_at, Checkpoint.fired_at).where(Checkpoint.kind == "legal_risk")
        assert (await session.execute(fired)).one() == (end_of(2026, 6, 2), OUTAGE_ENDS)


async def test_an_outage_over_level_2_notifies_once(desk: Desk) -> None:
    number = await open_at(desk, 5, 11, CALL)
    assert await notices_after_outage(desk, number) == [escalation(level=2)]
    assert [clock.breached_at for clock in await desk.rows_of_clocks(number)] == [end_of(2026, 5, 26)]


async def test_an_outage_over_a_pause_notifies_of_nothing(desk: Desk) -> None:
    """Paused before, resumed by a user during the outage: the due date moved, so nothing fell due."""
    number = await open_at(desk, 5, 12, CALL, *AT_WORK)
    desk.clock.set(datetime(2026, 5, 20, 10, tzinfo=ISTANBUL))
    await desk.run(number, "pause")
    await run_workers_daily(desk, OUTAGE_BEGINS)
    desk.clock.set(datetime(2026, 6, 3, 10, tzinfo=ISTANBUL))
    assert due(await desk.run(number, "resume")) == end_of(2026, 6, 10)
    desk.clock.set(OUTAGE_ENDS)
    await sweep(desk.container)
    assert await limit_notices_of(desk, number) == [warning(percent=50)]
    assert (await desk.clock_of(number))["state"] == "running"


async def test_an_outage_over_an_unpaid_fee_withdraws_the_ticket_and_notifies_no_office(desk: Desk) -> None:
    """The fee was requested on 6 May, to be paid within 15 working days: by 2 June."""
    number = await open_at(desk, 5, 6, INFORMATION, *AT_WORK, "fee_notice")
    assert (await armed_at(desk, number))["statutory", "fee_lapse", 1] == end_of(2026, 6, 2)
    assert await notices_after_outage(desk, number) == []
    ticket = await desk.read(number)
    assert (ticket["status"], state(ticket, "statutory")) == ("withdrawn", "cancelled")
    assert [event["kind"] for event in (await desk.timeline(number))["items"]][-1] == "fee_lapsed"
