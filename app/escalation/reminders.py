"""Reminders to offices that have not acknowledged an escalation: when they are due, and the notices they are sent as.

The row of the escalation is its own timer (`remind_at`), swept like the checkpoints. The notice and the next timer
are committed together. After an outage an office gets one reminder, and the next distance counts from that one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from app.escalation.snapshot import TicketSnapshot, case_facts
from app.notices.kinds import Medium, NoticeKind
from app.notices.payloads import MAX_REMINDERS, OfficeFacts, ReminderPayload
from app.notices.recipients import AddressedRecord, addressed_record, holder, office_facts, office_recipient
from app.notices.rows import NoticeRow, notice_row
from app.sla.calendar import Calendar
from app.sla.checkpoints import next_level_base
from app.sla.deadline import Policy, deadline
from app.sla.limit import Limit, Unit
from app.standards.office_holder import OfficeHolder
from app.standards.values import Catalogue


def next_reminder(sent: int, base: datetime, calendar: Calendar) -> datetime | None:
    """Return when the reminder after `sent` ones is due, counted from `base` (aware), or None after the last.

    `base` is the instant of the reminder before (at first: of the level itself), or of its late firing. The distances
    are 1, 1, 2, 4 and 8 working days. On time, reminders so fall 1, 2, 4, 8 and 16 working days after the level, each
    at the end of its day. Raises `DeadlineError` if the calendar never opens.
    """
    if sent >= MAX_REMINDERS:
        return None
    wait = Limit(2 ** max(sent - 1, 0), Unit.WORKING_DAY)
    return deadline(Policy(wait), base, calendar).due_at


class FirstNotice(NamedTuple):
    """The notice that informed an office of an escalation."""

    number: str
    at: datetime


@dataclass(frozen=True, slots=True)
class UnacknowledgedEscalation:
    """An escalation with a due reminder, and its locked ticket."""

    id: UUID
    level: int
    reminders: int
    remind_at: datetime
    breached_at: datetime | None
    first_notice: FirstNotice
    ticket: TicketSnapshot


@dataclass(frozen=True, slots=True)
class ReminderBatch:
    """The rows of a batch: reminders to insert, and the next timers of their escalations.

    `addressed` is the official addressed at each level, `failed` the escalations that stay due because of an error.
    """

    notices: list[NoticeRow] = field(default_factory=list)
    timers: list[dict[str, object]] = field(default_factory=list)
    addressed: list[tuple[int, AddressedRecord]] = field(default_factory=list)
    failed: list[tuple[UUID, Exception]] = field(default_factory=list)


def remind(
    due: Sequence[UnacknowledgedEscalation], *, catalogue: Catalogue, calendar: Calendar, now: datetime
) -> ReminderBatch:
    """Return the reminders of the due escalations, addressed to the official who runs each office at `now`."""
    today = calendar.local_date(now)
    officials = {level: holder(catalogue, level, today) for level in sorted({one.level for one in due})}
    batch = ReminderBatch(addressed=[(level, addressed_record(official)) for level, official in officials.items()])
    for one in due:
        try:
            notice = _notice(one, catalogue, officials[one.level], now)
            following = next_reminder(one.reminders + 1, next_level_base(one.remind_at, now), calendar)
        except Exception as error:  # noqa: BLE001 - an error in one ticket must not stop the others
            batch.failed.append((one.id, error))
            continue
        batch.notices.append(notice)
        batch.timers.append({"id": one.id, "reminders": one.reminders + 1, "remind_at": following})
    return batch


def _notice(one: UnacknowledgedEscalation, catalogue: Catalogue, official: OfficeHolder, now: datetime) -> NoticeRow:
    return notice_row(
        NoticeKind.REMINDER,
        _payload(one, catalogue, office_facts(official), now),
        ticket_id=one.ticket.id,
        cycle=one.ticket.cycle,
        level=one.level,
        recipient=office_recipient(official),
        medium=Medium.EMAIL,
        now=now,
        repeat=one.reminders + 1,
    )


def _payload(
    one: UnacknowledgedEscalation, catalogue: Catalogue, office: OfficeFacts, now: datetime
) -> ReminderPayload:
    ticket = one.ticket
    due_at = ticket.statutory_due or one.breached_at or now
    limit_text = ticket.statutory_limit or ""
    return ReminderPayload(
        **case_facts(ticket, catalogue, limit_text=limit_text, due_at=due_at, now=now),
        notice_number=one.first_notice.number,
        notice_at=one.first_notice.at,
        level=one.level,
        reminder=one.reminders + 1,
        office=office,
        statutory_due=ticket.statutory_due,
        complaint=ticket.complaint is not None,
    )
