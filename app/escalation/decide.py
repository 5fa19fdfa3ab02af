"""Decisions about due checkpoints, made without a database: notices, breach stamps, escalations, next levels.

`decide` turns a batch of `DueCheckpoint` into the `Changes` that `sweep.py` writes.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from app.escalation.records import EscalationRow, escalation_row
from app.escalation.reminders import next_reminder
from app.escalation.snapshot import (
    CaseFacts,
    ComplaintSnapshot,
    DueCheckpoint,
    TicketSnapshot,
    case_facts,
    complaint_due_payload,
    escalation_payload,
)
from app.notices.kinds import Medium, NoticeKind
from app.notices.payloads import Payload, WarningPayload
from app.notices.recipients import holder, office_recipient
from app.notices.rows import NoticeRow, Recipient, notice_row
from app.sla.calendar import Calendar
from app.sla.calendar_versions import Calendars
from app.sla.checkpoints import FEE_LAPSE, CheckpointKind, next_checkpoint, next_level_base
from app.sla.clock_rows import CheckpointRow, checkpoint_rows
from app.sla.deadline import deadline, working_days_before
from app.standards.values import OFFICE_HOURS, Catalogue
from app.tickets.history import SYSTEM_ACTOR, EventKind, EventRow, next_event

Row = dict[str, Any]
"""Column → value, for `bulk_insert` and `bulk_update`."""


@dataclass(slots=True)
class Changes:
    """The changes of a batch, table by table.

    `marked` are tickets that get a legal-risk mark on the level 2 they were raised to before.
    """

    fired: list[UUID] = field(default_factory=list)
    cancelled: list[UUID] = field(default_factory=list)
    postponed: list[Row] = field(default_factory=list)
    breached: list[UUID] = field(default_factory=list)
    armed: list[CheckpointRow] = field(default_factory=list)
    escalations: list[EscalationRow] = field(default_factory=list)
    marked: list[UUID] = field(default_factory=list)
    notices: list[NoticeRow] = field(default_factory=list)
    events: list[EventRow] = field(default_factory=list)
    touched: dict[UUID, TicketSnapshot] = field(default_factory=dict)
    lapsed: list[DueCheckpoint] = field(default_factory=list)
    failed: list[tuple[UUID, Exception]] = field(default_factory=list)

    def savepoint(self) -> tuple[int, ...]:
        """Return the present sizes, for `roll_back`."""
        return tuple(map(len, self._lists()))

    def roll_back(self, savepoint: tuple[int, ...]) -> None:
        """Remove the changes that were added after `savepoint`."""
        for rows, size in zip(self._lists(), savepoint, strict=True):
            del rows[size:]

    def _lists(self) -> tuple[list[Any], ...]:
        return (
            self.fired,
            self.cancelled,
            self.postponed,
            self.breached,
            self.armed,
            self.escalations,
            self.marked,
            self.notices,
            self.events,
            self.lapsed,
        )


@dataclass(frozen=True, slots=True)
class _DecisionContext:
    """The inputs that all decisions of a batch share, and the changes they add to."""

    changes: Changes
    catalogue: Catalogue
    calendars: Calendars
    now: datetime
    _reminders: dict[date, datetime | None] = field(default_factory=dict)

    @property
    def office_hours(self) -> Calendar:
        """Return the calendar in which offices are reminded."""
        return self.calendars[OFFICE_HOURS]

    def calendar_of(self, point: DueCheckpoint) -> Calendar:
        """Return the calendar in which the checkpoint's clock counts."""
        return self.calendars[point.pinned.hours]

    @property
    def today(self) -> date:
        """Return the local date for which the official of an office is looked up."""
        return self.office_hours.local_date(self.now)

    def first_reminder(self, base: datetime) -> datetime | None:
        """Return the instant of the first reminder of a level that counts from `base`.

        The results are cached by local date, because a batch covers only a few.
        """
        day = self.office_hours.local_date(base)
        if day not in self._reminders:
            self._reminders[day] = next_reminder(0, base, self.office_hours)
        return self._reminders[day]


def decide(batch: Iterable[DueCheckpoint], *, catalogue: Catalogue, calendars: Calendars, now: datetime) -> Changes:
    """Return the changes that the due checkpoints of a batch, oldest first, cause at `now`.

    A checkpoint whose clock has moved on is cancelled. A clock sends only the last of several due warnings, and none
    after its limit, so an outage does not end in a burst. A checkpoint that can't be decided stays armed and is listed
    in `failed`; the others go on. New instants are planned with `calendars`.
    """
    context = _DecisionContext(Changes(), catalogue, calendars, now)
    for point in batch:
        ticket = point.ticket
        savepoint = context.changes.savepoint()
        before = (ticket.event_seq, ticket.event_hash, set(ticket.raised_levels))
        try:
            _decide_one(point, context)
        except Exception as error:  # noqa: BLE001 - an error in one ticket must not stop the others
            context.changes.roll_back(savepoint)
            ticket.event_seq, ticket.event_hash, ticket.raised_levels = before
            context.changes.failed.append((point.id, error))
    return context.changes


def _decide_one(point: DueCheckpoint, context: _DecisionContext) -> None:
    if point.is_stale:
        context.changes.cancelled.append(point.id)
        return
    until = _postponed_until(point, context)
    if until is not None:
        context.changes.postponed.append({"id": point.id, "due_at": until})
        return
    context.changes.fired.append(point.id)
    if point.kind == FEE_LAPSE:
        context.changes.lapsed.append(point)
    elif point.kind == CheckpointKind.WARNING:
        if not point.is_overtaken(context.now):
            _warn(point, context)
    elif point.kind == CheckpointKind.BREACH:
        _stamp_breach(point, context)
    elif point.kind == CheckpointKind.LEGAL_RISK:
        _raise(point, context, level=2)
    else:
        _escalate(point, context)


def _postponed_until(point: DueCheckpoint, context: _DecisionContext) -> datetime | None:
    """Return when a level that an interim reply postpones falls due again, or None if it is not postponed.

    An interim reply given after the breach postpones the level by the service's limit, counted from the reply.
    One given before the breach does not: it says nothing about the broken promise (docs/decisions/0010).
    """
    replied = point.ticket.interim_reply_at
    if not point.follows_level or replied is None or replied <= point.clock_due_at:
        return None
    until = deadline(point.pinned.policy, replied, context.calendar_of(point)).due_at
    return until if until > context.now else None


def _warn(point: DueCheckpoint, context: _DecisionContext) -> None:
    """Warn the ticket's directorate, or the desk of the first office if the ticket has none yet.

    A complaint warns the office that owes the answer.
    """
    ticket, catalogue = point.ticket, context.catalogue
    if ticket.complaint is not None:
        context.changes.notices.append(
            _complaint_due_notice(point, ticket.complaint, context, to=ticket.complaint.level)
        )
        return
    payload = WarningPayload(**_case_facts(point, context), internal_target=_internal_target(point, context))
    context.changes.notices.append(
        notice_row(
            NoticeKind.WARNING,
            payload,
            ticket_id=ticket.id,
            cycle=ticket.cycle,
            level=point.level,
            recipient=_directorate(ticket.unit or catalogue.office(1).unit, catalogue),
            medium=Medium.EMAIL,
            now=context.now,
        )
    )


def _internal_target(point: DueCheckpoint, context: _DecisionContext) -> date | None:
    """Return the day by which the directorate should act: two working days before due, or None if it has passed."""
    calendar = context.calendar_of(point)
    target = working_days_before(calendar.local_date(point.clock_due_at), 2, calendar)
    return calendar.local_date(target) if target > context.now else None


def _directorate(code: str | None, catalogue: Catalogue) -> Recipient:
    unit = catalogue.unit(code) if code else None
    return Recipient(f"unit:{code}", unit.name if unit else None, unit.email if unit else None)


def _escalate(point: DueCheckpoint, context: _DecisionContext) -> None:
    """Raise level 1 at the end of the limit, or level 2 after more silence, and arm the level that follows."""
    ticket = point.ticket
    if not point.follows_level:
        _stamp_breach(point, context)
    level = 2 if ticket.about_first_office else point.level
    _raise(point, context, level=level)
    if level > point.level:
        return
    base = next_level_base(point.due_at, context.now)
    chain, calendar = point.pinned.chain, context.calendar_of(point)
    following = next_checkpoint(chain, CheckpointKind.ESCALATION, point.level, base, calendar)
    if following is not None:
        context.changes.armed += checkpoint_rows(point.clock_id, [following], generation=point.generation)


def _stamp_breach(point: DueCheckpoint, context: _DecisionContext) -> None:
    """Mark the clock as breached at its due instant; `now` is only the time of detection."""
    context.changes.breached.append(point.clock_id)
    _record(point, context, EventKind.BREACHED, {"clock": point.clock_kind, "due_at": point.clock_due_at.isoformat()})


def _raise(point: DueCheckpoint, context: _DecisionContext, *, level: int) -> None:
    """Raise the ticket to an application office, once a cycle.

    If level 2 was raised before and the limit of law comes near, its record is marked and the office is notified again.
    """
    ticket, legal_risk = point.ticket, point.kind == CheckpointKind.LEGAL_RISK
    known = level in ticket.raised_levels
    if known and not legal_risk:
        return
    if known:
        context.changes.marked.append(ticket.id)
    else:
        ticket.raised_levels.add(level)
        context.changes.escalations.append(_escalation_row(point, context, level=level, legal_risk=legal_risk))
    if ticket.complaint is None:
        notice = _escalation_notice(point, context, level=level, legal_risk=legal_risk, repeat=int(known))
    else:
        notice = _complaint_due_notice(point, ticket.complaint, context, to=level)
    context.changes.notices.append(notice)
    data = {"level": level, "legal_risk": legal_risk, "office": context.catalogue.office(level).printed.place}
    _record(point, context, EventKind.ESCALATED, data)


def _escalation_row(point: DueCheckpoint, context: _DecisionContext, *, level: int, legal_risk: bool) -> EscalationRow:
    """Return the record of a level with its first reminder armed.

    Two cases have no reminder: a limit under a day, and a complaint to this very office, which its own record reminds.
    """
    ticket = point.ticket
    silent = ticket.is_short(context.catalogue) or (ticket.complaint is not None and ticket.complaint.level == level)
    return escalation_row(
        ticket_id=ticket.id,
        cycle=ticket.cycle,
        source="system",
        legal_risk=legal_risk,
        addressed=holder(context.catalogue, level, context.today),
        raised_at=context.now,
        breached_at=None if legal_risk else point.clock_due_at,
        remind_at=None if silent else context.first_reminder(next_level_base(point.due_at, context.now)),
    )


def _escalation_notice(
    point: DueCheckpoint, context: _DecisionContext, *, level: int, legal_risk: bool, repeat: int
) -> NoticeRow:
    case = _case_facts(point, context)
    payload = escalation_payload(
        point.ticket, context.catalogue, case, level=level, legal_risk=legal_risk, on=context.today
    )
    kind = NoticeKind.ESCALATION_1 if level == 1 else NoticeKind.ESCALATION_2
    return _office_notice(kind, payload, point, context, office=level, level=level, repeat=repeat)


def _complaint_due_notice(
    point: DueCheckpoint, complaint: ComplaintSnapshot, context: _DecisionContext, *, to: int
) -> NoticeRow:
    """Return the notice that a complaint awaits its answer: to the office that owes it, or as a legal risk."""
    payload = complaint_due_payload(
        point.ticket,
        complaint,
        context.catalogue,
        to=to,
        due_at=point.clock_due_at,
        legal_risk=point.kind == CheckpointKind.LEGAL_RISK,
        on=context.today,
        now=context.now,
    )
    return _office_notice(NoticeKind.COMPLAINT_DUE, payload, point, context, office=to, level=point.level)


def _office_notice(
    kind: NoticeKind,
    payload: Payload,
    point: DueCheckpoint,
    context: _DecisionContext,
    *,
    office: int,
    level: int,
    repeat: int = 0,
) -> NoticeRow:
    return notice_row(
        kind,
        payload,
        ticket_id=point.ticket.id,
        cycle=point.ticket.cycle,
        level=level,
        recipient=office_recipient(holder(context.catalogue, office, context.today)),
        medium=Medium.EMAIL,
        now=context.now,
        repeat=repeat,
    )


def _case_facts(point: DueCheckpoint, context: _DecisionContext) -> CaseFacts:
    limit_text, due_at = point.pinned.printed, point.clock_due_at
    return case_facts(point.ticket, context.catalogue, limit_text=limit_text, due_at=due_at, now=context.now)


def _record(point: DueCheckpoint, context: _DecisionContext, kind: EventKind, data: dict[str, object]) -> None:
    """Append an event to the ticket's chain."""
    row = next_event(point.ticket, kind=kind, at=context.now, actor=SYSTEM_ACTOR, data=data)
    context.changes.events.append(row)
    context.changes.touched[point.ticket.id] = point.ticket
