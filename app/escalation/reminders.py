"""Offices that have not taken note are reminded: the due ones claimed, told and armed again in one transaction.

The escalation's own row is the timer, swept with the checkpoints and under the same guarantees: what is held elsewhere
is left for the next sweep, the notice's unique key and the moved timer are committed together, and after an outage an
office gets one reminder, from which the next distance counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from app.escalation.reminder_schedule import next_reminder
from app.escalation.snapshot import TicketSnapshot, case_facts
from app.notices.kinds import Medium, NoticeKind, OfficeFacts, ReminderPayload
from app.notices.recipients import as_kept, as_printed, as_recipient, holder
from app.notices.rows import notice_row
from app.sla.calendar import Calendar
from app.sla.clocks import counts_from
from app.standards.in_charge import InCharge
from app.standards.values import Catalogue


class FirstNotice(NamedTuple):
    """The notice by which an office learned of an escalation."""

    number: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Unanswered:
    """An escalation that its office has not taken note of, due to be reminded of, and its locked ticket."""

    id: UUID
    level: int
    reminders: int
    remind_at: datetime
    breached_at: datetime | None
    first_notice: FirstNotice
    ticket: TicketSnapshot


@dataclass(frozen=True, slots=True)
class Reminded:
    """The rows of a batch: reminders to store, and the timers as they stand then.

    `addressed` is who was written to at each level, `failed` what could not be composed and stays due.
    """

    notices: list[dict[str, Any]] = field(default_factory=list)
    timers: list[dict[str, Any]] = field(default_factory=list)
    addressed: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    failed: list[tuple[UUID, Exception]] = field(default_factory=list)


def remind(batch: Sequence[Unanswered], *, catalogue: Catalogue, calendar: Calendar, now: datetime) -> Reminded:
    """What reminding of each changes at `now`; whoever holds the office today is written to."""
    today = calendar.local_date(now)
    holders = {level: holder(catalogue, level, today) for level in sorted({one.level for one in batch})}
    reminded = Reminded(addressed=[(level, as_kept(one)) for level, one in holders.items()])
    for one in batch:
        try:
            notice = _notice(one, catalogue, holders[one.level], now)
            following = next_reminder(one.reminders + 1, counts_from(one.remind_at, now), calendar)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one ticket is no reason to stop the city
            reminded.failed.append((one.id, error))
            continue
        reminded.notices.append(notice)
        reminded.timers.append({"id": one.id, "reminders": one.reminders + 1, "remind_at": following})
    return reminded


def _notice(one: Unanswered, catalogue: Catalogue, addressed: InCharge, now: datetime) -> dict[str, Any]:
    return notice_row(
        NoticeKind.REMINDER,
        _payload(one, catalogue, as_printed(addressed), now),
        ticket_id=one.ticket.id,
        cycle=one.ticket.cycle,
        level=one.level,
        recipient=as_recipient(addressed),
        medium=Medium.EMAIL,
        now=now,
        repeat=one.reminders + 1,
    )


def _payload(one: Unanswered, catalogue: Catalogue, office: OfficeFacts, now: datetime) -> ReminderPayload:
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
