"""Dates of old records: their forms, and the offset that Istanbul had on that date."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.clock import ISTANBUL
from app.imports.instants import RecordedTime, first_of_day, parse_recorded_time


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("01.07.2014 10:00", utc(2014, 7, 1, 7)),
        ("1.7.2014  9:05", utc(2014, 7, 1, 6, 5)),
        ("01.07.2014 10:00:30", utc(2014, 7, 1, 7, 0, 30)),
        ("2014-07-01 10:00", utc(2014, 7, 1, 7)),
        ("2014-07-01T10:00:30.5", utc(2014, 7, 1, 7, 0, 30, 500_000)),
        ("2014-07-01T10:00Z", utc(2014, 7, 1, 10)),
        ("2014-07-01T10:00:00+02:00", utc(2014, 7, 1, 8)),
    ],
)
def test_each_form_of_a_date_with_a_time_is_parsed(text: str, instant: datetime) -> None:
    assert parse_recorded_time(text) == RecordedTime(instant)


@pytest.mark.parametrize("text", ["01.07.2014", "1.7.2014", "2014-07-01"])
def test_a_date_without_a_time_begins_at_midnight_in_istanbul(text: str) -> None:
    assert parse_recorded_time(text) == RecordedTime(utc(2014, 6, 30, 21), whole_day=True)


@pytest.mark.parametrize(
    ("text", "hour"),
    [
        ("15.01.2014 10:00", 8),  # EET
        ("15.07.2014 10:00", 7),  # EEST
        ("25.10.2015 10:00", 7),  # summer time had ended that morning in the EU
        ("07.11.2015 10:00", 7),
        ("08.11.2015 10:00", 8),  # in Türkiye it ended two weeks later
        ("06.09.2016 10:00", 7),
        ("15.01.2017 10:00", 7),  # since September 2016 it never ends
    ],
)
def test_the_offset_is_that_of_the_date(text: str, hour: int) -> None:
    assert parse_recorded_time(text).instant.hour == hour


def test_a_repeated_hour_has_a_first_and_a_last_instant() -> None:
    twice = "08.11.2015 03:30"
    assert (parse_recorded_time(twice).instant, parse_recorded_time(twice, last=True).instant) == (
        utc(2015, 11, 8, 0, 30),
        utc(2015, 11, 8, 1, 30),
    )


def test_a_skipped_hour_has_an_instant_on_either_side_of_the_change() -> None:
    left_out = "29.03.2015 03:30"
    assert (parse_recorded_time(left_out).instant, parse_recorded_time(left_out, last=True).instant) == (
        utc(2015, 3, 29, 0, 30),
        utc(2015, 3, 29, 1, 30),
    )


@pytest.mark.parametrize(
    "text",
    [
        *("", "dün", "2014", "01.07.14", "01/07/2014", "20140701", "2014-W27-2", "41821", "1404198000"),
        *("31.02.2014", "01.13.2014", "00.01.2014", "29.02.2015", "01.07.2014 24:00", "01.07.2014 10:60"),
        *("01.07.2014T10:00", "2014-07-01T10", "2014-07-01Z", "2014-07-01T10:00+25:00", "٠١.٠٧.٢٠١٤"),
        *("01.01.0001", "0001-01-01T00:00", "9999-12-31T23:59-05:00", " 01.07.2014", "01.07.2014 10:00 "),
    ],
)
def test_any_other_form_of_a_date_is_rejected(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_recorded_time(text)


@given(st.datetimes(datetime(2006, 1, 1), datetime(2018, 8, 1)))  # noqa: DTZ001 - a time on the wall
def test_both_forms_are_the_same_instant(wall: datetime) -> None:
    wall = wall.replace(second=0, microsecond=0)
    turkish, iso = parse_recorded_time(f"{wall:%d.%m.%Y %H:%M}"), parse_recorded_time(f"{wall:%Y-%m-%d %H:%M}")
    assert turkish == iso
    assert abs(turkish.instant.astimezone(ISTANBUL).replace(tzinfo=None) - wall) <= timedelta(hours=1)
    assert turkish.instant <= parse_recorded_time(f"{wall:%d.%m.%Y %H:%M}", last=True).instant
    assert first_of_day(turkish.instant).astimezone(ISTANBUL).date() == wall.date()
