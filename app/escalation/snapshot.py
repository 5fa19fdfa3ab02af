"""Snapshots of due checkpoints and their tickets, and the notice payloads built from them."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TypedDict
from uuid import UUID

from app.domain.terms import ComplaintGround, Regime
from app.notices.payloads import ComplaintDuePayload, Escalation2Payload, EscalationPayload, OfficeFacts
from app.notices.recipients import holder, office_facts
from app.sla.checkpoints import FEE_LAPSE, Anchor, CheckpointKind
from app.sla.policy import PinnedPolicy, parse_pinned
from app.standards.values import Catalogue
from app.tickets.history import EVENT_LABELS
from app.tickets.intake import Kind


@dataclass(frozen=True, slots=True)
class ComplaintSnapshot:
    """The complaint that a ticket carries.

    `level` is the office that owes the answer, `about` the number of the ticket complained of.
    """

    ground: ComplaintGround
    level: int
    about: str | None


@dataclass(slots=True)
class TicketSnapshot:
    """A locked ticket: the facts for its notices, and the head of its event chain, which each new event moves.

    `promise_limit` and `statutory_limit` are the two limits in words, as the table prints them or the law names them.
    """

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
    promise_limit: str | None = None
    statutory_due: datetime | None = None
    statutory_limit: str | None = None
    statutory_regime: str | None = None
    level_1_number: str | None = None
    level_1_at: datetime | None = None
    raised_levels: set[int] = field(default_factory=set)
    complaint: ComplaintSnapshot | None = None

    def is_short(self, catalogue: Catalogue) -> bool:
        """Return whether its service promises less than a day: a figure of service quality, not a file."""
        service = catalogue.service(self.service)
        return bool(service and service.limit.under_a_day)


@dataclass(frozen=True, slots=True)
class DueCheckpoint:
    """A due checkpoint with its locked ticket, and its clock as read under that lock.

    `policy` is the clock's policy as stored JSON, `next_warning_at` the instant of the clock's next warning.
    """

    id: UUID
    clock_id: UUID
    clock_kind: str
    clock_state: str
    clock_due_at: datetime
    clock_generation: int
    policy: str
    kind: str
    level: int
    due_at: datetime
    generation: int
    next_warning_at: datetime | None
    ticket: TicketSnapshot

    @property
    def pinned(self) -> PinnedPolicy:
        """Return the policy of the clock; clocks with the same stored policy share one parsed value."""
        return parse_pinned(self.policy)

    @property
    def is_stale(self) -> bool:
        """Return whether the clock has moved on since this checkpoint was armed."""
        if self.generation != self.clock_generation:
            return True
        if self.kind == FEE_LAPSE:  # the end of the wait disarms it, and a breached clock waits without a pause
            return False
        if self.kind == CheckpointKind.LEGAL_RISK:  # a late sweep may find that another one has stamped the breach
            return self.clock_state not in {"running", "breached"}
        return self.clock_state != ("breached" if self.follows_level else "running")

    @property
    def follows_level(self) -> bool:
        """Return whether it is an escalation level that was armed only after the level before it had fired."""
        if self.kind != CheckpointKind.ESCALATION:
            return False
        step = self.pinned.chain.step(self.kind, self.level)
        return step is not None and step.anchor is Anchor.AFTER_PREVIOUS

    def is_overtaken(self, now: datetime) -> bool:
        """Return whether a later warning or the end of the limit has passed as well, so that this one is not sent."""
        return now >= self.clock_due_at or (self.next_warning_at is not None and now >= self.next_warning_at)


class CaseFacts(TypedDict):
    """The facts of a running ticket that every `CasePayload` states."""

    number: str
    subject_label: str
    neighbourhood: str | None
    service_name: str
    limit_text: str
    received_at: datetime
    promise_due: datetime
    raised_at: datetime
    unit_name: str | None
    referred_at: datetime | None
    under_a_day: bool
    promised: bool


class _EscalationFacts(CaseFacts):
    """The facts that both escalation levels state."""

    office: OfficeFacts
    last_action: str
    last_action_at: datetime
    statutory_regime: Regime | None
    statutory_due: datetime | None


def case_facts(
    ticket: TicketSnapshot, catalogue: Catalogue, *, limit_text: str, due_at: datetime, now: datetime
) -> CaseFacts:
    """Return the facts that every notice about a running ticket states.

    `limit_text` and `due_at` are those of the clock that caused the notice; they count only if no promise runs.
    """
    service = catalogue.service(ticket.service)
    unit = catalogue.unit(ticket.unit) if ticket.unit else None
    return {
        "number": ticket.number,
        "subject_label": Kind(ticket.kind).label_tr,
        "neighbourhood": ticket.neighbourhood,
        "service_name": service.name if service else ticket.service,
        "limit_text": ticket.promise_limit or limit_text,
        "received_at": ticket.received_at,
        "promise_due": ticket.promise_due or due_at,
        "raised_at": now,
        "unit_name": unit.name if unit else None,
        "referred_at": ticket.referred_at if unit else None,
        "under_a_day": ticket.is_short(catalogue),
        "promised": ticket.promise_due is not None,
    }


def escalation_payload(
    ticket: TicketSnapshot, catalogue: Catalogue, case: CaseFacts, *, level: int, legal_risk: bool, on: date
) -> EscalationPayload:
    """Build the payload for the office of `level`, signed by the official who runs the first office on that day."""
    regime = ticket.statutory_regime if ticket.statutory_due else None
    facts: _EscalationFacts = {
        **case,
        "office": office_facts(holder(catalogue, level, on)),
        "last_action": EVENT_LABELS[ticket.last_action],
        "last_action_at": ticket.last_action_at,
        "statutory_regime": Regime(regime) if regime else None,
        "statutory_due": ticket.statutory_due,
    }
    if level == 1:
        return EscalationPayload(**facts)
    return Escalation2Payload(
        **facts,
        applicant_named=ticket.applicant_named,
        signatory=None if ticket.about_first_office else office_facts(holder(catalogue, 1, on)),
        level_1_number=ticket.level_1_number,
        level_1_at=ticket.level_1_at,
        legal_risk=legal_risk,
    )


def complaint_due_payload(
    ticket: TicketSnapshot,
    complaint: ComplaintSnapshot,
    catalogue: Catalogue,
    *,
    to: int,
    due_at: datetime,
    legal_risk: bool,
    on: date,
    now: datetime,
) -> ComplaintDuePayload:
    """Build the payload for the office of level `to`: the time to answer a complaint ends at `due_at`."""
    return ComplaintDuePayload(
        number=ticket.number,
        ground=complaint.ground,
        ticket_number=complaint.about,
        received_at=ticket.received_at,
        answer_by=due_at,
        office=office_facts(holder(catalogue, to, on)),
        raised_at=now,
        owed_by=catalogue.office(complaint.level).printed.place,
        legal_risk=legal_risk,
    )
