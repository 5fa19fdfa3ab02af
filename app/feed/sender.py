"""Sending of webhooks: one signed request (Standard Webhooks 1.0) and its outcome."""

import asyncio
import base64
import json
import secrets
import ssl
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

import httpx
from standardwebhooks import Webhook

from app.core.clock import Clock, SystemClock
from app.core.retry_after import parse_retry_after
from app.feed.events import utc_text
from app.feed.guard import AddressGuard, GuardedTransport, RefusedAddress

SEND_SECONDS = 15.0
"""Timeout of a receiver in real seconds, connection included."""

MAX_RESPONSE_BYTES = 64 * 1024
"""The most that is read of a response; only its status matters."""

MAX_RETRY_AFTER_SECONDS = 86_400.0
"""A longer `Retry-After` of a receiver counts as one day, which is the longest retry delay."""

SECRET_BYTES = 32
_PREFIX: Final = "whsec_"


class SendOutcome(StrEnum):
    """The outcome of an attempt to send."""

    DELIVERED = "delivered"
    GONE = "gone"
    REFUSED = "refused"
    REDIRECTED = "redirected"
    TIMED_OUT = "timed_out"
    UNREACHABLE = "unreachable"
    ADDRESS_CLOSED = "address_closed"


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """A message for one receiver, with the secrets that sign it."""

    url: str
    message_id: str
    body: bytes
    secrets: Sequence[str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Attempt:
    """The result of an attempt; `retry_after` in seconds if the receiver asked for a pause."""

    outcome: SendOutcome
    status: int | None
    milliseconds: int
    retry_after: float | None = None

    @property
    def delivered(self) -> bool:
        """Return whether the receiver accepted the message."""
        return self.outcome is SendOutcome.DELIVERED


class Sender:
    """HTTP client of webhooks over guarded connections; it stores no cookies and follows no redirect."""

    def __init__(
        self, guard: AddressGuard, *, trust: ssl.SSLContext | None = None, send_seconds: float = SEND_SECONDS
    ) -> None:
        self._transport = GuardedTransport(guard, trust=trust)
        self._send_seconds = send_seconds
        self._clock: Clock = SystemClock()

    async def send(self, request: WebhookRequest) -> Attempt:
        """Send the message once and return the attempt; every failure becomes an outcome.

        The signature has the machine's time, even if the installation's clock differs: receivers reject a timestamp
        that is more than five minutes off theirs.
        """
        started = time.monotonic()
        http_request = httpx.Request(
            "POST",
            request.url,
            headers=_headers(request, self._clock.now()),
            content=request.body,
            extensions={"timeout": httpx.Timeout(self._send_seconds).as_dict()},
        )
        outcome, status, retry_after = await self._post(http_request)
        return Attempt(outcome, status, round((time.monotonic() - started) * 1000), retry_after)

    async def close(self) -> None:
        """Close all connections."""
        await self._transport.aclose()

    async def _post(self, request: httpx.Request) -> tuple[SendOutcome, int | None, float | None]:
        try:
            async with asyncio.timeout(self._send_seconds):
                response = await self._transport.handle_async_request(request)
                try:
                    await _read(response)
                finally:
                    await response.aclose()
        except (TimeoutError, httpx.TimeoutException):
            return SendOutcome.TIMED_OUT, None, None
        except RefusedAddress as refused:
            unresolved = refused.code == "webhook_unknown_host"
            return SendOutcome.UNREACHABLE if unresolved else SendOutcome.ADDRESS_CLOSED, None, None
        except (httpx.HTTPError, httpx.InvalidURL, OSError):
            return SendOutcome.UNREACHABLE, None, None
        status = response.status_code
        retry_after = parse_retry_after(response.headers, self._clock.now(), longest=MAX_RETRY_AFTER_SECONDS)
        return _outcome_of(status), status, retry_after


def new_secret() -> str:
    """Return a new `whsec_…` of 256 random bits."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def body_of(type_: str, at: datetime, data: Mapping[str, object]) -> bytes:
    """Return the body of a webhook; `timestamp` is the instant of the event."""
    content = {"type": type_, "timestamp": utc_text(at), "data": data}
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode()


def _headers(request: WebhookRequest, at: datetime) -> dict[str, str]:
    body = request.body.decode()
    signatures = [Webhook(secret).sign(request.message_id, at, body) for secret in request.secrets]
    return {
        "Content-Type": "application/json",
        "User-Agent": "ESTIM-Webhooks/1",
        "webhook-id": request.message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


async def _read(response: httpx.Response) -> None:
    """Read the response, so that the connection can be reused, but at most `MAX_RESPONSE_BYTES`."""
    seen = 0
    async for chunk in response.aiter_raw():
        seen += len(chunk)
        if seen > MAX_RESPONSE_BYTES:
            return


def _outcome_of(status: int) -> SendOutcome:
    if 200 <= status < 300:
        return SendOutcome.DELIVERED
    if 300 <= status < 400:
        return SendOutcome.REDIRECTED
    return SendOutcome.GONE if status == httpx.codes.GONE else SendOutcome.REFUSED
