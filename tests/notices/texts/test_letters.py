"""Letters: the PDF says in order what the facts are, and no word of a citizen is read as anything but a word."""

import asyncio
import io
import re
import shutil
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader

from app.domain.terms import ExtensionGround, Outcome
from app.notices.kinds import NoticeKind
from app.notices.payloads import Payload, ResolutionPayload
from app.notices.texts.letters import FORM, Letters
from tests.notices.letters import AT, VALUES, pages_of, pdf_text
from tests.notices.samples import BARE, CASES, EXTENSION, FULL, RESOLUTION, TEMPLATES, UNIT, VACANT, named

K = NoticeKind
WITH_LETTER = [kind for kind in NoticeKind if kind.spec.letter]
HOSTILE = (
    '#import "x": * #panic() *b* _i_ @ref $x^2$ `raw` <tag> \\n \\u{41} // x /* y */ = h - l [z] ~ '
    "'q' \"t\" {{ y }} %d ---"
)


@pytest.fixture(scope="module")
def letters() -> Letters:
    return Letters(TEMPLATES / "letters")


def text_of(letters: Letters, kind: NoticeKind, payload: Payload, values: Mapping[str, str] = VALUES) -> str:
    letter = letters.make(kind, payload, values, number="26-000131", at=AT)
    assert letter.problem is None
    return pdf_text(letter.pdf)


def in_order(text: str, *parts: str) -> None:
    position = 0
    for part in parts:
        found = text.find(part, position)
        assert found >= 0, f"{part!r} is not behind {text[:position][-40:]!r} in {text!r}"
        position = found + len(part)


FORM_BEGINS = (
    "TASLAKTIR – Sayı ve tarih EBYS tarafından verilir",
    "T.C.",
    "ESENLER BELEDİYE BAŞKANLIĞI",
    "Halkla İlişkiler Müdürlüğü",
)
NUMBER_LINE = "Sayı : (EBYS tarafından verilecektir)"


def test_a_level_2_letter_has_the_official_form(letters: Letters) -> None:
    in_order(
        text_of(letters, K.ESCALATION_2, FULL[K.ESCALATION_2]),
        *FORM_BEGINS,
        "ACELE",
        NUMBER_LINE,
        "Konu : Süresinde Sonuçlandırılmayan Başvuru",
        "BAŞKAN YARDIMCILIĞI MAKAMINA",
        "İlgi : a) Örnek VATANDAŞ adlı vatandaşın 12.05.2026 tarihli ve 2600012349 numaralı başvurusu.",
        f"b) {UNIT}ne 13.05.2026 tarihinde yapılan sevk.",
        "c) 02.06.2026 tarihli ve 26-000123 numaralı süre aşımı bildirimi (1. kademe).",
        "İlgi (a) başvuruda (Şikâyet, Kazım Karabekir Mahallesi) şu husus dile getirilmiştir: “Kaldırımda çukur var.”",
        f"Başvuru, ilgi (b) ile {UNIT}ne sevk edilmiştir. Sorumlu birim: {UNIT}.",
        "Son işlem: Vatandaş Yanıtı Bekleniyor (20.05.2026 14:05).",
        "en geç “15 GÜN” olarak belirtilmiş olup bu süre 01.06.2026 tarihinde dolmuştur.",
        "İlgi (c) bildirime rağmen başvuru bugüne kadar sonuçlandırılmamıştır.",
        "3071 sayılı Kanunda öngörülen otuz günlük cevap süresi 11.06.2026 tarihinde sona erecektir.",
        "Bilgilerinizi ve gereğini arz ederim.",
        "Ercan ZENGİN Halkla İlişkiler Müdürü",
        "Ek (EBYS’de eklenir): 1- Başvuru Kaydı 2- İşlem Geçmişi",
        "ESTİM 26-000131",
    )


def test_a_letter_about_the_first_office_is_not_from_it(letters: Letters) -> None:
    text = text_of(letters, K.ESCALATION_2, BARE[K.ESCALATION_2])

    assert "Halkla İlişkiler Müdür" not in text
    in_order(
        text,
        "İlgi : Kimlik bilgisi paylaşılmayan başvuru sahibinin",
        "İlgi başvuruda",
        "Sorumlu birim: Henüz bir birime sevk edilmemiştir.",
        "arz ederim.",
        "(İmza yetkilisi EBYS’de belirlenir)",
    )


def test_an_early_level_2_does_not_claim_a_breach(letters: Letters) -> None:
    early = replace(FULL[K.ESCALATION_2], raised_at=datetime(2026, 5, 28, 6, tzinfo=UTC), level_1_at=None)  # type: ignore[call-arg]

    text = text_of(letters, K.ESCALATION_2, early)

    in_order(
        text, "Konu : Yasal Süresi Dolmak Üzere Olan Başvuru", "bu süre 01.06.2026 tarihinde dolacaktır. Başvuru bugüne"
    )
    assert "dolmuştur" not in text


def test_a_level_2_letter_without_a_promise_speaks_of_the_law_alone(letters: Letters) -> None:
    unpromised = replace(FULL[K.ESCALATION_2], promised=False, limit_text="30 gün", level_1_at=None)  # type: ignore[call-arg]

    text = text_of(letters, K.ESCALATION_2, unpromised)

    in_order(text, "Başvuru bugüne kadar sonuçlandırılmamıştır.", "3071 sayılı Kanunda öngörülen otuz günlük")
    assert "Hizmet Standartları Tablosunda" not in text


def test_an_extension_is_reported_with_its_ground_before_the_first_limit_ends(letters: Letters) -> None:
    """Law 4982 art. 11: in writing, with the reason."""
    in_order(
        text_of(letters, K.EXTENSION, FULL[K.EXTENSION]),
        *FORM_BEGINS,
        NUMBER_LINE,
        "Konu : Bilgi Edinme Başvurusu (Süre Uzatımı)",
        "Sayın Örnek VATANDAŞ Menderes Mahallesi, Örnek Sokak No: 5 Esenler/İSTANBUL",
        "İlgi : 12.05.2026 tarihli ve 2600012349 numaralı bilgi edinme başvurunuz.",
        "başka bir kurum veya kuruluşun (İstanbul Su ve Kanalizasyon İdaresi (İSKİ)) görüşünün alınması nedeniyle",
        "4982 sayılı Bilgi Edinme Hakkı Kanununun 11 inci maddesi uyarınca erişim süresi otuz iş gününe uzatılmıştır.",
        "Başvurunuz en geç 24.06.2026 tarihine kadar sonuçlandırılacaktır.",
        "Saygılarımla. Ercan ZENGİN",
    )


@pytest.mark.parametrize("ground", ExtensionGround)
def test_every_ground_makes_a_sentence(letters: Letters, ground: str) -> None:
    payload = K.EXTENSION.spec.payload(**EXTENSION | {"ground": ground, "consulted": None})

    assert re.search(r"İlgi başvurunuz\w* [^.]+ nedeniyle, 4982 sayılı", text_of(letters, K.EXTENSION, payload))


def test_missing_documents_are_numbered(letters: Letters) -> None:
    in_order(
        text_of(letters, K.MISSING_DOCUMENTS, FULL[K.MISSING_DOCUMENTS]),
        "Konu : Başvurunuzda Eksik Belge",
        "Hizmet Standartları Tablosunda belirtilen aşağıdaki belgeler bulunmadığından",
        "1- T.C. Kimlik Belgesi veya yerine geçer belge 2- Vekâletname 3- Vasi kararı",
        "Eksikliğin 26.05.2026 tarihine kadar Çözüm Masasında",
        "Saygılarımla.",
    )


def test_a_document_beyond_the_table_is_not_said_to_be_on_it(letters: Letters) -> None:
    beyond = replace(FULL[K.MISSING_DOCUMENTS], unlisted=("Vekâletname",))  # type: ignore[call-arg]

    in_order(
        text_of(letters, K.MISSING_DOCUMENTS, beyond),
        "İlgi başvurunuzda, aşağıdaki belgeler bulunmadığından",
        "2- Vekâletname (Hizmet Standartları Tablosunda yer almamaktadır) 3- Vasi kararı",
    )


def test_a_refusal_has_its_reason_and_the_remedy(letters: Letters) -> None:
    """Constitution art. 40: an administration names the remedy and its time limit."""
    in_order(
        text_of(letters, K.RESOLUTION, FULL[K.RESOLUTION]),
        "Konu : Başvurunuzun Sonucu",
        "tarafından incelenmiş ve olumsuz sonuçlandırılmıştır.",
        "Gerekçe: Talep edilen alan özel mülkiyettedir. İşlem yapılamamıştır.",
        "altmış gün içinde İstanbul idare mahkemelerinde dava açabilirsiniz.",
        "İlk Müracaat Yeri: Halkla İlişkiler Müdürlüğü (444 00 73/1010); İkinci Müracaat Yeri: Belediye Başkan",
        "Bilgilerinize sunulur.",
    )


@pytest.mark.parametrize("outcome", Outcome)
def test_every_outcome_has_its_sentence(letters: Letters, outcome: Outcome) -> None:
    text = text_of(letters, K.RESOLUTION, ResolutionPayload(**RESOLUTION | {"outcome": outcome}))

    assert re.search(r"başvurunuz\. İlgi başvurunuz\w*,? [^.]+(?:tır|tir|mıştır|miştir|muştur|mektedir)", text)


@pytest.mark.parametrize(("name", "kind", "payload"), [case for case in CASES if case[1].spec.letter])
def test_every_letter_is_fit_for_the_archive(letters: Letters, name: str, kind: NoticeKind, payload: Payload) -> None:
    for facts in (payload, named(payload, "Çevre, Şehircilik ve İklim Değişikliği Müdürlüğü " * 5)):
        letter = letters.make(kind, facts, VALUES, number="26-000131", at=AT)
        assert letter.problem is None, name
        assert letter.archival
        assert b"<pdfaid:part>2</pdfaid:part>" in letter.pdf
        assert not re.search(r"none|None|\bnull\b|#|\bfacts\b", " ".join(pages_of(letter.pdf)))


@pytest.mark.parametrize("kind", WITH_LETTER)
def test_no_word_is_read_as_markup(letters: Letters, kind: NoticeKind) -> None:
    values = dict.fromkeys(VALUES, HOSTILE)

    text = text_of(letters, kind, named(FULL[kind], HOSTILE), values)

    assert text.replace(" ", "").count(HOSTILE.replace(" ", "")) >= 2


@given(st.text(st.characters(codec="utf-8"), max_size=200), st.sampled_from(WITH_LETTER))
def test_whatever_is_written_there_is_a_letter(letters: Letters, text: str, kind: NoticeKind) -> None:
    values = dict.fromkeys(VALUES, text)

    letter = letters.make(kind, named(FULL[kind], text or "-"), values, number="26-000131", at=AT)

    assert letter.problem is None
    assert "arz ederim" in (whole := " ".join(pages_of(letter.pdf))) or "Saygılarımla" in whole or "sunulur" in whole


@pytest.mark.parametrize("invisible", ["\u00ad", "\u200b", "\ufe0f", "\U000e0000", "\U000e0100", "\u202e", "\u3164"])
def test_an_invisible_character_does_not_change_how_a_letter_is_copied(letters: Letters, invisible: str) -> None:
    values = dict.fromkeys(VALUES, f"s{invisible}")

    letter = letters.make(K.RESOLUTION, named(FULL[K.RESOLUTION], f"s{invisible}"), values, number="26-000131", at=AT)

    assert "sunulur" in " ".join(pages_of(letter.pdf))


def test_turkish_letters_and_the_lira_are_all_there(letters: Letters) -> None:
    written = "ğüşıöçİĞÜŞÖÇ âîû ÂÎÛ ₺ 1.250,00 Iğdır’ın İlçesi fiil fıçı – afiş"

    text = text_of(letters, K.ESCALATION_2, FULL[K.ESCALATION_2], VALUES | {"ticket.description": written})

    assert written in text


def test_a_sign_without_a_font_costs_the_archive_form_but_not_the_letter(letters: Letters) -> None:
    letter = letters.make(
        K.ESCALATION_2, FULL[K.ESCALATION_2], VALUES | {"ticket.description": "Çukur 😀 var"}, number="26-000131", at=AT
    )

    assert (letter.problem, letter.archival) == (None, False)
    in_order(" ".join(pages_of(letter.pdf)), "“Çukur", "var”")


def test_signs_that_turn_the_reading_direction_are_left_out(letters: Letters) -> None:
    text = text_of(letters, K.ESCALATION_2, FULL[K.ESCALATION_2], VALUES | {"ticket.description": "a\u202eb\u0007c"})

    assert "“abc”" in text


@pytest.mark.parametrize("word", ["https://ornek.example/basvuru?dosya=" + "0a1b" * 60, "ğ" * 300])
@pytest.mark.parametrize("kind", [K.RESOLUTION, K.ESCALATION_2])
def test_a_word_longer_than_a_line_is_broken_and_not_cut_off(letters: Letters, kind: NoticeKind, word: str) -> None:
    pdf = letters.make(kind, FULL[kind], dict.fromkeys(VALUES, f"Bakınız: {word}"), number="26-000131", at=AT).pdf

    lines = [line.strip() for page in PdfReader(io.BytesIO(pdf)).pages for line in page.extract_text().splitlines()]

    assert max(map(len, lines)) < 130
    assert word in "".join(lines)


@pytest.mark.parametrize("kind", WITH_LETTER)
def test_a_vacant_office_leaves_the_signature_to_the_records_system(letters: Letters, kind: NoticeKind) -> None:
    vacant = replace(FULL[kind], signatory=VACANT)  # type: ignore[call-arg]

    in_order(text_of(letters, kind, vacant), *FORM_BEGINS, "(İmza yetkilisi EBYS’de belirlenir)")


def test_a_long_description_goes_on_on_the_next_page_under_the_draft_mark(letters: Letters) -> None:
    values = VALUES | {"ticket.description": "Kaldırımda büyük bir çukur var. " * 125}
    letter = letters.make(K.ESCALATION_2, FULL[K.ESCALATION_2], values, number="26-000131", at=AT)

    pages = pages_of(letter.pdf)

    assert len(pages) == 2
    assert all(page.startswith(FORM_BEGINS[0]) for page in pages)
    assert [page[-3:] for page in pages] == ["1/2", "2/2"]


def test_no_closing_signature_or_annex_stands_alone_on_a_page(letters: Letters) -> None:
    """Texts of all lengths around the end of the first page: what has no room there goes over together."""
    tails = []
    for sentences in range(36, 80, 2):
        values = VALUES | {"ticket.description": "Kaldırımda çukur var, su birikiyor. " * sentences}
        pdf = letters.make(K.ESCALATION_2, FULL[K.ESCALATION_2], values, number="26-000131", at=AT).pdf
        tails.append(pages_of(pdf)[-1])

    assert len({tail.startswith(f"{FORM_BEGINS[0]} T.C.") for tail in tails}) == 2
    for tail in tails:
        in_order(tail, "Bilgilerinizi ve gereğini arz ederim.", "Ercan ZENGİN", "1- Başvuru Kaydı")


def test_an_erased_person_leaves_a_mark(letters: Letters) -> None:
    """C12: after erasure the letter can still be made, without the person."""
    text = text_of(letters, K.RESOLUTION, FULL[K.RESOLUTION], {})

    assert "Sayın [silindi]" in text
    assert "Gerekçe: [silindi]" in text


def test_a_reply_is_the_one_of_its_own_event(letters: Letters) -> None:
    unnumbered = replace(FULL[K.RESOLUTION], event_seq=None)  # type: ignore[call-arg]

    assert "Şimdiki cevap." in text_of(letters, K.RESOLUTION, unnumbered)
    assert "Şimdiki cevap." not in text_of(letters, K.RESOLUTION, FULL[K.RESOLUTION])


@pytest.mark.parametrize("kind", WITH_LETTER)
def test_the_same_facts_give_the_same_bytes(letters: Letters, kind: NoticeKind) -> None:
    made = [letters.make(kind, FULL[kind], VALUES, number="26-000131", at=AT) for _ in range(2)]

    assert made[0] == made[1]


async def test_letters_are_set_beside_each_other(letters: Letters) -> None:
    made = await asyncio.gather(
        *(letters.write(kind, FULL[kind], VALUES, number="26-000131", at=AT) for kind in WITH_LETTER * 3)
    )

    assert [letter.template for letter in made] == [f"letters/{kind}.typ" for kind in WITH_LETTER * 3]


BROKEN = [
    None,
    "#let x = (",
    "#facts.colour",
    '#import "@preview/x:0.1.0"',
    '#read("../../offices.yaml")',
    '#read("resolution.typ")',
]


@pytest.mark.parametrize("content", BROKEN)
def test_a_broken_letter_falls_back_to_the_plain_facts(tmp_path: Path, content: str | None) -> None:
    folder = shutil.copytree(TEMPLATES / "letters", tmp_path / "letters")
    path = folder / "extension.typ"
    path.unlink() if content is None else path.write_text(content, encoding="utf-8")
    letters = Letters(folder)

    letter = letters.make(K.EXTENSION, FULL[K.EXTENSION], VALUES, number="26-000131", at=AT)

    assert letter.problem
    assert list(letters.problems) == (["letters/extension.typ"] if content is None else [])
    in_order(" ".join(pages_of(letter.pdf)), "Süre uzatımı bildirimi", "Yeni süre sonu: 24.06.2026")


def test_no_package_of_the_machine_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not stored with a letter's source, so that another machine, or the same one later, would set another."""
    package = tmp_path / "typst" / "packages" / "local" / "x" / "0.1.0"
    package.mkdir(parents=True)
    (package / "typst.toml").write_text('[package]\nname = "x"\nversion = "0.1.0"\nentrypoint = "x.typ"\n')
    (package / "x.typ").write_text('#let word = "Paket"')
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    folder = shutil.copytree(TEMPLATES / "letters", tmp_path / "letters")
    (folder / "extension.typ").write_text('#import "@local/x:0.1.0": word\n#word')

    letter = Letters(folder).make(K.EXTENSION, FULL[K.EXTENSION], VALUES, number="26-000131", at=AT)

    assert "package not found" in str(letter.problem)


QUOTING = [
    '#panic(ref-value("applicant.name"))',
    '#facts.at(ref-value("applicant.name"))',
    '#if ref-value("applicant.name").len() > 14 { panic(letter.values) }',
]


@pytest.mark.parametrize("content", QUOTING)
def test_why_a_letter_is_broken_is_said_without_a_word_of_a_person(tmp_path: Path, content: str) -> None:
    """The reason goes into the log, and typst quotes what a file trips over."""
    folder = shutil.copytree(TEMPLATES / "letters", tmp_path / "letters")
    (folder / "extension.typ").write_text(content, encoding="utf-8")

    problem = Letters(folder).make(K.EXTENSION, FULL[K.EXTENSION], VALUES, number="26-000131", at=AT).problem

    assert (problem or "").startswith("TypstError: ")
    assert not any(word in str(problem) for word in " ".join(VALUES.values()).split())


def test_without_the_form_every_letter_is_plain(tmp_path: Path) -> None:
    folder = shutil.copytree(TEMPLATES / "letters", tmp_path / "letters")
    (folder / FORM).unlink()
    letters = Letters(folder)

    assert list(letters.problems) == ["letters/official.typ"]
    assert letters.make(K.EXTENSION, FULL[K.EXTENSION], VALUES, number="26-000131", at=AT).problem


def test_the_version_follows_the_form_and_the_letter(tmp_path: Path) -> None:
    folder = shutil.copytree(TEMPLATES / "letters", tmp_path / "letters")

    def versions() -> dict[str, Any]:
        letters = Letters(folder)
        return {kind: letters.make(kind, FULL[kind], VALUES, number="1", at=AT).version for kind in WITH_LETTER}

    before = versions()
    with (folder / "extension.typ").open("a", encoding="utf-8") as file:
        file.write("\n// x\n")
    own = versions()
    with (folder / FORM).open("a", encoding="utf-8") as file:
        file.write("\n// x\n")

    assert [kind for kind in WITH_LETTER if own[kind] != before[kind]] == [K.EXTENSION]
    assert all(versions()[kind] != own[kind] for kind in WITH_LETTER)
