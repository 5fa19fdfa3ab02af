"""National and religious holidays of Türkiye from the library `holidays`, as special days.

They are stored and confirmed by a person, never computed live: a new version of the library must not move a due date.
"""

from collections.abc import Iterable
from datetime import date

from holidays import country_holidays

from app.sla.calendar import MONDAY_TO_FRIDAY, DayKind, SpecialDay


def turkish_special_days(years: Iterable[int]) -> dict[date, SpecialDay]:
    """Return holidays and half days (from 13:00) of Law 2429 for these years, in date order, with Turkish names.

    Religious holidays are confirmed to 2032; later ones carry "(tahmini)" in the name. Two holidays on one date are
    one special day with both names, joined by "; ". Half days on a weekend are left out: the office is closed anyway.
    """
    span = tuple(years)
    full_days = country_holidays("TR", years=span, categories=("public",), language="tr")
    half_days = country_holidays("TR", years=span, categories=("half_day",), language="tr")
    special_days = {
        day: SpecialDay(DayKind.HALF_DAY, name) for day, name in half_days.items() if day.weekday() in MONDAY_TO_FRIDAY
    }
    special_days |= {day: SpecialDay(DayKind.HOLIDAY, name) for day, name in full_days.items()}
    return dict(sorted(special_days.items()))
