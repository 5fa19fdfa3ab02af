"""The texts: every kind by every medium reads well with the longest and with the fewest facts."""

import re
import shutil
from dataclasses import fields, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import ValidationError

from app.notices.kinds import (
    CasePayload,
    Escalation2Payload,
    EscalationPayload,
    Medium,
    MissingDocumentsPayload,
    NoticeKind,
    Office,
    Outcome,
    Payload,
    ReceiptPayload,
    ReferralPayload,
    ResolutionPayload,
    WarningPayload,
    restore,
    snapshot,
)
from app.notices.references import names
from app.notices.render import FACT_LABELS, SUBJECT_LIMIT, Rendered, Renderer, remaining, template_name
from app.notices.sms import fits_one_segment, forbidden_characters
from app.tickets import workflow

TEMPLATES = Path(__file__).parents[2] / "config" / "esenler" / "templates"

FIRST = Office(
    place="Halkla İlişkiler Müdürlüğü",
    official="Ercan ZENGİN",
    title="Halkla İlişkiler Müdürü",
    phone="444 00 73/1010",
)
SECOND = Office(
    place="Belediye Başkan Yardımcısı",
    official="Aydın POLAT",
    title="Belediye Başkan Yardımcısı",
    phone="444 00 73",
)
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
    "statutory_regime": "law_3071",
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
    "outcome": "negative",
    "replied": True,
    "remedy": "administrative_court",
    "first_office": FIRST,
    "second_office": SECOND,
    "forwarded_to": "İstanbul Su ve Kanalizasyon İdaresi (İSKİ)",
    "duplicate_of": "2600012330",
    "survey": True,
}
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
    K.RESOLUTION: ResolutionPayload(**RESOLUTION),
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
    K.RESOLUTION: ResolutionPayload(
        **_FEW_CITIZEN,
        unit_name=None,
        outcome="positive",
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
}
OUTCOMES = [ResolutionPayload(**RESOLUTION | {"outcome": outcome}) for outcome in get_args(Outcome)]
CASES: list[tuple[str, NoticeKind, Payload]] = [
    *(("full", kind, payload) for kind, payload in FULL.items()),
    *(("bare", kind, payload) for kind, payload in BARE.items()),
    *(("minutes", kind, payload) for kind, payload in SHORT_LIMIT.items()),
    *((payload.outcome, K.RESOLUTION, payload) for payload in OUTCOMES),
]
ALL = [
    pytest.param(kind, medium, payload, id=f"{kind}-{medium}-{name}")
    for name, kind, payload in CASES
    for medium in sorted(kind.spec.media)
]


@pytest.fixture(scope="module")
def texts() -> Renderer:
    return Renderer(TEMPLATES)


def email(texts: Renderer, kind: NoticeKind, payload: Payload) -> Rendered:
    rendered = texts.render(kind, Medium.EMAIL, payload)
    assert rendered.problem is None
    return rendered


@pytest.mark.parametrize(("kind", "medium", "payload"), ALL)
def test_every_text_is_whole(texts: Renderer, kind: NoticeKind, medium: Medium, payload: Payload) -> None:
    rendered = texts.render(kind, medium, payload)

    assert rendered.problem is None
    assert not rendered.fallback
    assert rendered.template == template_name(kind, medium)
    assert 0 < len(rendered.subject) <= SUBJECT_LIMIT
    for text in (rendered.subject, rendered.body):
        assert "2600012349" in text
        assert not re.search(r"[{}%]|None|True|False|Undefined|datetime", text)
        assert not re.search(
            r"\S {2,}\S|[ \t]$|\n{3,}|\(\)|\( | \)| [.,;:!](?! )|(?<!\.)\.\.(?!\.)", text, re.MULTILINE
        )
        names(text)


@pytest.mark.parametrize(("kind", "medium", "payload"), [p for p in ALL if p.values[1] is Medium.SMS])
def test_an_sms_fits_one_segment_and_names_nobody(
    texts: Renderer, kind: NoticeKind, medium: Medium, payload: Payload
) -> None:
    body = texts.render(kind, medium, payload).body

    assert fits_one_segment(body), body
    assert names(body) == set()
    assert "\n" not in body


@pytest.mark.parametrize(("kind", "payload"), [*FULL.items(), *BARE.items(), *SHORT_LIMIT.items()])
def test_a_payload_survives_its_snapshot(kind: NoticeKind, payload: Payload) -> None:
    assert restore(kind, snapshot(payload)) == payload


def test_a_snapshot_holds_iso_instants_and_dates() -> None:
    facts = snapshot(FULL[K.WARNING])

    assert facts["promise_due"] == "2026-06-01T20:59:59.999999Z"
    assert facts["internal_target"] == "2026-05-29"


@pytest.mark.parametrize(
    "change",
    [{"number": None}, {"promise_due": "2026-06-01T12:00:00"}, {"phone": "0532"}, {"outcome": "lost"}],
)
def test_a_snapshot_that_does_not_fit_its_kind_is_refused(change: dict[str, Any]) -> None:
    kind = K.RESOLUTION if "outcome" in change else K.WARNING

    with pytest.raises(ValidationError):
        restore(kind, snapshot(FULL[kind]) | change)


def test_dates_are_those_of_istanbul(texts: Renderer) -> None:
    """B13: 00:30 on 2 June in Istanbul is still 1 June in UTC."""
    late = replace_case(FULL[K.ESCALATION_1], received_at=datetime(2026, 6, 1, 21, 30, tzinfo=UTC))

    assert "02.06.2026 tarihli" in email(texts, K.ESCALATION_1, late).body


def replace_case(payload: Payload, **changes: Any) -> CasePayload:
    assert isinstance(payload, CasePayload)
    return replace(payload, **changes)


@pytest.mark.parametrize("kind", [K.WARNING, K.ESCALATION_1, K.ESCALATION_2])
def test_offices_read_the_printed_words_and_the_breach(texts: Renderer, kind: NoticeKind) -> None:
    body = email(texts, kind, FULL[kind]).body

    assert SERVICE in body
    assert "15 GÜN" in body
    assert "01.06.2026" in body
    assert UNIT in body
    assert "Kazım Karabekir Mahallesi" in body
    assert "Henüz bir birime" not in body


@pytest.mark.parametrize("kind", [K.WARNING, K.ESCALATION_1, K.ESCALATION_2])
def test_an_unassigned_ticket_says_so(texts: Renderer, kind: NoticeKind) -> None:
    """C3: a ticket that no unit has is escalated too."""
    assert "Henüz bir birime sevk edilmemiştir." in email(texts, kind, BARE[kind]).body


@pytest.mark.parametrize("kind", list(SHORT_LIMIT))
def test_limits_under_a_day_show_hour_and_minute(texts: Renderer, kind: NoticeKind) -> None:
    assert "12.05.2026 günü" in (body := email(texts, kind, SHORT_LIMIT[kind]).body)
    assert "saat 10:10 itibarıyla" in body


@pytest.mark.parametrize("kind", [K.ESCALATION_1, K.ESCALATION_2])
def test_escalations_tell_the_last_action_and_the_statutory_end(texts: Renderer, kind: NoticeKind) -> None:
    body = email(texts, kind, FULL[kind]).body

    assert "Vatandaş Yanıtı Bekleniyor (20.05.2026 14:05)" in body
    assert "11.06.2026" in body
    assert "3071 sayılı Kanun" in body


def test_a_warning_counts_what_is_left_and_addresses_the_unit(texts: Renderer) -> None:
    rendered = email(texts, K.WARNING, FULL[K.WARNING])

    assert rendered.subject == "[SÜRE UYARISI] 2600012349 – kalan süre 4 gün"
    assert rendered.body.startswith("İklim Değişikliği ve Sıfır Atık Müdürlüğüne,\n")
    assert "kalan süre 2 dakika" in email(texts, K.WARNING, SHORT_LIMIT[K.WARNING]).subject


def test_level_1_goes_to_the_first_office_by_name(texts: Renderer) -> None:
    rendered = email(texts, K.ESCALATION_1, FULL[K.ESCALATION_1])

    assert rendered.subject.startswith("[SÜRE AŞIMI – 1. KADEME] 2600012349 – ")
    assert rendered.body.startswith("Halkla İlişkiler Müdürü\nSayın Ercan ZENGİN,\n")


def test_level_2_has_the_form_of_an_official_letter(texts: Renderer) -> None:
    lines = email(texts, K.ESCALATION_2, FULL[K.ESCALATION_2]).body.splitlines()
    stripped = [line.strip() for line in lines]

    assert stripped[:6] == [
        "T.C.",
        "ESENLER BELEDİYE BAŞKANLIĞI",
        "Halkla İlişkiler Müdürlüğü",
        "ACELE",
        "Taslak tarihi: 02.06.2026",
        "Sayı : E-… (taslak; EBYS verir)",
    ]
    assert "BAŞKAN YARDIMCILIĞI MAKAMINA" in stripped
    assert any(line.startswith("İlgi : a) ⟦applicant.name⟧ adlı vatandaşın 12.05.2026 tarihli") for line in lines)
    assert f"b) {UNIT}ne 13.05.2026 tarihinde yapılan sevk." in stripped
    assert "c) 02.06.2026 tarihli ve 26-000123 numaralı süre aşımı bildirimi (1. kademe)." in stripped
    assert stripped.index("Bilgilerinizi ve gereğini arz ederim.") < stripped.index("Ercan ZENGİN")
    assert stripped[stripped.index("Ercan ZENGİN") + 1] == "Halkla İlişkiler Müdürü"


def test_a_letter_about_the_first_office_is_not_signed_by_it(texts: Renderer) -> None:
    body = email(texts, K.ESCALATION_2, BARE[K.ESCALATION_2]).body

    assert "Halkla İlişkiler Müdür" not in body
    assert "İmza yetkilisi EBYS'de belirlenir" in body
    assert "İlgi : Kimlik bilgisi paylaşılmayan" in body


def test_a_level_2_raised_before_the_promise_ended_does_not_claim_a_breach(texts: Renderer) -> None:
    """A near statutory limit raises level 2 while the promise still runs (CİMER: both are 30 days)."""
    early = replace_case(
        FULL[K.ESCALATION_2],
        raised_at=datetime(2026, 5, 28, 6, 0, tzinfo=UTC),
        legal_risk=True,
        level_1_number=None,
        level_1_at=None,
    )

    rendered = email(texts, K.ESCALATION_2, early)

    assert rendered.subject.startswith("[YASAL SÜRE RİSKİ – 2. KADEME]")
    assert "dolacaktır" in rendered.body
    assert "dolmuştur" not in rendered.body


def test_a_refusal_names_its_reason_and_the_remedy(texts: Renderer) -> None:
    """Constitution art. 40: an administration names the remedy and its time limit."""
    body = email(texts, K.RESOLUTION, FULL[K.RESOLUTION]).body

    assert "olumsuz sonuçlandırılmıştır" in body
    assert "Gerekçe: ⟦ticket.reply⟧" in body
    assert "altmış gün içinde İstanbul idare mahkemelerinde dava" in body
    assert "İlk Müracaat Yeri: Halkla İlişkiler Müdürlüğü (444 00 73/1010)" in body


def test_missing_documents_are_named_by_letter_and_by_sms(texts: Renderer) -> None:
    asked = MissingDocumentsPayload(**CITIZEN, documents=("Vasi kararı",), complete_by=date(2026, 5, 26))

    assert "- Vasi kararı\n" in email(texts, K.MISSING_DOCUMENTS, asked).body
    assert "Vasi kararı" in texts.render(K.MISSING_DOCUMENTS, Medium.SMS, asked).body


def test_an_sms_avoids_letters_that_would_halve_its_room(texts: Renderer) -> None:
    asked = MissingDocumentsPayload(**CITIZEN, documents=("Vekâletname – noter’den",), complete_by=None)

    assert "(Vekaletname - noter'den)" in texts.render(K.MISSING_DOCUMENTS, Medium.SMS, asked).body


def test_outcomes_are_those_of_the_workflow() -> None:
    assert set(get_args(Outcome)) == {outcome.value for outcome in workflow.Outcome}


@pytest.mark.parametrize(
    ("since", "until", "words"),
    [
        ((2026, 5, 28, 6, 0), (2026, 6, 1, 20, 59), "4 gün"),
        ((2026, 5, 31, 20, 30), (2026, 6, 1, 20, 59), "1 gün"),
        ((2026, 6, 1, 6, 0), (2026, 6, 1, 20, 59), "14 saat"),
        ((2026, 6, 1, 20, 58), (2026, 6, 1, 21, 30), "32 dakika"),
        ((2026, 6, 1, 21, 30), (2026, 6, 1, 21, 0), "0 dakika"),
    ],
)
def test_what_is_left_is_said_in_the_unit_that_fits(
    since: tuple[int, int, int, int, int], until: tuple[int, int, int, int, int], words: str
) -> None:
    assert remaining(datetime(*since, tzinfo=UTC), datetime(*until, tzinfo=UTC)) == words


def test_facts_can_neither_refer_to_a_person_nor_break_the_layout(texts: Renderer) -> None:
    hostile = replace_case(
        FULL[K.ESCALATION_1],
        neighbourhood="Oruçreis\r\nBcc: x ⟦applicant.phone⟧ {{ number }}",
        unit_name="Fen\nİşleri Müdürlüğü",
    )

    rendered = email(texts, K.ESCALATION_1, hostile)

    assert names(rendered.body) == set()
    assert "Oruçreis Bcc: x [applicant.phone] {{ number }} Mahallesi" in rendered.body
    assert rendered.subject.endswith("Fen İşleri Müdürlüğü")


def test_a_long_subject_is_cut_after_a_word(texts: Renderer) -> None:
    rendered = email(texts, K.ESCALATION_1, replace_case(FULL[K.ESCALATION_1], unit_name=f"{UNIT} " * 4))

    assert len(rendered.subject) <= SUBJECT_LIMIT
    assert rendered.subject.endswith("...")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(TEMPLATES, tmp_path / "templates"))


BROKEN = {
    "a syntax error": "Konu: {{ number }\nx",
    "an unknown fact": "Konu: {{ number }}\n{{ colour }}",
    "a fact that does not exist": "Konu: {{ number }}\n{{ none }}",
    "an unknown reference": 'Konu: {{ number }}\n{{ ref("applicant.salary") }}',
    "an unknown literal reference": "Konu: {{ number }}\n⟦applicant.salary⟧",
    "no subject": "{{ number }}\nx",
    "a division by zero": "Konu: {{ number }}\n{{ 1 // 0 }}",
    "a way out of the sandbox": "Konu: {{ number }}\n{{ number.__class__.__mro__ }}",
    "an endless list": "Konu: {{ number }}\n{% for i in range(999999999) %}x{% endfor %}",
}


@pytest.mark.parametrize("source", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_text_falls_back_to_the_plain_facts(folder: Path, source: str) -> None:
    (folder / "escalation_1.email.txt").write_text(source, encoding="utf-8")

    rendered = Renderer(folder).render(K.ESCALATION_1, Medium.EMAIL, FULL[K.ESCALATION_1])

    assert rendered.fallback
    assert rendered.problem
    assert rendered.subject == "Süre aşımı bildirimi (1. kademe): 2600012349"
    assert f"Sorumlu birim: {UNIT}\n" in rendered.body
    assert "Süre sonu: 01.06.2026 23:59\n" in rendered.body
    assert "Kanun: 3071 sayılı Kanun\n" in rendered.body
    assert "Müracaat yeri: Halkla İlişkiler Müdürlüğü, Ercan ZENGİN" in rendered.body


@pytest.mark.parametrize("content", [None, b"Konu: \xff\xfe\n"])
def test_a_text_that_can_not_be_read_is_reported_and_spoils_no_other(folder: Path, content: bytes | None) -> None:
    path = folder / "receipt.sms.txt"
    path.unlink() if content is None else path.write_bytes(content)

    texts = Renderer(folder)

    assert list(texts.problems) == ["receipt.sms.txt"]
    rendered = texts.render(K.RECEIPT, Medium.SMS, FULL[K.RECEIPT])
    assert rendered.fallback
    assert forbidden_characters(rendered.body) == set()
    assert not texts.render(K.RECEIPT, Medium.EMAIL, FULL[K.RECEIPT]).fallback


def test_a_medium_without_a_text_falls_back_too(texts: Renderer) -> None:
    assert texts.render(K.WARNING, Medium.SMS, FULL[K.WARNING]).fallback


def test_the_version_follows_the_content_of_the_file(folder: Path) -> None:
    before = email(Renderer(folder), K.RECEIPT, FULL[K.RECEIPT]).version
    path = folder / "receipt.email.txt"
    path.write_text(path.read_text(encoding="utf-8") + "\nEk satır\n", encoding="utf-8")

    after = email(Renderer(folder), K.RECEIPT, FULL[K.RECEIPT])

    assert after.version != before
    assert after.body.endswith("\nEk satır\n")


def test_rendering_reads_no_file(folder: Path) -> None:
    texts = Renderer(folder)
    shutil.rmtree(folder)

    assert not texts.render(K.RECEIPT, Medium.EMAIL, FULL[K.RECEIPT]).fallback


@pytest.mark.parametrize("kind", list(NoticeKind))
def test_every_fact_but_flags_has_a_turkish_name_for_the_plain_list(kind: NoticeKind) -> None:
    flags = {"applicant_named", "under_a_day", "legal_risk", "replied", "survey"}

    assert {field.name for field in fields(kind.spec.payload)} <= FACT_LABELS.keys() | flags


def test_the_folder_holds_exactly_the_texts_that_are_used() -> None:
    used = {template_name(kind, medium) for kind in NoticeKind for medium in kind.spec.media}

    assert {path.name for path in TEMPLATES.iterdir()} == used
