"""Due instants of hours, minutes and seconds: opening hours, pauses, changes of the clocks."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from app.sla.calendar import DayKind, SpecialDay
from app.sla.deadline import (
    Basis,
    Pause,
    Policy,
    deadline,
)
from app.sla.limit import Limit, Unit
from tests.sla.calendars import (
    ALWAYS_OPEN,
    ISTANBUL,
    NIGHT_SHIFT,
    OFFICE_WEEK,
    local,
    opening,
    pause,
    plain_calendar,
    turkish_calendar,
)

TURKEY = turkish_calendar()


def due_time(policy: Policy, start: str, *pauses: Pause) -> str:
    """The local due minute under the Turkish calendar."""
    return f"{deadline(policy, local(start), TURKEY, pauses).due_at.astimezone(ISTANBUL):%Y-%m-%dT%H:%M}"


def test_ten_minutes_round_the_clock() -> None:
    assert due_time(Policy(Limit(10, Unit.MINUTE)), "2026-01-10T23:55") == "2026-01-11T00:05"


def test_seconds_are_exact() -> None:
    started_at = datetime(2026, 1, 5, 9, 0, 0, 250, tzinfo=UTC)

    assert deadline(Policy(Limit(20, Unit.SECOND)), started_at, TURKEY).due_at == started_at + timedelta(seconds=20)


def test_immediate_is_due_at_its_start() -> None:
    started_at = local("2026-01-10T03:00")

    assert deadline(Policy(Limit(0, Unit.IMMEDIATE)), started_at, TURKEY).due_at == started_at


@pytest.mark.parametrize(
    ("policy", "start", "due"),
    [
        (opening(1), "2026-01-05T09:00", "2026-01-05T10:00"),
        (opening(1), "2026-01-05T07:00", "2026-01-05T09:30"),
        (opening(2), "2026-01-05T11:00", "2026-01-05T14:00"),
        (opening(1), "2026-01-05T12:30", "2026-01-05T14:00"),
        (opening(8), "2026-01-05T10:00", "2026-01-06T10:30"),
        (opening(1), "2026-01-09T16:30", "2026-01-12T09:00"),
        (opening(2), "2026-05-26T11:00", "2026-06-01T09:30"),
        (opening(10, Unit.MINUTE), "2026-01-05T16:55", "2026-01-06T08:35"),
    ],
)
def test_opening_hours_carry_over_to_the_next_opening(policy: Policy, start: str, due: str) -> None:
    """B24: Friday 16:30 and one hour end on Monday. B16, B25: starts outside the hours."""
    assert due_time(policy, start) == due


NIGHTS = plain_calendar("Europe/Istanbul", NIGHT_SHIFT)


@pytest.mark.parametrize(
    ("minutes", "start", "due"),
    [
        (30, "2026-01-05T12:00", "2026-01-05T22:30"),
        (120, "2026-01-05T22:00", "2026-01-06T00:00"),
        (180, "2026-01-05T23:30", "2026-01-06T02:30"),
        (480, "2026-01-05T22:00", "2026-01-06T06:00"),
        (481, "2026-01-05T22:00", "2026-01-06T22:01"),
        (60, "2026-01-06T05:30", "2026-01-06T22:30"),
        (1_440, "2026-01-09T22:00", "2026-01-12T06:00"),
    ],
)
def test_night_shift_over_midnight_is_one_shift(minutes: int, start: str, due: str) -> None:
    """22:00 to 06:00 is written as two segments, 22:00-24:00 and 00:00-06:00 of the next day."""
    assert deadline(opening(minutes, Unit.MINUTE), local(start), NIGHTS).due_at == local(due)


def test_three_segments_a_day_are_used_up_one_after_the_other() -> None:
    """B21."""
    segments = ((time(8), time(10)), (time(11), time(12)), (time(14), time(14, 30)))
    calendar = plain_calendar("Europe/Istanbul", (segments,) * 5 + ((), ()))

    due = [
        deadline(opening(minutes, Unit.MINUTE), local("2026-01-09T09:30"), calendar).due_at
        for minutes in (30, 60, 120, 121)
    ]

    assert due == [local(f"2026-01-{text}") for text in ("09T10:00", "09T11:30", "09T14:30", "12T08:01")]


@pytest.mark.parametrize(
    ("special", "due"),
    [
        (SpecialDay(DayKind.LEAVE, "İdari izin"), "2026-01-07T10:00"),
        (SpecialDay(DayKind.LEAVE, "Kar tatili", time(11)), "2026-01-06T10:00"),
        (SpecialDay(DayKind.LEAVE, "Kar tatili", time(9)), "2026-01-07T09:30"),
        (SpecialDay(DayKind.HALF_DAY, "Arife"), "2026-01-06T10:00"),
        (SpecialDay(DayKind.HOLIDAY, "Bayram"), "2026-01-07T10:00"),
        (SpecialDay(DayKind.WORKING, "Uzun gün", segments=((time(7), time(20)),)), "2026-01-06T08:30"),
    ],
)
def test_special_day_has_its_own_hours_whatever_it_counts_as(special: SpecialDay, due: str) -> None:
    """Two hours from Monday 16:30: half an hour is left for that day."""
    calendar = turkish_calendar(also={date(2026, 1, 6): special})

    assert deadline(opening(2), local("2026-01-05T16:30"), calendar).due_at == local(due)


def test_working_saturday_adds_its_hours() -> None:
    working = SpecialDay(DayKind.WORKING, "Telafi çalışması", segments=((time(9), time(13)),))
    calendar = turkish_calendar(also={date(2026, 1, 10): working})

    due = [deadline(opening(hours), local("2026-01-09T16:00"), calendar).due_at for hours in (5, 6)]

    assert due == [local("2026-01-10T13:00"), local("2026-01-12T09:30")]


@pytest.mark.parametrize(
    ("hours", "start", "due"),
    [(4, "2026-01-05T13:00", "2026-01-05T17:00"), (75, "2026-01-05T08:30", "2026-01-16T17:00")],
)
def test_limit_that_ends_exactly_at_closing_stays_on_that_day(hours: int, start: str, due: str) -> None:
    """B18: it rolled to the next opening."""
    assert due_time(opening(hours), start) == due


def test_twenty_four_hours_of_a_saturday_start_end_at_the_third_closing() -> None:
    """B18 as reported: Saturday, 24 hours, 10:00 to 18:00."""
    calendar = plain_calendar("Europe/Istanbul", (((time(10), time(18)),),) * 5 + ((), ()))

    due = deadline(opening(24), local("2026-01-10T12:00"), calendar).due_at

    assert due.astimezone(ISTANBUL).isoformat() == "2026-01-14T18:00:00+03:00"


@pytest.mark.parametrize("zone", ["Europe/Istanbul", "Asia/Kolkata", "Asia/Kathmandu", "America/St_Johns"])
def test_half_an_hour_is_half_an_hour_whatever_the_offset(zone: str) -> None:
    """B10: beside opening times that an offset had shifted, half an hour was counted as an hour, or as nothing."""
    calendar = plain_calendar(zone)

    due = deadline(opening(30, Unit.MINUTE), local("2026-01-05T11:45", calendar.tz), calendar).due_at

    assert due == local("2026-01-05T13:15", calendar.tz)


def test_more_than_a_hundred_hours_are_possible() -> None:
    """B27: the budget could not pass 99:59 hours. B87: 120 h read the same everywhere."""
    assert due_time(Policy(Limit(120, Unit.HOUR)), "2026-01-05T09:00") == "2026-01-10T09:00"


@pytest.mark.parametrize(
    ("policy", "start", "end", "due"),
    [
        (opening(2), "2026-01-05T10:00", "2026-01-05T10:30", "2026-01-05T11:30"),
        (opening(3), "2026-01-05T11:00", "2026-01-05T13:30", "2026-01-05T14:30"),
        (opening(2), "2026-01-05T20:00", "2026-01-05T23:00", "2026-01-05T11:00"),
        (Policy(Limit(2, Unit.HOUR)), "2026-01-05T10:00", "2026-01-07T10:00", "2026-01-07T11:00"),
    ],
)
def test_pause_is_not_running_time(policy: Policy, start: str, end: str, due: str) -> None:
    assert due_time(policy, "2026-01-05T09:00", pause(start, end)) == due


def test_limit_used_up_when_an_open_pause_begins_is_due_then() -> None:
    assert due_time(opening(1), "2026-01-05T09:00", pause("2026-01-05T10:00", None)) == "2026-01-05T10:00"


def test_pauses_in_local_time_are_measured_as_instants() -> None:
    """Python subtracts two instants of one zone by their wall clocks: an hour was lost when clocks change."""
    new_york = plain_calendar("America/New_York", ALWAYS_OPEN)
    over_the_change = Pause(local("2026-03-08T01:00", new_york.tz), local("2026-03-08T04:00", new_york.tz), "deneme")

    due = deadline(opening(4), local("2026-03-08T00:00", new_york.tz), new_york, [over_the_change]).due_at

    assert due == local("2026-03-08T07:00", new_york.tz)


def test_hour_over_the_end_of_summer_time_is_an_hour() -> None:
    """B6: one working hour at the change returned the same instant."""
    new_york = plain_calendar("America/New_York", ALWAYS_OPEN)
    started_at = datetime(2026, 11, 1, 5, 30, tzinfo=UTC)

    assert deadline(opening(1), started_at, new_york).due_at == started_at + timedelta(hours=1)


def test_basis_is_the_round_clock_unless_said_otherwise() -> None:
    """B20: the calendar was ignored or applied by accident."""
    assert Policy(Limit(1, Unit.HOUR)).basis is Basis.ROUND_THE_CLOCK
    assert due_time(Policy(Limit(1, Unit.HOUR)), "2026-01-10T22:00") == "2026-01-10T23:00"


def test_lunch_break_belongs_to_the_calendar_of_the_office() -> None:
    """B21: two segments a day; the same limit in an office without a break ends earlier."""
    without_break = turkish_calendar(weekly=(((time(8, 30), time(17)),),) * 5 + ((), ()))
    with_break = turkish_calendar(weekly=OFFICE_WEEK)
    started_at = local("2026-01-05T11:00")

    due = [deadline(opening(2), started_at, calendar).due_at for calendar in (without_break, with_break)]

    assert due == [local("2026-01-05T13:00"), local("2026-01-05T14:00")]
