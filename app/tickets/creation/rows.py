"""The rows of a new ticket, table by table, once it has its number; among them the answer to its sender."""

from dataclasses import dataclass
from typing import Any

from app.core.clock import ISTANBUL
from app.notices.kinds import MissingDocumentsPayload, NoticeKind, ReceiptPayload
from app.notices.rows import APPLICANT, notice_row
from app.sla.calendar import ClockKind
from app.sla.deadline import on_time
from app.tickets.clock_policies import unknown_to_limits
from app.tickets.commands.notifications import way_to
from app.tickets.creation.prepare import Opening
from app.tickets.history import first_event
from app.tickets.numbers import dictate, format_number
from app.tickets.workflow import allowed_actions


@dataclass(frozen=True, slots=True)
class TicketRows:
    """The rows of one new ticket, table by table."""

    applicant: dict[str, Any]
    ticket: dict[str, Any]
    event: dict[str, Any]
    documents: list[dict[str, Any]]
    clocks: list[dict[str, Any]]
    checkpoints: list[dict[str, Any]]
    notices: list[dict[str, Any]]


def rows(opening: Opening, sequence: int, *, tracking_url: str) -> TicketRows:
    """The rows of the ticket under the number made of `sequence` and the year in Istanbul."""
    number = format_number(opening.now.astimezone(ISTANBUL).year, sequence)
    event = first_event(
        ticket_id=opening.ticket_id,
        at=opening.now,
        actor=opening.actor,
        data={
            "channel": opening.intake.channel.value,
            "service": opening.service.code,
            "state": opening.state.value,
            "occurred_at": opening.started_at.isoformat(),
        },
    )
    return TicketRows(
        applicant=opening.applicant,
        ticket=_ticket_row(opening, number, event, _receipt(opening, number, tracking_url)),
        event=event,
        documents=[
            {
                "ticket_id": opening.ticket_id,
                "code": document.code,
                "label": document.label,
                "provided_at": opening.now if provided else None,
            }
            for document, provided in opening.documents
        ],
        clocks=[opened.clock for opened in opening.clocks],
        checkpoints=[row for opened in opening.clocks for row in opened.checkpoints],
        notices=_notices(opening, number),
    )


def _ticket_row(opening: Opening, number: str, event: dict[str, Any], receipt: dict[str, Any]) -> dict[str, Any]:
    intake = opening.intake
    return {
        "id": opening.ticket_id,
        "number": number,
        "channel": intake.channel.value,
        "external_id": intake.external_id,
        "client_id": opening.client_id,
        "idempotency_key": opening.idempotency_key,
        "fingerprint": intake.digest,
        "receipt": receipt,
        "catalogue_version_id": opening.rulebook.catalogue_version_id,
        "service": opening.service.code,
        "kind": intake.kind.value,
        "right_to_information": intake.right_to_information,
        "formal": intake.formal or intake.wet_signature,
        "state": opening.state.value,
        "cycle": 1,
        "version": 1,
        "suggested_unit": opening.suggested_unit,
        "about_first_office": intake.about_first_office,
        "applicant_id": opening.applicant["id"],
        **opening.sealed,
        "latitude": intake.place.latitude,
        "longitude": intake.place.longitude,
        "neighbourhood": opening.neighbourhood,
        "occurred_at": opening.started_at,
        "received_at": opening.now,
        "time_flag": intake.time_flag,
        "documents_complete_at": None if opening.missing else opening.now,
        "callback_attempts": 0,
        "last_action": event["kind"],
        "last_action_at": event["at"],
        "event_seq": event["seq"],
        "event_hash": event["hash"],
    }


def _receipt(opening: Opening, number: str, tracking_url: str) -> dict[str, Any]:
    """The answer to the caller; it is stored, so that a repeated request gets it again, word for word."""
    return {
        "number": number,
        "dictation": dictate(number),
        "status": opening.state.value,
        "status_label": opening.state.label_tr,
        "kind": opening.intake.kind.value,
        "service": opening.service.code,
        "service_name": opening.service.name,
        "received_at": opening.now.isoformat(),
        "allowed_actions": _allowed(opening),
        "clocks": [
            {
                "kind": opened.clock["kind"],
                "limit": opened.clock["policy"]["printed"],
                "state": opened.clock["state"],
                "started_at": opened.clock["started_at"].isoformat(),
                "due_at": opened.clock["due_at"].isoformat(),
            }
            for opened in opening.clocks
        ],
        "missing_documents": [{"code": document.code, "label": document.label} for document in opening.missing],
        "suggested_unit": opening.suggested_unit,
        "suggested_external": opening.suggested_external,
        "follow_up": {
            "tracking_url": tracking_url,
            "call_line": opening.rulebook.catalogue.municipality.call_line,
        },
    }


def _allowed(opening: Opening) -> list[str]:
    """What may be done with it, as its page says it too."""
    clocks = {opened.clock["kind"]: opened.clock for opened in opening.clocks}
    promise, law = clocks.get(ClockKind.PROMISE), clocks.get(ClockKind.STATUTORY)
    unknown = unknown_to_limits(
        promise_runs=promise is not None and on_time(opening.now, promise["due_at"]),
        law=law["policy"] if law else None,
        extendable=law is not None and on_time(opening.now, law["due_at"]),
    )
    return [command.value for command in allowed_actions(opening.state) if command not in unknown]


def _notices(opening: Opening, number: str) -> list[dict[str, Any]]:
    person = opening.intake.person
    medium = way_to(person, opening.intake.channel)
    if medium is None:
        return []
    promise = next((o.clock for o in opening.clocks if o.clock["kind"] == "promise"), None)
    common: dict[str, Any] = {
        "number": number,
        "applicant_named": person.name is not None,
        "received_at": opening.now,
        "language": person.language,
    }
    receipt = ReceiptPayload(
        **common,
        service_name=opening.service.name,
        limit_text=opening.service.limit_text,
        promise_due=promise["due_at"] if promise else None,
        under_a_day=opening.service.limit.under_a_day,
    )
    payloads: list[tuple[NoticeKind, Any]] = [(NoticeKind.RECEIPT, receipt)]
    if opening.missing:
        labels = tuple(document.label for document in opening.missing)
        missing = MissingDocumentsPayload(**common, documents=labels, complete_by=None)
        payloads.append((NoticeKind.MISSING_DOCUMENTS, missing))
    return [
        notice_row(
            kind,
            payload,
            ticket_id=opening.ticket_id,
            cycle=1,
            level=0,
            recipient=APPLICANT,
            medium=medium,
            now=opening.now,
        )
        for kind, payload in payloads
    ]
