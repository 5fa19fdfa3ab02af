"""The kinds of notices: who reads them, by which medium, and exactly which facts their texts need.

A payload is a typed value, so a forgotten fact is a type error where the notice is composed, not a hole in
a letter. It holds no personal data: the texts name a person through references (see `references`). A new
kind is a payload class here, a row in `SPECS` and its text files in the municipality's `templates/`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Any, ClassVar, Literal

from pydantic import AwareDatetime, ConfigDict, TypeAdapter

Outcome = Literal["positive", "partial", "negative", "forwarded_out", "not_examined", "withdrawn", "duplicate"]
"""How a ticket ended, in the words of the tickets' workflow (which imports notices, so not the other way)."""

Regime = Literal["law_3071", "law_4982"]
"""Law whose limit runs beside the promise: 3071 (petitions) or 4982 (right to information)."""

Remedy = Literal["administrative_court", "information_board"]
"""Where a refusal can be challenged: law 2577 art. 7 (60 days) or the board of law 4982 (15 days)."""


class Medium(StrEnum):
    """By which way a notice travels."""

    EMAIL = "email"
    SMS = "sms"


class Audience(StrEnum):
    """Who reads a notice."""

    CITIZEN = "citizen"
    UNIT = "unit"
    OFFICE = "office"


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """An application office (Müracaat Yeri) as the published table of that day prints it."""

    place: str
    official: str
    title: str
    phone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """What every notice knows: the number of its ticket.

    Instants are aware; the texts show them in Europe/Istanbul. `None` means that the fact does not exist.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CitizenPayload(Payload):
    """A notice to the applicant; `applicant_named` says whether a name may be used in the salutation."""

    applicant_named: bool
    received_at: AwareDatetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptPayload(CitizenPayload):
    """Receipt: `promise_due` is None where no limit runs (thanks, or documents still missing)."""

    service_name: str
    limit_text: str
    promise_due: AwareDatetime | None
    under_a_day: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingDocumentsPayload(CitizenPayload):
    """Missing documents: at least one label; `legal_basis` None means the published table asks for them."""

    documents: tuple[str, ...]
    complete_by: date | None
    legal_basis: Regime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralPayload(CitizenPayload):
    """The application was sent to a directorate; `unit_name` is its full name (`Fen İşleri Müdürlüğü`)."""

    unit_name: str
    referred_at: AwareDatetime
    promise_due: AwareDatetime | None
    under_a_day: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CasePayload(Payload):
    """What an office of the municipality is told about a running application.

    `limit_text` is the printed limit, letter for letter; `promise_due` the instant at which it ends (the
    breach, once it is past); `raised_at` the instant of the notice; `subject_label` the matter in one or
    two words, without personal data; `under_a_day` makes limits show hour and minute.
    """

    subject_label: str
    neighbourhood: str | None
    service_name: str
    limit_text: str
    received_at: AwareDatetime
    promise_due: AwareDatetime
    raised_at: AwareDatetime
    unit_name: str | None
    referred_at: AwareDatetime | None
    under_a_day: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WarningPayload(CasePayload):
    """The promise will end soon; `internal_target` is the day by which the unit should have acted."""

    internal_target: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationPayload(CasePayload):
    """The promise ended unkept: what both application offices are told."""

    office: Office
    last_action: str | None
    last_action_at: AwareDatetime | None
    statutory_regime: Regime | None
    statutory_due: AwareDatetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation2Payload(EscalationPayload):
    """The letter to the second office.

    `signatory` signs for the first office and is None where the application is about that office;
    `level_1_number` and `level_1_at` name the notice that went before, where one did. `legal_risk` marks a
    level raised because the statutory limit is near, possibly before the promise ended.
    """

    applicant_named: bool
    signatory: Office | None
    level_1_number: str | None
    level_1_at: AwareDatetime | None
    legal_risk: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolutionPayload(CitizenPayload):
    """How the application ended.

    `replied` says that the office wrote a reply (shown through a reference); `remedy` is owed with every
    refusal (Constitution art. 40); `survey` asks for a mark from 1 to 5, only where somebody reads the
    answer.
    """

    unit_name: str | None
    outcome: Outcome
    replied: bool
    remedy: Remedy | None
    first_office: Office
    second_office: Office
    forwarded_to: str | None = None
    duplicate_of: str | None = None
    survey: bool = False


@dataclass(frozen=True, slots=True)
class KindSpec:
    """What a kind is: its Turkish name, its readers, the media it may take, the facts it needs."""

    label_tr: str
    audience: Audience
    media: frozenset[Medium]
    payload: type[Payload]


class NoticeKind(StrEnum):
    """Why a notice is written."""

    RECEIPT = "receipt"
    MISSING_DOCUMENTS = "missing_documents"
    REFERRAL = "referral"
    WARNING = "warning"
    ESCALATION_1 = "escalation_1"
    ESCALATION_2 = "escalation_2"
    RESOLUTION = "resolution"

    @property
    def spec(self) -> KindSpec:
        """The row of this kind in `SPECS`."""
        return SPECS[self]

    @property
    def label_tr(self) -> str:
        """The Turkish name that lists and fallback texts show."""
        return SPECS[self].label_tr


_BOTH = frozenset(Medium)
_EMAIL = frozenset({Medium.EMAIL})

SPECS: Mapping[NoticeKind, KindSpec] = MappingProxyType(
    {
        NoticeKind.RECEIPT: KindSpec("Alındı bildirimi", Audience.CITIZEN, _BOTH, ReceiptPayload),
        NoticeKind.MISSING_DOCUMENTS: KindSpec(
            "Eksik belge bildirimi", Audience.CITIZEN, _BOTH, MissingDocumentsPayload
        ),
        NoticeKind.REFERRAL: KindSpec("Sevk bildirimi", Audience.CITIZEN, _BOTH, ReferralPayload),
        NoticeKind.WARNING: KindSpec("Süre uyarısı", Audience.UNIT, _EMAIL, WarningPayload),
        NoticeKind.ESCALATION_1: KindSpec(
            "Süre aşımı bildirimi (1. kademe)", Audience.OFFICE, _EMAIL, EscalationPayload
        ),
        NoticeKind.ESCALATION_2: KindSpec("Süre aşımı yazısı (2. kademe)", Audience.OFFICE, _EMAIL, Escalation2Payload),
        NoticeKind.RESOLUTION: KindSpec("Sonuç bildirimi", Audience.CITIZEN, _BOTH, ResolutionPayload),
    }
)

_ADAPTERS: Mapping[type[Payload], TypeAdapter[Payload]] = {
    spec.payload: TypeAdapter(spec.payload) for spec in SPECS.values()
}
_NAMES: Mapping[type[Payload], tuple[str, ...]] = {
    spec.payload: tuple(field.name for field in fields(spec.payload)) for spec in SPECS.values()
}


def snapshot(payload: Payload) -> dict[str, Any]:
    """The payload as plain JSON values (instants and dates in ISO 8601), to be stored with the notice."""
    facts: dict[str, Any] = _ADAPTERS[type(payload)].dump_python(payload, mode="json")
    return facts


def restore(kind: NoticeKind, facts: Mapping[str, Any]) -> Payload:
    """The payload back from its snapshot; pydantic's ValidationError where that does not fit the kind."""
    return _ADAPTERS[kind.spec.payload].validate_python(dict(facts))


def facts_of(payload: Payload) -> dict[str, Any]:
    """The facts by name, as the texts see them."""
    return {name: getattr(payload, name) for name in _NAMES[type(payload)]}
