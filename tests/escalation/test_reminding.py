"""Reminders against the database: each once, spaced in working days, until the office takes note or nothing is owed."""

import asyncio
from collections import Counter as Tally
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from app.escalation.model import Escalation
from app.escalation.sweep import next_due_at, remind_due
from app.notices.model import Notice
from app.operations.queries import read_waiting
from app.tickets.model import Ticket
from tests.escalation.desk import DUE, HEAD, deputy, load_offices, second_house
from tests.tickets.counter import ANSWER, ORDER, VISIT, Counter, end_of
from workers.timers import sweep

MICROSECOND = timedelta(microseconds=1)


async def raised(counter: Counter, **other: Any) -> str:
    """The number of a call that was raised to the first office at its limit."""
    number = await counter.open(**other)
    counter.clock.set(DUE)
    await sweep(counter.container)
    return number


async def reminders(counter: Counter, level: int | None = None) -> list[Notice]:
    """All reminders, in the order in which they were written."""
    query = select(Notice).where(Notice.kind == "reminder").order_by(Notice.running)
    if level is not None:
        query = query.where(Notice.level == level)
    async with counter.container.database.reading() as session:
        return list(await session.scalars(query))


async def record(counter: Counter, level: int = 1) -> Escalation:
    async with counter.container.database.reading() as session:
        return (await session.scalars(select(Escalation).where(Escalation.level == level))).one()


async def listed(counter: Counter, number: str) -> list[dict[str, Any]]:
    """The ticket's escalations as their reader gets them."""
    items: list[dict[str, Any]] = (await counter.client.get(f"/v1/escalations?ticket={number}")).json()["items"]
    return items


async def test_an_office_is_reminded_five_times_and_then_left_alone(counter: Counter) -> None:
    """1, 2, 4, 8 and 16 working days after the level; at the instant before nothing leaves."""
    number = await raised(counter)
    days = [(6, 2), (6, 3), (6, 5), (6, 11), (6, 23)]
    for told, (month, day) in enumerate(days):
        counter.clock.set(end_of(2026, month, day) - MICROSECOND)
        await sweep(counter.container)
        assert len(await reminders(counter, 1)) == told
        counter.clock.advance(MICROSECOND)
        await sweep(counter.container)
        assert len(await reminders(counter, 1)) == told + 1
    found = await reminders(counter, 1)
    assert [one.payload["reminder"] for one in found] == [1, 2, 3, 4, 5]
    assert len({one.dedupe_key for one in found}) == 5
    assert {one.recipient for one in found} == {"office:1"}
    assert {one.payload["notice_number"] for one in found} == {
        item["number"] for item in await notices_of(counter, number, "escalation_1")
    }
    [first] = [item for item in await listed(counter, number) if item["level"] == 1]
    assert (first["reminders"], first["next_reminder_at"], first["state"]) == (5, None, "raised")
    counter.clock.advance(days=365)
    await sweep(counter.container)
    assert len(await reminders(counter, 1)) == 5


async def notices_of(counter: Counter, number: str, kind: str) -> list[dict[str, Any]]:
    found = await counter.client.get(f"/v1/notices?ticket={number}&kind={kind}")
    items: list[dict[str, Any]] = found.json()["items"]
    return items


async def test_reminders_of_both_offices_are_counted_apart(counter: Counter) -> None:
    await raised(counter)
    for day in (4, 5):  # level 2 on the 4th, its first reminder on the 5th; every instant is met
        counter.clock.set(end_of(2026, 6, day))
        await sweep(counter.container)
    assert Tally((one.level, one.payload["reminder"]) for one in await reminders(counter)) == {
        (1, 1): 1,
        (1, 2): 1,
        (2, 1): 1,
    }


async def test_reminders_leave_out_holidays(counter: Counter) -> None:
    """Raised on 26 May, the eve of Kurban Bayramı: the next working day is 1 June."""
    counter.clock.set(datetime.fromisoformat("2026-05-11T10:00+03:00"))
    await counter.open()
    counter.clock.set(end_of(2026, 5, 26))
    await sweep(counter.container)
    assert (await record(counter)).remind_at == end_of(2026, 6, 1)


async def test_an_outage_gives_one_reminder_and_the_next_distance_from_now(counter: Counter) -> None:
    """C7: three reminders were missed; the office gets one, and the next a working day later."""
    await raised(counter)
    counter.clock.set(datetime.fromisoformat("2026-06-09T09:00+03:00"))
    await sweep(counter.container)
    assert [one.payload["reminder"] for one in await reminders(counter, 1)] == [1]
    assert (await record(counter)).remind_at == end_of(2026, 6, 10)


async def test_the_distance_counts_from_the_instant_of_the_level_not_from_the_second_of_its_sweep(
    counter: Counter,
) -> None:
    """A worker that sees the limit a second after midnight reminds on the same day as one that was in time."""
    await counter.open()
    counter.clock.set(DUE + timedelta(seconds=1))
    await sweep(counter.container)
    assert (await record(counter)).remind_at == end_of(2026, 6, 2)


async def test_two_workers_at_once_remind_once(counter: Counter) -> None:
    """C4: two processes over the same due rows."""
    await asyncio.gather(*(counter.open() for _ in range(20)))
    async with second_house(counter, batch=3) as one, second_house(counter, batch=4) as other:
        for instant in (DUE, end_of(2026, 6, 2), end_of(2026, 6, 3)):
            counter.clock.set(instant)
            while any(await asyncio.gather(sweep(one), sweep(other))):
                pass
    found = Tally((one.ticket_id, one.payload["reminder"]) for one in await reminders(counter))
    assert (len(found), set(found.values())) == (40, {1})


async def test_a_sweep_that_fails_has_reminded_nobody(counter: Counter) -> None:
    """B78: the notice and the moved timer are committed together, or not at all."""
    await raised(counter)
    counter.clock.set(now := end_of(2026, 6, 2))

    async def dying() -> None:
        async with counter.container.database.transaction() as session:
            assert await remind_due(session, counter.container.rulebooks, now=now, limit=10) == 1
            raise ConnectionAbortedError

    with pytest.raises(ConnectionAbortedError):
        await dying()
    assert ((await record(counter)).reminders, await reminders(counter)) == (0, [])
    assert await sweep(counter.container) == 1
    assert len(await reminders(counter)) == 1


async def test_what_somebody_holds_is_reminded_in_the_next_sweep(counter: Counter) -> None:
    held, free = await counter.open(), await counter.open()
    counter.clock.set(DUE)
    await sweep(counter.container)
    counter.clock.set(end_of(2026, 6, 2))
    async with second_house(counter, batch=1) as container:
        async with counter.container.database.transaction() as session:
            await session.execute(select(Ticket.id).where(Ticket.number == held).with_for_update(key_share=True))
            assert await sweep(container) == 1
        [first] = await reminders(counter)
        assert first.payload["number"] == free
        assert await sweep(container) == 1


async def test_one_that_can_not_be_written_to_holds_up_nobody(counter: Counter) -> None:
    """B69: it stays due, where operations see it, and is reminded of once it is mended."""
    bad, good = await counter.open(), await counter.open()
    counter.clock.set(DUE)
    await sweep(counter.container)
    counter.clock.set(end_of(2026, 6, 2))
    async with counter.container.database.transaction() as session:
        await session.execute(text("UPDATE ticket SET kind = 'unheard_of' WHERE number = :n"), {"n": bad})
    assert await sweep(counter.container) == 1
    assert [one.payload["number"] for one in await reminders(counter)] == [good]
    async with counter.container.database.transaction() as session:
        assert await next_due_at(session) == end_of(2026, 6, 2)
        assert (await read_waiting(session, counter.clock.now())).oldest_unfired == end_of(2026, 6, 2)
        await session.execute(text("UPDATE ticket SET kind = 'request' WHERE number = :n"), {"n": bad})
    assert await sweep(counter.container) == 1


@pytest.mark.parametrize("way", ["notice", "escalation", "response", "reminder"])
async def test_whoever_takes_note_is_not_reminded(counter: Counter, way: str) -> None:
    number = await raised(counter)
    if way == "reminder":
        counter.clock.set(end_of(2026, 6, 2))
        await sweep(counter.container)
    [item] = await listed(counter, number)
    [notice] = await notices_of(counter, number, "reminder" if way == "reminder" else "escalation_1")
    address = {
        "notice": f"/v1/notices/{notice['number']}/acknowledge",
        "reminder": f"/v1/notices/{notice['number']}/acknowledge",
        "escalation": f"/v1/escalations/{item['id']}/acknowledge",
        "response": f"/v1/escalations/{item['id']}/respond",
    }[way]
    body = {"text": "Birime tekit edilmiştir."} if way == "response" else None
    before = len(await reminders(counter))
    assert (await counter.client.post(address, json=body)).status_code == 200
    counter.clock.set(end_of(2026, 6, 3))
    assert await sweep(counter.container) == 0
    assert len(await reminders(counter)) == before
    [seen] = await listed(counter, number)
    assert (seen["state"], seen["next_reminder_at"]) == ("answered" if way == "response" else "acknowledged", None)
    unseen = await counter.client.get(f"/v1/notices?ticket={number}&unacknowledged=true&recipient=office:1")
    assert unseen.json()["items"] == []


@pytest.mark.parametrize("end", ["resolve", "withdraw", "link_duplicate"])
async def test_the_end_of_a_ticket_ends_its_reminders(counter: Counter, end: str) -> None:
    number = await raised(counter)
    body = {"duplicate_of": await counter.open()} if end == "link_duplicate" else None
    counter.clock.advance(hours=12)
    closed_at = counter.clock.now()
    await counter.did(number, end, body)
    [item] = await listed(counter, number)
    assert (item["state"], item["open"], item["next_reminder_at"]) == ("closed", False, None)
    assert datetime.fromisoformat(item["closed_at"]) == closed_at
    counter.clock.set(end_of(2026, 6, 3))
    await sweep(counter.container)
    assert await reminders(counter) == []


async def test_a_second_cycle_is_reminded_of_for_itself(counter: Counter) -> None:
    number = await raised(counter)
    counter.clock.set(end_of(2026, 6, 2))
    await sweep(counter.container)
    await counter.done(number, "resolve", "reopen")
    counter.clock.advance(days=30)
    await sweep(counter.container)
    counter.clock.advance(days=4)
    await sweep(counter.container)
    assert [(one.cycle, one.payload["reminder"]) for one in await reminders(counter, 1)] == [(1, 1), (2, 1)]
    states = [(item["cycle"], item["state"]) for item in await listed(counter, number)]
    assert sorted(states) == [(1, "closed"), (2, "raised")]


async def test_a_limit_of_minutes_is_nobodys_file_to_be_reminded_of(counter: Counter) -> None:
    await counter.open(ORDER)
    counter.clock.advance(days=30)
    await sweep(counter.container)
    counter.clock.advance(days=30)
    assert await sweep(counter.container) == 0


async def test_a_limit_of_law_that_is_near_is_reminded_of_before_any_breach(counter: Counter) -> None:
    number = await counter.open(VISIT)
    await counter.did(number, "override_due", {"due_at": "2026-06-30T12:00:00+03:00", "reason": "Anlaşıldı."})
    counter.clock.set(end_of(2026, 6, 8))
    await sweep(counter.container)
    counter.clock.set(end_of(2026, 6, 9))
    await sweep(counter.container)
    [one] = await reminders(counter)
    assert (one.level, one.recipient, one.payload["reminder"]) == (2, "office:2", 1)
    [item] = await listed(counter, number)
    assert (item["legal_risk"], item["breached_at"]) == (True, None)


async def test_a_reminder_goes_to_whoever_holds_the_office_that_day(own_counter: Counter) -> None:
    """The head is told at the limit, and is on leave the day after: the deputy is reminded, then the head again."""
    counter = own_counter
    leave = deputy("Örnek Vekil", date(2026, 6, 2), date(2026, 6, 2))
    await load_offices(counter.container, {"deputies": (leave,)})
    async with second_house(counter) as container:
        await counter.open()
        for instant in (DUE, end_of(2026, 6, 2), end_of(2026, 6, 3)):
            counter.clock.set(instant)
            await sweep(container)
    found = await reminders(counter)
    assert [one.recipient_name for one in found] == ["Örnek Vekil", HEAD]
    assert [one.payload["office"]["title"] for one in found] == ["Müdür V.", "Halkla İlişkiler Müdürü"]
    assert found[0].recipient_address == "vekil@belediye.example"
    kept = (await record(counter)).addressed_to
    assert kept is not None
    assert (kept["name"], kept["stands_in"]) == (HEAD, False)


async def test_a_new_official_is_reminded_of_what_the_old_one_was_told(own_counter: Counter) -> None:
    """A table with another name was loaded between the level and its reminder."""
    counter = own_counter
    number = await raised(counter)
    new = deputy("Örnek Halef", date(2026, 6, 2), None)
    await load_offices(counter.container, {"valid_to": date(2026, 6, 1), "deputies": (new,)})
    counter.clock.set(end_of(2026, 6, 2))
    async with second_house(counter) as container:
        await sweep(container)
    [told] = await notices_of(counter, number, "escalation_1")
    [one] = await reminders(counter)
    assert (told["recipient"]["name"], one.recipient_name) == (HEAD, "Örnek Halef")
    [item] = await listed(counter, number)
    assert item["addressed_to"]["name"] == HEAD


async def test_an_office_that_nobody_holds_is_written_to_by_its_place_and_said_loudly(
    own_counter: Counter, caplog: pytest.LogCaptureFixture
) -> None:
    counter = own_counter
    await load_offices(counter.container, {"valid_to": date(2026, 5, 31)})
    number = await counter.open()
    counter.clock.set(DUE)
    async with second_house(counter) as container:
        await sweep(container)
    [said] = [record.msg for record in caplog.records if "office_without_official" in str(record.msg)]
    assert isinstance(said, dict)
    assert (said["office"], said["level"]) == (1, "error")
    [item] = await listed(counter, number)
    assert (item["addressed_to"]["vacant"], item["addressed_to"]["name"]) == (True, "")
    async with counter.container.database.reading() as session:
        notice = (await session.scalars(select(Notice).where(Notice.kind == "escalation_1"))).one()
    assert (notice.recipient_name, notice.recipient_address) == ("Halkla İlişkiler Müdürlüğü", None)


async def test_an_answered_ticket_beside_a_due_reminder_hangs_nobody(counter: Counter) -> None:
    """C11: commands and the sweep lock in the same order; whoever is first wins."""
    numbers = [await counter.open() for _ in range(8)]
    counter.clock.set(DUE)
    await sweep(counter.container)
    counter.clock.set(end_of(2026, 6, 2))
    async with second_house(counter, batch=2) as container:
        answers = await asyncio.gather(
            sweep(container), sweep(counter.container), *(counter.send(number, "resolve", ANSWER) for number in numbers)
        )
    assert {answer.status_code for answer in answers[2:]} == {200}
    counter.clock.advance(days=60)
    assert await sweep(counter.container) == 0
