"""Facts of notices, whole and bare, for every kind: what the tests of texts and letters render."""

from dataclasses import fields, is_dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

from app.core.wording import Language
from app.domain.terms import ComplaintGround, ExtensionGround, Outcome, Regime, Remedy
from app.notices.kinds import NoticeKind
from app.notices.payloads import (
    CitizenPayload,
    ComplaintDuePayload,
    ComplaintPayload,
    ComplaintReceiptPayload,
    DigestLine,
    DigestPayload,
    DuplicatePayload,
    Escalation2Payload,
    EscalationPayload,
    ExtensionPayload,
    FeePayload,
    ForwardedOutPayload,
    InterimReplyPayload,
    MissingDocumentsPayload,
    OfficeFacts,
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
from tests.installation import ESENLER

TEMPLATES = ESENLER / "templates"

FIRST = OfficeFacts(
    place="Halkla İlişkiler Müdürlüğü",
    official="Ercan ZENGİN",
    title="Halkla İlişkiler Müdürü",
    phone="444 00 73/1010",
)
VACANT = replace(FIRST, official="", title="")
"""The first office on a day without an official."""
SECOND = OfficeFacts(
    place="Belediye Başkan Yardımcısı",
    official="Aydın POLAT",
    title="Belediye Başkan Yardımcısı",
    phone="444 00 73",
)
INSTITUTION = "İstanbul Su ve Kanalizasyon İdaresi (İSKİ)"
UNIT = "İklim Değişikliği ve Sıfır Atık Müdürlüğü"
SERVICE = "Cumhurbaşkanlığı İletişim Merkezi (CİMER)"
CITIZEN: dict[str, Any] = {
    "number": "2600012349",
    "applicant_named": True,
    "received_at": datetime(2026, 5, 12, 7, 0, tzinfo=UTC),
}
DUE = datetime(2026, 6, 1, 20, 59, 59, 999999, tzinfo=UTC)
"""The last instant of 1 June 2026 in Istanbul."""

CASE: dict[str, Any] = {
    "number": "2600012349",
    "subject_label": "Şikâyet",
    "neighbourhood": "Kazım Karabekir",
    "service_name": SERVICE,
    "limit_text": "15 GÜN",
    "received_at": datetime(2026, 5, 12, 7, 0, tzinfo=UTC),
    "promise_due": DUE,
    "raised_at": datetime(2026, 6, 1, 21, 0, tzinfo=UTC),
    "unit_name": UNIT,
    "referred_at": datetime(2026, 5, 13, 6, 30, tzinfo=UTC),
}
ESCALATION: dict[str, Any] = {
    "office": FIRST,
    "last_action": "Vatandaş Yanıtı Bekleniyor",
    "last_action_at": datetime(2026, 5, 20, 11, 5, tzinfo=UTC),
    "statutory_regime": Regime.LAW_3071,
    "statutory_due": datetime(2026, 6, 11, 20, 59, 59, 999999, tzinfo=UTC),
}
LEVEL_2: dict[str, Any] = ESCALATION | {
    "office": SECOND,
    "applicant_named": True,
    "signatory": FIRST,
    "level_1_number": "26-000123",
    "level_1_at": datetime(2026, 6, 1, 21, 0, tzinfo=UTC),
}
RESOLUTION: dict[str, Any] = CITIZEN | {
    "unit_name": UNIT,
    "outcome": Outcome.NEGATIVE,
    "replied": True,
    "remedy": Remedy.ADMINISTRATIVE_COURT,
    "first_office": FIRST,
    "second_office": SECOND,
    "forwarded_to": INSTITUTION,
    "duplicate_of": "2600012330",
    "survey": True,
    "event_seq": 7,
    "signatory": FIRST,
}
NOW = datetime(2026, 6, 2, 6, 0, tzinfo=UTC)
REMINDER: dict[str, Any] = CASE | {
    "notice_number": "26-000123",
    "notice_at": CASE["raised_at"],
    "level": 1,
    "reminder": 2,
    "office": FIRST,
    "statutory_due": ESCALATION["statutory_due"],
    "raised_at": NOW,
}
EXTENSION: dict[str, Any] = CITIZEN | {
    "ground": ExtensionGround.OTHER_INSTITUTION,
    "extended_at": NOW,
    "new_due": datetime(2026, 6, 24, 20, 59, 59, 999999, tzinfo=UTC),
    "consulted": INSTITUTION,
    "signatory": FIRST,
}
COMPLAINT = ComplaintReceiptPayload(
    **CITIZEN, ground=ComplaintGround.EXTRA_DOCUMENT_REQUESTED, ticket_number="2600012330", office=FIRST, answer_by=DUE
)

TO_OFFICE: dict[str, Any] = {
    "number": "2600012349",
    "ground": ComplaintGround.EXTRA_DOCUMENT_REQUESTED,
    "ticket_number": "2600012330",
    "received_at": CITIZEN["received_at"],
    "answer_by": DUE,
    "office": FIRST,
}
RUNNING_OUT: dict[str, Any] = TO_OFFICE | {"raised_at": NOW, "owed_by": FIRST.place, "legal_risk": True}
UNLISTED: dict[str, Any] = {
    "number": "2600012349",
    "service_name": SERVICE,
    "unit_name": UNIT,
    "requested_at": NOW,
    "documents": ("Tapu senedi örneği", "Son üç aya ait fatura"),
    "event_seq": 4,
    "office": FIRST,
}


def digest_line(number: str, days_late: int, **other: Any) -> DigestLine:
    """An application whose limit ended so many days before `NOW`, or ends so many after it."""
    due = {"due": DUE + timedelta(days=1 - days_late), "days_late": days_late}
    given: dict[str, Any] = {"service_name": SERVICE, "unit_name": UNIT, "notice_number": "26-000123"}
    return DigestLine(**given | due | other, number=number)


DIGEST_LINES = [digest_line("2600012357", -2), digest_line("2600012349", 1), digest_line("2600012365", 0)]
DIGEST = DigestPayload.of(DIGEST_LINES, as_of=NOW, office=FIRST)
UNASSIGNED: dict[str, Any] = {"unit_name": None, "referred_at": None}
NO_ESCALATION_FACTS: dict[str, Any] = dict.fromkeys(
    ("last_action", "last_action_at", "statutory_regime", "statutory_due")
)

K = NoticeKind
FULL: dict[NoticeKind, Payload] = {
    K.RECEIPT: ReceiptPayload(**CITIZEN, service_name=SERVICE, limit_text="15 GÜN", promise_due=DUE),
    K.MISSING_DOCUMENTS: MissingDocumentsPayload(
        **CITIZEN,
        documents=("T.C. Kimlik Belgesi veya yerine geçer belge", "Vekâletname", "Vasi kararı"),
        complete_by=date(2026, 5, 26),
    ),
    K.REFERRAL: ReferralPayload(**CITIZEN, unit_name=UNIT, referred_at=CASE["referred_at"], promise_due=DUE),
    K.WARNING: WarningPayload(
        **CASE | {"raised_at": datetime(2026, 5, 28, 6, 0, tzinfo=UTC)}, internal_target=date(2026, 5, 29)
    ),
    K.ESCALATION_1: EscalationPayload(**CASE, **ESCALATION),
    K.ESCALATION_2: Escalation2Payload(**CASE, **LEVEL_2),
    K.REMINDER: ReminderPayload(**REMINDER),
    K.DIGEST: DIGEST,
    K.EXTENSION: ExtensionPayload(**EXTENSION),
    K.FEE_NOTICE: FeePayload(**CITIZEN, amount=Decimal("1234.56"), notified_at=NOW, pay_by=DUE),
    K.INTERIM_REPLY: InterimReplyPayload(
        **CITIZEN, event_seq=7, replied_at=NOW, unit_name=UNIT, legal_basis=Regime.LAW_3071
    ),
    K.RESOLUTION: ResolutionPayload(**RESOLUTION),
    K.FORWARDED_OUT: ForwardedOutPayload(
        **CITIZEN, institution=INSTITUTION, forwarded_at=NOW, legal_basis=Regime.LAW_3071, event_seq=7
    ),
    K.DUPLICATE: DuplicatePayload(**CITIZEN, duplicate_of="2600012330"),
    K.WITHDRAWAL: WithdrawalPayload(**CITIZEN, cause="fee_unpaid", withdrawn_at=NOW, pay_by=DUE),
    K.UNREACHED: UnreachedPayload(**CITIZEN, attempts=3, last_attempt_at=NOW),
    K.COMPLAINT_RECEIPT: COMPLAINT,
    K.COMPLAINT: ComplaintPayload(**TO_OFFICE),
    K.COMPLAINT_DUE: ComplaintDuePayload(**RUNNING_OUT | {"office": SECOND}),
    K.UNLISTED_DOCUMENTS: UnlistedDocumentsPayload(**UNLISTED),
}
_FEW_CITIZEN = CITIZEN | {"applicant_named": False}
_FEW_CASE = CASE | UNASSIGNED | {"neighbourhood": None}
BARE: dict[NoticeKind, Payload] = {
    K.RECEIPT: ReceiptPayload(**_FEW_CITIZEN, service_name=SERVICE, limit_text="15 GÜN", promise_due=None),
    K.MISSING_DOCUMENTS: MissingDocumentsPayload(**_FEW_CITIZEN, documents=("İmza",), complete_by=None),
    K.REFERRAL: ReferralPayload(**_FEW_CITIZEN, unit_name=UNIT, referred_at=CASE["referred_at"], promise_due=None),
    K.WARNING: WarningPayload(**_FEW_CASE, internal_target=None),
    K.ESCALATION_1: EscalationPayload(**_FEW_CASE, **NO_ESCALATION_FACTS, office=replace(FIRST, official="")),
    K.ESCALATION_2: Escalation2Payload(
        **_FEW_CASE,
        **NO_ESCALATION_FACTS,
        office=SECOND,
        applicant_named=False,
        signatory=None,
        level_1_number=None,
        level_1_at=None,
    ),
    K.REMINDER: ReminderPayload(
        **REMINDER | _FEW_CASE | {"office": None, "statutory_due": None, "level": 0, "reminder": 5}
    ),
    K.DIGEST: DigestPayload.of(
        [digest_line("2600012349", -1, unit_name=None), digest_line("2600012357", -1, notice_number=None)],
        as_of=NOW,
        office=None,
    ),
    K.EXTENSION: ExtensionPayload(
        **EXTENSION
        | _FEW_CITIZEN
        | {"ground": ExtensionGround.SEVERAL_INSTITUTIONS, "consulted": None, "signatory": None}
    ),
    K.FEE_NOTICE: FeePayload(**_FEW_CITIZEN, amount=Decimal(5), notified_at=NOW, pay_by=DUE),
    K.INTERIM_REPLY: InterimReplyPayload(**_FEW_CITIZEN, event_seq=7, replied_at=NOW, unit_name=None),
    K.FORWARDED_OUT: ForwardedOutPayload(**_FEW_CITIZEN, institution=INSTITUTION, forwarded_at=NOW, legal_basis=None),
    K.DUPLICATE: DuplicatePayload(**_FEW_CITIZEN, duplicate_of="2600012330"),
    K.WITHDRAWAL: WithdrawalPayload(**_FEW_CITIZEN, cause="own_wish", withdrawn_at=NOW),
    K.UNREACHED: UnreachedPayload(**_FEW_CITIZEN, attempts=3, last_attempt_at=NOW),
    K.COMPLAINT_RECEIPT: ComplaintReceiptPayload(
        **_FEW_CITIZEN,
        ground=ComplaintGround.SERVICE_NOT_LISTED,
        ticket_number=None,
        office=replace(FIRST, phone=""),
        answer_by=DUE,
    ),
    K.COMPLAINT: ComplaintPayload(
        **TO_OFFICE
        | {
            "ground": ComplaintGround.SERVICE_NOT_LISTED,
            "ticket_number": None,
            "office": replace(FIRST, official="", title=""),
        }
    ),
    K.COMPLAINT_DUE: ComplaintDuePayload(
        **RUNNING_OUT | {"ticket_number": None, "legal_risk": False, "raised_at": CITIZEN["received_at"]}
    ),
    K.UNLISTED_DOCUMENTS: UnlistedDocumentsPayload(**UNLISTED | {"unit_name": None, "documents": ("Fatura",)}),
    K.RESOLUTION: ResolutionPayload(
        **_FEW_CITIZEN,
        unit_name=None,
        outcome=Outcome.POSITIVE,
        replied=False,
        remedy=None,
        first_office=replace(FIRST, phone=""),
        second_office=replace(SECOND, phone=""),
    ),
}
MINUTES: dict[str, Any] = {
    "limit_text": "10 D",
    "promise_due": datetime(2026, 5, 12, 7, 10, tzinfo=UTC),
    "under_a_day": True,
}
SHORT_LIMIT: dict[NoticeKind, Payload] = {
    K.RECEIPT: ReceiptPayload(**CITIZEN, **MINUTES, service_name="Halkla İlişkiler - ESTİM (İkram Noktası)"),
    K.WARNING: WarningPayload(
        **CASE | MINUTES | {"raised_at": datetime(2026, 5, 12, 7, 8, tzinfo=UTC)}, internal_target=None
    ),
    K.ESCALATION_1: EscalationPayload(**CASE | MINUTES, **ESCALATION),
    K.ESCALATION_2: Escalation2Payload(**CASE | MINUTES, **LEVEL_2),
    K.REMINDER: ReminderPayload(**REMINDER | MINUTES),
}
OUTCOMES = [ResolutionPayload(**RESOLUTION | {"outcome": outcome}) for outcome in Outcome]
GROUNDS: list[
    tuple[NoticeKind, ExtensionPayload | ComplaintReceiptPayload | ComplaintPayload | ComplaintDuePayload]
] = [
    *((K.EXTENSION, ExtensionPayload(**EXTENSION | {"ground": ground})) for ground in ExtensionGround),
    *(
        (
            K.COMPLAINT_RECEIPT,
            ComplaintReceiptPayload(**CITIZEN, ground=ground, ticket_number=None, office=FIRST, answer_by=DUE),
        )
        for ground in ComplaintGround
    ),
    *((K.COMPLAINT, ComplaintPayload(**TO_OFFICE | {"ground": ground})) for ground in ComplaintGround),
    *((K.COMPLAINT_DUE, ComplaintDuePayload(**RUNNING_OUT | {"ground": ground})) for ground in ComplaintGround),
]
CASES: list[tuple[str, NoticeKind, Payload]] = [
    *(("full", kind, payload) for kind, payload in FULL.items()),
    *(("bare", kind, payload) for kind, payload in BARE.items()),
    *(("minutes", kind, payload) for kind, payload in SHORT_LIMIT.items()),
    *((payload.outcome, K.RESOLUTION, payload) for payload in OUTCOMES),
    *((payload.ground, kind, payload) for kind, payload in GROUNDS),
    ("complaint", K.REMINDER, ReminderPayload(**REMINDER | UNASSIGNED | {"complaint": True})),
]
"""Name, kind and facts of everything that has a text of its own."""

_NAMES = {
    "service_name",
    "limit_text",
    "documents",
    "unlisted",
    "unit_name",
    "subject_label",
    "neighbourhood",
    "last_action",
}
_NAMES |= {"place", "official", "title", "phone", "consulted", "institution", "forwarded_to"}
"""Facts named elsewhere: in a table, in a unit's list, in a request."""

P = TypeVar("P")


def named(payload: P, word: str) -> P:
    """The same facts with `word` for every name that stands in them."""

    def changed(name: str, value: Any) -> Any:
        if name in _NAMES and value:
            return (word,) * len(value) if isinstance(value, tuple) else word
        if isinstance(value, tuple):
            return tuple(changed("", item) for item in value)
        return named(value, word) if is_dataclass(value) else value

    parts: Any = payload
    facts = {part.name: changed(part.name, getattr(parts, part.name)) for part in fields(parts)}
    return type(payload)(**facts)


def in_language(payload: Payload, language: Language) -> Payload:
    """The same facts for a reader of that language."""
    return replace(payload, language=language) if isinstance(payload, CitizenPayload) else payload
