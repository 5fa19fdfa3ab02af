"""Real HTTP server that records requests and returns the responses of the test."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from fastapi import FastAPI, Request, Response

from tests.installation import served


@dataclass(frozen=True)
class Call:
    """One recorded request."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """Return the body as JSON."""
        return json.loads(self.body)

    @property
    def form(self) -> dict[str, str]:
        """Return the body as a form."""
        return dict(parse_qsl(self.body.decode()))


@dataclass
class Receiver:
    """Recorded calls; `responses` are returned one a call, the last one repeatedly. None: no response."""

    responses: list[Response | None]
    calls: list[Call] = field(default_factory=list)
    url: str = ""

    async def take(self, request: Request) -> Response:
        """Record the call and respond."""
        body = await request.body()
        self.calls.append(
            Call(request.method, request.url.path, dict(request.query_params), dict(request.headers), body)
        )
        answer = self.responses.pop(0) if len(self.responses) > 1 else self.responses[0]
        if answer is None:
            while not await request.is_disconnected():  # noqa: ASYNC110 - the caller gives up without notice
                await asyncio.sleep(0.01)
            return Response()
        return answer


@asynccontextmanager
async def receiving(*responses: Response | None) -> AsyncIterator[Receiver]:
    """Open a receiver with these responses."""
    receiver = Receiver(list(responses))
    app = FastAPI()
    app.add_api_route("/{path:path}", receiver.take, methods=["GET", "POST"], response_model=None)
    async with served(app) as address:
        receiver.url = address
        yield receiver
