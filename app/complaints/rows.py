"""Rows of a new complaint: its ticket with applicant, event and clock, its office's escalation, and the notices.

Everything here works without a database; `service.py` draws the number and writes the rows.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, TypedDict
from uuid import UUID

from app.access.actor import Actor
from app.complaints.schemas import ComplaintReceipt, OwingOfficeOut
from app.complaints.values import GROUND_LABELS, ComplaintRequest, ComplaintState
from app.core.clock import ISTANBUL
from app.core.ids import new_id
from app.domain.terms import ComplaintGround
from app.escalation.records import EscalationRow, escalation_row
from app.escalation.reminders import next_reminder
from app.notices.kinds import Medium, NoticeKind
from app.notices.payloads import ComplaintPayload, ComplaintReceiptPayload, OfficeFacts
from app.notices.recipients import holder, office_facts, office_recipient
from app.notices.rows import APPLICANT, NoticeRow, notice_row
from app.people.vault import Vault
from app.sla.clock_rows import OpenedClock
from app.standards.office_holder import OfficeHolder
from app.standards.rulebook import Rulebook
from app.standards.values import OFFICE_HOURS
from app.tickets.clock_policies import STANDARDS_COMPLAINT, complaint_policy
from app.tickets.contact import preferred_medium_of_person
from app.tickets.creation.prepare import applicant_row, start_clock
from app.tickets.history import EventRow, first_event
from app.tickets.intake import Kind
from app.tickets.model import Ticket
from app.tickets.numbers import dictate_complaint_number, format_complaint_number
from app.tickets.workflow import State

Row = dict[str, Any]
"""Column → value, for `insert_with_children`."""


@dataclass(frozen=True, slots=True)
class NewComplaint:
    """A complaint that is about to be stored; `about` is the ticket complained of, locked."""

    request: ComplaintRequest
    about: Ticket | None
    actor: Actor
    idempotency_key: str | None
    rulebook: Rulebook
    vault: Vault
    number: str
    now: datetime
    clock: OpenedClock
    ticket_id: UUID = field(default_factory=new_id)

    @property
    def level(self) -> int:
        """Return the level of the office that owes the answer.

        A complaint about the first office goes to the second: no office answers a complaint about itself (CİMER: üst
        amir).
        """
        return 2 if self.about is not None and self.about.about_first_office else self.request.office

    @property
    def addressed(self) -> OfficeHolder:
        """Return the official who runs that office today."""
        today = self.rulebook.calendars[OFFICE_HOURS].local_date(self.now)
        return holder(self.rulebook.catalogue, self.level, today)

    @property
    def answer_by(self) -> datetime:
        """Return the end of the time to answer (law 3071 art. 7)."""
        due_at: datetime = self.clock.clock["due_at"]
        return due_at


def new_complaint(
    request: ComplaintRequest,
    about: Ticket | None,
    *,
    actor: Actor,
    idempotency_key: str | None,
    rulebook: Rulebook,
    vault: Vault,
    sequence: int,
    now: datetime,
) -> NewComplaint:
    """Return a complaint numbered by `sequence` and the year in Istanbul; its limit starts at `now`."""
    ticket_id = new_id()
    clock = start_clock(complaint_policy(rulebook.catalogue), rulebook, ticket_id=ticket_id, cycle=1, started_at=now)
    number = format_complaint_number(now.astimezone(ISTANBUL).year, sequence)
    return NewComplaint(request, about, actor, idempotency_key, rulebook, vault, number, now, clock, ticket_id)


def receipt(complaint: NewComplaint) -> dict[str, Any]:
    """Return the response to the caller; it is stored, so that a repeated request gets the same one byte for byte."""
    printed, ground = complaint.addressed.office.printed, complaint.request.ground
    return ComplaintReceipt(
        number=complaint.number,
        dictation=dictate_complaint_number(complaint.number),
        state=ComplaintState.FILED.value,
        state_label=ComplaintState.FILED.label_tr,
        ground=ground.value,
        ground_label=GROUND_LABELS[ground],
        office=OwingOfficeOut(level=complaint.level, place=printed.place, phone=printed.phone),
        ticket=complaint.about.number if complaint.about else None,
        filed_at=complaint.now.isoformat(),
        answer_by=complaint.answer_by.isoformat(),
    ).model_dump()


def ticket_rows(complaint: NewComplaint) -> tuple[Row, Row, EventRow]:
    """Return the rows of the ticket that carries the complaint, of its applicant, and of its first event."""
    request, vault, ticket_id = complaint.request, complaint.vault, complaint.ticket_id
    applicant = applicant_row(request.person, vault)
    data: Row = {"channel": request.channel, "service": STANDARDS_COMPLAINT, "level": complaint.level}
    data |= {"state": State.RECEIVED.value, "ground": request.ground.value, "occurred_at": complaint.now.isoformat()}
    event = first_event(ticket_id=ticket_id, at=complaint.now, actor=complaint.actor.name, data=data)
    ticket = {
        **_FIXED_COLUMNS,
        "id": ticket_id,
        "number": complaint.number,
        "channel": request.channel,
        "client_id": complaint.actor.client_id,
        "idempotency_key": complaint.idempotency_key,
        "fingerprint": request.digest,
        "receipt": receipt(complaint),
        "catalogue_version_id": complaint.rulebook.catalogue_version_id,
        "applicant_id": applicant["id"],
        "description": vault.seal(request.description, table="ticket", column="description", row_id=ticket_id),
        **dict.fromkeys(("occurred_at", "received_at", "documents_complete_at", "last_action_at"), complaint.now),
        "last_action": event["kind"],
        "event_seq": event["seq"],
        "event_hash": event["hash"],
    }
    return ticket, applicant, event


_FIXED_COLUMNS: Mapping[str, Any] = MappingProxyType(
    {
        "service": STANDARDS_COMPLAINT,
        "kind": Kind.COMPLAINT.value,
        "formal": True,
        "right_to_information": False,
        "about_first_office": False,
        "state": State.RECEIVED.value,
        "cycle": 1,
        "version": 1,
        "callback_attempts": 0,
    }
)
"""The columns with the same value in every ticket that carries a complaint."""


def complaint_row(complaint: NewComplaint) -> Row:
    """Return the row that makes the ticket a complaint."""
    return {
        "ticket_id": complaint.ticket_id,
        "ground": complaint.request.ground.value,
        "level": complaint.level,
        "about_id": complaint.about.id if complaint.about else None,
    }


def own_escalation(complaint: NewComplaint) -> EscalationRow:
    """Return the escalation of the complaint's own ticket to its office; this one reminds the office."""
    return escalation_row(
        ticket_id=complaint.ticket_id,
        cycle=1,
        source="citizen",
        addressed=complaint.addressed,
        raised_at=complaint.now,
        remind_at=next_reminder(0, complaint.now, complaint.rulebook.calendars[OFFICE_HOURS]),
    )


def mirror_escalation(complaint: NewComplaint, about: Ticket) -> EscalationRow:
    """Return the escalation that mirrors the complaint on the ticket complained of; it has no reminders."""
    return escalation_row(
        ticket_id=about.id,
        cycle=about.cycle,
        source="citizen",
        addressed=complaint.addressed,
        raised_at=complaint.now,
        remind_at=None,
        complaint_id=complaint.ticket_id,
    )


class _ComplaintFacts(TypedDict):
    """The facts that both notices state."""

    number: str
    ground: ComplaintGround
    ticket_number: str | None
    received_at: datetime
    answer_by: datetime
    office: OfficeFacts


def notice_rows(complaint: NewComplaint) -> list[NoticeRow]:
    """Return the notice to the office, and the receipt to the applicant if a medium reaches them."""
    facts: _ComplaintFacts = {
        "number": complaint.number,
        "ground": complaint.request.ground,
        "ticket_number": complaint.about.number if complaint.about else None,
        "received_at": complaint.now,
        "answer_by": complaint.answer_by,
        "office": office_facts(complaint.addressed),
    }
    to_office = notice_row(
        NoticeKind.COMPLAINT,
        ComplaintPayload(**facts),
        ticket_id=complaint.ticket_id,
        cycle=1,
        level=complaint.level,
        recipient=office_recipient(complaint.addressed),
        medium=Medium.EMAIL,
        now=complaint.now,
    )
    medium = preferred_medium_of_person(complaint.request.person, complaint.request.channel)
    return [to_office] if medium is None else [to_office, _receipt_notice(complaint, facts, medium)]


def _receipt_notice(complaint: NewComplaint, facts: _ComplaintFacts, medium: Medium) -> NoticeRow:
    person = complaint.request.person
    payload = ComplaintReceiptPayload(**facts, applicant_named=person.name is not None, language=person.language)
    return notice_row(
        NoticeKind.COMPLAINT_RECEIPT,
        payload,
        ticket_id=complaint.ticket_id,
        cycle=1,
        level=0,
        recipient=APPLICANT,
        medium=medium,
        now=complaint.now,
    )
