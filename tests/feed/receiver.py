"""The other side of a webhook: a real HTTP server that keeps what it gets and answers what it is told to."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.desk import Desk


@dataclass(frozen=True, slots=True)
class Received:
    """One request as it came: headers by lower-case name, and the body's own bytes."""

    headers: Mapping[str, str]
    body: bytes

    @property
    def id(self) -> str:
        """What the message is known by."""
        return self.headers["webhook-id"]

    @property
    def message(self) -> Any:
        """The body, read."""
        return json.loads(self.body)


@dataclass(slots=True)
class Receiver:
    """Answers 204 to everything, or what `answers` says next; while `held` is clear it keeps callers waiting."""

    port: int = 0
    scheme: str = "http"
    got: list[Received] = field(default_factory=list)
    answers: list[bytes] = field(default_factory=list)
    always: bytes = b"204 No Content"
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    held: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.held.set()

    @property
    def url(self) -> str:
        """The address that a subscription names."""
        return f"{self.scheme}://127.0.0.1:{self.port}/hook"

    @property
    def seqs(self) -> list[tuple[str, int]]:
        """(ticket, seq) of the events that came, in their order."""
        return [(one.message["data"]["ticket"], one.message["data"]["seq"]) for one in self.got]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection's requests until the caller goes."""
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
                headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                self.got.append(Received(headers, body))
                self.arrived.set()
                await self.held.wait()
                answer = self.answers.pop(0) if self.answers else self.always
                if b"\r\n\r\n" not in answer:
                    answer += b"\r\nContent-Length: 0\r\n\r\n"
                writer.write(b"HTTP/1.1 " + answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def opened_receiver(context: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    """A receiver on a port of its own; with a context it speaks TLS."""
    receiver = Receiver(scheme="http" if context is None else "https")
    connections: set[asyncio.Task[None]] = set()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(receiver.serve(reader, writer))
        connections.add(task)

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=context)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
        for task in connections:
            task.cancel()
        await asyncio.gather(*connections, return_exceptions=True)


async def subscribed(desk: Desk, receiver: Receiver, **other: Any) -> dict[str, Any]:
    """A new subscription of the desk's own client to the receiver."""
    answer = await desk.client.post("/v1/webhooks", json={"url": receiver.url, **other})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made
