"""A missed promise: warnings to the unit, level 1 at the limit, level 2 three days later, each once."""

from datetime import datetime, timedelta

from sqlalchemy import select

from app.core.clock import ISTANBUL
from app.tickets.model import Escalation
from tests.desk import CALL, Desk, end_of
from tests.limit_notices import escalation, warning
from workers.timers import sweep


async def test_an_unanswered_call_passes_all_levels_once(desk: Desk) -> None:
    """C3: a ticket without a directorate escalates as well. B68: later levels fire after the first one."""
    receipt = (await desk.client.post("/v1/tickets", json=CALL)).json()
    number, due = receipt["number"], datetime.fromisoformat(receipt["clocks"][0]["due_at"])
    assert due == end_of(2026, 6, 1)

    desk.clock.set(due - timedelta(microseconds=1))
    assert await sweep(desk.container) == 2
    assert await desk.notices(number) == [warning(percent=80)]

    desk.clock.set(due)
    assert await sweep(desk.container) == 1
    assert await sweep(desk.container) == 0
    assert (await desk.notices(number))[1:] == [escalation(level=1)]

    [raised_item] = (await desk.client.get(f"/v1/escalations?ticket={number}")).json()["items"]
    seen = await desk.client.post(f"/v1/escalations/{raised_item['id']}/acknowledge")
    assert seen.json()["state"] == "acknowledged"

    desk.clock.set(end_of(2026, 6, 4) - timedelta(microseconds=1))
    assert await sweep(desk.container) == 0
    desk.clock.set(datetime(2026, 6, 5, 8, 0, tzinfo=ISTANBUL))
    assert await sweep(desk.container) == 1
    assert (await desk.notices(number))[2:] == [escalation(level=2)]

    history = await desk.timeline(number)
    assert history["chain_holds"] is True
    assert [event["label"] for event in history["items"]] == [
        "Başvuru alındı",
        "Süre doldu",
        "Müracaat yerine bildirildi",
        "Bildirim görüldü",
        "Müracaat yerine bildirildi",
    ]
    async with desk.container.database.reading() as session:
        assert [e.level for e in await session.scalars(select(Escalation).order_by(Escalation.level))] == [1, 2]
    [promise] = await desk.rows_of_clocks(number)
    assert (promise.state, promise.breached_at) == ("breached", promise.due_at)


async def test_resolving_in_time_silences_the_chain(desk: Desk) -> None:
    number = await desk.open()
    desk.clock.advance(days=1)
    ticket = await desk.run(number, "resolve")
    assert ticket["clocks"][0]["on_time"] is True
    desk.clock.advance(days=60)
    assert await sweep(desk.container) == 0


async def test_the_life_of_a_ticket_with_every_step(desk: Desk) -> None:
    """From the call to a second answer, with most commands of the workflow in between."""
    number = await desk.open()
    await desk.run_all(number, "register", "refer", "return", "refer", "accept", "pause")
    desk.clock.advance(days=4)
    await desk.run_all(number, "resume", "interim_reply", "propose", "reject", "propose", "resolve")
    await desk.run(number, "callback", {"reached": False})
    await desk.run(number, "callback", {"reached": True, "score": 2})
    desk.clock.advance(days=2)
    await desk.run_all(number, "reopen", "accept", "resolve", "close")
    ticket, history = await desk.read(number), await desk.timeline(number)
    assert (ticket["status"], ticket["cycle"], ticket["outcome"]) == ("closed", 2, "positive")
    assert history["chain_holds"] is True
    assert len(history["items"]) == 1 + 6 + 6 + 2 + 4
    assert await desk.armed(number) == []
    desk.clock.advance(days=365)
    assert await sweep(desk.container) == 0
    assert await desk.notices(number) == []
