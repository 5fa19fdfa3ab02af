"""One webhook on its way: signed as Standard Webhooks 1.0 says, sent once, and what the receiver made of it."""

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
from typing import Any, Final

import httpx
from standardwebhooks import Webhook

from app.core.clock import Clock, SystemClock
from app.core.retry_after import parse_retry_after
from app.feed.events import utc_text
from app.feed.guard import AddressGuard, GuardedTransport, RefusedAddress

SEND_SECONDS = 15.0
"""Real seconds that a receiver has to answer, connection and all."""

MOST_ANSWER_BYTES = 64 * 1024
"""How much of an answer is read; nothing in it matters but its status."""

LONGEST_RETRY_AFTER = 86_400.0
"""A receiver's `Retry-After` beyond a day is taken for one: no step of the ladder is longer."""

SECRET_BYTES = 32
_PREFIX: Final = "whsec_"


class SendOutcome(StrEnum):
    """What became of an attempt."""

    DELIVERED = "delivered"
    GONE = "gone"
    REFUSED = "refused"
    REDIRECTED = "redirected"
    TIMED_OUT = "timed_out"
    UNREACHABLE = "unreachable"
    ADDRESS_CLOSED = "address_closed"


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """A message for one receiver: where to, under which id, what, and the secrets it is signed with."""

    url: str
    message_id: str
    body: bytes
    secrets: Sequence[str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Attempt:
    """How an attempt went; `retry_after` in seconds where the receiver asked for a pause."""

    outcome: SendOutcome
    status: int | None
    milliseconds: int
    retry_after: float | None = None

    @property
    def delivered(self) -> bool:
        """Whether the receiver has it."""
        return self.outcome is SendOutcome.DELIVERED


class Sender:
    """Sends webhooks over guarded connections; keeps no cookies and follows no redirect."""

    def __init__(
        self, guard: AddressGuard, *, trust: ssl.SSLContext | None = None, send_seconds: float = SEND_SECONDS
    ) -> None:
        self._transport = GuardedTransport(guard, trust=trust)
        self._send_seconds = send_seconds
        self._clock: Clock = SystemClock()

    async def send(self, parcel: WebhookRequest) -> Attempt:
        """One attempt; every failure becomes an outcome.

        It is signed with the machine's own time, also where the installation's clock is another one: receivers refuse
        what is more than five minutes off theirs.
        """
        started = time.monotonic()
        request = httpx.Request(
            "POST",
            parcel.url,
            headers=_headers(parcel, self._clock.now()),
            content=parcel.body,
            extensions={"timeout": httpx.Timeout(self._send_seconds).as_dict()},
        )
        outcome, status, retry_after = await self._ask(request)
        return Attempt(outcome, status, round((time.monotonic() - started) * 1000), retry_after)

    async def close(self) -> None:
        """Close all connections."""
        await self._transport.aclose()

    async def _ask(self, request: httpx.Request) -> tuple[SendOutcome, int | None, float | None]:
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
            known = refused.code != "webhook_unknown_host"
            return SendOutcome.ADDRESS_CLOSED if known else SendOutcome.UNREACHABLE, None, None
        except (httpx.HTTPError, httpx.InvalidURL, OSError):
            return SendOutcome.UNREACHABLE, None, None
        status = response.status_code
        wait = parse_retry_after(response.headers, self._clock.now(), longest=LONGEST_RETRY_AFTER)
        return _meaning(status), status, wait


def new_secret() -> str:
    """A fresh `whsec_…` of 256 random bits."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def body_of(type_: str, at: datetime, data: Mapping[str, Any]) -> bytes:
    """The body of a webhook: `type`, `timestamp` of what happened, `data`."""
    content = {"type": type_, "timestamp": utc_text(at), "data": data}
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode()


def _headers(parcel: WebhookRequest, at: datetime) -> dict[str, str]:
    body = parcel.body.decode()
    signatures = [Webhook(secret).sign(parcel.message_id, at, body) for secret in parcel.secrets]
    return {
        "Content-Type": "application/json",
        "User-Agent": "ESTIM-Webhooks/1",
        "webhook-id": parcel.message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


async def _read(response: httpx.Response) -> None:
    """Read so much of the answer that the connection can be used again, and not a byte beyond the bound."""
    seen = 0
    async for chunk in response.aiter_raw():
        seen += len(chunk)
        if seen > MOST_ANSWER_BYTES:
            return


def _meaning(status: int) -> SendOutcome:
    if 200 <= status < 300:
        return SendOutcome.DELIVERED
    if 300 <= status < 400:
        return SendOutcome.REDIRECTED
    return SendOutcome.GONE if status == httpx.codes.GONE else SendOutcome.REFUSED
