"""The values of the catalogue: services with limit and law, offices, directorates, neighbourhoods, opening hours.

All are immutable; `catalogue.py` builds them from the files, `model.py` stores them. Pure: standard library only.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from app.domain.terms import PauseReason, Regime
from app.sla.calendar import ClockKind, Segment, SpecialDay
from app.sla.deadline import Basis, Policy, Roll
from app.sla.limit import Limit
from app.standards.published_table import PrintedOffice

OFFICE_HOURS: Final = "office"
"""The default calendar of services. Limits of law count in it; offices and directorates are notified by it."""


class Channel(StrEnum):
    """The channel by which a request arrives."""

    CALL_CENTER = "call-center"
    SMS = "sms"
    MOBILE = "mobile"
    FIELD = "field"
    DESK = "desk"
    CIMER = "cimer"


class PastChannel(StrEnum):
    """A former channel: its records are imported, but it takes no requests and has no default service."""

    BIMER = "bimer"

    @property
    def label(self) -> str:
        """Return its name, which is also the actor of its imported records."""
        return _PAST_LABELS[self]


_PAST_LABELS = {PastChannel.BIMER: "BİMER"}


class ClockStart(StrEnum):
    """The start of the promise: the citizen's own event, complete documents, or the date of the outside portal."""

    EVENT_TIME = "event_time"
    DOCUMENTS_COMPLETE = "documents_complete"
    EXTERNAL_DATE = "external_date"


class StatutoryWhen(StrEnum):
    """The requests of a service that are under the law: all, or only formal ones (signed petitions)."""

    ALWAYS = "always"
    FORMAL = "formal"


class DocumentCondition(StrEnum):
    """The condition under which a document may be requested; a closed list, never an expression."""

    ALWAYS = "always"
    IDENTITY_BOUND = "identity_bound"
    WET_SIGNATURE = "wet_signature"
    FORMAL = "formal"
    ATTORNEY = "attorney"
    GUARDIAN = "guardian"


class IntakeFact(StrEnum):
    """A fact that a service requires of a request, or refuses."""

    EXTERNAL_ID = "external_id"
    EXTERNAL_DATE = "external_date"
    NAME = "name"
    ADDRESS = "address"
    SIGNATURE_OR_NATIONAL_ID = "signature_or_national_id"
    WET_SIGNATURE = "wet_signature"
    PERSONAL_DATA = "personal_data"
    PHONE_CALL = "phone_call"


class LimitSource(StrEnum):
    """The source of a limit: the printed words, or the row override of standards.yaml."""

    PRINTED = "printed"
    ROW_OVERRIDE = "row_override"


@dataclass(frozen=True, slots=True)
class Document:
    """A document of the published list; required if any condition in `when` is met."""

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
    """A statutory limit. It starts at receipt and never pauses; `extended_to` is the whole limit after an extension."""

    code: Regime
    law: str
    limit: Limit
    roll: Roll
    interim_reply_satisfies: bool
    extended_to: Limit | None = None
    fee: FeeRule | None = None

    def policy(self, *, extended: bool = False) -> Policy:
        """Return the counting rule of the statutory clock, with the longer limit if `extended` and the law has one."""
        limit = self.extended_to if extended and self.extended_to else self.limit
        return Policy(limit=limit, roll=self.roll, clock_kind=ClockKind.STATUTORY)


@dataclass(frozen=True, slots=True)
class Service:
    """One row of the published table with the additions of the municipality's folder.

    `limit_text` is the literal print, `limit` its meaning. `chain` has the configured checkpoints as
    {kind, level, at}; None means the default chain for that length of limit.
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
    chain: tuple[dict[str, str | int], ...] | None
    accepts_new: bool
    closed_on: date | None
    note: str
    callback_required: bool
    quality_figure: bool
    requires: tuple[IntakeFact, ...]
    refuses: tuple[IntakeFact, ...]

    @property
    def policy(self) -> Policy:
        """Return the counting rule of the promise."""
        return Policy(limit=self.limit, basis=self.basis, roll=self.roll, clock_kind=ClockKind.PROMISE)

    def documents_for(self, facts: frozenset[DocumentCondition]) -> tuple[Document, ...]:
        """Return the documents that may be requested under these conditions; `always` is implied."""
        conditions = facts | {DocumentCondition.ALWAYS}
        return tuple(document for document in self.documents if conditions.intersection(document.when))


@dataclass(frozen=True, slots=True)
class Deputy:
    """The deputy of the head of an office; dates are inclusive, None is open."""

    name: str
    job_title: str
    email: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class ApplicationOffice:
    """A printed office with its additions: directorate, deputies, role mailbox, validity (inclusive)."""

    printed: PrintedOffice
    unit: str | None
    role_mailbox: str | None
    valid_from: date | None
    valid_to: date | None
    deputies: tuple[Deputy, ...]

    @property
    def mailbox(self) -> str:
        """Return the mail address: the role mailbox, else the printed address; "" without one."""
        return self.role_mailbox or self.printed.email


@dataclass(frozen=True, slots=True)
class Directorate:
    """A directorate (müdürlük) and the keywords that suggest it for a request."""

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
    """A neighbourhood with this name from `valid_from` (inclusive) to `valid_to` (exclusive); None is open."""

    name: str
    aliases: tuple[str, ...] = ()
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class Municipality:
    """The name of the municipality and its contact for citizens."""

    name: str
    call_line: str
    website: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    """One validated reading of a municipality's folder; `sha256` identifies it, `sources` its files.

    `hours` has a week for each calendar: seven tuples of (start, end) wall times in `zone`, Monday first. 00:00 is the
    end of the date. `closures` are the dates decided by the municipality itself.
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
        """Return the service of that code, or None."""
        return next((service for service in self.services if service.code == code), None)

    def service_for(self, channel: Channel | PastChannel) -> Service:
        """Return the default service of a channel; a loaded catalogue has exactly one, but none for a past channel."""
        return next(service for service in self.services if channel in service.channels)

    def regime(self, code: Regime) -> RegimeRules:
        """Return the statutory limit of that law; a loaded catalogue has every law that a service names."""
        return next(regime for regime in self.regimes if regime.code is code)

    def office(self, level: int, table: int = 1) -> ApplicationOffice:
        """Return the first (1) or second (2) application office below that table, else the first printed one."""
        of_level = [office for office in self.offices if office.printed.level == level]
        return next((office for office in of_level if office.printed.table == table), of_level[0])

    def unit(self, code: str) -> Directorate | None:
        """Return the directorate of that code, or None."""
        return next((unit for unit in self.units if unit.code == code), None)
