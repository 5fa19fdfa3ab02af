"""Group commit: requests that arrive together share one transaction, each with its own result.

A commit costs the same for one intake as for fifty; sharing it makes thousands a second possible. An item that can't be
written does not fail the others: the items of a failed batch are written again, one by one.
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
class _Pending(Generic[T, R]):
    item: T
    result: "asyncio.Future[R]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Batcher(Generic[T, R]):
    """Collector of items while earlier ones are being written; `write` gets a batch and returns one result per item.

    `write` must be all-or-nothing: if it raises, it has stored none of its items. `isolate` names the errors that one
    item can cause for its whole batch. Any other error (an unavailable server) fails every item of the batch.
    """

    def __init__(
        self,
        write: Callable[[Sequence[T]], Awaitable[Sequence[R]]],
        *,
        max_batch: int,
        max_pending: int,
        isolate: tuple[type[Exception], ...],
        writers: int = 2,
    ) -> None:
        self._write = write
        self._max_batch = max_batch
        self._max_pending = max_pending
        self._isolate = isolate
        self._writers = writers
        self._pending: deque[_Pending[T, R]] = deque()
        self._running: set[asyncio.Task[None]] = set()
        self._closed = False

    async def submit(self, item: T) -> R:
        """Write `item` with the next batch and return its result; raise `Unavailable` if too many items are pending."""
        if self._closed or len(self._pending) >= self._max_pending:
            raise Unavailable(retry_after=2)
        pending: _Pending[T, R] = _Pending(item)
        self._pending.append(pending)
        if len(self._running) < self._writers:
            self._start()
        return await asyncio.shield(pending.result)

    async def close(self) -> None:
        """Refuse new items and wait until all accepted ones are written."""
        self._closed = True
        while self._running:
            await asyncio.wait(self._running)

    def _start(self) -> None:
        task = asyncio.create_task(self._drain())
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _drain(self) -> None:
        try:
            while self._pending:
                size = min(self._max_batch, len(self._pending))
                await self._write_batch([self._pending.popleft() for _ in range(size)])
        finally:
            # not in the callback: an item that arrives before it would wait for a writer that has ended
            self._running -= {asyncio.current_task()}

    async def _write_batch(self, batch: list[_Pending[T, R]]) -> None:
        try:
            results = await self._write([pending.item for pending in batch])
            written = list(zip(batch, results, strict=True))
        except Exception as error:  # noqa: BLE001 - every error is passed on to the waiting callers
            if len(batch) > 1 and isinstance(error, self._isolate):
                for pending in batch:
                    await self._write_batch([pending])
            else:
                for pending in batch:
                    pending.result.set_exception(error)
            return
        for pending, result in written:
            pending.result.set_result(result)
