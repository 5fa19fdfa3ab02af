"""What stands around every HTTP request: an id, a limit on the body's size and time, one content type.

Plain ASGI, for a request passes here thousands of times a second.
"""

import asyncio
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.errors import EstimError, TooLarge, TooSlow, Unsupported
from app.core.ids import new_id
from app.core.problem import problem_response

_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


class RequestGuard:
    """ASGI middleware: gives the request its id and refuses bodies that are too large, too slow or not JSON.

    Below `any_type` paths other content types are let through as well: those callers' formats are not ours to choose.
    """

    def __init__(
        self, app: ASGIApp, *, max_body_bytes: int, body_timeout_seconds: float, any_type: tuple[str, ...] = ()
    ) -> None:
        self._app = app
        self._any_type = any_type
        self._max = max_body_bytes
        self._timeout = body_timeout_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope["request_id"] = str(new_id())
        try:
            guarded = await self._body(scope, receive) if scope["method"] in _WITH_BODY else receive
        except EstimError as error:
            await problem_response(Request(scope), error)(scope, receive, _with_id(scope, send))
            return
        await self._app(scope, guarded, _with_id(scope, send))

    async def _body(self, scope: Scope, receive: Receive) -> Receive:
        """Read the whole body within its limits and give it on as one message."""
        headers = {name: value for name, value in scope["headers"] if name in {b"content-length", b"content-type"}}
        if _as_int(headers.get(b"content-length", b"0")) > self._max:
            raise TooLarge(limit=self._max)
        try:
            async with asyncio.timeout(self._timeout):  # `wait_for` would start a task for each request
                body = await self._collect(receive)
        except TimeoutError:
            raise TooSlow(seconds=self._timeout) from None
        foreign = scope["path"].startswith(self._any_type)
        if body and not foreign and not _is_json(headers.get(b"content-type", b"")):
            raise Unsupported
        return _replay(body, receive)

    async def _collect(self, receive: Receive) -> bytes:
        chunks: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            chunk = message.get("body", b"")
            size += len(chunk)
            if size > self._max:
                raise TooLarge(limit=self._max)
            chunks.append(chunk)
            if not message.get("more_body", False):
                return b"".join(chunks)


def _as_int(value: bytes) -> int:
    """The number of bytes that was announced; 18 digits are too many already, thousands would not become an int."""
    return int(value[:18]) if value.isdigit() else 0


def _is_json(content_type: bytes) -> bool:
    media, _, parameters = content_type.decode("latin-1").lower().partition(";")
    charset = parameters.replace('"', "").replace(" ", "")
    return media.strip() == "application/json" and charset in {"", "charset=utf-8", "charset=utf8"}


def _replay(body: bytes, receive: Receive) -> Receive:
    given = False

    async def once() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return once


def _with_id(scope: Scope, send: Send) -> Callable[[Message], Awaitable[None]]:
    async def wrapped(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [
                *message.get("headers", []),
                (b"x-request-id", scope["request_id"].encode()),
            ]
        await send(message)

    return wrapped
