"""The row of a new notice: recipient, medium, facts, and the key that prevents a second one for the same cause."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict
from uuid import UUID

from pydantic import JsonValue

from app.core.ids import new_id
from app.notices.kinds import Medium, NoticeKind, snapshot
from app.notices.payloads import Payload


@dataclass(frozen=True, slots=True)
class Recipient:
    """Recipient of a notice: `applicant`, `unit:<code>` or `office:<level>`; `applicant` has no name or address."""

    code: str
    name: str | None = None
    address: str | None = None


APPLICANT = Recipient("applicant")

OFFICE_PREFIX = "office:"
"""Prefix of the level in the code of an application office."""

UNIT_PREFIX = "unit:"
"""Prefix of the code of a directorate."""


class NoticeRow(TypedDict):
    """The columns of a new `Notice`, for `bulk_insert`."""

    id: UUID
    dedupe_key: str
    kind: str
    ticket_id: UUID | None
    cycle: int
    level: int
    recipient: str
    recipient_name: str | None
    recipient_address: str | None
    medium: str
    payload: dict[str, JsonValue]
    created_at: datetime
    state: str
    attempts: int
    due_at: datetime


def notice_row(
    kind: NoticeKind,
    payload: Payload,
    *,
    ticket_id: UUID,
    cycle: int,
    level: int,
    recipient: Recipient,
    medium: Medium,
    now: datetime,
    repeat: int = 0,
) -> NoticeRow:
    """Return the row of a queued notice; its unique `dedupe_key` prevents a second notice for the same cause.

    `level` is the escalation level or the percentage of a warning, 0 for other kinds. `repeat` counts reminders; it is
    1 if a level is notified a second time as a legal risk.
    """
    return {
        "id": new_id(),
        "dedupe_key": f"{ticket_id}:{cycle}:{kind}:{level}:{repeat}:{recipient.code}:{medium}",
        "kind": kind.value,
        "ticket_id": ticket_id,
        "cycle": cycle,
        "level": level,
        "recipient": recipient.code,
        "recipient_name": recipient.name,
        "recipient_address": recipient.address,
        "medium": medium.value,
        "payload": snapshot(payload),
        "created_at": now,
        "state": "queued",
        "attempts": 0,
        "due_at": now,
    }
