"""The figures of a month: its borders, exact percentages, and times that round the same way everywhere."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.clock import ISTANBUL
from app.reports.figures import ComplianceLine, Month


def line(
    on_time: int = 0, late: int = 0, open_late: int = 0, *, pending: int = 0, taken: timedelta | None = None
) -> ComplianceLine:
    due = on_time + late + open_late + pending
    return ComplianceLine("call-center", "promise", "15 GÜN", due, on_time, late, open_late, 0, taken, taken)


# ── the month ──


def test_a_month_begins_and_ends_at_local_midnight() -> None:
    may = Month.parse("2026-05")
    assert may.starts_at == datetime(2026, 4, 30, 21, tzinfo=UTC)
    assert may.ends_at == datetime(2026, 5, 31, 21, tzinfo=UTC)
    assert str(may) == "2026-05"


def test_a_month_of_the_time_with_summer_time_has_an_hour_less() -> None:
    march = Month(2015, 3)
    assert march.ends_at - march.starts_at == timedelta(days=31, hours=-1)


@given(st.integers(2000, 2098), st.integers(1, 12))
def test_months_follow_each_other_without_gap(year: int, month: int) -> None:
    this = Month.parse(f"{year}-{month:02d}")
    following = this.ends_at.astimezone(ISTANBUL)
    assert Month(following.year, following.month).starts_at == this.ends_at
    assert (following.day, following.hour) == (1, 0)


@pytest.mark.parametrize(
    "text", ["", "2026", "2026-5", "2026-13", "2026-00", "05-2026", "2026-05-01", "٢٠٢٦-٠٥", "1999-12"]
)
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no month"):
        Month.parse(text)


# ── the share ──


@given(st.integers(0, 5000), st.integers(0, 5000), st.integers(0, 5000), st.integers(0, 5000))
def test_the_share_is_exact_to_the_last_digit(on_time: int, late: int, open_late: int, pending: int) -> None:
    found = line(on_time, late, open_late, pending=pending)
    assert found.pending == pending
    judged = on_time + late + open_late
    if found.share_on_time is None:
        assert judged == 0
        return
    exact = Fraction(100 * on_time, judged)
    assert -Fraction(1, 20) <= exact - Fraction(found.share_on_time) < Fraction(1, 20)
    assert found.share_on_time.as_tuple().exponent == -1


@pytest.mark.parametrize(
    ("on_time", "late", "share"), [(2, 1, "66.7"), (1, 15, "6.3"), (3, 5, "37.5"), (7, 0, "100.0"), (0, 7, "0.0")]
)
def test_halves_are_rounded_up(on_time: int, late: int, share: str) -> None:
    assert str(line(on_time, late).share_on_time) == share


@pytest.mark.parametrize(
    ("taken", "hours"),
    [
        (None, None),
        (timedelta(minutes=10), "0.17"),
        (timedelta(seconds=18), "0.01"),
        (timedelta(seconds=18, microseconds=-1), "0.00"),
        (timedelta(days=15, hours=1, minutes=30), "361.50"),
    ],
)
def test_times_are_in_hours_with_two_decimals(taken: timedelta | None, hours: str | None) -> None:
    found = line(1, taken=taken)
    assert found.median_hours == found.ninetieth_hours == (None if hours is None else Decimal(hours))
