"""The seeded holidays are those of Law 2429, and half days are no holidays."""

from datetime import date, time

import pytest

from app.sla.calendar import DayKind
from app.sla.turkish_holidays import turkish_special_days

HOLIDAYS = {
    2024: "01-01 04-10 04-11 04-12 04-23 05-01 05-19 06-16 06-17 06-18 06-19 07-15 08-30 10-29",
    2025: "01-01 03-30 03-31 04-01 04-23 05-01 05-19 06-06 06-07 06-08 06-09 07-15 08-30 10-29",
    2026: "01-01 03-20 03-21 03-22 04-23 05-01 05-19 05-27 05-28 05-29 05-30 07-15 08-30 10-29",
    2027: "01-01 03-09 03-10 03-11 04-23 05-01 05-16 05-17 05-18 05-19 07-15 08-30 10-29",
}
# 2024-06-15, 2025-03-29 and 2027-05-15 are Saturdays
HALF_DAYS = {2024: "04-09 10-28", 2025: "06-05 10-28", 2026: "03-19 05-26 10-28", 2027: "03-08 10-28"}


def dates(year: int, kind: DayKind) -> str:
    """Month and day of every special day of that kind."""
    return " ".join(f"{day:%m-%d}" for day, special in turkish_special_days([year]).items() if special.kind is kind)


@pytest.mark.parametrize("year", HOLIDAYS)
def test_holidays_of_a_year(year: int) -> None:
    """B14: observances and half days are not holidays."""
    assert dates(year, DayKind.HOLIDAY) == HOLIDAYS[year]


@pytest.mark.parametrize("year", HALF_DAYS)
def test_half_days_of_a_year_without_weekends(year: int) -> None:
    assert dates(year, DayKind.HALF_DAY) == HALF_DAYS[year]


def test_half_day_ends_at_one_and_has_its_turkish_name() -> None:
    eve = turkish_special_days([2026])[date(2026, 5, 26)]

    assert (eve.name, eve.ends_at) == ("Kurban Bayramı (saat 13.00'ten)", time(13))


def test_two_holidays_on_one_date_are_one_day_with_both_names() -> None:
    both = turkish_special_days([2027])[date(2027, 5, 19)]

    assert both.kind is DayKind.HOLIDAY
    assert both.name == "Atatürk'ü Anma, Gençlik ve Spor Bayramı; Kurban Bayramı"


def test_thirty_first_of_december_is_no_holiday() -> None:
    assert date(2026, 12, 31) not in turkish_special_days([2026])
