"""The ticket behind a due instant, as the sweep holds it, and the facts of it that offices are told."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from app.domain.terms import ComplaintGround, Regime
from app.notices.kinds import ComplaintDuePayload, Escalation2Payload, EscalationPayload
from app.notices.recipients import as_printed, holder
from app.standards.values import Catalogue
from app.tickets.history import EVENT_LABELS
from app.tickets.request import Kind


@dataclass(frozen=True, slots=True)
class ComplaintSnapshot:
    """Of a ticket that is a complaint: its ground, the level of the office that owes the answer, what it is about."""

    ground: ComplaintGround
    level: int
    about: str | None


@dataclass(slots=True)
class TicketSnapshot:
    """Of a locked ticket: what its notices say, and the head of its chain of events, which firing moves on.

    `promise_limit` and `statutory_limit` are the two limits in words, as they are printed or named by the law.
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
        """Whether its service promises less than a day: a figure of service quality, not a file."""
        service = catalogue.service(self.service)
        return bool(service and service.limit.under_a_day)


def case_facts(
    ticket: TicketSnapshot, catalogue: Catalogue, *, limit_text: str, due_at: datetime, now: datetime
) -> dict[str, Any]:
    """The facts that every notice about a running ticket has; limit and end are the promise's, where one runs.

    `limit_text` and `due_at` are those of the clock that is told of.
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
    ticket: TicketSnapshot, catalogue: Catalogue, case: dict[str, Any], *, level: int, legal_risk: bool, on: date
) -> EscalationPayload:
    """What the office of that level is told about `case`, in the name of whoever holds the first office that day."""
    regime = ticket.statutory_regime if ticket.statutory_due else None
    facts: dict[str, Any] = {
        **case,
        "office": as_printed(holder(catalogue, level, on)),
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
        signatory=None if ticket.about_first_office else as_printed(holder(catalogue, 1, on)),
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
    """What the office of the level `to` is told of a complaint whose time to answer runs out at `due_at`."""
    return ComplaintDuePayload(
        number=ticket.number,
        ground=complaint.ground,
        ticket_number=complaint.about,
        received_at=ticket.received_at,
        answer_by=due_at,
        office=as_printed(holder(catalogue, to, on)),
        raised_at=now,
        owed_by=catalogue.office(complaint.level).printed.place,
        legal_risk=legal_risk,
    )
