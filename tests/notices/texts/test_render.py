"""The texts: every kind by every medium in every language reads well with the longest and with the fewest facts."""

import re
from dataclasses import fields, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import product
from typing import Any, NamedTuple

import pytest

from app.core.turkish import dative_institution
from app.core.wording import Language
from app.notices.kinds import SPECS, Audience, Medium, NoticeKind
from app.notices.payloads import CasePayload, FeePayload, MissingDocumentsPayload, Payload
from app.notices.texts.fallback import FACT_LABELS
from app.notices.texts.filters import en_limit, remaining, tr_money
from app.notices.texts.letters import FORM
from app.notices.texts.references import names
from app.notices.texts.render import MAX_SUBJECT, RenderedNotice, Renderer, template_name
from app.notices.texts.sms_length import fits_one_segment
from app.standards.catalogue import load_catalogue
from tests.installation import ESENLER
from tests.notices.samples import (
    BARE,
    CASES,
    CITIZEN,
    DIGEST,
    FULL,
    NOW,
    SERVICE,
    SHORT_LIMIT,
    TEMPLATES,
    UNIT,
    VACANT,
    in_language,
    named,
)
from tests.tables import failing

K = NoticeKind


class Sample(NamedTuple):
    """One text to render: the facts of a kind, for a medium and a language."""

    name: str
    kind: NoticeKind
    medium: Medium
    language: Language
    payload: Payload

    def __str__(self) -> str:
        return f"{self.kind}-{self.medium}-{self.language}-{self.name}"


ALL = [
    Sample(name, kind, medium, language, in_language(payload, language))
    for name, kind, payload in CASES
    for medium in sorted(kind.spec.media)
    for language in kind.spec.languages
]
BY_SMS = [sample for sample in ALL if sample.medium is Medium.SMS]
LONG = "Çevre, Şehircilik, İklim Değişikliği ve Ağır Iğdır Müşavirliği " * 4
HOSTILE = "Ğ{{ number }}{% x %} ⟦applicant.phone⟧ \r\nBcc: <b>%s</b> ^~|\\ ’“–… ñèØ 😀漢 \u202e\u0000" * 4
NAMES = {
    "as it is": None,
    "long": LONG,
    "hostile": HOSTILE,
    "dear": "{[^~]}" * 40,
    "shifted": "èØ" * 60,
    "growing": "…ﬃ" * 60,
}


@pytest.fixture(scope="module")
def texts() -> Renderer:
    return Renderer(TEMPLATES)


def email(texts: Renderer, kind: NoticeKind, payload: Payload) -> RenderedNotice:
    rendered = texts.render(kind, Medium.EMAIL, payload)
    assert rendered.problem is None
    return rendered


def assert_well_written(text: str) -> None:
    assert not re.search(r"[{}%]|None|True|False|Undefined|datetime", text)
    assert not re.search(r"\S {2,}\S|[ \t]$|\n{3,}|\(\)|\( | \)| [.,;:!](?! )|(?<!\.)\.\.(?!\.)", text, re.MULTILINE)
    names(text)


def test_every_text_is_whole(texts: Renderer) -> None:
    def check(sample: Sample) -> None:
        rendered = texts.render(sample.kind, sample.medium, sample.payload)
        assert rendered.problem is None
        assert not rendered.fallback
        assert rendered.template == template_name(sample.kind, sample.medium, sample.language)
        assert 0 < len(rendered.subject) <= MAX_SUBJECT
        assert "2600012349" in rendered.body
        assert sample.kind is K.DIGEST or "2600012349" in rendered.subject
        for text in (rendered.subject, rendered.body):
            assert_well_written(text)

    assert failing(ALL, check) == []


def test_the_longest_names_break_no_text(texts: Renderer) -> None:
    def check(sample: Sample) -> None:
        rendered = texts.render(sample.kind, sample.medium, named(sample.payload, LONG))
        assert rendered.template == template_name(sample.kind, sample.medium, sample.language)
        assert rendered.problem is None
        assert len(rendered.subject) <= MAX_SUBJECT
        assert_well_written(rendered.body)

    assert failing(ALL, check) == []


def test_an_sms_fits_one_segment_and_names_no_person(texts: Renderer) -> None:
    """With any names: the budget is 150 septets with Turkish letters, beside the operator's code."""

    def check(row: tuple[Sample, str]) -> None:
        sample, label = row
        word = NAMES[label]
        payload = sample.payload if word is None else named(sample.payload, word)
        body = texts.render(sample.kind, Medium.SMS, payload).body
        assert fits_one_segment(body), body
        assert names(body) == set()
        assert "\n" not in body
        assert "Esenler" in body

    assert failing(product(BY_SMS, NAMES), check) == []


def test_the_name_of_every_directorate_fits_an_sms_uncut(texts: Renderer) -> None:
    catalogue = load_catalogue(ESENLER)
    for unit in catalogue.units:
        body = texts.render(K.REFERRAL, Medium.SMS, named(FULL[K.REFERRAL], unit.name)).body
        assert fits_one_segment(body)
        assert f"{dative_institution(unit.name)} sevk edildi" in body


def test_the_highest_fee_fits_an_sms(texts: Renderer) -> None:
    for language in K.FEE_NOTICE.spec.languages:
        due = datetime(2026, 9, 30, tzinfo=UTC)
        fee = FeePayload(**CITIZEN, amount=Decimal(1_000_000), notified_at=NOW, pay_by=due, language=language)
        assert fits_one_segment(texts.render(K.FEE_NOTICE, Medium.SMS, fee).body)


CLOSINGS = {
    "tr": r"\n(Saygılarımla|Bilgilerinize sunulur)\.\n\nEsenler Belediyesi\nHalkla İlişkiler Müdürlüğü\n",
    "en": r"\nYours sincerely\n\nEsenler Municipality\nDirectorate of Public Relations \(Halkla [^\n]+\)\n",
}


@pytest.mark.parametrize(
    ("kind", "language"),
    [(kind, language) for kind, spec in SPECS.items() if Audience.CITIZEN in spec.audiences for language in CLOSINGS],
)
def test_a_letter_to_a_citizen_closes_as_offices_do(texts: Renderer, kind: NoticeKind, language: Language) -> None:
    body = email(texts, kind, in_language(FULL[kind], language)).body

    assert re.search(CLOSINGS[language] + r"\Z", body)


def test_a_complaint_whose_time_is_over_is_not_to_be_answered_in_time(texts: Renderer) -> None:
    late, early = FULL[K.COMPLAINT_DUE], BARE[K.COMPLAINT_DUE]

    assert "dolmuştur.\n" in (body := email(texts, K.COMPLAINT_DUE, late).body)
    assert "Şikâyetin ivedilikle cevaplandırılmasının sağlanması" in body
    assert "Şikâyetin süresi içinde cevaplandırılmasının sağlanması" in email(texts, K.COMPLAINT_DUE, early).body


def test_english_reads_english_dates_amounts_and_limits(texts: Renderer) -> None:
    receipt = email(texts, K.RECEIPT, in_language(FULL[K.RECEIPT], "en"))
    fee = email(texts, K.FEE_NOTICE, in_language(FULL[K.FEE_NOTICE], "en"))

    assert receipt.subject == "Your application 2600012349 has been received"
    assert "by 1 June 2026 at the latest" in receipt.body
    assert "15 days" in receipt.body
    assert "TL 1,234.56" in fee.body
    assert "Monday 1 June 2026" in fee.body


def test_turkish_reads_turkish_dates_and_amounts(texts: Renderer) -> None:
    fee = email(texts, K.FEE_NOTICE, FULL[K.FEE_NOTICE]).body

    assert "Ücret: 1.234,56 TL\n" in fee
    assert "Son ödeme günü: 1 Haziran 2026 Pazartesi\n" in fee


@pytest.mark.parametrize(
    ("printed", "english"),
    [
        ("15 GÜN", "15 days"),
        ("1 GÜN", "1 day"),
        ("15 İŞ GÜNÜ", "15 working days"),
        ("2 Hafta", "2 weeks"),
        ("ANINDA", "at once"),
        ("10 D", "10 D"),
    ],
)
def test_a_printed_limit_is_translated_but_never_guessed(printed: str, english: str) -> None:
    assert en_limit(printed) == english


def test_amounts_are_written_with_two_decimals() -> None:
    assert [tr_money(Decimal(value)) for value in ("5", "0.5", "1000000")] == ["5,00 TL", "0,50 TL", "1.000.000,00 TL"]


def test_a_reminder_says_which_notice_and_how_often(texts: Renderer) -> None:
    second, last = email(texts, K.REMINDER, FULL[K.REMINDER]), email(texts, K.REMINDER, BARE[K.REMINDER])

    assert "02.06.2026 tarihli ve 26-000123 numaralı süre aşımı bildiriminin (1. kademe)" in second.body
    assert "2. hatırlatmadır.\n" in second.body
    assert "5. hatırlatmadır; başka hatırlatma gönderilmeyecektir.\n" in last.body
    assert last.body.startswith("Halkla İlişkiler Müdürlüğüne,\n")


def test_a_digest_has_what_is_late_first_and_says_what_is_left_out(texts: Renderer) -> None:
    lines = email(texts, K.DIGEST, replace(DIGEST, more=12)).body.splitlines()

    found = [line for line in lines if line[:2] == "- " or line.isupper()]
    assert [line.partition(":")[0] for line in found] == [
        "SÜRESİ GEÇENLER",
        "- 2600012349",
        "SÜRESİ DOLMAK ÜZERE OLANLAR",
        "- 2600012365",
        "- 2600012357",
    ]
    assert [line[line.index("(", line.index("Süre sonu")) :].partition(")")[0] for line in found if line[0] == "-"] == [
        "(1 gün gecikti",
        "(bugün doluyor",
        "(2 gün kaldı",
    ]
    assert "ve 12 başvuru daha" in lines


def test_a_limit_of_minutes_that_ended_today_is_late_in_a_digest(texts: Renderer) -> None:
    ended = [replace(line, due=datetime(2026, 6, 2, 5, 40, tzinfo=UTC), days_late=0) for line in DIGEST.lines[:2]]
    body = email(texts, K.DIGEST, replace(DIGEST, lines=tuple(ended))).body

    assert "SÜRESİ DOLMAK" not in body
    assert "02.06.2026 08:40 (bugün doldu)" in body


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
def test_escalations_report_the_last_action_and_the_statutory_end(texts: Renderer, kind: NoticeKind) -> None:
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
    table = next(line for line in lines if "Hizmet Standartları Tablosunda" in line)
    assert table.startswith("       Kamu Hizmetlerinin Sunumunda")
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


def test_a_vacant_office_leaves_the_signature_to_the_records_system(texts: Renderer) -> None:
    body = email(texts, K.ESCALATION_2, replace_case(FULL[K.ESCALATION_2], signatory=VACANT)).body

    assert re.search(r"arz ederim\.\n\n +\(İmza yetkilisi EBYS'de belirlenir\)\n", body)
    assert "Halkla İlişkiler Müdürlüğü\n" in body


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


@pytest.mark.parametrize("kind", [K.ESCALATION_2, K.REMINDER])
def test_nothing_is_promised_in_the_name_of_the_table_where_no_promise_runs(texts: Renderer, kind: NoticeKind) -> None:
    body = email(texts, kind, replace_case(FULL[kind], promised=False, limit_text="30 gün")).body

    assert "Hizmet Standartları Tablosu" not in body
    assert "30 gün" not in body
    assert "sonuçlandırılmamıştır" in body or kind is K.REMINDER
    assert "11.06.2026" in body


def test_a_refusal_names_its_reason_and_the_remedy(texts: Renderer) -> None:
    """Constitution art. 40: an administration names the remedy and its time limit."""
    body = email(texts, K.RESOLUTION, FULL[K.RESOLUTION]).body

    assert "olumsuz sonuçlandırılmıştır" in body
    assert "Gerekçe: ⟦ticket.reply:7⟧" in body
    assert "altmış gün içinde İstanbul idare mahkemelerinde dava" in body
    assert "İlk Müracaat Yeri: Halkla İlişkiler Müdürlüğü (444 00 73/1010)" in body


def test_missing_documents_are_named_by_letter_and_by_sms(texts: Renderer) -> None:
    asked = MissingDocumentsPayload(**CITIZEN, documents=("Vasi kararı",), complete_by=date(2026, 5, 26))

    assert "- Vasi kararı\n" in email(texts, K.MISSING_DOCUMENTS, asked).body
    assert "Vasi kararı" in texts.render(K.MISSING_DOCUMENTS, Medium.SMS, asked).body


def test_a_document_beyond_the_table_is_not_said_to_be_on_it(texts: Renderer) -> None:
    """The table prints it as the first ground of complaint, so who is asked for one has to know."""
    asked = MissingDocumentsPayload(
        **CITIZEN, documents=("Dilekçe", "Tapu örneği"), unlisted=("Tapu örneği",), complete_by=None
    )

    body = email(texts, K.MISSING_DOCUMENTS, asked).body
    assert "İlgi başvurunuzda, aşağıdaki belgeler bulunmadığından" in body
    assert "- Dilekçe\n- Tapu örneği (Hizmet Standartları Tablosunda yer almamaktadır)\n" in body
    english = email(texts, K.MISSING_DOCUMENTS, in_language(asked, "en")).body
    assert "because the following documents are missing:" in english
    assert "- Dilekçe\n- Tapu örneği (not on the published table of service standards)\n" in english


def test_an_sms_avoids_letters_that_would_halve_its_room(texts: Renderer) -> None:
    asked = MissingDocumentsPayload(**CITIZEN, documents=("Vekâletname – noter’den",), complete_by=None)

    assert "(Vekaletname - noter'den)" in texts.render(K.MISSING_DOCUMENTS, Medium.SMS, asked).body


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

    assert len(rendered.subject) <= MAX_SUBJECT
    assert rendered.subject.endswith("...")


@pytest.mark.parametrize("kind", list(NoticeKind))
def test_every_fact_but_flags_has_a_turkish_name_for_the_plain_list(kind: NoticeKind) -> None:
    flags = {"applicant_named", "under_a_day", "legal_risk", "replied", "survey", "language", "event_seq", "level"}
    flags |= {"complaint", "promised"}

    assert {field.name for field in fields(kind.spec.payload)} <= FACT_LABELS.keys() | flags


def test_the_folder_has_exactly_the_texts_that_are_used() -> None:
    used = {
        template_name(kind, medium, language)
        for kind in NoticeKind
        for medium in kind.spec.media
        for language in kind.spec.languages
    }
    letters = {FORM, *(f"{kind}.typ" for kind in NoticeKind if kind.spec.letter)}

    assert {path.name for path in TEMPLATES.glob("*.*")} == used
    assert {path.name for path in (TEMPLATES / "letters").iterdir()} == letters
