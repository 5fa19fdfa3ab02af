"""From an understood complaint to the rows that make it: a ticket of its own kind, its limit, and its office's record.

Everything here needs no database; `service.py` draws the number and writes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from app.access.actor import Actor
from app.complaints.values import GROUND_LABELS, ComplaintState, Filing
from app.core.clock import ISTANBUL
from app.core.ids import new_id
from app.escalation.reminders import next_reminder
from app.notices.kinds import ComplaintPayload, ComplaintReceiptPayload, Medium, NoticeKind
from app.notices.recipients import as_kept, as_printed, as_recipient, holder
from app.notices.rows import APPLICANT, notice_row
from app.people.vault import Vault
from app.sla.clocks import OpenedClock
from app.standards.office_holder import OfficeHolder
from app.standards.rulebook import Rulebook
from app.standards.values import OFFICE_HOURS
from app.tickets.clock_policies import STANDARDS_COMPLAINT, complaint_policy
from app.tickets.contact import preferred_medium_of_person
from app.tickets.creation.prepare import applicant_row, start_clock
from app.tickets.history import EventRow, first_event
from app.tickets.model import Ticket
from app.tickets.numbers import dictate_complaint_number, format_complaint_number
from app.tickets.request import Kind
from app.tickets.workflow import State


@dataclass(frozen=True, slots=True)
class Draft:
    """A complaint that is about to be: who complains of what to whom, and by when it is to be answered.

    `level` is the office that it goes to, which is the second where it complains of the first one's own matter.
    """

    filing: Filing
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
        """The office that owes the answer: nobody answers a complaint about themselves (CİMER: üst amir)."""
        return 2 if self.about is not None and self.about.about_first_office else self.filing.office

    @property
    def addressed(self) -> OfficeHolder:
        """Who holds that office today."""
        today = self.rulebook.calendars[OFFICE_HOURS].local_date(self.now)
        return holder(self.rulebook.catalogue, self.level, today)

    @property
    def answer_by(self) -> datetime:
        """When the time to answer ends (law 3071 art. 7)."""
        due_at: datetime = self.clock.clock["due_at"]
        return due_at


def draft(
    filing: Filing,
    about: Ticket | None,
    *,
    actor: Actor,
    idempotency_key: str | None,
    rulebook: Rulebook,
    vault: Vault,
    sequence: int,
    now: datetime,
) -> Draft:
    """The complaint under the number made of `sequence` and the year in Istanbul, its limit running from `now`."""
    ticket_id = new_id()
    clock = start_clock(complaint_policy(rulebook.catalogue), rulebook, ticket_id=ticket_id, cycle=1, started_at=now)
    number = format_complaint_number(now.astimezone(ISTANBUL).year, sequence)
    return Draft(filing, about, actor, idempotency_key, rulebook, vault, number, now, clock, ticket_id)


def receipt(one: Draft) -> dict[str, Any]:
    """The answer to the caller; it is stored, so that a repeated request gets it again, word for word."""
    printed = one.addressed.office.printed
    return {
        "number": one.number,
        "dictation": dictate_complaint_number(one.number),
        "state": ComplaintState.FILED.value,
        "state_label": ComplaintState.FILED.label_tr,
        "ground": one.filing.ground.value,
        "ground_label": GROUND_LABELS[one.filing.ground],
        "office": {"level": one.level, "place": printed.place, "phone": printed.phone},
        "ticket": one.about.number if one.about else None,
        "filed_at": one.now.isoformat(),
        "answer_by": one.answer_by.isoformat(),
    }


def ticket_rows(one: Draft) -> tuple[dict[str, Any], dict[str, Any], EventRow]:
    """The rows of the ticket that carries the complaint, of its applicant, and of its first event."""
    applicant = applicant_row(one.filing.person, one.vault)
    data: dict[str, Any] = {"channel": one.filing.channel, "service": STANDARDS_COMPLAINT, "level": one.level}
    data |= {"state": State.RECEIVED.value, "ground": one.filing.ground.value, "occurred_at": one.now.isoformat()}
    event = first_event(ticket_id=one.ticket_id, at=one.now, actor=one.actor.name, data=data)
    words = one.filing.description
    ticket = {
        **_FIXED,
        "id": one.ticket_id,
        "number": one.number,
        "channel": one.filing.channel,
        "client_id": one.actor.client_id,
        "idempotency_key": one.idempotency_key,
        "fingerprint": one.filing.digest,
        "receipt": receipt(one),
        "catalogue_version_id": one.rulebook.catalogue_version_id,
        "applicant_id": applicant["id"],
        "description": one.vault.seal(words, table="ticket", column="description", row_id=one.ticket_id),
        **dict.fromkeys(("occurred_at", "received_at", "documents_complete_at", "last_action_at"), one.now),
        "last_action": event["kind"],
        "event_seq": event["seq"],
        "event_hash": event["hash"],
    }
    return ticket, applicant, event


_FIXED: Mapping[str, Any] = MappingProxyType(
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
"""What every ticket that carries a complaint begins with."""


def record_row(one: Draft, *, mirror_of: UUID | None = None) -> dict[str, Any]:
    """That the complaint was made to its office: on its own ticket, or (a mirror) on the one that it is about.

    Only the complaint's own record reminds the office.
    """
    addressed, about = one.addressed, one.about if mirror_of else None
    remind_at = None if mirror_of else next_reminder(0, one.now, one.rulebook.calendars[OFFICE_HOURS])
    return {
        "id": new_id(),
        "ticket_id": about.id if about else one.ticket_id,
        "cycle": about.cycle if about else 1,
        "level": one.level,
        "source": "citizen",
        "legal_risk": False,
        "office": dict(addressed.office.printed.printed),
        "addressed_to": as_kept(addressed),
        "raised_at": one.now,
        "breached_at": None,
        "reminders": 0,
        "remind_at": remind_at,
        "complaint_id": mirror_of,
    }


def notice_rows(one: Draft) -> list[dict[str, Any]]:
    """The notice to the office, and the receipt to the applicant where there is a way to them."""
    common: dict[str, Any] = {"ticket_id": one.ticket_id, "cycle": 1, "now": one.now}
    facts: dict[str, Any] = {
        "number": one.number,
        "ground": one.filing.ground,
        "ticket_number": one.about.number if one.about else None,
        "received_at": one.now,
        "answer_by": one.answer_by,
        "office": as_printed(one.addressed),
    }
    to_office: dict[str, Any] = {"level": one.level, "recipient": as_recipient(one.addressed), "medium": Medium.EMAIL}
    told = [notice_row(NoticeKind.COMPLAINT, ComplaintPayload(**facts), **to_office, **common)]
    person = one.filing.person
    medium = preferred_medium_of_person(person, one.filing.channel)
    if medium is not None:
        confirmed = ComplaintReceiptPayload(**facts, applicant_named=person.name is not None, language=person.language)
        to_citizen: dict[str, Any] = {"level": 0, "recipient": APPLICANT, "medium": medium}
        told.append(notice_row(NoticeKind.COMPLAINT_RECEIPT, confirmed, **to_citizen, **common))
    return told
