"""Group commit: requests that arrive together share one transaction, each with its own answer.

One commit costs the same for one intake as for fifty, so sharing it is what makes thousands a second possible. An item
that can't be written never takes its neighbours along: a failed batch is written again, one by one.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from app.core.errors import Unavailable

T = TypeVar("T")
R = TypeVar("R")


@dataclass(slots=True)
class _Waiting(Generic[T, R]):
    item: T
    answer: "asyncio.Future[R]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Batcher(Generic[T, R]):
    """Collects items while earlier ones are being written; `write` gets a batch and answers item by item.

    `write` must be all-or-nothing: where it raises, none of its items may have been stored. `isolate` names the errors
    that one item can cause for its whole batch; any other (a server that is away) is everybody's.
    """

    def __init__(
        self,
        write: Callable[[Sequence[T]], Awaitable[Sequence[R]]],
        *,
        max_batch: int,
        max_waiting: int,
        isolate: tuple[type[Exception], ...],
        writers: int = 2,
    ) -> None:
        self._write = write
        self._max_batch = max_batch
        self._max_waiting = max_waiting
        self._isolate = isolate
        self._writers = writers
        self._waiting: deque[_Waiting[T, R]] = deque()
        self._running: set[asyncio.Task[None]] = set()
        self._closed = False

    async def submit(self, item: T) -> R:
        """Have `item` written and return its answer; raises `Unavailable` where too much waits already."""
        if self._closed or len(self._waiting) >= self._max_waiting:
            raise Unavailable(retry_after=2)
        waiting: _Waiting[T, R] = _Waiting(item)
        self._waiting.append(waiting)
        if len(self._running) < self._writers:
            self._start()
        return await asyncio.shield(waiting.answer)

    async def close(self) -> None:
        """Take nothing more and wait until everything accepted is written."""
        self._closed = True
        while self._running:
            await asyncio.wait(self._running)

    def _start(self) -> None:
        task = asyncio.create_task(self._drain())
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _drain(self) -> None:
        try:
            while self._waiting:
                size = min(self._max_batch, len(self._waiting))
                await self._settle([self._waiting.popleft() for _ in range(size)])
        finally:
            # at once, not in the callback: an item that arrives in between would wait for a writer that has ended
            self._running -= {asyncio.current_task()}

    async def _settle(self, batch: list[_Waiting[T, R]]) -> None:
        try:
            answers = await self._write([waiting.item for waiting in batch])
            answered = list(zip(batch, answers, strict=True))
        except Exception as error:  # noqa: BLE001 - whatever went wrong is the answer of those who wait
            if len(batch) > 1 and isinstance(error, self._isolate):
                for waiting in batch:
                    await self._settle([waiting])
            else:
                for waiting in batch:
                    waiting.answer.set_exception(error)
            return
        for waiting, answer in answered:
            waiting.answer.set_result(answer)
