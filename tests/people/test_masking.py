"""Masks: a reader may recognise a value, but never gets all of it, in a field or in free text."""

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.people.identity import parse_phone
from app.people.masking import mask_address, mask_email, mask_name, mask_national_id, mask_phone, mask_text

FIRST_CALL_IS_SLOW = settings(deadline=None)
"""The first parsed number loads the numbering plans."""

LETTERS = string.ascii_letters + "çğıİöşüÇĞÖŞÜâîû"
lines = st.integers(0, 9_999_999).map(lambda line: f"{line:07d}")
words = st.text(LETTERS + " .,:;!?'\n")

LAYOUTS = [
    "0532 {0} {1} {2}",
    "0532{0}{1}{2}",
    "+90532{0}{1}{2}",
    "+90 (532) {0} {1} {2}",
    "0090-532-{0}-{1}-{2}",
    "532.{0}.{1}.{2}",
    "0532 - {0} - {1}{2}",
    "0532–{0}–{1}–{2}",
    "(0212) {0} {1} {2}",
    "0532 / {0}{1}{2}",
    "0532\n{0}\n{1}\n{2}",
]


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("Ayşe Nur YILMAZ", "A*** N** Y*****"),
        ("  Örnek   Vatandaş ", "Ö**** V*******"),
        ("Ali-Can O'Brien", "A****** O******"),
        ("Ş. Örnek", "Ş* Ö****"),
        ("A", "*"),
        ("", ""),
    ],
)
def test_a_name_keeps_its_initials(name: str, masked: str) -> None:
    assert mask_name(name) == masked


@given(st.text(LETTERS + " ", min_size=1))
def test_no_word_of_a_name_is_left_whole(name: str) -> None:
    assert set(mask_name(name).split()).isdisjoint(name.split())


@pytest.mark.parametrize(
    ("stored", "masked"),
    [
        ("+905320000067", "+90 532 *** ** 67"),
        ("+902124400000;ext=12", "+90 212 *** ** 00"),
        ("+904440073;ext=1010", "+90 *** ** 73"),
        ("+4915123456789", "+49 *** ** 89"),
    ],
)
def test_a_phone_keeps_network_and_last_two_digits(stored: str, masked: str) -> None:
    assert mask_phone(stored) == masked


@FIRST_CALL_IS_SLOW
@given(lines)
def test_a_masked_phone_can_not_be_dialled(line: str) -> None:
    phone = parse_phone(f"0532{line}")

    assert sum(character.isdigit() for character in mask_phone(phone.storage)) == 7
    assert line not in mask_phone(phone.storage).replace(" ", "")


def test_an_identity_number_keeps_its_last_four_digits() -> None:
    assert mask_national_id("10000000146") == "*******0146"


@pytest.mark.parametrize("short", ["", "1", "1234"])
def test_a_short_identity_number_is_masked_entirely(short: str) -> None:
    assert mask_national_id(short) == "*" * len(short)


def test_an_address_shows_nothing() -> None:
    assert mask_address("Örnek Mah. Örnek Sok. No: 1 Esenler") == "***"


def test_an_email_keeps_its_first_letter() -> None:
    assert mask_email("ornek.vatandas@example.org") == "o***@***"


@given(words, lines, st.sampled_from(LAYOUTS), words)
def test_a_phone_among_words_is_starred_and_the_words_stay(before: str, line: str, layout: str, after: str) -> None:
    written = layout.format(line[:3], line[3:5], line[5:])

    assert mask_text(f"{before} {written} {after}") == f"{before} *** {after}"


@given(
    words, st.integers(10_000_000_000, 99_999_999_999), st.sampled_from(["{}", "T.C.{}", "{}'dır", "x{}x", "TCKN:{}"])
)
def test_an_identity_number_among_words_is_starred(before: str, number: int, around: str) -> None:
    masked = mask_text(f"{before} {around.format(number)}")

    assert masked == f"{before} {around.format('***')}"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("yazın: ornek.vatandas+1@example.org.", "yazın: ***."),
        ("Örnek <örnek@örnek.com.tr>", "Örnek <***>"),
        ("IBAN TR33 0006 1005 1978 6457 8413 26 Ziraat", "IBAN *** Ziraat"),
        ("iban:tr330006100519786457841326", "iban:***"),
        ("10000000146 / 0532 000 00 67", "***"),
        ("٠٥٣٢٠٠٠٠٠٦٧ arayın", "*** arayın"),
        ("ev: 440 00 00", "ev: ***"),
    ],
)
def test_other_personal_values_among_words_are_starred(text: str, masked: str) -> None:
    assert mask_text(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "12.05.2026 10:00 ile 18:00 13.05.2026 arası",
        "2026-05-12 10:00:00 tarihinde",
        "1/5/2026 günü",
        "444 00 73 hattından aradım",
        "No: 15/3 Daire 4, 34220 Esenler",
        "2026/123 sayılı yazı",
        "1.250.000,00 TL",
        "41.0434, 28.8763",
        "Çöpler 3 gündür alınmadı, 4 konteyner dolu.",
        "",
    ],
)
def test_numbers_of_no_person_stay_readable(text: str) -> None:
    assert mask_text(text) == text


def test_a_date_does_not_hide_the_number_beside_it() -> None:
    assert mask_text("12.05.2026 0532 000 00 67") == "12.05.2026 ***"
    assert mask_text("05320000067 12.05.2026") == "*** 12.05.2026"


@given(st.text())
def test_masking_twice_is_masking_once(text: str) -> None:
    assert mask_text(mask_text(text)) == mask_text(text)


SEPARATORS = st.one_of(
    st.text("\u200b\u200d\u00ad\u2060\ufeff\u202e\u2066\u3164\u2800\ufe0f", max_size=6),
    st.text(" .,;:-–_/|*#()\u00b7'\n\u0307", min_size=1, max_size=4),
)
NUMBERS = st.one_of(
    st.from_regex(r"0?5[0-9]{9}", fullmatch=True),
    st.from_regex(r"[1-9][0-9]{10}", fullmatch=True),
    st.from_regex(r"4[0-9]{15}", fullmatch=True),
    st.from_regex(r"TR[0-9]{24}", fullmatch=True),
)


@given(st.data(), NUMBERS)
def test_signs_between_the_digits_do_not_uncover_a_number(data: st.DataObject, number: str) -> None:
    """`0532<U+200B>1234567` and `0533,123,45,67` were shown to readers without the right."""
    written = number[0] + "".join(data.draw(SEPARATORS) + sign for sign in number[1:])

    masked = mask_text(f"Beni arayın {written} teşekkürler")

    assert sum(sign.isdigit() for sign in masked) <= 8
    assert masked.startswith("Beni arayın ")


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("0532\u200b1234567", "***"),
        ("0533,123,45,67", "***"),
        ("10000\u00ad000146", "***"),
        ("ornek@\u200bexample.org", "***"),
        ("ornek @ example.org adresim", "*** adresim"),
        ("\u2460\u2460 0532 123 45 67", "***"),
        ("０５３２１２３４５６７", "***"),
        ("T R 3 3 0006100519786457841326", "T R ***"),
        ("34 ABC 123 plakalı araç", "*** plakalı araç"),
        ("34abc123", "***"),
        ("06-A-1234 ve 34 AB 1234", "*** ve ***"),
        ("20 bin 500 TL, 12 kg 250", "20 bin 500 TL, 12 kg 250"),
        ("12 Mayıs 2026", "12 Mayıs 2026"),
        ("1.250.000,00 TL ve 41.0434, 28.8763", "1.250.000,00 TL ve 41.0434, 28.8763"),
        ("5.321.234.567", "***"),
        ("10.000.000.146", "***"),
    ],
)
def test_numbers_are_masked_however_they_are_written(text: str, masked: str) -> None:
    assert mask_text(text) == masked
