"""What a due checkpoint means, decided without a database: who is told, what is stamped, what comes next.

`Due` is a checkpoint with everything of its ticket and clock that the decision needs; `decide` turns a batch of them
into the changes that `service.py` writes.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from app.core.ids import new_id
from app.notices.compose import Recipient, notice_row
from app.notices.kinds import Escalation2Payload, EscalationPayload, Medium, NoticeKind, WarningPayload
from app.sla.calendar import Calendar
from app.sla.checkpoints import Chain, CheckpointKind, next_checkpoint
from app.sla.clocks import FEE_LAPSE, checkpoint_rows, counts_from
from app.sla.deadline import working_days_before
from app.standards.values import Catalogue
from app.tickets.history import EVENT_LABELS, SYSTEM_ACTOR, EventKind, next_event
from app.tickets.intake import Kind
from app.tickets.notify import office_of


@dataclass(slots=True)
class TicketHead:
    """Of a locked ticket: what its notices say, and the head of its chain of events, which firing moves on."""

    id: UUID
    number: str
    cycle: int
    kind: str
    service: str
    unit: str | None
    neighbourhood: str | None
    received_at: datetime
    referred_at: datetime | None
    interim_reply_at: datetime | None
    about_first_office: bool
    applicant_named: bool
    last_action: str
    last_action_at: datetime
    event_seq: int
    event_hash: bytes
    promise_due: datetime | None = None
    statutory_due: datetime | None = None
    statutory_regime: str | None = None
    level_1_number: str | None = None
    level_1_at: datetime | None = None
    raised_levels: set[int] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Due:
    """A due checkpoint: its clock as it stands under the lock, and its ticket."""

    id: UUID
    clock_id: UUID
    clock_kind: str
    clock_state: str
    clock_started_at: datetime
    clock_due_at: datetime
    clock_generation: int
    calendar_version_id: UUID
    policy: dict[str, Any]
    kind: str
    level: int
    due_at: datetime
    generation: int
    ticket: TicketHead

    @property
    def is_stale(self) -> bool:
        """Whether the clock has moved on since this checkpoint was armed."""
        if self.generation != self.clock_generation:
            return True
        if self.kind == FEE_LAPSE:  # disarmed by whatever ends the wait; a late clock waits without standing still
            return False
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
        if now >= self.clock_due_at:
            return True
        span = self.clock_due_at - self.clock_started_at
        return any(
            step["kind"] == CheckpointKind.WARNING
            and step["level"] > self.level
            and self.clock_started_at + span * step["level"] // 100 <= now
            for step in self.policy["chain"]
        )


@dataclass(slots=True)
class Changes:
    """What a batch changes, table by table."""

    fired: list[UUID] = field(default_factory=list)
    cancelled: list[UUID] = field(default_factory=list)
    breached: list[UUID] = field(default_factory=list)
    armed: list[dict[str, Any]] = field(default_factory=list)
    escalations: list[dict[str, Any]] = field(default_factory=list)
    notices: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    touched: dict[UUID, TicketHead] = field(default_factory=dict)
    lapsed: list[Due] = field(default_factory=list)
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
            self.breached,
            self.armed,
            self.escalations,
            self.notices,
            self.events,
            self.lapsed,
        )


CalendarOf = Callable[[Due], Calendar]


def decide(batch: Iterable[Due], *, catalogue: Catalogue, calendar_of: CalendarOf, now: datetime) -> Changes:
    """What the due checkpoints of a batch, oldest first, change at `now`.

    A checkpoint whose clock has moved on is cancelled. Of several due warnings of a clock only the last is sent, and
    none once the limit itself is past: after an outage a clock gives one notice, not a burst. One that can't be decided
    stays armed, in `failed`, and keeps nobody else's time from running.
    """
    changes = Changes()
    for point in batch:
        head = point.ticket
        sizes, before = changes.sizes(), (head.event_seq, head.event_hash, set(head.raised_levels))
        try:
            _decide_one(point, changes, catalogue, calendar_of, now)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one ticket is no reason to stop the city
            changes.cut_back(sizes)
            head.event_seq, head.event_hash, head.raised_levels = before
            changes.failed.append((point.id, error))
    return changes


def _decide_one(point: Due, changes: Changes, catalogue: Catalogue, calendar_of: CalendarOf, now: datetime) -> None:
    if point.is_stale:
        changes.cancelled.append(point.id)
        return
    changes.fired.append(point.id)
    calendar = calendar_of(point)
    if point.kind == FEE_LAPSE:
        changes.lapsed.append(point)
    elif point.kind == CheckpointKind.WARNING:
        if not point.overtaken(now):
            _warn(point, changes, catalogue, calendar, now)
    elif point.kind == CheckpointKind.BREACH:
        _stamp(point, changes, now)
    elif point.kind == CheckpointKind.LEGAL_RISK:
        _raise(point, changes, catalogue, level=2, now=now)
    else:
        _escalate(point, changes, catalogue, calendar, now)


def _warn(point: Due, changes: Changes, catalogue: Catalogue, calendar: Calendar, now: datetime) -> None:
    """A warning to the directorate that has the ticket, or to the desk of the first office where none has it yet."""
    ticket = point.ticket
    payload = WarningPayload(**_case(point, catalogue, now), internal_target=_target(point, calendar, now))
    changes.notices.append(
        notice_row(
            NoticeKind.WARNING,
            payload,
            ticket_id=ticket.id,
            cycle=ticket.cycle,
            level=point.level,
            recipient=_unit(ticket.unit or catalogue.office(1).unit, catalogue),
            medium=Medium.EMAIL,
            now=now,
        )
    )


def _escalate(point: Due, changes: Changes, catalogue: Catalogue, calendar: Calendar, now: datetime) -> None:
    """The limit is past (level 1), or nothing has happened since the level before (level 2)."""
    ticket = point.ticket
    if not point.waited:
        _stamp(point, changes, now)
    elif ticket.interim_reply_at is not None:
        return
    level = 2 if ticket.about_first_office else point.level
    _raise(point, changes, catalogue, level=level, now=now)
    if level > point.level:
        return
    base = counts_from(point.due_at, now)
    chain = _chain(tuple((step["kind"], step["level"], step["at"]) for step in point.policy["chain"]))
    following = next_checkpoint(chain, CheckpointKind.ESCALATION, point.level, base, calendar)
    if following is not None:
        changes.armed += checkpoint_rows(point.clock_id, [following], generation=point.generation)


@lru_cache(maxsize=256)
def _chain(steps: tuple[tuple[str, int, str], ...]) -> Chain:
    """A pinned chain; the same few are read for every ticket of a city."""
    return Chain.from_json({"kind": kind, "level": level, "at": at} for kind, level, at in steps)


def _stamp(point: Due, changes: Changes, now: datetime) -> None:
    """The clock is breached, at its due instant; `now` is only when that was seen."""
    changes.breached.append(point.clock_id)
    _record(point, changes, EventKind.BREACHED, {"clock": point.clock_kind, "due_at": _iso(point.clock_due_at)}, now)


def _raise(point: Due, changes: Changes, catalogue: Catalogue, *, level: int, now: datetime) -> None:
    """Raise the ticket to an application office; a level that was raised before in this cycle stays as it is."""
    ticket = point.ticket
    if level in ticket.raised_levels:
        return
    ticket.raised_levels.add(level)
    legal_risk = point.kind == CheckpointKind.LEGAL_RISK
    office = catalogue.office(level)
    changes.escalations.append(
        {
            "id": new_id(),
            "ticket_id": ticket.id,
            "cycle": ticket.cycle,
            "level": level,
            "source": "system",
            "legal_risk": legal_risk,
            "office": dict(office.printed.printed),
            "raised_at": now,
            "breached_at": None if legal_risk else point.clock_due_at,
        }
    )
    row = notice_row(
        NoticeKind.ESCALATION_1 if level == 1 else NoticeKind.ESCALATION_2,
        _escalation_payload(point, catalogue, level=level, legal_risk=legal_risk, now=now),
        ticket_id=ticket.id,
        cycle=ticket.cycle,
        level=level,
        recipient=Recipient(f"office:{level}", office.printed.name or office.printed.place, office.mailbox or None),
        medium=Medium.EMAIL,
        now=now,
    )
    changes.notices.append(row)
    data = {"level": level, "legal_risk": legal_risk, "office": office.printed.place}
    _record(point, changes, EventKind.ESCALATED, data, now)


def _record(point: Due, changes: Changes, kind: EventKind, data: dict[str, Any], now: datetime) -> None:
    changes.events.append(next_event(point.ticket, kind=kind, at=now, actor=SYSTEM_ACTOR, data=data))
    changes.touched[point.ticket.id] = point.ticket


def _case(point: Due, catalogue: Catalogue, now: datetime) -> dict[str, Any]:
    """The facts that every notice about a running ticket has."""
    ticket = point.ticket
    service = catalogue.service(ticket.service)
    unit = catalogue.unit(ticket.unit) if ticket.unit else None
    return {
        "number": ticket.number,
        "subject_label": Kind(ticket.kind).label_tr,
        "neighbourhood": ticket.neighbourhood,
        "service_name": service.name if service else ticket.service,
        "limit_text": point.policy["printed"],
        "received_at": ticket.received_at,
        "promise_due": ticket.promise_due or point.clock_due_at,
        "raised_at": now,
        "unit_name": unit.name if unit else None,
        "referred_at": ticket.referred_at if unit else None,
        "under_a_day": bool(service and service.limit.under_a_day),
    }


def _escalation_payload(
    point: Due, catalogue: Catalogue, *, level: int, legal_risk: bool, now: datetime
) -> EscalationPayload:
    ticket = point.ticket
    facts: dict[str, Any] = {
        **_case(point, catalogue, now),
        "office": office_of(catalogue.office(level)),
        "last_action": EVENT_LABELS[ticket.last_action],
        "last_action_at": ticket.last_action_at,
        "statutory_regime": ticket.statutory_regime if ticket.statutory_due else None,
        "statutory_due": ticket.statutory_due,
    }
    if level == 1:
        return EscalationPayload(**facts)
    return Escalation2Payload(
        **facts,
        applicant_named=ticket.applicant_named,
        signatory=None if ticket.about_first_office else office_of(catalogue.office(1)),
        level_1_number=ticket.level_1_number,
        level_1_at=ticket.level_1_at,
        legal_risk=legal_risk,
    )


def _unit(code: str | None, catalogue: Catalogue) -> Recipient:
    unit = catalogue.unit(code) if code else None
    return Recipient(f"unit:{code}", unit.name if unit else None, unit.email if unit else None)


def _target(point: Due, calendar: Calendar, now: datetime) -> date | None:
    """The day by which the unit should have acted: two working days before the limit ends, None where that is past."""
    target = working_days_before(calendar.local_date(point.clock_due_at), 2, calendar)
    return calendar.local_date(target) if target > now else None


def _iso(instant: datetime) -> str:
    return instant.isoformat()
