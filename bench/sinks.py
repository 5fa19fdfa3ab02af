"""A mail server and an SMS provider that accept everything, as receivers of the measured delivery.

It is a process of its own (`python -m bench.sinks`): it prints its two ports, then counts after each line of input.
"""

import asyncio
import json
import sys
from itertools import count
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session


class MailSink:
    """Mail server that stores the `Message-ID` of each message."""

    def __init__(self) -> None:
        self.ids: list[bytes] = []

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's
        """Accept a message."""
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        start = content.index(b"Message-ID: ")
        self.ids.append(content[start : content.index(b"\r\n", start)])
        return "250 OK"


class SmsSink:
    """SMS provider that responds to each POST like Verimor and stores the custom ids."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self._campaigns = count(1)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve the requests of a connection."""
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                lines = head.decode("latin-1").lower().split("\r\n")
                length = next(int(line.split(":")[1]) for line in lines if line.startswith("content-length:"))
                self.ids.append(json.loads(await reader.readexactly(length))["custom_id"])
                body = str(next(self._campaigns)).encode()
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
                await writer.drain()
        except asyncio.IncompleteReadError:
            writer.close()


def _print_json(message: Any) -> None:
    print(json.dumps(message), flush=True)


async def _main() -> None:
    mails, texts = MailSink(), SmsSink()
    loop = asyncio.get_running_loop()
    smtp = await loop.create_server(lambda: SMTP(mails, hostname="sink"), "127.0.0.1", 0)
    http = await asyncio.start_server(texts.serve, "127.0.0.1", 0)
    _print_json([server.sockets[0].getsockname()[1] for server in (smtp, http)])
    while await asyncio.to_thread(sys.stdin.readline):
        _print_json({"mails": len(mails.ids), "texts": len(texts.ids), "different": len({*mails.ids, *texts.ids})})


if __name__ == "__main__":
    asyncio.run(_main())
