"""The adapters out of the container: what a delivery gets, what it answers, and how it fails.

A delivery makes at most one attempt and keeps no state; leases, retries and the next medium are decided by
its caller from the kind of failure. Delivering a message again must be harmless: the dedupe key travels
with it.
"""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from app.notices.kinds import Medium


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file that goes with an e-mail: the letter, as PDF. Its name says nothing about a person."""

    name: str
    media_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingMessage:
    """One notice on its way to one recipient, with every reference already resolved.

    `recipient_address` is an e-mail address or a phone number, as the medium asks, or None where none is
    known; `at` is the aware instant of the notice; `ticket` the number of its ticket, None for a digest.
    Only e-mail carries `attachments`. Printed, a message shows nothing about a person.
    """

    notice_id: UUID
    number: str
    kind: str
    ticket: str | None
    dedupe_key: str
    medium: Medium
    recipient_name: str = field(repr=False)
    recipient_address: str | None = field(repr=False)
    subject: str = field(repr=False)
    body: str = field(repr=False)
    at: datetime
    attachments: tuple[Attachment, ...] = ()

    @property
    def key(self) -> str:
        """The dedupe key where a provider takes only so many letters and digits: 32 of its SHA-256."""
        return hashlib.sha256(self.dedupe_key.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class SentMessage:
    """What is kept of a success: the medium used and the identity that the provider gave the message."""

    medium: Medium
    provider_id: str


class DeliveryError(Exception):
    """A message did not go out; `code` is short, stable and free of personal data.

    `detail` is our own sentence, never the provider's words, which may name the recipient.
    """

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


class TemporaryFailure(DeliveryError):
    """The same message may go out later, not before `retry_after` real seconds where the other side named them."""

    def __init__(self, code: str, detail: str, *, retry_after: float | None = None) -> None:
        super().__init__(code, detail)
        self.retry_after = retry_after


class PermanentFailure(DeliveryError):
    """This message will never go out this way."""


class DeliveryAdapter(Protocol):
    """A way out: e-mail, SMS, webhook, or files on this machine."""

    async def deliver(self, message: OutgoingMessage) -> SentMessage:
        """Hand the message over once. Raises `TemporaryFailure` or `PermanentFailure`."""
        ...
