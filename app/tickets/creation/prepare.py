"""A new ticket made of a parsed request: checked against the catalogue, with sealed text and its clocks.

Nothing here needs the database; `rows.py` adds the number, which is drawn when the batch is written.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from app.core.errors import FieldError, Invalid
from app.core.ids import new_id
from app.people.vault import Vault
from app.sla.calendar import ClockKind
from app.sla.clock_rows import OpenedClock, open_clock
from app.sla.policy import PinnedPolicy
from app.standards.neighbourhoods import match_neighbourhood
from app.standards.routing import DirectorateSuggestion, suggest_directorate
from app.standards.rulebook import Rulebook
from app.standards.values import (
    Channel,
    ClockStart,
    Document,
    DocumentCondition,
    IntakeFact,
    Service,
)
from app.tickets.clock_policies import promise_policy, statutory_policy
from app.tickets.contact import wants_unavailable_app
from app.tickets.intake import ApplicantRole, Intake, Kind, Person
from app.tickets.workflow import State

CLOCK_TOLERANCE = timedelta(minutes=5)
"""The tolerance for a channel's clock that is ahead of ours."""

WET_SIGNATURE = Document("wet_signature", "Islak imzalı dilekçe", (DocumentCondition.WET_SIGNATURE,))
"""The document that is missing if the channel cannot carry the signature that a request needs (table row 5)."""


@dataclass(frozen=True, slots=True)
class NewTicket:
    """A ticket that is not stored yet: everything but its number."""

    intake: Intake
    client_id: UUID
    actor: str
    idempotency_key: str | None
    rulebook: Rulebook
    service: Service
    now: datetime
    started_at: datetime
    state: State
    applicant: dict[str, Any]
    sealed: dict[str, bytes | None]
    neighbourhood: str | None
    suggestion: DirectorateSuggestion | None
    documents: tuple[tuple[Document, bool], ...]
    clocks: tuple[OpenedClock, ...]
    ticket_id: UUID = field(default_factory=new_id)

    @property
    def suggested_unit(self) -> str | None:
        """Return the directorate whose words the description uses; None if the matter belongs to an external body."""
        return self.suggestion.unit.code if self.suggestion and not self.suggestion.external else None

    @property
    def suggested_external(self) -> str | None:
        """Return the external body to which the matter seems to belong (law 3071 art. 5: forward and inform)."""
        return self.suggestion.unit.name if self.suggestion and self.suggestion.external else None

    @property
    def missing(self) -> list[Document]:
        """Return the documents that the published table requires and the request did not bring."""
        return [document for document, provided in self.documents if not provided]

    def clock(self, kind: ClockKind) -> OpenedClock | None:
        """Return the opened clock of that kind."""
        return next((opened for opened in self.clocks if opened.pinned.policy.clock_kind is kind), None)


def prepare(
    intake: Intake,
    *,
    client_id: UUID,
    actor: str,
    idempotency_key: str | None,
    rulebook: Rulebook,
    vault: Vault,
    now: datetime,
    service: Service | None = None,
) -> NewTicket:
    """Check an intake against the catalogue and make everything of its ticket but the number.

    `now` is the instant of receipt. An import names the `service` itself, because the service may accept no new
    requests. Raises `Invalid` with each field that the service refuses.
    """
    service = service or choose_service(intake, rulebook)
    started_at = _event_time(intake, now)
    _check_facts(intake, service)
    documents = _documents(intake, service)
    missing = any(not provided for _, provided in documents)
    ticket_id = new_id()
    matched = match_neighbourhood(rulebook.catalogue.neighbourhoods, intake.place.neighbourhood or "")
    suggestion = suggest_directorate(rulebook.catalogue.units, intake.description, rulebook.catalogue.external_bodies)
    return NewTicket(
        intake=intake,
        client_id=client_id,
        actor=actor,
        idempotency_key=idempotency_key,
        rulebook=rulebook,
        service=service,
        now=now,
        started_at=started_at,
        state=State.AWAITING_DOCUMENTS if missing else State.RECEIVED,
        applicant=applicant_row(intake.person, vault),
        sealed=_sealed(intake, vault, ticket_id, matched),
        neighbourhood=matched,
        suggestion=suggestion,
        documents=documents,
        clocks=_clocks(intake, service, rulebook, ticket_id, started_at, missing=missing),
        ticket_id=ticket_id,
    )


def choose_service(intake: Intake, rulebook: Rulebook) -> Service:
    """Return the requested service, else the channel's default; raise `Invalid` on `/service`."""
    if intake.service is None:
        return rulebook.catalogue.service_for(intake.channel)
    service = rulebook.catalogue.service(intake.service)
    if service is not None and service.accepts_new:
        return service
    known = sorted(known.code for known in rulebook.catalogue.services if known.accepts_new)
    if service is None:
        raise Invalid([FieldError("/service", "unknown_service", {"allowed": known})])
    raise Invalid([FieldError("/service", "service_closed", {"allowed": known, "closed_on": last_day(service)})])


def last_day(service: Service) -> str:
    """Return the last day on which a closed service accepted requests, formatted for the error message."""
    return f"{service.closed_on:%d.%m.%Y}" if service.closed_on else "–"


def _event_time(intake: Intake, now: datetime) -> datetime:
    if intake.occurred_at is None:
        return now
    if intake.occurred_at > now + CLOCK_TOLERANCE:
        raise Invalid([FieldError("/occurred_at", "in_future")])
    return min(intake.occurred_at, now)


def _check_facts(intake: Intake, service: Service) -> None:
    """Raise `Invalid` with every field that the service requires or refuses (standards.yaml)."""
    person = intake.person
    present = {
        IntakeFact.EXTERNAL_ID: intake.external_id is not None,
        IntakeFact.EXTERNAL_DATE: intake.occurred_at is not None,
        IntakeFact.NAME: person.name is not None,
        IntakeFact.ADDRESS: person.address is not None,
        IntakeFact.SIGNATURE_OR_NATIONAL_ID: intake.wet_signature or person.national_id is not None,
        IntakeFact.PERSONAL_DATA: person.role is not ApplicantRole.ANONYMOUS,
        IntakeFact.PHONE_CALL: intake.channel is Channel.CALL_CENTER,
    }
    errors = [FieldError(_POINTERS[fact], "missing") for fact in service.requires if not present.get(fact, True)]
    errors += [
        FieldError(_POINTERS[fact], _REFUSALS[fact])
        for fact in service.refuses
        if fact in _REFUSALS and present.get(fact, False)
    ]
    if wants_unavailable_app(person, intake.channel):
        errors.append(FieldError("/applicant/contact_by", "app_only_for_its_own"))
    if errors:
        raise Invalid(errors)


_POINTERS = {
    IntakeFact.EXTERNAL_ID: "/external_id",
    IntakeFact.EXTERNAL_DATE: "/occurred_at",
    IntakeFact.NAME: "/applicant/name",
    IntakeFact.ADDRESS: "/applicant/address",
    IntakeFact.SIGNATURE_OR_NATIONAL_ID: "/applicant/national_id",
    IntakeFact.PERSONAL_DATA: "/applicant",
    IntakeFact.PHONE_CALL: "/service",
}
_REFUSALS = {IntakeFact.PERSONAL_DATA: "no_personal_data", IntakeFact.PHONE_CALL: "not_by_phone"}


def _documents(intake: Intake, service: Service) -> tuple[tuple[Document, bool], ...]:
    conditions = {
        DocumentCondition.IDENTITY_BOUND: intake.identity_bound,
        DocumentCondition.WET_SIGNATURE: intake.wet_signature,
        DocumentCondition.FORMAL: intake.formal,
        DocumentCondition.ATTORNEY: intake.person.role is ApplicantRole.ATTORNEY,
        DocumentCondition.GUARDIAN: intake.person.role is ApplicantRole.GUARDIAN,
    }
    required = service.documents_for(frozenset(condition for condition, met in conditions.items() if met))
    if intake.wet_signature and IntakeFact.WET_SIGNATURE in service.refuses:
        required = (*required, WET_SIGNATURE)
    published = {document.code for document in (*service.documents, *required)}
    unknown = [index for index, code in enumerate(intake.documents) if code not in published]
    if unknown:
        facts = {"allowed": sorted(published) or ["–"]}
        raise Invalid([FieldError(f"/documents/{index}", "unknown_document", facts) for index in unknown])
    return tuple((document, document.code in intake.documents) for document in required)


def applicant_row(person: Person, vault: Vault) -> dict[str, Any]:
    """Return the row of an applicant, with every personal field sealed to it."""
    row_id = new_id()

    def seal(column: str, value: str | None) -> bytes | None:
        return None if value is None else vault.seal(value, table="applicant", column=column, row_id=row_id)

    return {
        "id": row_id,
        "role": person.role.value,
        "identity_hidden": person.identity_hidden,
        "language": person.language,
        "contact_by": person.contact_by.value if person.contact_by else None,
        "name": seal("name", person.name),
        "phone": seal("phone", person.phone.storage if person.phone else None),
        "national_id": seal("national_id", person.national_id),
        "address": seal("address", person.address),
        "email": seal("email", person.email),
        "phone_index": vault.blind_index("phone", person.phone.e164) if person.phone else None,
        "national_id_index": vault.blind_index("national_id", person.national_id) if person.national_id else None,
    }


def _sealed(intake: Intake, vault: Vault, ticket_id: UUID, matched: str | None) -> dict[str, bytes | None]:
    """Return description and place note, sealed; the note contains a neighbourhood that is not on the list."""
    said = intake.place.neighbourhood if matched is None else None
    note = " · ".join(part for part in (said, intake.place.note) if part)
    return {
        "description": vault.seal(intake.description, table="ticket", column="description", row_id=ticket_id),
        "place_note": vault.seal(note, table="ticket", column="place_note", row_id=ticket_id) if note else None,
    }


def _clocks(
    intake: Intake,
    service: Service,
    rulebook: Rulebook,
    ticket_id: UUID,
    started_at: datetime,
    *,
    missing: bool,
) -> tuple[OpenedClock, ...]:
    """Return the clocks that start now: none for thanks, and none for a request that still lacks its signature."""
    if intake.kind is Kind.THANKS:
        return ()
    unsigned = missing and intake.wet_signature and IntakeFact.WET_SIGNATURE in service.refuses
    waits = missing and (service.clock_start is ClockStart.DOCUMENTS_COMPLETE or unsigned)
    statutory = statutory_policy(
        service,
        rulebook.catalogue,
        formal=intake.formal or intake.wet_signature,
        right_to_information=intake.right_to_information,
    )
    pinned = [None if waits else promise_policy(service), None if unsigned else statutory]
    return tuple(
        start_clock(policy, rulebook, ticket_id=ticket_id, cycle=1, started_at=started_at)
        for policy in pinned
        if policy is not None
    )


def start_clock(
    policy: PinnedPolicy, rulebook: Rulebook, *, ticket_id: UUID, cycle: int, started_at: datetime
) -> OpenedClock:
    """Return a clock counted in the calendar that applies now; raise DeadlineError if the calendar never opens."""
    return open_clock(
        policy,
        ticket_id=ticket_id,
        cycle=cycle,
        started_at=started_at,
        calendar=rulebook.calendars[policy.hours],
        calendar_version_id=rulebook.calendar_version_id,
    )
