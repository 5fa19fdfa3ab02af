"""A promise that is not kept: warnings to the unit, level 1 at the limit, level 2 three working days later, each once."""

from datetime import datetime, timedelta

from fastapi import FastAPI
from sqlalchemy import select

from app.core.clock import ISTANBUL
from app.escalation.model import Escalation
from app.notices.model import Notice
from app.sla.model import SlaClock
from app.tickets.history import chain_holds
from app.tickets.model import Ticket
from app.tickets.queries import events_of
from tests.installation import SettableClock
from workers.timers import sweep

CALL = {
    "channel": "call-center",
    "description": "Kaldırımdaki çukur tehlikeli",
    "applicant": {"name": "Örnek Vatandaş", "phone": "0532 000 00 00"},
}


async def notices(app: FastAPI) -> list[tuple[str, int, str]]:
    async with app.state.house.database.reading() as session:
        found = await session.scalars(select(Notice).where(Notice.kind != "receipt").order_by(Notice.running))
        return [(notice.kind, notice.level, notice.recipient) for notice in found]


async def test_an_unanswered_call_goes_through_all_levels_once(
    app: FastAPI, client_as, clock: SettableClock
) -> None:
    """C3: nobody is assigned, and it escalates all the same."""
    caller = await client_as("developer")
    receipt = (await caller.post("/v1/tickets", json=CALL)).json()
    due = datetime.fromisoformat(receipt["clocks"][0]["due_at"])
    assert due == datetime(2026, 6, 1, 23, 59, 59, 999999, tzinfo=ISTANBUL)
    house = app.state.house

    clock.set(due - timedelta(microseconds=1))
    assert await sweep(house) == 2
    assert await notices(app) == [("warning", 80, "unit:public-relations")]

    clock.set(due)
    assert await sweep(house) == 1
    assert await sweep(house) == 0
    assert (await notices(app))[1:] == [("escalation_1", 1, "office:1")]

    clock.set(datetime(2026, 6, 4, 23, 59, 59, 999998, tzinfo=ISTANBUL))
    assert await sweep(house) == 0
    clock.set(datetime(2026, 6, 5, 8, 0, tzinfo=ISTANBUL))
    assert await sweep(house) == 1
    assert (await notices(app))[2:] == [("escalation_2", 2, "office:2")]

    async with house.database.reading() as session:
        ticket = (await session.scalars(select(Ticket))).one()
        assert chain_holds(await events_of(session, ticket.id))
        assert [e.level for e in await session.scalars(select(Escalation).order_by(Escalation.level))] == [1, 2]
        promise = (await session.scalars(select(SlaClock))).one()
        assert (promise.state, promise.breached_at) == ("breached", promise.due_at)


async def test_resolving_in_time_silences_the_chain(app: FastAPI, client_as, clock: SettableClock) -> None:
    caller = await client_as("developer")
    number = (await caller.post("/v1/tickets", json=CALL)).json()["number"]
    read = await caller.get(f"/v1/tickets/{number}")
    clock.advance(days=1)
    answer = await caller.post(
        f"/v1/tickets/{number}/resolve",
        json={"outcome": "positive", "reply": "Onarıldı."},
        headers={"If-Match": read.headers["ETag"]},
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["clocks"][0]["on_time"] is True
    clock.advance(days=60)
    assert await sweep(app.state.house) == 0
