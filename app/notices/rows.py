"""From a cause to the row of a notice: who gets it, by which way, and the key that makes it happen once."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.core.ids import new_id
from app.notices.kinds import Medium, NoticeKind, Payload, snapshot


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who gets a notice: `applicant`, `unit:<code>` or `office:<level>`; an applicant has neither name nor address."""

    code: str
    name: str | None = None
    address: str | None = None


APPLICANT = Recipient("applicant")

OFFICE_PREFIX = "office:"
"""Before the level, in the code of an application office."""


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
) -> dict[str, Any]:
    """A queued notice as a row; its `dedupe_key` is unique, so the same cause can't write it twice.

    `level` is the escalation level or the percentage of a warning, 0 for others; `repeat` counts reminders, and is
    1 where a level is told of anew, as a legal risk.
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
