"""What a due checkpoint means, decided without a database: who is told, what is stamped, what comes next.

`DueCheckpoint` holds a checkpoint and what the decision needs of its ticket and clock; `decide` turns a batch into
the changes that `sweep.py` writes.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from app.core.ids import new_id
from app.escalation.reminder_schedule import next_reminder
from app.escalation.snapshot import (
    ComplaintSnapshot,
    TicketSnapshot,
    case_facts,
    complaint_due_payload,
    escalation_payload,
)
from app.notices.kinds import Medium, NoticeKind, Payload, WarningPayload
from app.notices.recipients import as_kept, as_recipient, holder
from app.notices.rows import Recipient, notice_row
from app.sla.calendar import Calendar
from app.sla.checkpoints import Chain, CheckpointKind, next_checkpoint
from app.sla.clocks import FEE_LAPSE, checkpoint_rows, counts_from
from app.sla.deadline import deadline, working_days_before
from app.sla.policy import PinnedPolicy
from app.sla.service import Calendars
from app.standards.values import OFFICE_HOURS, Catalogue
from app.tickets.history import SYSTEM_ACTOR, EventKind, next_event


@dataclass(frozen=True, slots=True)
class DueCheckpoint:
    """A due checkpoint: its clock as it stands under the lock, when its next warning is due, and its ticket."""

    id: UUID
    clock_id: UUID
    clock_kind: str
    clock_state: str
    clock_due_at: datetime
    clock_generation: int
    policy: dict[str, Any]
    kind: str
    level: int
    due_at: datetime
    generation: int
    next_warning_at: datetime | None
    ticket: TicketSnapshot

    @property
    def is_stale(self) -> bool:
        """Whether the clock has moved on since this checkpoint was armed."""
        if self.generation != self.clock_generation:
            return True
        if self.kind == FEE_LAPSE:  # disarmed by whatever ends the wait; a late clock waits without standing still
            return False
        if self.kind == CheckpointKind.LEGAL_RISK:  # beside a late sweep another may have stamped the breach before
            return self.clock_state not in {"running", "breached"}
        return self.clock_state != ("breached" if self.waited else "running")

    @property
    def waited(self) -> bool:
        """Whether it is a level that was armed only when the one before had fired."""
        if self.kind != CheckpointKind.ESCALATION:
            return False
        for step in self.policy["chain"]:
            if step["level"] == self.level and step["kind"] == self.kind:
                return bool(step["at"].startswith("+"))
        return False

    def overtaken(self, now: datetime) -> bool:
        """Whether a later warning or the limit itself is past as well: then only that is told of."""
        return now >= self.clock_due_at or (self.next_warning_at is not None and now >= self.next_warning_at)


@dataclass(slots=True)
class Changes:
    """What a batch changes, table by table.

    `marked` are tickets whose level 2 had been raised before it became a legal risk.
    """

    fired: list[UUID] = field(default_factory=list)
    cancelled: list[UUID] = field(default_factory=list)
    put_off: list[dict[str, Any]] = field(default_factory=list)
    breached: list[UUID] = field(default_factory=list)
    armed: list[dict[str, Any]] = field(default_factory=list)
    escalations: list[dict[str, Any]] = field(default_factory=list)
    marked: list[UUID] = field(default_factory=list)
    notices: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    touched: dict[UUID, TicketSnapshot] = field(default_factory=dict)
    lapsed: list[DueCheckpoint] = field(default_factory=list)
    failed: list[tuple[UUID, Exception]] = field(default_factory=list)

    def sizes(self) -> tuple[int, ...]:
        """How much there is by now, for `cut_back`."""
        return tuple(map(len, self._lists()))

    def cut_back(self, sizes: tuple[int, ...]) -> None:
        """Take off what was added since."""
        for rows, size in zip(self._lists(), sizes, strict=True):
            del rows[size:]

    def _lists(self) -> tuple[list[Any], ...]:
        return (
            self.fired,
            self.cancelled,
            self.put_off,
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
    """What every decision of a batch is made with."""

    changes: Changes
    catalogue: Catalogue
    calendars: Calendars
    now: datetime
    _reminders: dict[date, datetime | None] = field(default_factory=dict)

    @property
    def office_hours(self) -> Calendar:
        """The calendar in which offices are reminded."""
        return self.calendars[OFFICE_HOURS]

    def calendar_of(self, point: DueCheckpoint) -> Calendar:
        """The calendar in which its clock counts."""
        return self.calendars[point.policy["hours"]]

    @property
    def today(self) -> date:
        """The local date on which whoever holds an office is looked up."""
        return self.office_hours.local_date(self.now)

    def first_reminder(self, base: datetime) -> datetime | None:
        """When an office is reminded first of a level that counts from `base`; a batch's share a few local dates."""
        day = self.office_hours.local_date(base)
        if day not in self._reminders:
            self._reminders[day] = next_reminder(0, base, self.office_hours)
        return self._reminders[day]


def decide(batch: Iterable[DueCheckpoint], *, catalogue: Catalogue, calendars: Calendars, now: datetime) -> Changes:
    """What the due checkpoints of a batch, oldest first, change at `now`; what is planned is planned by `calendars`.

    A checkpoint whose clock has moved on is cancelled. Of several due warnings of a clock only the last is sent, and
    none once the limit itself is past: after an outage a clock gives one notice, not a burst. One that can't be decided
    stays armed, in `failed`, and keeps nobody else's time from running.
    """
    context = _DecisionContext(Changes(), catalogue, calendars, now)
    for point in batch:
        head = point.ticket
        sizes, before = context.changes.sizes(), (head.event_seq, head.event_hash, set(head.raised_levels))
        try:
            _decide_one(point, context)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one ticket is no reason to stop the city
            context.changes.cut_back(sizes)
            head.event_seq, head.event_hash, head.raised_levels = before
            context.changes.failed.append((point.id, error))
    return context.changes


def _decide_one(point: DueCheckpoint, context: _DecisionContext) -> None:
    if point.is_stale:
        context.changes.cancelled.append(point.id)
        return
    until = _heard_until(point, context)
    if until is not None:
        context.changes.put_off.append({"id": point.id, "due_at": until})
        return
    context.changes.fired.append(point.id)
    if point.kind == FEE_LAPSE:
        context.changes.lapsed.append(point)
    elif point.kind == CheckpointKind.WARNING:
        if not point.overtaken(context.now):
            _warn(point, context)
    elif point.kind == CheckpointKind.BREACH:
        _stamp(point, context)
    elif point.kind == CheckpointKind.LEGAL_RISK:
        _raise(point, context, level=2)
    else:
        _escalate(point, context)


def _heard_until(point: DueCheckpoint, context: _DecisionContext) -> datetime | None:
    """Until when a level that waits is put off, because the citizen was told how the matter stands.

    An interim reply that came after the breach is good for the service's limit once more, counted from it; one from
    before says nothing about the broken promise (docs/decisions/0010). None where there is none that still is good.
    """
    replied = point.ticket.interim_reply_at
    if not point.waited or replied is None or replied <= point.clock_due_at:
        return None
    until = deadline(PinnedPolicy.from_json(point.policy).policy, replied, context.calendar_of(point)).due_at
    return until if until > context.now else None


def _warn(point: DueCheckpoint, context: _DecisionContext) -> None:
    """A warning to the directorate that has the ticket, or to the context of the first office where none has it yet.

    Of a complaint the office is warned that owes the answer.
    """
    ticket, catalogue = point.ticket, context.catalogue
    if ticket.complaint is not None:
        context.changes.notices.append(_running_out(point, ticket.complaint, context, to=ticket.complaint.level))
        return
    payload = WarningPayload(**_case(point, context), internal_target=_target(point, context))
    context.changes.notices.append(
        notice_row(
            NoticeKind.WARNING,
            payload,
            ticket_id=ticket.id,
            cycle=ticket.cycle,
            level=point.level,
            recipient=_unit(ticket.unit or catalogue.office(1).unit, catalogue),
            medium=Medium.EMAIL,
            now=context.now,
        )
    )


def _escalate(point: DueCheckpoint, context: _DecisionContext) -> None:
    """The limit is past (level 1), or the citizen has heard nothing since the level before (level 2)."""
    ticket = point.ticket
    if not point.waited:
        _stamp(point, context)
    level = 2 if ticket.about_first_office else point.level
    _raise(point, context, level=level)
    if level > point.level:
        return
    base = counts_from(point.due_at, context.now)
    chain = _chain(tuple((step["kind"], step["level"], step["at"]) for step in point.policy["chain"]))
    following = next_checkpoint(chain, CheckpointKind.ESCALATION, point.level, base, context.calendar_of(point))
    if following is not None:
        context.changes.armed += checkpoint_rows(point.clock_id, [following], generation=point.generation)


@lru_cache(maxsize=256)
def _chain(steps: tuple[tuple[str, int, str], ...]) -> Chain:
    """A pinned chain; the same few are read for every ticket of a city."""
    return Chain.from_json({"kind": kind, "level": level, "at": at} for kind, level, at in steps)


def _stamp(point: DueCheckpoint, context: _DecisionContext) -> None:
    """The clock is breached, at its due instant; `now` is only when that was seen."""
    context.changes.breached.append(point.clock_id)
    _record(point, context, EventKind.BREACHED, {"clock": point.clock_kind, "due_at": point.clock_due_at.isoformat()})


def _raise(point: DueCheckpoint, context: _DecisionContext, *, level: int) -> None:
    """Raise the ticket to an application office, once a cycle.

    Where the limit of law comes near after level 2 was raised, its record is marked and the office is told of that.
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
        notice = _running_out(point, ticket.complaint, context, to=level)
    context.changes.notices.append(notice)
    data = {"level": level, "legal_risk": legal_risk, "office": context.catalogue.office(level).printed.place}
    _record(point, context, EventKind.ESCALATED, data)


def _escalation_notice(
    point: DueCheckpoint, context: _DecisionContext, *, level: int, legal_risk: bool, repeat: int
) -> dict[str, Any]:
    payload = escalation_payload(
        point.ticket, context.catalogue, _case(point, context), level=level, legal_risk=legal_risk, on=context.today
    )
    kind = NoticeKind.ESCALATION_1 if level == 1 else NoticeKind.ESCALATION_2
    return _to_office(kind, payload, point, context, office=level, level=level, repeat=repeat)


def _running_out(
    point: DueCheckpoint, complaint: ComplaintSnapshot, context: _DecisionContext, *, to: int
) -> dict[str, Any]:
    """That a complaint waits for its answer: a warning to the office that owes it, or to the second as a legal risk."""
    legal_risk = point.kind == CheckpointKind.LEGAL_RISK
    payload = complaint_due_payload(
        point.ticket,
        complaint,
        context.catalogue,
        to=to,
        due_at=point.clock_due_at,
        legal_risk=legal_risk,
        on=context.today,
        now=context.now,
    )
    return _to_office(NoticeKind.COMPLAINT_DUE, payload, point, context, office=to, level=point.level)


def _to_office(
    kind: NoticeKind,
    payload: Payload,
    point: DueCheckpoint,
    context: _DecisionContext,
    *,
    office: int,
    level: int,
    repeat: int = 0,
) -> dict[str, Any]:
    return notice_row(
        kind,
        payload,
        ticket_id=point.ticket.id,
        cycle=point.ticket.cycle,
        level=level,
        recipient=as_recipient(holder(context.catalogue, office, context.today)),
        medium=Medium.EMAIL,
        now=context.now,
        repeat=repeat,
    )


def _escalation_row(point: DueCheckpoint, context: _DecisionContext, *, level: int, legal_risk: bool) -> dict[str, Any]:
    """The record of a level, with its first reminder armed.

    A limit under a day is nobody's file to be reminded of, and of a complaint to this very office it is reminded
    already.
    """
    ticket = point.ticket
    addressed = holder(context.catalogue, level, context.today)
    silent = ticket.is_short(context.catalogue) or (ticket.complaint is not None and ticket.complaint.level == level)
    return {
        "id": new_id(),
        "ticket_id": ticket.id,
        "cycle": ticket.cycle,
        "level": level,
        "source": "system",
        "legal_risk": legal_risk,
        "office": dict(addressed.office.printed.printed),
        "addressed_to": as_kept(addressed),
        "raised_at": context.now,
        "breached_at": None if legal_risk else point.clock_due_at,
        "reminders": 0,
        "remind_at": None if silent else context.first_reminder(counts_from(point.due_at, context.now)),
    }


def _record(point: DueCheckpoint, context: _DecisionContext, kind: EventKind, data: dict[str, Any]) -> None:
    row = next_event(point.ticket, kind=kind, at=context.now, actor=SYSTEM_ACTOR, data=data)
    context.changes.events.append(row)
    context.changes.touched[point.ticket.id] = point.ticket


def _case(point: DueCheckpoint, context: _DecisionContext) -> dict[str, Any]:
    return case_facts(
        point.ticket,
        context.catalogue,
        limit_text=point.policy["printed"],
        due_at=point.clock_due_at,
        now=context.now,
    )


def _unit(code: str | None, catalogue: Catalogue) -> Recipient:
    unit = catalogue.unit(code) if code else None
    return Recipient(f"unit:{code}", unit.name if unit else None, unit.email if unit else None)


def _target(point: DueCheckpoint, context: _DecisionContext) -> date | None:
    """The day by which the unit should have acted: two working days before the limit ends, None where that is past."""
    calendar = context.calendar_of(point)
    target = working_days_before(calendar.local_date(point.clock_due_at), 2, calendar)
    return calendar.local_date(target) if target > context.now else None
