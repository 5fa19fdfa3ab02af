"""Inbound messages as the channels sent them: sealed into a row, opened again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.channels.model import InboundMessage
from app.core.errors import FieldError
from app.core.ids import new_id
from app.people.vault import Vault

_TABLE = "inbound_message"


@dataclass(frozen=True, slots=True)
class RawMessage:
    """A message as a channel sent it; `door` is the name of its format in `FORMATS`."""

    door: str
    body: bytes


@dataclass(frozen=True, slots=True)
class RejectedMessage:
    """A message that can't become a ticket, with the reasons."""

    raw: RawMessage
    channel: str
    errors: Sequence[FieldError]


def accepted_row(
    raw: RawMessage, *, channel: str, ticket_id: UUID, client_id: UUID, vault: Vault, now: datetime
) -> dict[str, Any]:
    """Return the row of a message that became a ticket."""
    return _row(raw, channel, client_id, vault, now) | {"outcome": "accepted", "problems": [], "ticket_id": ticket_id}


def quarantined_row(rejected: RejectedMessage, *, client_id: UUID, vault: Vault, now: datetime) -> dict[str, Any]:
    """Return the row of a message in quarantine."""
    problems = [_plain(error) for error in rejected.errors]
    return _row(rejected.raw, rejected.channel, client_id, vault, now) | {
        "outcome": "quarantined",
        "problems": problems,
    }


def _row(raw: RawMessage, channel: str, client_id: UUID, vault: Vault, now: datetime) -> dict[str, Any]:
    row_id = new_id()
    return {
        "id": row_id,
        "channel": channel,
        "door": raw.door,
        "client_id": client_id,
        "received_at": now,
        "body": vault.seal(raw.body, table=_TABLE, column="body", row_id=row_id),
        "body_digest": vault.blind_index("message", raw.body),
    }


def _plain(error: FieldError) -> dict[str, Any]:
    """Return a field error for a column in plain text, without a field name that the sender made up."""
    pointer = error.pointer.rpartition("/")[0] if error.code == "unknown_field" else error.pointer
    return {"pointer": pointer, "code": error.code, "facts": dict(error.facts)}


def open_body(message: InboundMessage, vault: Vault) -> bytes:
    """Return the message as received; raise `VaultError` if it does not open."""
    return vault.open_bytes(message.body, table=_TABLE, column="body", row_id=message.id)


def seal_discard_reason(message: InboundMessage, reason: str, vault: Vault) -> bytes:
    """Return the sealed reason; like any free text it may contain personal data."""
    return vault.seal(reason, table=_TABLE, column="discard_reason", row_id=message.id)
