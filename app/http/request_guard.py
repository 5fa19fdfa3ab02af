"""Checks of every HTTP request: an id, the body's size and time, and its content type.

It is plain ASGI, because thousands of requests a second pass through it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.errors import EstimError, FieldError, Invalid, NotFound, TooLarge, TooSlow, Unsupported
from app.core.ids import new_id
from app.core.problem import problem_response

_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


class RequestGuard:
    """ASGI middleware that gives the request its id and refuses bodies that are too large, too slow or not JSON.

    Paths below `any_type` accept every content type: providers choose the format of their delivery receipts.
    """

    def __init__(
        self, app: ASGIApp, *, max_body_bytes: int, body_timeout_seconds: float, any_type: tuple[str, ...] = ()
    ) -> None:
        self._app = app
        self._any_type = any_type
        self._max = max_body_bytes
        self._timeout = body_timeout_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check the request and pass it on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope["request_id"] = str(new_id())
        try:
            _refuse_nul(scope)
            checked = await self._checked_body(scope, receive) if scope["method"] in _WITH_BODY else receive
        except EstimError as error:
            await problem_response(Request(scope), error)(scope, receive, _with_id(scope, send))
            return
        await self._app(scope, checked, _with_id(scope, send))

    async def _checked_body(self, scope: Scope, receive: Receive) -> Receive:
        """Read the whole body within its maximum size and time; return a `receive` that gives it as one message."""
        headers = {name: value for name, value in scope["headers"] if name in {b"content-length", b"content-type"}}
        if _as_int(headers.get(b"content-length", b"0")) > self._max:
            raise TooLarge(limit=self._max)
        try:
            async with asyncio.timeout(self._timeout):  # `wait_for` would start a task for each request
                body = await self._collect(receive)
        except TimeoutError:
            raise TooSlow(seconds=self._timeout) from None
        any_type = scope["path"].startswith(self._any_type)
        if body and not any_type and not _is_json(headers.get(b"content-type", b"")):
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


def _refuse_nul(scope: Scope) -> None:
    """Refuse NUL in path and query: PostgreSQL has no such character. The error names the parameter, not its value."""
    if "\0" in scope["path"]:
        raise NotFound
    if b"%00" not in scope["query_string"]:
        return
    pairs = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    names = dict.fromkeys(name.replace("\0", "") for name, value in pairs if "\0" in name + value)
    raise Invalid([FieldError(f"/{name[:60]}", "control_character") for name in names])


def _as_int(value: bytes) -> int:
    """Return the announced number of bytes; 18 digits exceed any maximum, thousands would not parse as int."""
    return int(value[:18]) if value.isdigit() else 0


def _is_json(content_type: bytes) -> bool:
    media, _, parameters = content_type.decode("latin-1").lower().partition(";")
    charset = parameters.replace('"', "").replace(" ", "")
    return media.strip() == "application/json" and charset in {"", "charset=utf-8", "charset=utf8"}


def _replay(body: bytes, receive: Receive) -> Receive:
    delivered = False

    async def once() -> Message:
        nonlocal delivered
        if delivered:
            return await receive()
        delivered = True
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
