"""Every printed form of a limit gives that limit, or goes to a person with the reason."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.sla.limit import (
    REVIEW_REASONS,
    Limit,
    LimitError,
    NeedsReview,
    Unit,
    fold,
    parse_limit,
    parse_limit_cell,
)
from tests.tables import failing

PRINTED = {
    "30 Gün": Limit(30, Unit.CALENDAR_DAY),
    "15 GÜN": Limit(15, Unit.CALENDAR_DAY),
    "1 GÜN": Limit(1, Unit.CALENDAR_DAY),
    "15 İŞ GÜNÜ": Limit(15, Unit.WORKING_DAY),
    "6 işgünü": Limit(6, Unit.WORKING_DAY),
    "60 işgünü": Limit(60, Unit.WORKING_DAY),
    "24 Saat": Limit(24, Unit.HOUR),
    "1 saat": Limit(1, Unit.HOUR),
    "15 DK.": Limit(15, Unit.MINUTE),
    "1 Dk": Limit(1, Unit.MINUTE),
    "30 DAKİKA": Limit(30, Unit.MINUTE),
    "20 Sn": Limit(20, Unit.SECOND),
    "2 Hafta": Limit(2, Unit.WEEK),
    "1 AY": Limit(1, Unit.MONTH),
    "ANINDA": Limit(0, Unit.IMMEDIATE),
    "Aynı anda": Limit(0, Unit.IMMEDIATE),
    "  15\u00a0 gün ": Limit(15, Unit.CALENDAR_DAY),
    "15Gün": Limit(15, Unit.CALENDAR_DAY),
    "En geç 15 iş günü içinde": Limit(15, Unit.WORKING_DAY),
    "15 takvim günü": Limit(15, Unit.CALENDAR_DAY),
    "15 dakika (bütün evraklar eksiksiz teslim edildikten sonra)": Limit(15, Unit.MINUTE),
}

UNCERTAIN = {
    "10 D": "ambiguous_unit",
    "10 d.": "ambiguous_unit",
    "2 S": "ambiguous_unit",
    "1-8 Saat": "range",
    "15–30 gün": "range",
    "15 gün ile 30 gün": "range",
    "15/30 gün": "range",
    "30 Dakikadan az": "bound",
    "En fazla 15 gün": "bound",
    "15 Gün + 5 Gün": "sum",
    "30+15 Gün": "sum",
    "Talebe göre 15-30 Gün": "depends",
    "Değişken": "variable",
    "DEĞİŞKEN": "variable",
    "": "empty",
    " \t ": "empty",
    "15": "no_unit",
    "Gün": "no_number",
    "1,5 saat": "not_whole",
    "Yarım saat": "not_whole",
    "0 gün": "out_of_range",
    "11 yıl": "unreadable",
    "121 ay": "out_of_range",
    "999999999999 sn": "out_of_range",
    "-5 gün": "unreadable",
    "on beş gün": "unreadable",
    "٣ gün": "unreadable",
    "(15 gün)": "unreadable",
    "15 gün (": "unreadable",
    "15 gün (30 iş gününe uzatılabilir)": "note_changes_limit",
    "15 gün (iş günü)": "note_changes_limit",
    "8 saat (mesai saatleri)": "note_changes_limit",
    "gün " * 1_000: "unreadable",
}


def test_printed_form_is_understood() -> None:
    def check(row: tuple[str, Limit]) -> None:
        text, limit = row
        assert parse_limit(text) == limit

    assert failing(PRINTED.items(), check) == []


def test_uncertain_form_goes_to_a_person_with_the_reason() -> None:
    def check(row: tuple[str, str]) -> None:
        text, code = row
        found = parse_limit(text)
        assert found == NeedsReview(text, code)
        assert found.reason.endswith(".")
        assert found.reason_en.endswith(".")

    assert failing(UNCERTAIN.items(), check) == []


def test_turkish_capitals_are_read_in_both_unicode_forms() -> None:
    """An İ may be one character or an I with a combining dot; neither survives Python's own lower()."""
    for form in ("NFC", "NFD"):
        assert parse_limit(unicodedata.normalize(form, "15 İŞ GÜNÜ")) == Limit(15, Unit.WORKING_DAY)


def test_fold_knows_the_two_turkish_letters_i() -> None:
    assert fold("İŞ  GÜNÜ") == fold("iş günü") == "is gunu"
    assert fold("ISPARTA") == fold("ısparta")


def test_words_in_parentheses_become_a_note() -> None:
    parsed = parse_limit_cell("15 dakika (bütün evraklar  eksiksiz teslim edildikten sonra)")

    assert parsed.limit == Limit(15, Unit.MINUTE)
    assert parsed.note == "bütün evraklar eksiksiz teslim edildikten sonra"


def test_uncertain_limit_has_its_note_too() -> None:
    parsed = parse_limit_cell("1-8 Saat (yoğunluk hâlinde)")

    assert parsed.limit == NeedsReview("1-8 Saat (yoğunluk hâlinde)", "range")
    assert parsed.note == "yoğunluk hâlinde"


@pytest.mark.parametrize("unit", [unit for unit in Unit if unit is not Unit.IMMEDIATE])
def test_limit_of_nothing_or_beyond_ten_years_is_refused(unit: Unit) -> None:
    with pytest.raises(LimitError) as too_small:
        Limit(0, unit)
    with pytest.raises(LimitError) as too_large:
        Limit(10**9, unit)

    assert (too_small.value.code, too_large.value.code) == ("amount_too_small", "amount_too_large")


@pytest.mark.parametrize(
    ("most", "unit"),
    [
        (315_619_200, Unit.SECOND),
        (5_260_320, Unit.MINUTE),
        (87_672, Unit.HOUR),
        (3_653, Unit.CALENDAR_DAY),
        (2_610, Unit.WORKING_DAY),
        (521, Unit.WEEK),
        (120, Unit.MONTH),
    ],
)
def test_ten_years_are_allowed_and_one_more_is_not(most: int, unit: Unit) -> None:
    """B27: an engine that allowed 99:59 hours could not express a legal limit."""
    assert Limit(most, unit).amount == most
    with pytest.raises(LimitError):
        Limit(most + 1, unit)


def test_immediate_takes_no_amount() -> None:
    with pytest.raises(LimitError) as refused:
        Limit(1, Unit.IMMEDIATE)

    assert refused.value.code == "immediate_has_no_amount"


@pytest.mark.parametrize(
    ("limit", "under_a_day"),
    [
        (Limit(0, Unit.IMMEDIATE), True),
        (Limit(86_399, Unit.SECOND), True),
        (Limit(10, Unit.MINUTE), True),
        (Limit(23, Unit.HOUR), True),
        (Limit(24, Unit.HOUR), False),
        (Limit(1, Unit.CALENDAR_DAY), False),
        (Limit(1, Unit.WORKING_DAY), False),
    ],
)
def test_limits_under_a_day_are_distinguished(limit: Limit, under_a_day: bool) -> None:
    assert limit.under_a_day is under_a_day


@pytest.mark.parametrize(
    ("limit", "text"),
    [
        (Limit(15, Unit.CALENDAR_DAY), "15 gün"),
        (Limit(15, Unit.WORKING_DAY), "15 iş günü"),
        (Limit(10, Unit.MINUTE), "10 dakika"),
        (Limit(20, Unit.SECOND), "20 saniye"),
        (Limit(24, Unit.HOUR), "24 saat"),
        (Limit(2, Unit.WEEK), "2 hafta"),
        (Limit(1, Unit.MONTH), "1 ay"),
        (Limit(0, Unit.IMMEDIATE), "anında"),
    ],
)
def test_limit_is_described_in_turkish_and_reads_back(limit: Limit, text: str) -> None:
    assert limit.describe_tr() == text
    assert parse_limit(text) == limit


@given(st.one_of(st.text(max_size=40), st.text(alphabet="0123456789 +-/().,günsathkdİIıişŞ½", max_size=60)))
def test_any_text_gives_a_limit_or_a_reason(text: str) -> None:
    found = parse_limit(text)

    assert isinstance(found, Limit) or (found.text == text and found.code in REVIEW_REASONS)
