"""Bugs of other engines about lost, late or stale work (B66–B80)."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from redis import Redis
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from app.core.ids import new_id
from app.core.jobs import Job
from app.notices.delivery.adapters.base import OutgoingMessage, SentMessage
from app.standards.catalogue import load_catalogue
from tests.bugs.steps import another_worker, armed_at, edited_municipality, load, local, notices_of_limits, raised
from tests.desk import CALL, ORDER, Desk, end_of
from tests.installation import opened_client
from tests.limit_notices import escalation, raised_level, warning
from tests.notices.cases import dispatcher_with, ids
from workers.timers import sweep

LIMIT = end_of(2026, 6, 1)


async def test_a_wait_for_opening_time_survives_its_worker(desk: Desk) -> None:
    """B66: the wait for 09:00 lived in a worker and ended with it."""
    desk.clock.set(local("2026-05-15T16:57"))
    number = await desk.open(ORDER)
    end = local("2026-05-18T08:37")
    while desk.clock.now() < end - timedelta(hours=5):
        async with another_worker(desk) as worker:
            await sweep(worker)
        desk.clock.advance(hours=5)
    assert await raised(desk) == {}
    desk.clock.set(end)
    async with another_worker(desk) as worker:
        await sweep(worker)
    assert (await desk.notices(number))[-1] == escalation(level=1)


async def test_the_same_row_can_be_enqueued_again(own_desk: Desk, redis_url: str) -> None:
    """B67: the queue refused an id that it had seen before, so a lost job could not be enqueued again."""
    job = Job("deliver_notices", (new_id(),))
    with Redis.from_url(redis_url) as valkey:
        for count in (1, 2):
            await own_desk.container.job_queue.send([job])
            assert valkey.zcard("arq:queue") == count


class Stuck:
    """An adapter that does not return from a send until it is released."""

    def __init__(self) -> None:
        self.busy, self.released = asyncio.Event(), asyncio.Event()

    async def send(self, message: OutgoingMessage) -> SentMessage:
        """Wait."""
        self.busy.set()
        await self.released.wait()
        return SentMessage(message.medium, message.number)


async def test_a_hanging_mail_does_not_delay_the_clocks(desk: Desk) -> None:
    """B69: a slow mail task starved the escalations, even those of the same ticket."""
    number = await desk.open(CALL)
    stuck = Stuck()
    posting = asyncio.create_task(dispatcher_with(desk.container, stuck).deliver(await ids(desk.container)))
    await stuck.busy.wait()
    desk.clock.set(LIMIT)
    await sweep(desk.container)
    assert await desk.notices(number) == [escalation(level=1)]
    assert not posting.done()
    stuck.released.set()
    assert await posting == 1


async def test_an_escalation_is_visible_from_end_to_end(desk: Desk) -> None:
    """B74: a release broke every view and trigger of escalations, and no test covered it from end to end."""
    number = await desk.open(CALL)
    await desk.run(number, "refer")
    desk.clock.set(LIMIT + timedelta(minutes=1))
    await sweep(desk.container)
    late = (await desk.client.get("/v1/tickets", params={"overdue": True})).json()["items"]
    assert [(item["number"], item["overdue"]) for item in late] == [(number, True)]
    [raised_item] = (await desk.client.get("/v1/escalations")).json()["items"]
    assert (raised_item["ticket"], raised_item["level"], raised_item["open"]) == (number, 1, True)
    [notice] = (await desk.client.get("/v1/notices", params={"kind": "escalation_1"})).json()["items"]
    assert number in notice["body"]
    taken = await desk.client.post(f"/v1/notices/{notice['number']}/acknowledge")
    assert taken.status_code == 200, taken.text
    [raised_item] = (await desk.client.get("/v1/escalations")).json()["items"]
    assert raised_item["acknowledged_at"] is not None
    async with opened_client(desk.app) as citizen:
        asked = await citizen.post("/v1/tracking", json={"number": number, "phone_last_four": "0067"})
    assert asked.status_code == 200, asked.text
    assert "süresi dolmuştur" in asked.json()["message"]
    assert [e["kind"] for e in (await desk.timeline(number))["items"]][-1] == "escalation_acknowledged"


async def test_late_notices_show_in_the_figures(desk: Desk) -> None:
    """B76: notices went out eight hours late, and no figure said so."""
    await desk.open(CALL)
    desk.clock.set(LIMIT + timedelta(hours=8))

    async def status() -> dict[str, dict[str, object]]:
        answer: dict[str, dict[str, object]] = (await desk.client.get("/v1/operations/status")).json()
        return answer

    late = await status()
    assert late["checkpoints"]["oldest_due_at"] is not None
    assert late["checkpoints"]["lag_seconds"] != 0
    assert late["notices"]["overdue_seconds"] != 0
    await sweep(desk.container)
    swept = await status()
    assert (swept["checkpoints"]["oldest_due_at"], swept["checkpoints"]["lag_seconds"]) == (None, 0)
    assert swept["notices"]["undelivered"] == 2


async def test_a_chain_of_ones_own_is_carried_out(own_desk: Desk, tmp_path: Path) -> None:
    """B77: rules of escalation could be saved, and nothing ever read them."""
    desk = own_desk
    chain = (
        "    escalation: [{kind: warning, level: 20, at: 20%}, {kind: escalation, level: 1, at: due}, "
        "{kind: escalation, level: 2, at: +5 working_day}]\n"
    )
    folder = edited_municipality(
        tmp_path, "standards.yaml", "  - code: call-center\n", f"  - code: call-center\n{chain}"
    )
    await load(desk, load_catalogue(folder))
    number = await desk.open(CALL)
    warned = (await armed_at(desk, number))["promise", "warning", 20]
    for instant in (warned, LIMIT, end_of(2026, 6, 4), end_of(2026, 6, 8)):
        desk.clock.set(instant)
        await sweep(desk.container)
    notices = [one for one in await desk.notices(number) if one.kind != "reminder"]
    assert notices == [warning(percent=20), escalation(level=1), escalation(level=2)]


async def test_a_breach_that_could_not_be_written_is_written_later(desk: Desk) -> None:
    """B78, B79: a latch in memory prevented a retry of the first failed write, and a restart lost the state."""
    number = await desk.open(CALL)
    due = (await desk.read(number))["clocks"][0]["due_at"]
    desk.clock.set(LIMIT)
    async with desk.container.database.transaction() as session:
        await session.execute(text("ALTER TABLE escalation RENAME TO escalation_away"))
    for _ in range(2):
        with pytest.raises(ProgrammingError):
            await sweep(desk.container)
    async with desk.container.database.transaction() as session:
        await session.execute(text("ALTER TABLE escalation_away RENAME TO escalation"))
    assert await notices_of_limits(desk) == {}
    desk.clock.advance(hours=2)
    await sweep(desk.container)
    async with another_worker(desk) as restarted:
        await sweep(restarted)
    assert (await notices_of_limits(desk), await raised(desk)) == ({escalation(level=1): 1}, {raised_level(1): 1})
    [clock] = await desk.rows_of_clocks(number)
    assert clock.breached_at == LIMIT
    assert (await desk.clock_of(number))["due_at"] == due
