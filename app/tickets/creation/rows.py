"""The rows of a new ticket, table by table, with the receipt for its sender."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypedDict

from app.core.clock import ISTANBUL
from app.notices.kinds import NoticeKind
from app.notices.payloads import CitizenPayload, MissingDocumentsPayload, ReceiptPayload
from app.notices.rows import APPLICANT, NoticeRow, notice_row
from app.sla.calendar import ClockKind
from app.sla.clock_rows import CheckpointRow, ClockRow
from app.sla.deadline import on_time
from app.tickets.clock_policies import inapplicable_commands
from app.tickets.contact import CitizenFacts, preferred_medium_of_person
from app.tickets.creation.prepare import NewTicket
from app.tickets.history import EventRow, first_event
from app.tickets.numbers import dictate_ticket_number, format_ticket_number
from app.tickets.workflow import allowed_actions


class TicketReceiptClock(TypedDict):
    """One clock in a receipt; instants in ISO 8601, UTC."""

    kind: str
    limit: str
    state: str
    started_at: str
    due_at: str


class TicketReceipt(TypedDict):
    """The response of intake in the column `ticket.receipt`; `app/channels/schemas.py` describes it for the API."""

    number: str
    dictation: str
    status: str
    status_label: str
    kind: str
    service: str
    service_name: str
    received_at: str
    allowed_actions: list[str]
    clocks: list[TicketReceiptClock]
    missing_documents: list[dict[str, str]]
    suggested_unit: str | None
    suggested_external: str | None
    follow_up: dict[str, str]


@dataclass(frozen=True, slots=True)
class TicketRows:
    """The rows of one new ticket, table by table."""

    applicant: dict[str, Any]
    ticket: dict[str, Any]
    event: EventRow
    documents: list[dict[str, Any]]
    clocks: list[ClockRow]
    checkpoints: list[CheckpointRow]
    notices: list[NoticeRow]


def build_rows(new_ticket: NewTicket, sequence: int, *, tracking_url: str) -> TicketRows:
    """Return the rows of the ticket; its number consists of `sequence` and the year in Istanbul."""
    number = format_ticket_number(new_ticket.now.astimezone(ISTANBUL).year, sequence)
    event = first_event(
        ticket_id=new_ticket.ticket_id,
        at=new_ticket.now,
        actor=new_ticket.actor,
        data={
            "channel": new_ticket.intake.channel.value,
            "service": new_ticket.service.code,
            "state": new_ticket.state.value,
            "occurred_at": new_ticket.started_at.isoformat(),
        },
    )
    return TicketRows(
        applicant=new_ticket.applicant,
        ticket=_ticket_row(new_ticket, number, event, _receipt(new_ticket, number, tracking_url)),
        event=event,
        documents=_document_rows(new_ticket),
        clocks=[opened.clock for opened in new_ticket.clocks],
        checkpoints=[row for opened in new_ticket.clocks for row in opened.checkpoints],
        notices=_notices(new_ticket, number),
    )


def _ticket_row(new_ticket: NewTicket, number: str, event: EventRow, receipt: TicketReceipt) -> dict[str, Any]:
    intake = new_ticket.intake
    return {
        "id": new_ticket.ticket_id,
        "number": number,
        "channel": intake.channel.value,
        "external_id": intake.external_id,
        "client_id": new_ticket.client_id,
        "idempotency_key": new_ticket.idempotency_key,
        "fingerprint": intake.digest,
        "receipt": receipt,
        "catalogue_version_id": new_ticket.rulebook.catalogue_version_id,
        "service": new_ticket.service.code,
        "kind": intake.kind.value,
        "right_to_information": intake.right_to_information,
        "formal": intake.formal or intake.wet_signature,
        "state": new_ticket.state.value,
        "cycle": 1,
        "version": 1,
        "suggested_unit": new_ticket.suggested_unit,
        "about_first_office": intake.about_first_office,
        "applicant_id": new_ticket.applicant["id"],
        **new_ticket.sealed,
        "latitude": intake.place.latitude,
        "longitude": intake.place.longitude,
        "neighbourhood": new_ticket.neighbourhood,
        "occurred_at": new_ticket.started_at,
        "received_at": new_ticket.now,
        "time_flag": intake.time_flag,
        "documents_complete_at": None if new_ticket.missing else new_ticket.now,
        "callback_attempts": 0,
        "last_action": event["kind"],
        "last_action_at": event["at"],
        "event_seq": event["seq"],
        "event_hash": event["hash"],
    }


def _document_rows(new_ticket: NewTicket) -> list[dict[str, Any]]:
    return [
        {
            "ticket_id": new_ticket.ticket_id,
            "code": document.code,
            "label": document.label,
            "provided_at": new_ticket.now if provided else None,
        }
        for document, provided in new_ticket.documents
    ]


def _receipt(new_ticket: NewTicket, number: str, tracking_url: str) -> TicketReceipt:
    """Return the response to the sender; it is stored, so that a repeated request gets the same bytes."""
    return {
        "number": number,
        "dictation": dictate_ticket_number(number),
        "status": new_ticket.state.value,
        "status_label": new_ticket.state.label_tr,
        "kind": new_ticket.intake.kind.value,
        "service": new_ticket.service.code,
        "service_name": new_ticket.service.name,
        "received_at": new_ticket.now.isoformat(),
        "allowed_actions": _allowed(new_ticket),
        "clocks": [
            {
                "kind": opened.clock["kind"],
                "limit": opened.pinned.printed,
                "state": opened.clock["state"],
                "started_at": opened.clock["started_at"].isoformat(),
                "due_at": opened.clock["due_at"].isoformat(),
            }
            for opened in new_ticket.clocks
        ],
        "missing_documents": [{"code": document.code, "label": document.label} for document in new_ticket.missing],
        "suggested_unit": new_ticket.suggested_unit,
        "suggested_external": new_ticket.suggested_external,
        "follow_up": {
            "tracking_url": tracking_url,
            "call_line": new_ticket.rulebook.catalogue.municipality.call_line,
        },
    }


def _allowed(new_ticket: NewTicket) -> list[str]:
    """Return the allowed commands, equal to those of `GET /v1/tickets/{number}`."""
    promise, law = new_ticket.clock(ClockKind.PROMISE), new_ticket.clock(ClockKind.STATUTORY)
    inapplicable = inapplicable_commands(
        promise_open=promise is not None and on_time(new_ticket.now, promise.clock["due_at"]),
        law=law.pinned if law else None,
        extendable=law is not None and on_time(new_ticket.now, law.clock["due_at"]),
    )
    return [command.value for command in allowed_actions(new_ticket.state) if command not in inapplicable]


def _notices(new_ticket: NewTicket, number: str) -> list[NoticeRow]:
    person = new_ticket.intake.person
    medium = preferred_medium_of_person(person, new_ticket.intake.channel)
    if medium is None:
        return []
    facts: CitizenFacts = {
        "number": number,
        "applicant_named": person.name is not None,
        "received_at": new_ticket.now,
        "language": person.language,
    }
    return [
        notice_row(
            kind,
            payload,
            ticket_id=new_ticket.ticket_id,
            cycle=1,
            level=0,
            recipient=APPLICANT,
            medium=medium,
            now=new_ticket.now,
        )
        for kind, payload in _payloads(new_ticket, facts)
    ]


def _payloads(new_ticket: NewTicket, facts: CitizenFacts) -> Iterator[tuple[NoticeKind, CitizenPayload]]:
    promise = new_ticket.clock(ClockKind.PROMISE)
    yield (
        NoticeKind.RECEIPT,
        ReceiptPayload(
            **facts,
            service_name=new_ticket.service.name,
            limit_text=new_ticket.service.limit_text,
            promise_due=promise.clock["due_at"] if promise else None,
            under_a_day=new_ticket.service.limit.under_a_day,
        ),
    )
    if new_ticket.missing:
        labels = tuple(document.label for document in new_ticket.missing)
        yield NoticeKind.MISSING_DOCUMENTS, MissingDocumentsPayload(**facts, documents=labels, complete_by=None)
