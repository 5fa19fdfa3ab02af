"""Load generator: keep-alive connections, each of which sends the next prepared request after the last response.

It is a process of its own (`python -m bench.load`) that reads its plan as a line of JSON. It parses only status and
length of a response, so that the generator is not what is measured.
"""

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from typing import Any

import uvloop

from bench import bodies


class _Connection(asyncio.Protocol):
    """A connection: one request at a time, with the latencies and the unexpected responses."""

    def __init__(self, requests: Iterator[bytes], expected: bytes, until: float) -> None:
        self._requests = requests
        self._expected = expected
        self._until = until
        self._buffer = b""
        self.latencies: list[float] = []
        self.refused: list[str] = []
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport
        self._send_next()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, mark, rest = self._buffer.partition(b"\r\n\r\n")
        if not mark or len(rest) < _length(head):
            return
        self._buffer = b""
        self.latencies.append(time.perf_counter() - self._sent_at)
        if head[9:12] != self._expected:
            self.refused.append((head + rest).decode("utf-8", "replace"))
        self._send_next()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(exc or ConnectionError("the server closed the connection"))

    def _send_next(self) -> None:
        now = time.perf_counter()
        request = next(self._requests, None) if now < self._until else None
        if request is None:
            self.done.set_result(now)
            self._transport.close()
        else:
            self._sent_at = now
            self._transport.write(request)


def _length(head: bytes) -> int:
    return int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])


async def _run(plan: dict[str, Any], requests: list[bytes]) -> dict[str, Any]:
    loop, ready = asyncio.get_running_loop(), iter(requests)
    started, busy = time.perf_counter(), time.process_time()
    until = started + plan["seconds"]
    connections = [
        await loop.create_connection(
            lambda: _Connection(ready, plan["status"].encode(), until), "127.0.0.1", plan["port"]
        )
        for _ in range(plan["connections"])
    ]
    ended = max(await asyncio.gather(*(connection.done for _, connection in connections)))
    latencies = [latency for _, connection in connections for latency in connection.latencies]
    return {
        "seconds": ended - started,
        "latencies": latencies,
        "refused": [text for _, connection in connections for text in connection.refused][:3],
        "exhausted": next(ready, None) is None,
        "generator_load": (time.process_time() - busy) / (ended - started),
    }


def main() -> None:
    """Prepare the requests of each plan, print `ready`, and send them after the next line."""
    for line in sys.stdin:
        plan = json.loads(line)
        if plan["method"] == "POST":
            requests = bodies.posts(plan["path"], plan["key"], range(plan["first"], plan["first"] + plan["count"]))
        else:
            requests = bodies.gets(plan["path"], plan["key"], plan["count"])
        print(json.dumps("ready"), flush=True)
        sys.stdin.readline()
        print(json.dumps(uvloop.run(_run(plan, requests))), flush=True)


if __name__ == "__main__":
    main()
