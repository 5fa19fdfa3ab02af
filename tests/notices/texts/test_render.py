"""The texts: every kind by every medium in every language reads well with the longest and with the fewest facts."""

import re
from dataclasses import fields
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import product
from typing import NamedTuple

from app.core.turkish import dative_institution
from app.core.wording import Language
from app.notices.kinds import SPECS, Audience, Medium, NoticeKind
from app.notices.payloads import FeePayload, MissingDocumentsPayload, Payload
from app.notices.texts.fallback import FACT_LABELS
from app.notices.texts.letters import FORM
from app.notices.texts.references import names
from app.notices.texts.render import MAX_SUBJECT, Renderer, template_name
from app.notices.texts.sms_length import segments
from app.standards.catalogue import load_catalogue
from tests.installation import ESENLER
from tests.notices.samples import (
    BARE,
    CASES,
    CITIZEN,
    FULL,
    NOW,
    TEMPLATES,
    UNIT,
    in_language,
    named,
)
from tests.notices.texts.rendering import email, replace_case
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
        assert segments(body).parts == 1, body
        assert names(body) == set()
        assert "\n" not in body
        assert "Esenler" in body

    assert failing(product(BY_SMS, NAMES), check) == []


def test_the_name_of_every_directorate_fits_an_sms_uncut(texts: Renderer) -> None:
    catalogue = load_catalogue(ESENLER)
    for unit in catalogue.units:
        body = texts.render(K.REFERRAL, Medium.SMS, named(FULL[K.REFERRAL], unit.name)).body
        assert segments(body).parts == 1
        assert f"{dative_institution(unit.name)} sevk edildi" in body


def test_the_highest_fee_fits_an_sms(texts: Renderer) -> None:
    for language in K.FEE_NOTICE.spec.languages:
        due = datetime(2026, 9, 30, tzinfo=UTC)
        fee = FeePayload(**CITIZEN, amount=Decimal(1_000_000), notified_at=NOW, pay_by=due, language=language)
        assert segments(texts.render(K.FEE_NOTICE, Medium.SMS, fee).body).parts == 1


CLOSINGS: dict[Language, str] = {
    "tr": r"\n(Saygılarımla|Bilgilerinize sunulur)\.\n\nEsenler Belediyesi\nHalkla İlişkiler Müdürlüğü\n",
    "en": r"\nYours sincerely\n\nEsenler Municipality\nDirectorate of Public Relations \(Halkla [^\n]+\)\n",
}


def test_a_letter_to_a_citizen_closes_as_offices_do(texts: Renderer) -> None:
    kinds = [kind for kind, spec in SPECS.items() if Audience.CITIZEN in spec.audiences]

    def check(row: tuple[NoticeKind, Language]) -> None:
        kind, language = row
        body = email(texts, kind, in_language(FULL[kind], language)).body
        assert re.search(CLOSINGS[language] + r"\Z", body), body[-120:]

    assert failing(product(kinds, CLOSINGS), check) == []


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


def test_every_fact_but_flags_has_a_turkish_name_for_the_plain_list() -> None:
    flags = {"applicant_named", "under_a_day", "legal_risk", "replied", "survey", "language", "event_seq", "level"}
    flags |= {"complaint", "promised"}

    def check(kind: NoticeKind) -> None:
        assert {field.name for field in fields(kind.spec.payload)} <= FACT_LABELS.keys() | flags

    assert failing(NoticeKind, check) == []


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
