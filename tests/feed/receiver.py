"""Receiver of webhooks: a real HTTP server that stores requests and sends the responses of the test."""

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
    """One request: its headers by lower-case name, and its body unchanged."""

    headers: Mapping[str, str]
    body: bytes

    @property
    def id(self) -> str:
        """Return the `webhook-id`."""
        return self.headers["webhook-id"]

    @property
    def message(self) -> Any:
        """Return the parsed body."""
        return json.loads(self.body)


@dataclass(slots=True)
class Receiver:
    """A server that responds with the next of `responses`, else with `always`; it waits while `unblocked` is clear."""

    port: int = 0
    scheme: str = "http"
    got: list[Received] = field(default_factory=list)
    responses: list[bytes] = field(default_factory=list)
    always: bytes = b"204 No Content"
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    unblocked: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.unblocked.set()

    @property
    def url(self) -> str:
        """Return the address for a subscription."""
        return f"{self.scheme}://127.0.0.1:{self.port}/hook"

    @property
    def seqs(self) -> list[tuple[str, int]]:
        """Return (ticket, seq) of the received events, in order."""
        return [(one.message["data"]["ticket"], one.message["data"]["seq"]) for one in self.got]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Respond to the requests of one connection until it closes."""
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
                headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                self.got.append(Received(headers, body))
                self.arrived.set()
                await self.unblocked.wait()
                response = self.responses.pop(0) if self.responses else self.always
                if b"\r\n\r\n" not in response:
                    response += b"\r\nContent-Length: 0\r\n\r\n"
                writer.write(b"HTTP/1.1 " + response)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def opened_receiver(context: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    """Open a receiver on a port of its own, with TLS if a context is given."""
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
    """Subscribe the receiver for the desk's client; return the response."""
    response = await desk.client.post("/v1/webhooks", json={"url": receiver.url, **other})
    assert response.status_code == 201, response.text
    made: dict[str, Any] = response.json()
    return made
