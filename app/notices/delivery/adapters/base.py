"""Interface of the delivery adapters: their input, result and failures.

An adapter makes at most one attempt and keeps no state. Its caller decides on leases, retries and the next medium by
the kind of failure. Sending a message again must be harmless: it carries its dedupe key.
"""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from app.notices.kinds import Medium


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """File attached to an e-mail: the letter, as PDF. Its name contains no personal data."""

    name: str
    media_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingMessage:
    """One notice to one recipient, with every reference already resolved.

    `recipient_address` is an e-mail address or a phone number, by the medium, or None if unknown. `at` is the aware
    instant of the notice, `ticket` the number of its ticket (None for a digest). Only e-mail carries `attachments`.
    The representation of a message shows no personal data.
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
        """Return the dedupe key in the form for providers: the first 32 hexadecimal digits of its SHA-256."""
        return hashlib.sha256(self.dedupe_key.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class SentMessage:
    """Result of a success: the medium and the provider's id of the message."""

    medium: Medium
    provider_id: str


class DeliveryError(Exception):
    """Failure to send a message; `code` is short, stable and free of personal data.

    `detail` is our own sentence, never the provider's text, which may name the recipient.
    """

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


class TemporaryFailure(DeliveryError):
    """Failure that a retry may overcome, not before `retry_after` real seconds if the provider sent them."""

    def __init__(self, code: str, detail: str, *, retry_after: float | None = None) -> None:
        super().__init__(code, detail)
        self.retry_after = retry_after


class PermanentFailure(DeliveryError):
    """Failure that no retry by this medium can overcome."""


class DeliveryAdapter(Protocol):
    """Adapter of one medium: e-mail, SMS, webhook, or files on this machine."""

    async def send(self, message: OutgoingMessage) -> SentMessage:
        """Send the message once. Raises `TemporaryFailure` or `PermanentFailure`."""
        ...
