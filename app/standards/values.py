"""The catalogue as values: services with limit and law, offices, units, neighbourhoods, opening hours.

They are immutable and know nothing of files or of the database; `catalogue.py` makes them.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final

from app.domain.terms import PauseReason, Regime
from app.sla.calendar import ClockKind, Segment, SpecialDay
from app.sla.deadline import Basis, Policy, Roll
from app.sla.limit import Limit
from app.standards.published_table import PrintedOffice

OFFICE_HOURS: Final = "office"
"""The calendar of services that name no other; limits of law are counted in it, offices and units reached by it."""


class Channel(StrEnum):
    """How a request arrives."""

    CALL_CENTER = "call-center"
    SMS = "sms"
    MOBILE = "mobile"
    FIELD = "field"
    DESK = "desk"
    CIMER = "cimer"


class PastChannel(StrEnum):
    """How requests arrived once: their records are imported; no door takes them and no service is their default."""

    BIMER = "bimer"

    @property
    def label(self) -> str:
        """Its name, which is also the actor of what it had recorded."""
        return _PAST_LABELS[self]


_PAST_LABELS = {PastChannel.BIMER: "BİMER"}


class ClockStart(StrEnum):
    """What starts the promise: the citizen's own event, complete documents, or the outside portal's date."""

    EVENT_TIME = "event_time"
    DOCUMENTS_COMPLETE = "documents_complete"
    EXTERNAL_DATE = "external_date"


class StatutoryWhen(StrEnum):
    """Whether every request of the service is under the law, or only a formal one (a signed petition)."""

    ALWAYS = "always"
    FORMAL = "formal"


class DocumentCondition(StrEnum):
    """When a document may be asked for; a closed list, never an expression."""

    ALWAYS = "always"
    IDENTITY_BOUND = "identity_bound"
    WET_SIGNATURE = "wet_signature"
    FORMAL = "formal"
    ATTORNEY = "attorney"
    GUARDIAN = "guardian"


class IntakeFact(StrEnum):
    """What a request has to bring with it, or may not bring, on this service."""

    EXTERNAL_ID = "external_id"
    EXTERNAL_DATE = "external_date"
    NAME = "name"
    ADDRESS = "address"
    SIGNATURE_OR_NATIONAL_ID = "signature_or_national_id"
    WET_SIGNATURE = "wet_signature"
    PERSONAL_DATA = "personal_data"
    PHONE_CALL = "phone_call"


class LimitSource(StrEnum):
    """Whether the limit was read from the printed words or settled by the row override of standards.yaml."""

    PRINTED = "printed"
    ROW_OVERRIDE = "row_override"


@dataclass(frozen=True, slots=True)
class Document:
    """A document of the published list; asked for when any of the conditions in `when` holds."""

    code: str
    label: str
    when: tuple[DocumentCondition, ...]
    accepts: tuple[str, ...] = ()
    store_copy: bool = False


@dataclass(frozen=True, slots=True)
class FeeRule:
    """Law 4982: a fee notice restarts the limit; unpaid after `pay_within` it counts as withdrawn."""

    effect: str
    pay_within: Limit
    on_lapse: str


@dataclass(frozen=True, slots=True)
class RegimeRules:
    """A statutory limit. It starts at receipt and never pauses; `extended_to` is the limit in all."""

    code: Regime
    law: str
    limit: Limit
    roll: Roll
    interim_reply_satisfies: bool
    extended_to: Limit | None = None
    fee: FeeRule | None = None

    def policy(self, *, extended: bool = False) -> Policy:
        """How the statutory clock counts; `extended` only where the law allows it."""
        limit = self.extended_to if extended and self.extended_to else self.limit
        return Policy(limit=limit, roll=self.roll, clock_kind=ClockKind.STATUTORY)


@dataclass(frozen=True, slots=True)
class Service:
    """One row of the published table with what the municipality's folder adds to it.

    `limit_text` is the literal print, `limit` what it means. `chain` is None where the default chain of
    checkpoints for that length of limit applies.
    """

    code: str
    table: int
    row: int
    line: int
    heading: str
    name: str
    process_text: str
    unit_text: str | None
    limit_text: str
    limit: Limit
    limit_source: LimitSource
    channels: tuple[Channel, ...]
    clock_start: ClockStart
    basis: Basis
    hours: str
    roll: Roll
    pausable: tuple[PauseReason, ...]
    statutory: Regime | None
    statutory_when: StatutoryWhen
    statutory_by_subtype: dict[str, Regime]
    documents: tuple[Document, ...]
    chain: tuple[dict[str, Any], ...] | None
    accepts_new: bool
    closed_on: date | None
    note: str
    callback_required: bool
    quality_figure: bool
    requires: tuple[IntakeFact, ...]
    refuses: tuple[IntakeFact, ...]

    @property
    def policy(self) -> Policy:
        """How the promise clock of this service counts."""
        return Policy(limit=self.limit, basis=self.basis, roll=self.roll, clock_kind=ClockKind.PROMISE)

    def documents_for(self, facts: frozenset[DocumentCondition]) -> tuple[Document, ...]:
        """The documents that may be asked for when these conditions hold (`always` holds by itself)."""
        holding = facts | {DocumentCondition.ALWAYS}
        return tuple(document for document in self.documents if holding.intersection(document.when))


@dataclass(frozen=True, slots=True)
class Deputy:
    """Who stands in for the head of an office; dates inclusive, None is open."""

    name: str
    job_title: str
    email: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class ApplicationOffice:
    """A printed office with what the table can't say: unit, deputies, role mailbox, validity (inclusive)."""

    printed: PrintedOffice
    unit: str | None
    role_mailbox: str | None
    valid_from: date | None
    valid_to: date | None
    deputies: tuple[Deputy, ...]

    @property
    def mailbox(self) -> str:
        """Where its mail goes: the role's mailbox, else the printed address; "" when there is none."""
        return self.role_mailbox or self.printed.email


@dataclass(frozen=True, slots=True)
class Directorate:
    """A directorate (müdürlük) and the words by which a request is suggested to it."""

    code: str
    name: str
    keywords: tuple[str, ...] = ()
    email: str | None = None


@dataclass(frozen=True, slots=True)
class ExternalBody:
    """A body outside the municipality to which a request has to be forwarded (law 3071, article 5)."""

    code: str
    name: str
    keywords: tuple[str, ...] = ()
    phone_line: str | None = None


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """A neighbourhood by that name from `valid_from` on and before `valid_to`; None is open."""

    name: str
    aliases: tuple[str, ...] = ()
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class Municipality:
    """How the municipality calls itself and where a citizen reaches it."""

    name: str
    call_line: str
    website: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    """One validated reading of a municipality's folder; `sha256` identifies it, `sources` its files.

    `hours` holds a week for each calendar: seven tuples of (start, end) wall times in `zone`, Monday first,
    with 00:00 as the end of the date. `closures` are the dates decided by the municipality itself.
    """

    sha256: str
    sources: dict[str, str]
    municipality: Municipality
    closing: str
    services: tuple[Service, ...]
    regimes: tuple[RegimeRules, ...]
    offices: tuple[ApplicationOffice, ...]
    units: tuple[Directorate, ...]
    external_bodies: tuple[ExternalBody, ...]
    neighbourhoods: tuple[Neighbourhood, ...]
    zone: str
    hours: dict[str, tuple[tuple[Segment, ...], ...]]
    closures: dict[date, SpecialDay]

    def service(self, code: str) -> Service | None:
        """The service of that code."""
        return next((service for service in self.services if service.code == code), None)

    def service_for(self, channel: Channel | PastChannel) -> Service:
        """The default service of a channel; a loaded catalogue has exactly one, but none of a past channel."""
        return next(service for service in self.services if channel in service.channels)

    def regime(self, code: Regime) -> RegimeRules:
        """The statutory limit of that law; a loaded catalogue has every one that a service names."""
        return next(regime for regime in self.regimes if regime.code is code)

    def office(self, level: int, table: int = 1) -> ApplicationOffice:
        """The first (1) or second (2) application office below that table, else the first printed."""
        of_level = [office for office in self.offices if office.printed.level == level]
        return next((office for office in of_level if office.printed.table == table), of_level[0])

    def unit(self, code: str) -> Directorate | None:
        """The directorate of that code."""
        return next((unit for unit in self.units if unit.code == code), None)
