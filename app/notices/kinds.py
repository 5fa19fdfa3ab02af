"""The kinds of notices: readers, media, and the facts that each text needs.

A new kind is a payload class in `payloads`, a row in `SPECS` and its text files in the municipality's `templates/`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from types import MappingProxyType

from pydantic import JsonValue, TypeAdapter

from app.core.wording import Language
from app.notices.payloads import (
    CitizenPayload,
    ComplaintDuePayload,
    ComplaintPayload,
    ComplaintReceiptPayload,
    DigestPayload,
    DuplicatePayload,
    Escalation2Payload,
    EscalationPayload,
    ExtensionPayload,
    FeePayload,
    ForwardedOutPayload,
    InterimReplyPayload,
    MissingDocumentsPayload,
    Payload,
    ReceiptPayload,
    ReferralPayload,
    ReminderPayload,
    ResolutionPayload,
    UnlistedDocumentsPayload,
    UnreachedPayload,
    WarningPayload,
    WithdrawalPayload,
)


class Medium(StrEnum):
    """Medium by which a notice is sent."""

    EMAIL = "email"
    SMS = "sms"
    WEBHOOK = "webhook"

    @property
    def text(self) -> "Medium":
        """Return the medium whose text is used: the mobile app shows the text of the SMS."""
        return Medium.SMS if self is Medium.WEBHOOK else self


class Audience(StrEnum):
    """Reader of a notice."""

    CITIZEN = "citizen"
    UNIT = "unit"
    OFFICE = "office"


@dataclass(frozen=True, slots=True)
class KindSpec:
    """Specification of a kind: Turkish name, readers, media, and the class of its facts.

    A kind with `letter` is available as an official letter too.
    """

    label_tr: str
    audiences: frozenset[Audience]
    media: frozenset[Medium]
    payload: type[Payload]
    letter: bool = False

    @property
    def attaches_letter(self) -> bool:
        """Return whether its e-mail carries the letter, a draft: offices register it, citizens do not get one."""
        return self.letter and Audience.CITIZEN not in self.audiences

    @property
    def languages(self) -> tuple[Language, ...]:
        """Return the languages of its texts: offices read Turkish, citizens may choose English."""
        return ("tr", "en") if Audience.CITIZEN in self.audiences else ("tr",)


class NoticeKind(StrEnum):
    """Cause of a notice."""

    RECEIPT = "receipt"
    MISSING_DOCUMENTS = "missing_documents"
    REFERRAL = "referral"
    WARNING = "warning"
    ESCALATION_1 = "escalation_1"
    ESCALATION_2 = "escalation_2"
    REMINDER = "reminder"
    DIGEST = "digest"
    EXTENSION = "extension"
    FEE_NOTICE = "fee_notice"
    INTERIM_REPLY = "interim_reply"
    RESOLUTION = "resolution"
    FORWARDED_OUT = "forwarded_out"
    DUPLICATE = "duplicate"
    WITHDRAWAL = "withdrawal"
    UNREACHED = "unreached"
    COMPLAINT_RECEIPT = "complaint_receipt"
    COMPLAINT = "complaint"
    COMPLAINT_DUE = "complaint_due"
    UNLISTED_DOCUMENTS = "unlisted_documents"

    @property
    def spec(self) -> KindSpec:
        """Return the row of this kind in `SPECS`."""
        return SPECS[self]

    @property
    def label_tr(self) -> str:
        """Return the Turkish name that lists and fallback texts show."""
        return SPECS[self].label_tr


def _to_citizen(label: str, payload: type[CitizenPayload], *, letter: bool = False) -> KindSpec:
    return KindSpec(label, frozenset({Audience.CITIZEN}), frozenset({Medium.EMAIL, Medium.SMS}), payload, letter)


def _to_staff(label: str, payload: type[Payload], *audiences: Audience, letter: bool = False) -> KindSpec:
    return KindSpec(label, frozenset(audiences), frozenset({Medium.EMAIL}), payload, letter)


SPECS: Mapping[NoticeKind, KindSpec] = MappingProxyType(
    {
        NoticeKind.RECEIPT: _to_citizen("Alındı bildirimi", ReceiptPayload),
        NoticeKind.MISSING_DOCUMENTS: _to_citizen("Eksik belge bildirimi", MissingDocumentsPayload, letter=True),
        NoticeKind.REFERRAL: _to_citizen("Sevk bildirimi", ReferralPayload),
        NoticeKind.WARNING: _to_staff("Süre uyarısı", WarningPayload, Audience.UNIT),
        NoticeKind.ESCALATION_1: _to_staff("Süre aşımı bildirimi (1. kademe)", EscalationPayload, Audience.OFFICE),
        NoticeKind.ESCALATION_2: _to_staff(
            "Süre aşımı yazısı (2. kademe)", Escalation2Payload, Audience.OFFICE, letter=True
        ),
        NoticeKind.REMINDER: _to_staff("Hatırlatma", ReminderPayload, Audience.OFFICE, Audience.UNIT),
        NoticeKind.DIGEST: _to_staff("Toplu bildirim", DigestPayload, Audience.OFFICE, Audience.UNIT),
        NoticeKind.EXTENSION: _to_citizen("Süre uzatımı bildirimi", ExtensionPayload, letter=True),
        NoticeKind.FEE_NOTICE: _to_citizen("Ücret bildirimi", FeePayload),
        NoticeKind.INTERIM_REPLY: _to_citizen("Ara cevap", InterimReplyPayload),
        NoticeKind.RESOLUTION: _to_citizen("Sonuç bildirimi", ResolutionPayload, letter=True),
        NoticeKind.FORWARDED_OUT: _to_citizen("İlgili kuruma iletme bildirimi", ForwardedOutPayload),
        NoticeKind.DUPLICATE: _to_citizen("Birleştirme bildirimi", DuplicatePayload),
        NoticeKind.WITHDRAWAL: _to_citizen("İşlemden kaldırma bildirimi", WithdrawalPayload),
        NoticeKind.UNREACHED: _to_citizen("Ulaşılamadı bildirimi", UnreachedPayload),
        NoticeKind.COMPLAINT_RECEIPT: _to_citizen("Şikâyet alındı bildirimi", ComplaintReceiptPayload),
        NoticeKind.COMPLAINT: _to_staff("Şikâyet bildirimi", ComplaintPayload, Audience.OFFICE),
        NoticeKind.COMPLAINT_DUE: _to_staff("Şikâyet süre uyarısı", ComplaintDuePayload, Audience.OFFICE),
        NoticeKind.UNLISTED_DOCUMENTS: _to_staff(
            "Tabloda olmayan belge bildirimi", UnlistedDocumentsPayload, Audience.OFFICE
        ),
    }
)

_VALIDATORS: Mapping[type[Payload], TypeAdapter[Payload]] = {
    spec.payload: TypeAdapter(spec.payload) for spec in SPECS.values()
}
_FACT_NAMES: Mapping[type[Payload], tuple[str, ...]] = {
    spec.payload: tuple(field.name for field in fields(spec.payload)) for spec in SPECS.values()
}


def snapshot(payload: Payload) -> dict[str, JsonValue]:
    """Return the payload as JSON values (instants and dates in ISO 8601), to be stored with the notice."""
    facts: dict[str, JsonValue] = _VALIDATORS[type(payload)].dump_python(payload, mode="json")
    return facts


def restore(kind: NoticeKind, facts: Mapping[str, JsonValue]) -> Payload:
    """Return the payload of a snapshot; raise pydantic's `ValidationError` if the facts do not fit the kind."""
    return _VALIDATORS[kind.spec.payload].validate_python(dict(facts))


def facts_of(payload: Payload) -> dict[str, object]:
    """Return fact → value, as the texts use them."""
    return {name: getattr(payload, name) for name in _FACT_NAMES[type(payload)]}


def language_of(payload: Payload) -> Language:
    """Return the language of the reader of these facts."""
    return payload.language if isinstance(payload, CitizenPayload) else "tr"
