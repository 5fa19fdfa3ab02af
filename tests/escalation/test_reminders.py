"""Reminders against the database: each once, spaced in working days, until the acknowledgement or the end."""

import asyncio
from collections import Counter as Tally
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from app.escalation.sweep import next_due_at, remind_due
from app.notices.model import Notice
from app.operations.queries import read_backlog
from app.tickets.model import Escalation, Ticket
from tests.desk import ANSWER, ORDER, VISIT, Desk, end_of
from tests.escalation.offices import DUE, HEAD, deputy, load_offices, second_container
from workers.timers import sweep

MICROSECOND = timedelta(microseconds=1)


async def raised(desk: Desk, **other: Any) -> str:
    """The number of a call that was raised to the first office at its limit."""
    number = await desk.open(**other)
    desk.clock.set(DUE)
    await sweep(desk.container)
    return number


async def reminders(desk: Desk, level: int | None = None) -> list[Notice]:
    """All reminders, in the order in which they were written."""
    query = select(Notice).where(Notice.kind == "reminder").order_by(Notice.running)
    if level is not None:
        query = query.where(Notice.level == level)
    async with desk.container.database.reading() as session:
        return list(await session.scalars(query))


async def record(desk: Desk, level: int = 1) -> Escalation:
    async with desk.container.database.reading() as session:
        return (await session.scalars(select(Escalation).where(Escalation.level == level))).one()


async def listed(desk: Desk, number: str) -> list[dict[str, Any]]:
    """The ticket's escalations as their reader gets them."""
    items: list[dict[str, Any]] = (await desk.client.get(f"/v1/escalations?ticket={number}")).json()["items"]
    return items


REMINDER_DAYS = [(6, 2), (6, 3), (6, 5), (6, 11), (6, 23)]
"""Month and day of the five reminders: 1, 2, 4, 8 and 16 working days after level 1."""


async def reminded_five_times(desk: Desk) -> str:
    """Return the number of a ticket whose first office got all its reminders."""
    number = await raised(desk)
    for month, day in REMINDER_DAYS:
        desk.clock.set(end_of(2026, month, day))
        await sweep(desk.container)
    return number


async def test_an_office_is_reminded_on_its_days_and_not_an_instant_earlier(desk: Desk) -> None:
    await raised(desk)
    for sent, (month, day) in enumerate(REMINDER_DAYS):
        desk.clock.set(end_of(2026, month, day) - MICROSECOND)
        await sweep(desk.container)
        assert len(await reminders(desk, 1)) == sent
        desk.clock.advance(MICROSECOND)
        await sweep(desk.container)
        assert len(await reminders(desk, 1)) == sent + 1


async def test_reminders_are_counted_and_name_the_notice_they_are_about(desk: Desk) -> None:
    number = await reminded_five_times(desk)
    found = await reminders(desk, 1)
    assert [one.payload["reminder"] for one in found] == [1, 2, 3, 4, 5]
    assert len({one.dedupe_key for one in found}) == 5
    assert {one.recipient for one in found} == {"office:1"}
    assert {one.payload["notice_number"] for one in found} == {
        item["number"] for item in await notices_of(desk, number, "escalation_1")
    }


async def test_an_office_is_left_alone_after_five_reminders(desk: Desk) -> None:
    number = await reminded_five_times(desk)
    [first] = [item for item in await listed(desk, number) if item["level"] == 1]
    assert (first["reminders"], first["next_reminder_at"], first["state"]) == (5, None, "raised")
    desk.clock.advance(days=365)
    await sweep(desk.container)
    assert len(await reminders(desk, 1)) == 5


async def notices_of(desk: Desk, number: str, kind: str) -> list[dict[str, Any]]:
    found = await desk.client.get(f"/v1/notices?ticket={number}&kind={kind}")
    items: list[dict[str, Any]] = found.json()["items"]
    return items


async def test_reminders_of_both_offices_are_counted_apart(desk: Desk) -> None:
    await raised(desk)
    for day in (4, 5):  # level 2 on the 4th, its first reminder on the 5th; every instant is met
        desk.clock.set(end_of(2026, 6, day))
        await sweep(desk.container)
    assert sorted((f"level {one.level}", f"reminder {one.payload['reminder']}") for one in await reminders(desk)) == [
        ("level 1", "reminder 1"),
        ("level 1", "reminder 2"),
        ("level 2", "reminder 1"),
    ]


async def test_reminders_leave_out_holidays(desk: Desk) -> None:
    """Raised on 26 May, the eve of Kurban Bayramı: the next working day is 1 June."""
    desk.clock.set(datetime.fromisoformat("2026-05-11T10:00+03:00"))
    await desk.open()
    desk.clock.set(end_of(2026, 5, 26))
    await sweep(desk.container)
    assert (await record(desk)).remind_at == end_of(2026, 6, 1)


async def test_an_outage_gives_one_reminder_and_the_next_distance_from_now(desk: Desk) -> None:
    """C7: three reminders were missed; the office gets one, and the next a working day later."""
    await raised(desk)
    desk.clock.set(datetime.fromisoformat("2026-06-09T09:00+03:00"))
    await sweep(desk.container)
    assert [one.payload["reminder"] for one in await reminders(desk, 1)] == [1]
    assert (await record(desk)).remind_at == end_of(2026, 6, 10)


async def test_the_distance_counts_from_the_instant_of_the_level_not_from_the_second_of_its_sweep(
    desk: Desk,
) -> None:
    """A worker that sees the limit a second after midnight reminds on the same day as one that was in time."""
    await desk.open()
    desk.clock.set(DUE + timedelta(seconds=1))
    await sweep(desk.container)
    assert (await record(desk)).remind_at == end_of(2026, 6, 2)


async def test_two_workers_at_once_remind_once(desk: Desk) -> None:
    """C4: two processes over the same due rows."""
    await asyncio.gather(*(desk.open() for _ in range(20)))
    async with second_container(desk, batch=3) as one, second_container(desk, batch=4) as other:
        for instant in (DUE, end_of(2026, 6, 2), end_of(2026, 6, 3)):
            desk.clock.set(instant)
            while any(await asyncio.gather(sweep(one), sweep(other))):
                pass
    found = Tally((one.ticket_id, one.payload["reminder"]) for one in await reminders(desk))
    assert (len(found), set(found.values())) == (40, {1})


async def test_a_failed_sweep_reminds_no_office(desk: Desk) -> None:
    """B78: the notice and the moved timer are committed together, or not at all."""
    await raised(desk)
    desk.clock.set(now := end_of(2026, 6, 2))

    async def dying() -> None:
        async with desk.container.database.transaction() as session:
            assert await remind_due(session, desk.container.rulebooks, now=now, batch_size=10) == 1
            raise ConnectionAbortedError

    with pytest.raises(ConnectionAbortedError):
        await dying()
    assert ((await record(desk)).reminders, await reminders(desk)) == (0, [])
    assert await sweep(desk.container) == 1
    assert len(await reminders(desk)) == 1


async def test_a_locked_ticket_is_reminded_of_in_the_next_sweep(desk: Desk) -> None:
    locked, free = await desk.open(), await desk.open()
    desk.clock.set(DUE)
    await sweep(desk.container)
    desk.clock.set(end_of(2026, 6, 2))
    async with second_container(desk, batch=1) as container:
        async with desk.container.database.transaction() as session:
            await session.execute(select(Ticket.id).where(Ticket.number == locked).with_for_update(key_share=True))
            assert await sweep(container) == 1
        [first] = await reminders(desk)
        assert first.payload["number"] == free
        assert await sweep(container) == 1


async def test_one_undecidable_reminder_does_not_stop_the_others(desk: Desk) -> None:
    """B69: it stays due, where operations see it, and is reminded of once it is mended."""
    bad, good = await desk.open(), await desk.open()
    desk.clock.set(DUE)
    await sweep(desk.container)
    desk.clock.set(end_of(2026, 6, 2))
    async with desk.container.database.transaction() as session:
        await session.execute(text("UPDATE ticket SET kind = 'unheard_of' WHERE number = :n"), {"n": bad})
    assert await sweep(desk.container) == 1
    assert [one.payload["number"] for one in await reminders(desk)] == [good]
    async with desk.container.database.transaction() as session:
        assert await next_due_at(session) == end_of(2026, 6, 2)
        assert (await read_backlog(session, desk.clock.now())).oldest_unfired == end_of(2026, 6, 2)
        await session.execute(text("UPDATE ticket SET kind = 'request' WHERE number = :n"), {"n": bad})
    assert await sweep(desk.container) == 1


@pytest.mark.parametrize("way", ["notice", "escalation", "response", "reminder"])
async def test_an_office_that_acknowledged_is_not_reminded(desk: Desk, way: str) -> None:
    number = await raised(desk)
    if way == "reminder":
        desk.clock.set(end_of(2026, 6, 2))
        await sweep(desk.container)
    [item] = await listed(desk, number)
    [notice] = await notices_of(desk, number, "reminder" if way == "reminder" else "escalation_1")
    address = {
        "notice": f"/v1/notices/{notice['number']}/acknowledge",
        "reminder": f"/v1/notices/{notice['number']}/acknowledge",
        "escalation": f"/v1/escalations/{item['id']}/acknowledge",
        "response": f"/v1/escalations/{item['id']}/respond",
    }[way]
    body = {"text": "Birime tekit edilmiştir."} if way == "response" else None
    before = len(await reminders(desk))
    assert (await desk.client.post(address, json=body)).status_code == 200
    desk.clock.set(end_of(2026, 6, 3))
    assert await sweep(desk.container) == 0
    assert len(await reminders(desk)) == before
    [seen] = await listed(desk, number)
    assert (seen["state"], seen["next_reminder_at"]) == ("answered" if way == "response" else "acknowledged", None)
    unseen = await desk.client.get(f"/v1/notices?ticket={number}&unacknowledged=true&recipient=office:1")
    assert unseen.json()["items"] == []


@pytest.mark.parametrize("end", ["resolve", "withdraw", "link_duplicate"])
async def test_the_end_of_a_ticket_ends_its_reminders(desk: Desk, end: str) -> None:
    number = await raised(desk)
    body = {"duplicate_of": await desk.open()} if end == "link_duplicate" else None
    desk.clock.advance(hours=12)
    closed_at = desk.clock.now()
    await desk.run(number, end, body)
    [item] = await listed(desk, number)
    assert (item["state"], item["open"], item["next_reminder_at"]) == ("closed", False, None)
    assert datetime.fromisoformat(item["closed_at"]) == closed_at
    desk.clock.set(end_of(2026, 6, 3))
    await sweep(desk.container)
    assert await reminders(desk) == []


async def test_a_second_cycle_is_reminded_of_for_itself(desk: Desk) -> None:
    number = await raised(desk)
    desk.clock.set(end_of(2026, 6, 2))
    await sweep(desk.container)
    await desk.run_all(number, "resolve", "reopen")
    desk.clock.advance(days=30)
    await sweep(desk.container)
    desk.clock.advance(days=4)
    await sweep(desk.container)
    assert [(one.cycle, one.payload["reminder"]) for one in await reminders(desk, 1)] == [(1, 1), (2, 1)]
    states = [(item["cycle"], item["state"]) for item in await listed(desk, number)]
    assert sorted(states) == [(1, "closed"), (2, "raised")]


async def test_a_limit_of_minutes_is_not_reminded_of(desk: Desk) -> None:
    await desk.open(ORDER)
    desk.clock.advance(days=30)
    await sweep(desk.container)
    desk.clock.advance(days=30)
    assert await sweep(desk.container) == 0


async def test_a_limit_of_law_that_is_near_is_reminded_of_before_any_breach(desk: Desk) -> None:
    number = await desk.open(VISIT)
    await desk.run(number, "override_due", {"due_at": "2026-06-30T12:00:00+03:00", "reason": "Anlaşıldı."})
    desk.clock.set(end_of(2026, 6, 8))
    await sweep(desk.container)
    desk.clock.set(end_of(2026, 6, 9))
    await sweep(desk.container)
    [one] = await reminders(desk)
    assert (one.level, one.recipient, one.payload["reminder"]) == (2, "office:2", 1)
    [item] = await listed(desk, number)
    assert (item["legal_risk"], item["breached_at"]) == (True, None)


async def test_a_reminder_goes_to_the_official_of_that_day(own_desk: Desk) -> None:
    """The head is notified at the limit and on leave the day after: the deputy is reminded, then the head again."""
    desk = own_desk
    leave = deputy("Örnek Vekil", date(2026, 6, 2), date(2026, 6, 2))
    await load_offices(desk.container, {"deputies": (leave,)})
    async with second_container(desk) as container:
        await desk.open()
        for instant in (DUE, end_of(2026, 6, 2), end_of(2026, 6, 3)):
            desk.clock.set(instant)
            await sweep(container)
    found = await reminders(desk)
    assert [one.recipient_name for one in found] == ["Örnek Vekil", HEAD]
    assert [one.payload["office"]["title"] for one in found] == ["Müdür V.", "Halkla İlişkiler Müdürü"]
    assert found[0].recipient_address == "vekil@belediye.example"
    stored = (await record(desk)).addressed_to
    assert stored is not None
    assert (stored["name"], stored["stands_in"]) == (HEAD, False)


async def test_a_new_official_is_reminded_of_the_notice_to_the_old_one(own_desk: Desk) -> None:
    """A table with another name was loaded between the level and its reminder."""
    desk = own_desk
    number = await raised(desk)
    new = deputy("Örnek Halef", date(2026, 6, 2), None)
    await load_offices(desk.container, {"valid_to": date(2026, 6, 1), "deputies": (new,)})
    desk.clock.set(end_of(2026, 6, 2))
    async with second_container(desk) as container:
        await sweep(container)
    [first] = await notices_of(desk, number, "escalation_1")
    [one] = await reminders(desk)
    assert (first["recipient"]["name"], one.recipient_name) == (HEAD, "Örnek Halef")
    [item] = await listed(desk, number)
    assert item["addressed_to"]["name"] == HEAD


async def test_a_vacant_office_is_addressed_by_its_place_and_logged_as_an_error(
    own_desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    desk = own_desk
    await load_offices(desk.container, {"valid_to": date(2026, 5, 31)})
    number = await desk.open()
    desk.clock.set(DUE)
    async with second_container(desk) as container:
        await sweep(container)
    [said] = [record.msg for record in caplog.records if "office_without_official" in str(record.msg)]
    assert isinstance(said, dict)
    assert (said["office"], said["level"]) == (1, "error")
    [item] = await listed(desk, number)
    assert (item["addressed_to"]["vacant"], item["addressed_to"]["name"]) == (True, "")
    async with desk.container.database.reading() as session:
        notice = (await session.scalars(select(Notice).where(Notice.kind == "escalation_1"))).one()
    assert (notice.recipient_name, notice.recipient_address) == ("Halkla İlişkiler Müdürlüğü", None)


async def test_an_answered_ticket_beside_a_due_reminder_does_not_deadlock(desk: Desk) -> None:
    """C11: commands and the sweep lock in the same order; whoever is first wins."""
    numbers = [await desk.open() for _ in range(8)]
    desk.clock.set(DUE)
    await sweep(desk.container)
    desk.clock.set(end_of(2026, 6, 2))
    async with second_container(desk, batch=2) as container:
        _, _, answers = await asyncio.gather(
            sweep(container),
            sweep(desk.container),
            asyncio.gather(*(desk.send(number, "resolve", ANSWER) for number in numbers)),
        )
    assert {answer.status_code for answer in answers} == {200}
    desk.clock.advance(days=60)
    assert await sweep(desk.container) == 0
