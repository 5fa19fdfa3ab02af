"""A real HTTP server that keeps what it is sent and answers as the test says."""

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
    """One request as it came."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def form(self) -> dict[str, str]:
        """The body as a form."""
        return dict(parse_qsl(self.body.decode()))


@dataclass
class Receiver:
    """Calls in order; `answers` are given one a call, the last one again and again. None: no answer at all."""

    answers: list[Response | None]
    calls: list[Call] = field(default_factory=list)
    url: str = ""

    async def take(self, request: Request) -> Response:
        """Keep the call, and answer."""
        body = await request.body()
        self.calls.append(
            Call(request.method, request.url.path, dict(request.query_params), dict(request.headers), body)
        )
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer is None:
            while not await request.is_disconnected():  # noqa: ASYNC110 - the caller gives up, nobody tells us
                await asyncio.sleep(0.01)
            return Response()
        return answer


@asynccontextmanager
async def receiving(*answers: Response | None) -> AsyncIterator[Receiver]:
    """A receiver at `url` with these answers."""
    receiver = Receiver(list(answers))
    app = FastAPI()
    app.add_api_route("/{path:path}", receiver.take, methods=["GET", "POST"], response_model=None)
    async with served(app) as address:
        receiver.url = address
        yield receiver
