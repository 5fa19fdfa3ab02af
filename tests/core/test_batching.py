"""Group commit: each item gets its own result, and each error reaches the right items."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import pytest

from app.core.batching import Batcher
from app.core.errors import Unavailable

Write = Callable[[Sequence[int]], Awaitable[Sequence[str]]]


class PoisonError(Exception):
    """Error of the store for an item that can't be written."""


class Store:
    """Store that writes all numbers of a batch or none; it fails for 13, while `away`, and waits for `gate`."""

    def __init__(self, *, away: bool = False) -> None:
        self.batches: list[list[int]] = []
        self.written: list[int] = []
        self.away = away
        self.started = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()

    async def write(self, items: Sequence[int]) -> Sequence[str]:
        self.batches.append(list(items))
        self.started.set()
        await self.gate.wait()
        if self.away:
            raise ConnectionError("away")
        if 13 in items:
            raise PoisonError
        self.written.extend(items)
        return [f"#{item}" for item in items]


def batcher(write: Write, *, max_batch: int = 50, max_pending: int = 1000, writers: int = 2) -> Batcher[int, str]:
    return Batcher(write, max_batch=max_batch, max_pending=max_pending, isolate=(PoisonError,), writers=writers)


async def submit_all(target: Batcher[int, str], items: Sequence[int]) -> list[str | BaseException]:
    return await asyncio.gather(*(target.submit(item) for item in items), return_exceptions=True)


async def test_each_item_gets_its_own_result() -> None:
    store = Store()

    assert await submit_all(batcher(store.write), range(1000, 1500)) == [f"#{item}" for item in range(1000, 1500)]
    assert sorted(store.written) == list(range(1000, 1500))


async def test_items_that_arrive_together_share_batches_within_the_limit() -> None:
    store = Store()
    await submit_all(batcher(store.write, max_batch=40), range(100, 200))

    assert [len(batch) for batch in store.batches] == [40, 40, 20]


async def test_a_poisonous_item_fails_alone() -> None:
    store = Store()
    results = await submit_all(batcher(store.write), [11, 12, 13, 14])

    assert [results[0], results[1], results[3]] == ["#11", "#12", "#14"]
    assert isinstance(results[2], PoisonError)
    assert sorted(store.written) == [11, 12, 14]


async def test_a_poisonous_item_alone_in_its_batch_is_not_written_again() -> None:
    store = Store()
    with pytest.raises(PoisonError):
        await batcher(store.write).submit(13)

    assert store.batches == [[13]]


async def test_an_unavailable_store_fails_every_item_and_is_not_called_again() -> None:
    store = Store(away=True)
    results = await submit_all(batcher(store.write), [1, 2, 3])

    assert [type(result) for result in results] == [ConnectionError] * 3
    assert store.batches == [[1, 2, 3]]


async def test_after_a_failure_later_items_are_written() -> None:
    store = Store(away=True)
    target = batcher(store.write)
    await submit_all(target, [1, 2])
    store.away = False

    assert await target.submit(3) == "#3"


async def test_a_store_that_returns_too_few_results_fails_every_item() -> None:
    async def write(items: Sequence[int]) -> Sequence[str]:
        return [f"#{item}" for item in items[:-1]]

    results = await submit_all(batcher(write), [1, 2, 3])

    assert [type(result) for result in results] == [ValueError] * 3


async def test_more_than_may_wait_is_turned_away_with_a_time_to_come_back() -> None:
    store = Store()
    store.gate.clear()
    target = batcher(store.write, max_batch=1, max_pending=2, writers=1)
    busy = asyncio.create_task(target.submit(0))
    await store.started.wait()
    waiting = [asyncio.create_task(target.submit(item)) for item in (1, 2)]
    await asyncio.sleep(0)

    with pytest.raises(Unavailable) as refused:
        await target.submit(3)
    store.gate.set()

    assert refused.value.facts == {"retry_after": 2}
    assert await asyncio.gather(busy, *waiting) == ["#0", "#1", "#2"]
    assert store.written == [0, 1, 2]


async def test_closing_writes_what_was_accepted_and_takes_nothing_more() -> None:
    store = Store()
    store.gate.clear()
    target = batcher(store.write, max_batch=2, writers=1)
    accepted = [asyncio.create_task(target.submit(item)) for item in range(5)]
    await store.started.wait()
    closing = asyncio.create_task(target.close())
    await asyncio.sleep(0)

    with pytest.raises(Unavailable):
        await target.submit(99)
    assert not closing.done()
    store.gate.set()
    await closing

    assert store.written == [0, 1, 2, 3, 4]
    assert await asyncio.gather(*accepted) == ["#0", "#1", "#2", "#3", "#4"]


async def test_closing_without_work_ends_at_once() -> None:
    await batcher(Store().write).close()


async def test_a_caller_that_goes_away_does_not_stop_what_it_asked_for() -> None:
    store = Store()
    store.gate.clear()
    target = batcher(store.write)
    impatient = asyncio.create_task(target.submit(1))
    patient = asyncio.create_task(target.submit(2))
    await store.started.wait()
    impatient.cancel()
    store.gate.set()

    assert await patient == "#2"
    assert store.written == [1, 2]
    assert impatient.cancelled()


async def test_no_more_batches_are_under_way_than_there_are_writers() -> None:
    store = Store()
    store.gate.clear()
    target = batcher(store.write, max_batch=1, writers=2)
    tasks = [asyncio.create_task(target.submit(item)) for item in range(6)]
    for _ in range(20):
        await asyncio.sleep(0)

    assert len(store.batches) == 2
    store.gate.set()
    await asyncio.gather(*tasks)
