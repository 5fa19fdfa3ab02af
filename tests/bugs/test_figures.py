"""Bugs of other engines about speed and figures (B81–B91): scans, needless writing, and numbers that disagree."""

from collections import Counter as Tally
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.escalation.sweep import fire_due, next_due_at
from app.tickets.queries import TicketFilter, list_tickets
from tests.bugs.steps import armed_at, leave_on, notice_of
from tests.desk import AT_WORK, CALL, INFORMATION, ORDER, PETITION, VISIT, Desk, end_of, opened_desk
from tests.installation import START, opened_client
from tests.notices.cases import actor_of
from tests.servers import TestServers
from workers.timers import sweep

LIMIT = end_of(2026, 6, 1)

# enough rows for PostgreSQL to prefer an index over reading a table from end to end
MULTIPLY = (
    """INSERT INTO ticket SELECT (jsonb_populate_record(t, jsonb_build_object(
        'id', gen_random_uuid(), 'number', lpad((5000000000 + n)::text, 10, '0'),
        'received_at', t.received_at - n * interval '1 hour'))).*
       FROM ticket t, generate_series(1, 2000) n""",
    """INSERT INTO sla_clock SELECT (jsonb_populate_record(c, jsonb_build_object(
        'id', gen_random_uuid(), 'ticket_id', t.id))).*
       FROM sla_clock c, ticket t WHERE t.id <> c.ticket_id""",
    """INSERT INTO checkpoint SELECT (jsonb_populate_record(p, jsonb_build_object(
        'id', gen_random_uuid(), 'clock_id', c.id, 'due_at', p.due_at + interval '1 year'))).*
       FROM checkpoint p, sla_clock c WHERE c.id <> p.clock_id""",
)


@pytest.fixture(scope="module")
async def crowded(servers: TestServers, template: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    """A desk with one ticket that is due soon, and thousands that are due in a year; read only."""
    async with opened_desk(servers, template, tmp_path_factory.mktemp("crowd")) as opened:
        await opened.open(CALL)
        async with opened.container.database.transaction() as session:
            for statement in MULTIPLY:
                await session.execute(text(statement))
            await session.execute(text("ANALYZE ticket, sla_clock, checkpoint"))
        yield opened


async def whole_reads(session: AsyncSession) -> Tally[str]:
    """Return the number of sequential scans of each table by this connection."""
    counted = await session.execute(text("SELECT relname, seq_scan FROM pg_stat_xact_user_tables WHERE seq_scan > 0"))
    return Tally(dict(counted.all()))


async def reads_by(session: AsyncSession, index: str) -> int:
    """Return the number of scans of that index by this transaction."""
    counted: int = await session.scalar(
        text("SELECT pg_stat_get_xact_numscans(CAST(:index AS regclass))"), {"index": index}
    )
    return counted


async def rows_as_written(desk: Desk, table: str) -> dict[Any, tuple[Any, Any]]:
    """Return ctid and xmin of each row by id: both change with every write."""
    async with desk.container.database.reading() as session:
        rows = await session.execute(text(f"SELECT id, ctid::text, xmin::text FROM {table}"))  # noqa: S608 - our words
        return {row_id: (place, writer) for row_id, place, writer in rows}


# ── speed ──


@pytest.mark.parametrize(
    "wanted",
    [
        TicketFilter(received_from=START - timedelta(days=2), received_to=START),
        TicketFilter(overdue=True),
        TicketFilter(overdue=True, unit="public-works"),
        TicketFilter(is_open=True),
    ],
    ids=["received", "overdue", "overdue-in-unit", "open"],
)
async def test_no_list_reads_all_tickets_from_end_to_end(crowded: Desk, wanted: TicketFilter) -> None:
    """B81, B83: the auditor was switched off because its query took too long; 170,000 tickets made lists slow."""
    actor = await actor_of(crowded.container)
    async with crowded.container.database.reading() as session:
        before = await whole_reads(session)
        await list_tickets(session, actor, wanted, cursor=None, page_size=25, now=START)
        assert {"ticket", "sla_clock"}.isdisjoint(await whole_reads(session) - before)


async def test_looking_for_what_is_due_reads_only_what_is_due(crowded: Desk) -> None:
    """B82, B83: the query for overdue tickets went through all of them, each time."""
    async with crowded.container.database.reading() as session:
        before = await whole_reads(session)
        assert await next_due_at(session) == START + (LIMIT - START) * 50 // 100
        assert (
            await fire_due(session, crowded.container.rulebooks, crowded.container.vault, now=START, batch_size=1000)
            == 0
        )
        assert (
            await fire_due(session, crowded.container.rulebooks, crowded.container.vault, now=LIMIT, batch_size=1000)
            == 3
        )
        assert {"ticket", "sla_clock", "checkpoint"}.isdisjoint(await whole_reads(session) - before)
        assert await reads_by(session, "ix_checkpoint_due") >= 3  # of armed checkpoints only; each of the calls


async def test_a_sweep_writes_nothing_but_what_was_due(desk: Desk) -> None:
    """B82: every pending row was written again with each tick."""
    await desk.open(ORDER)
    for _ in range(5):
        await desk.open(VISIT)
    tables = ("ticket", "sla_clock", "checkpoint")
    quiet = [await rows_as_written(desk, table) for table in tables]
    await sweep(desk.container)
    assert [await rows_as_written(desk, table) for table in tables] == quiet
    desk.clock.advance(minutes=10)
    assert await sweep(desk.container) == 2
    swept = [await rows_as_written(desk, table) for table in tables]
    changed = [sum(new[row] != old[row] for row in old) for old, new in zip(quiet, swept, strict=True)]
    assert changed == [1, 1, 2]


async def test_a_calendar_edit_touches_only_what_it_moves(desk: Desk) -> None:
    """B84: an edit of a limit rewrote every ticket, so it had to be made at night."""
    staying = [await desk.open(CALL) for _ in range(3)]
    desk.clock.advance(days=3)
    moving = await desk.open(INFORMATION)
    before = {table: await rows_as_written(desk, table) for table in ("ticket", "checkpoint")}
    async with leave_on(desk, "2026-06-08") as edit:
        assert (edit["open_clocks"], edit["moved"]) == (5, 1)
        after = {table: await rows_as_written(desk, table) for table in before}
    written = {table: [row for row in before[table] if after[table][row] != before[table][row]] for table in before}
    assert len(written["ticket"]) == 1
    assert len(written["checkpoint"]) == 2  # legal risk, and the end of the law's limit
    assert [(await desk.timeline(number))["items"][-1]["kind"] for number in staying] == ["received"] * 3
    assert [event["kind"] for event in (await desk.timeline(moving))["items"]] == ["received", *["due_moved"] * 2]


# ── figures ──


async def test_an_answer_leaves_its_instants_behind(desk: Desk) -> None:
    """B85: the figures of the first answer and of closing stayed empty."""
    number = await desk.open(PETITION)
    await desk.run_all(number, *AT_WORK)
    replied = desk.clock.advance(days=2)
    await desk.run(number, "interim_reply")
    answered = desk.clock.advance(days=3)
    await desk.run(number, "resolve")
    closed = desk.clock.advance(days=4)
    ticket = await desk.run(number, "close")
    instants = {name: datetime.fromisoformat(ticket[name]) for name in ("interim_reply_at", "resolved_at", "closed_at")}
    assert instants == {"interim_reply_at": replied, "resolved_at": answered, "closed_at": closed}
    promise, law = await desk.rows_of_clocks(number)
    assert (promise.met_at, law.met_at) == (answered, replied)


async def test_what_was_achieved_is_never_shown_as_breached(desk: Desk) -> None:
    """B86: the latest of several windows was taken for the breach, so tickets in time were shown as late."""
    number = await desk.open(CALL)
    await desk.run_all(number, *AT_WORK)
    for _ in range(3):
        desk.clock.advance(days=2)
        await desk.run(number, "pause")
        desk.clock.advance(days=5)
        await desk.run(number, "resume")
    moved = datetime.fromisoformat((await desk.clock_of(number))["due_at"])
    assert moved > LIMIT
    desk.clock.set(moved)
    await desk.run(number, "resolve")
    desk.clock.advance(days=100)
    await sweep(desk.container)
    ticket = await desk.read(number)
    [clock] = ticket["clocks"]
    assert (clock["state"], clock["on_time"], clock["breached_at"], ticket["overdue"]) == ("met", True, None, False)
    assert [notice for notice in await desk.notices(number) if notice.kind != "warning"] == []


async def test_every_reader_is_given_the_same_date(desk: Desk) -> None:
    """B87: the overview showed another time than the form behind it."""
    receipt = (await desk.client.post("/v1/tickets", json=CALL)).json()
    number = receipt["number"]
    referred = await desk.run(number, "refer")
    [listed] = (await desk.client.get("/v1/tickets")).json()["items"]
    async with opened_client(desk.app) as citizen:
        tracked = await citizen.post("/v1/tracking", json={"number": number, "phone_last_four": "0067"})
    desk.clock.advance(days=12)
    await sweep(desk.container)
    noticed = [(await notice_of(desk, number, kind)).payload["promise_due"] for kind in ("referral", "warning")]
    clocks = [answer["clocks"][0]["due_at"] for answer in (receipt, referred, listed, await desk.read(number))]
    dates = {datetime.fromisoformat(written) for written in (*clocks, tracked.json()["due_at"], *noticed)}
    assert dates == {LIMIT}
    assert (await armed_at(desk, number))["promise", "escalation", 1] == LIMIT


async def test_the_notice_names_the_limit_that_was_missed(desk: Desk) -> None:
    """B90: the notice of a missed limit named another one: the first date, or that of another clock."""
    number = await desk.open(VISIT)
    await desk.run_all(number, *AT_WORK)
    desk.clock.advance(days=1)
    await desk.run(number, "pause")
    desk.clock.advance(days=7)
    await desk.run(number, "resume")
    moved = end_of(2026, 6, 3)
    desk.clock.set(moved + timedelta(hours=1))
    await sweep(desk.container)
    facts = (await notice_of(desk, number, "escalation_1")).payload
    assert datetime.fromisoformat(facts["promise_due"]) == moved
    assert datetime.fromisoformat(facts["statutory_due"]) == end_of(2026, 6, 11)
    assert facts["limit_text"] == "15 GÜN"
    breached = [event for event in (await desk.timeline(number))["items"] if event["kind"] == "breached"]
    assert [(e["data"]["clock"], datetime.fromisoformat(e["data"]["due_at"])) for e in breached] == [("promise", moved)]
    [notice] = (await desk.client.get("/v1/notices", params={"kind": "escalation_1"})).json()["items"]
    assert "03.06.2026" in notice["body"]
    assert "01.06.2026" not in notice["body"]


async def report_of_may(desk: Desk) -> dict[str, Any]:
    """Return the row of the report about the orders of May 2026."""
    answer = await desk.client.get("/v1/reports/compliance", params={"month": "2026-05"})
    assert answer.status_code == 200, answer.text
    [row] = answer.json()["rows"]
    assert row["limit"] == "10 D"
    return {name: row[name] for name in ("due", "on_time", "late", "open_late", "pending", "cancelled", "median_hours")}


async def test_a_delay_ends_with_the_answer_in_every_report(desk: Desk) -> None:
    """B88: half an hour of delay was reported as a month, because the answer did not end it."""
    number = await desk.open(ORDER)
    desk.clock.advance(minutes=45)
    await desk.run(number, "resolve")
    desk.clock.set(end_of(2026, 6, 1))
    first = await report_of_may(desk)
    assert (first["late"], first["median_hours"]) == (1, 0.75)
    desk.clock.advance(days=31)
    await sweep(desk.container)
    await desk.run(number, "close")
    assert await report_of_may(desk) == first


async def test_late_and_closed_stand_under_their_own_names(desk: Desk) -> None:
    """B89: the series of late and of closed tickets were swapped; four numbers that differ can't be."""
    in_time, late, never, given_up = [[await desk.open(ORDER) for _ in range(count)] for count in (1, 2, 3, 4)]
    for number in given_up:
        await desk.run(number, "withdraw")
    desk.clock.advance(minutes=10)
    for number in in_time:
        await desk.run_all(number, "resolve", "close")
    desk.clock.advance(minutes=1)
    for number in late:
        await desk.run_all(number, "resolve", "close")
    desk.clock.set(end_of(2026, 6, 1))
    await sweep(desk.container)
    row = await report_of_may(desk)
    assert {name: row[name] for name in ("due", "on_time", "late", "open_late", "pending", "cancelled")} == {
        "due": len(in_time) + len(late) + len(never),
        "on_time": len(in_time),
        "late": len(late),
        "open_late": len(never),
        "pending": 0,
        "cancelled": len(given_up),
    }
