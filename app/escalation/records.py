"""Rows of new escalations, and the kinds of notices that inform offices of them."""

from datetime import datetime
from typing import TypedDict
from uuid import UUID

from app.core.ids import new_id
from app.notices.kinds import NoticeKind
from app.notices.recipients import AddressedRecord, addressed_record
from app.standards.office_holder import OfficeHolder

RAISING_KINDS = frozenset(
    {NoticeKind.ESCALATION_1, NoticeKind.ESCALATION_2, NoticeKind.COMPLAINT, NoticeKind.COMPLAINT_DUE}
)
"""The kinds of notices that first inform an office of an escalation; later ones are reminders."""

ACKNOWLEDGING_KINDS = RAISING_KINDS | {NoticeKind.REMINDER}
"""The kinds of notices whose acknowledgement acknowledges an escalation too."""


class EscalationRow(TypedDict):
    """The columns of a new `Escalation`, for `bulk_insert`."""

    id: UUID
    ticket_id: UUID
    cycle: int
    level: int
    source: str
    legal_risk: bool
    office: dict[str, str]
    addressed_to: AddressedRecord
    raised_at: datetime
    breached_at: datetime | None
    reminders: int
    remind_at: datetime | None
    complaint_id: UUID | None


def escalation_row(
    *,
    ticket_id: UUID,
    cycle: int,
    source: str,
    addressed: OfficeHolder,
    raised_at: datetime,
    remind_at: datetime | None,
    legal_risk: bool = False,
    breached_at: datetime | None = None,
    complaint_id: UUID | None = None,
) -> EscalationRow:
    """Return the row of a new escalation to the office of `addressed`, with its first reminder armed at `remind_at`."""
    printed = addressed.office.printed
    return {
        "id": new_id(),
        "ticket_id": ticket_id,
        "cycle": cycle,
        "level": printed.level,
        "source": source,
        "legal_risk": legal_risk,
        "office": dict(printed.printed),
        "addressed_to": addressed_record(addressed),
        "raised_at": raised_at,
        "breached_at": breached_at,
        "reminders": 0,
        "remind_at": remind_at,
        "complaint_id": complaint_id,
    }
