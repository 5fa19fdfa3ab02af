"""Inbound messages as the channels sent them: sealed into a row, opened again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict
from uuid import UUID

from app.channels.model import InboundMessage, ProblemRow
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


class InboundRow(TypedDict):
    """A new row of `inbound_message`."""

    id: UUID
    channel: str
    door: str
    client_id: UUID
    received_at: datetime
    body: bytes
    body_digest: bytes
    outcome: str
    problems: list[ProblemRow]
    ticket_id: UUID | None


def accepted_row(
    raw: RawMessage, *, channel: str, ticket_id: UUID, client_id: UUID, vault: Vault, now: datetime
) -> InboundRow:
    """Return the row of a message that became a ticket."""
    row = _row(raw, channel, client_id, vault, now)
    row["outcome"], row["ticket_id"] = "accepted", ticket_id
    return row


def quarantined_row(rejected: RejectedMessage, *, client_id: UUID, vault: Vault, now: datetime) -> InboundRow:
    """Return the row of a message in quarantine."""
    row = _row(rejected.raw, rejected.channel, client_id, vault, now)
    row["problems"] = [_plain(error) for error in rejected.errors]
    return row


def _row(raw: RawMessage, channel: str, client_id: UUID, vault: Vault, now: datetime) -> InboundRow:
    row_id = new_id()
    return {
        "id": row_id,
        "channel": channel,
        "door": raw.door,
        "client_id": client_id,
        "received_at": now,
        "body": vault.seal(raw.body, table=_TABLE, column="body", row_id=row_id),
        "body_digest": vault.blind_index("message", raw.body),
        "outcome": "quarantined",
        "problems": [],
        "ticket_id": None,
    }


def _plain(error: FieldError) -> ProblemRow:
    """Return a field error for a column in plain text, without a field name that the sender made up."""
    pointer = error.pointer.rpartition("/")[0] if error.code == "unknown_field" else error.pointer
    return {"pointer": pointer, "code": error.code, "facts": dict(error.facts)}


def open_body(message: InboundMessage, vault: Vault) -> bytes:
    """Return the message as received; raise `VaultError` if it does not open."""
    return vault.open_bytes(message.body, table=_TABLE, column="body", row_id=message.id)


def seal_discard_reason(message: InboundMessage, reason: str, vault: Vault) -> bytes:
    """Return the sealed reason; like any free text it may contain personal data."""
    return vault.seal(reason, table=_TABLE, column="discard_reason", row_id=message.id)
