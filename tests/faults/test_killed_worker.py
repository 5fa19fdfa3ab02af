"""A worker killed in the middle of its work: the next one continues, and every notice is written once."""

import asyncio
from collections import Counter as Tally
from datetime import timedelta

from sqlalchemy import func, select

from app.notices.model import Notice
from app.sla.model import Checkpoint, SlaClock
from app.tickets.history import history_is_complete
from app.tickets.model import Escalation, Ticket
from app.tickets.queries import load_events
from tests.desk import Desk, end_of
from tests.faults.processes import environment, eventually, running

TICKETS = 120
AFTER_LIMIT = end_of(2026, 6, 2)


async def escalated(desk: Desk) -> int:
    query = select(func.count()).select_from(Notice).where(Notice.kind == "escalation_1")
    async with desk.container.database.reading() as session:
        return await session.scalar(query) or 0


async def test_a_worker_killed_while_it_fires_is_succeeded_without_a_trace(desk: Desk) -> None:
    """C4, B59, B64, B67, B80: kill -9 between two checkpoints, a second worker, and each notice exactly once."""
    await asyncio.gather(*(desk.open() for _ in range(TICKETS)))
    desk.clock.set(AFTER_LIMIT)
    variables = environment(desk.container.settings, now=AFTER_LIMIT, sweep_batch=4)

    async def some() -> bool:
        return await escalated(desk) > 0

    async with desk.container.database.transaction() as session:
        newest = select(Ticket.id).order_by(Ticket.id.desc()).limit(10)
        await session.execute(newest.with_for_update(key_share=True))  # so that the first worker can't finish
        with running("worker", variables) as first:
            await eventually(some, first, "the first worker fires")
            first.kill()
            first.wait()
    before = await escalated(desk)
    assert 0 < before <= TICKETS - 10

    async def all_settled() -> bool:
        due = select(Checkpoint.id).where(Checkpoint.state == "armed", Checkpoint.due_at <= AFTER_LIMIT).limit(1)
        async with desk.container.database.reading() as session:
            return await session.scalar(due) is None

    with running("worker", variables) as second:
        await eventually(all_settled, second, "the second worker has fired what was left")

    async with desk.container.database.reading() as session:
        tickets = list(await session.scalars(select(Ticket)))
        notices = await session.execute(select(Notice.ticket_id, Notice.kind).where(Notice.recipient != "applicant"))
        assert Tally((ticket, kind) for ticket, kind in notices) == {(t.id, "escalation_1"): 1 for t in tickets}
        raised = await session.execute(select(Escalation.ticket_id, Escalation.level))
        assert Tally((ticket, level) for ticket, level in raised) == {(t.id, 1): 1 for t in tickets}
        for ticket in tickets:
            events = await load_events(session, ticket.id)
            assert [event.kind for event in events] == ["received", "breached", "escalated"]
            assert history_is_complete(ticket, events)
        for clock in await session.scalars(select(SlaClock)):
            assert clock.breached_at == clock.due_at == AFTER_LIMIT - timedelta(days=1)
        armed = await session.execute(select(Checkpoint.kind, Checkpoint.level).where(Checkpoint.state == "armed"))
        assert Tally((kind, level) for kind, level in armed) == {("escalation", 2): TICKETS}
