"""The worker: it finds waiting subscriptions by itself, and a killed one neither loses nor duplicates messages."""

import asyncio
from datetime import timedelta

from app.feed.dispatcher import LEASE_SECONDS
from tests.desk import Desk
from tests.faults.processes import environment, eventually, running
from tests.feed.receiver import Receiver, opened_receiver, subscribed
from tests.feed.test_dispatcher import deliveries
from workers.feed import run_feed


async def test_a_slow_receiver_delays_no_other_receiver(desk: Desk, receiver: Receiver) -> None:
    async with opened_receiver() as slow:
        slow.unblocked.clear()
        await subscribed(desk, slow)
        await subscribed(desk, receiver)
        first = await desk.open()
        stop = asyncio.Event()
        working = asyncio.create_task(run_feed(desk.container, stop))
        await slow.arrived.wait()
        await receiver.arrived.wait()
        receiver.arrived.clear()
        second = await desk.open()
        await receiver.arrived.wait()
        stop.set()
        await working
    assert receiver.seqs == [(first, 1), (second, 1)]
    assert slow.seqs == [(first, 1)]


async def test_a_worker_continues_where_the_previous_one_stopped(desk: Desk, receiver: Receiver) -> None:
    await subscribed(desk, receiver)
    numbers = []
    for _ in range(3):
        numbers.append(await desk.open())
        stop = asyncio.Event()
        working = asyncio.create_task(run_feed(desk.container, stop))
        while (numbers[-1], 1) not in receiver.seqs:
            receiver.arrived.clear()
            await receiver.arrived.wait()
        stop.set()
        await working
    got = receiver.seqs
    assert list(dict.fromkeys(got)) == [(number, 1) for number in numbers]
    assert len({each.id for each in receiver.got}) == 3, "an interrupted message comes again under its id"


async def test_a_worker_killed_between_send_and_record_repeats_the_message_under_its_id(
    desk: Desk, receiver: Receiver
) -> None:
    """kill -9 while the worker waits for the response: the receiver has the message, the database does not know it."""
    webhook = await subscribed(desk, receiver)
    numbers = [await desk.open() for _ in range(3)]
    now = desk.clock.now()
    receiver.unblocked.clear()

    async def arrived() -> bool:
        return receiver.arrived.is_set()

    async def all_delivered() -> bool:
        found = await deliveries(desk, webhook)
        return [item["state"] for item in found] == ["delivered"] * 3

    with running("worker", environment(desk.container.settings, now=now)) as process:
        await eventually(arrived, process, "the receiver has the message")
        process.kill()
        process.wait()
    assert len(receiver.got) == 1
    receiver.unblocked.set()
    after_lease = now + timedelta(seconds=LEASE_SECONDS + 60)
    with running("worker", environment(desk.container.settings, now=after_lease)) as process:
        await eventually(all_delivered, process, "everything is delivered")
    assert receiver.seqs == [(numbers[0], 1), *((number, 1) for number in numbers)]
    assert receiver.got[0].id == receiver.got[1].id
    assert receiver.got[0].body == receiver.got[1].body
    assert len({got.id for got in receiver.got}) == 3
