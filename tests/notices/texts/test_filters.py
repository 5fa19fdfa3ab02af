"""Filters of the text files: limits, amounts and remaining times."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from app.notices.texts.filters import en_limit, remaining, tr_money


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
