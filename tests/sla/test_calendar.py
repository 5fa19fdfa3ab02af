"""A calendar knows its dates and opening hours, in its own zone, and refuses an invalid configuration."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta

import pytest

from app.sla.calendar import (
    Calendar,
    CalendarError,
    ClockKind,
    DayKind,
    DayReason,
    NotWorking,
    Segment,
    SpecialDay,
    overlay,
)
from tests.sla.calendars import (
    ALWAYS_OPEN,
    NIGHT_SHIFT,
    OFFICE_DAY,
    OFFICE_WEEK,
    holiday,
    plain_calendar,
    turkish_calendar,
)

PROMISE_ONLY = frozenset({ClockKind.PROMISE})
STATUTORY_ONLY = frozenset({ClockKind.STATUTORY})
SATURDAY_SHIFT = ((time(9), time(13)),)


def walls(calendar: Calendar, day: date) -> list[tuple[str, str]]:
    """The opening times of the date on the local wall clock."""
    return [
        (start.astimezone(calendar.tz).strftime("%H:%M"), end.astimezone(calendar.tz).strftime("%H:%M"))
        for start, end in calendar.segments(day)
    ]


@pytest.mark.parametrize(("year", "working_days"), [(2024, 250), (2025, 251), (2026, 251), (2027, 250)])
def test_turkish_year_has_its_known_number_of_working_days(year: int, working_days: int) -> None:
    calendar = turkish_calendar()
    dates = [date(year, 1, 1) + timedelta(number) for number in range(366)]

    assert sum(calendar.is_working_day(day) for day in dates if day.year == year) == working_days


def test_reason_for_a_closed_date_carries_the_name() -> None:
    calendar = turkish_calendar()

    assert calendar.why_not_working(date(2026, 5, 27)) == NotWorking(DayReason.HOLIDAY, "Kurban Bayramı")
    assert calendar.why_not_working(date(2026, 5, 23)) == NotWorking(DayReason.WEEKEND, "")
    assert calendar.why_not_working(date(2026, 5, 25)) is None


def test_half_day_is_a_working_day_that_closes_at_one() -> None:
    calendar = turkish_calendar()

    assert calendar.is_working_day(date(2026, 5, 26))
    assert calendar.is_working_day(date(2026, 5, 26), ClockKind.STATUTORY)
    assert walls(calendar, date(2026, 5, 26)) == [("08:30", "12:00")]


def test_half_day_ends_in_the_middle_of_a_segment() -> None:
    calendar = turkish_calendar(weekly=(((time(9), time(17)),),) * 5 + ((), ()))

    assert walls(calendar, date(2026, 10, 28)) == [("09:00", "13:00")]


@pytest.mark.parametrize(
    ("weekly", "hours"), [(ALWAYS_OPEN, [("00:00", "13:00")]), (NIGHT_SHIFT, [("00:00", "06:00")])]
)
def test_half_day_ends_a_shift_that_would_go_on_to_midnight(
    weekly: tuple[tuple[Segment, ...], ...], hours: list[tuple[str, str]]
) -> None:
    assert walls(turkish_calendar(weekly=weekly), date(2026, 10, 28)) == hours


def test_half_day_may_be_set_not_to_count() -> None:
    skipped = SpecialDay(DayKind.HALF_DAY, "Arife", counts_as_working=STATUTORY_ONLY)
    calendar = turkish_calendar(also={date(2026, 5, 26): skipped})

    assert calendar.why_not_working(date(2026, 5, 26)) == NotWorking(DayReason.HALF_DAY, "Arife")
    assert calendar.is_working_day(date(2026, 5, 26), ClockKind.STATUTORY)


def test_leave_counts_by_kind_of_clock_and_is_closed_for_all() -> None:
    leave = SpecialDay(DayKind.LEAVE, "İdari izin", counts_as_working=STATUTORY_ONLY)
    calendar = turkish_calendar(also={date(2026, 5, 25): leave})

    assert calendar.why_not_working(date(2026, 5, 25)) == NotWorking(DayReason.LEAVE, "İdari izin")
    assert calendar.is_working_day(date(2026, 5, 25), ClockKind.STATUTORY)
    assert calendar.segments(date(2026, 5, 25)) == ()


def test_leave_of_an_afternoon_leaves_the_morning_open() -> None:
    leave = SpecialDay(DayKind.LEAVE, "Kar tatili", ends_at=time(11))
    calendar = turkish_calendar(also={date(2026, 1, 7): leave})

    assert walls(calendar, date(2026, 1, 7)) == [("08:30", "11:00")]


def test_leave_that_counts_does_not_turn_a_saturday_into_a_working_day() -> None:
    calendar = turkish_calendar(also={date(2026, 5, 23): SpecialDay(DayKind.LEAVE, "İdari izin")})

    assert calendar.why_not_working(date(2026, 5, 23)) == NotWorking(DayReason.WEEKEND, "")


def test_working_saturday_counts_and_opens() -> None:
    working = SpecialDay(DayKind.WORKING, "Telafi çalışması", segments=SATURDAY_SHIFT)
    calendar = turkish_calendar(also={date(2026, 1, 10): working})

    assert calendar.is_working_day(date(2026, 1, 10))
    assert walls(calendar, date(2026, 1, 10)) == [("09:00", "13:00")]


def test_office_that_opens_on_saturday_has_no_working_saturday() -> None:
    calendar = plain_calendar("Europe/Istanbul", (OFFICE_DAY,) * 6 + ((),))

    assert not calendar.is_working_day(date(2026, 1, 10))
    assert len(calendar.segments(date(2026, 1, 10))) == 2


def test_opening_times_of_a_day_are_several() -> None:
    """B21: a lunch break needs more than one segment a day."""
    assert walls(turkish_calendar(), date(2026, 1, 5)) == [("08:30", "12:00"), ("13:00", "17:00")]


def test_night_shift_joins_at_midnight_without_gap_or_overlap() -> None:
    calendar = plain_calendar("Europe/Istanbul", NIGHT_SHIFT)

    evening, morning = calendar.segments(date(2026, 1, 5))[1], calendar.segments(date(2026, 1, 6))[0]
    assert evening[1] == morning[0] == datetime(2026, 1, 5, 21, tzinfo=UTC)


def test_dates_are_the_zones_own() -> None:
    """C5: Saturday 01:00 in Istanbul is Friday 22:00 UTC."""
    assert turkish_calendar().local_date(datetime(2026, 1, 16, 22, tzinfo=UTC)) == date(2026, 1, 17)


def test_window_stays_on_the_wall_clock_over_changes_of_time() -> None:
    """B1, B11: opening hours are 08:30 local in winter and in summer."""
    calendar = plain_calendar("America/New_York")

    assert calendar.segments(date(2026, 1, 5))[0][0] == datetime(2026, 1, 5, 13, 30, tzinfo=UTC)
    assert calendar.segments(date(2026, 7, 6))[0][0] == datetime(2026, 7, 6, 12, 30, tzinfo=UTC)


def test_offset_of_the_date_itself_is_used() -> None:
    """B4: Istanbul had winter time in February 2015 and has none today."""
    calendar = plain_calendar("Europe/Istanbul")

    assert calendar.instant_at(date(2015, 2, 2), time(9)) == datetime(2015, 2, 2, 7, tzinfo=UTC)
    assert calendar.instant_at(date(2026, 2, 2), time(9)) == datetime(2026, 2, 2, 6, tzinfo=UTC)
    assert calendar.instant_at(date(2026, 2, 2), time(9, 0, 0, 1)) == datetime(2026, 2, 2, 6, 0, 0, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("America/New_York", date(2026, 3, 8), 23),
        ("America/New_York", date(2026, 11, 1), 25),
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
        ("Australia/Lord_Howe", date(2026, 10, 4), 23.5),
        ("Europe/Istanbul", date(2015, 11, 8), 25),
        ("Europe/Istanbul", date(2016, 11, 6), 24),
        ("Asia/Almaty", date(2024, 2, 29), 25),
        ("America/Havana", date(2026, 3, 8), 23),
        ("Pacific/Apia", date(2011, 12, 30), 0),
    ],
)
def test_day_is_as_long_as_its_clocks_make_it(zone: str, day: date, hours: float) -> None:
    """B3, B5, B7, B12: no gap, no overlap, no date visited twice when clocks change, also at midnight."""
    calendar = plain_calendar(zone, ALWAYS_OPEN)
    (start, end) = calendar.whole_day(day)[0]

    assert end - start == timedelta(hours=hours)
    assert calendar.whole_day(day - timedelta(1))[0][1] == start
    assert calendar.end_of_day(day) == end - timedelta(microseconds=1)
    assert calendar.segments(day) == (((start, end),) if hours else ())


def test_skipped_wall_time_is_the_instant_of_the_change() -> None:
    calendar = plain_calendar("America/New_York", (((time(2, 15), time(2, 45)), (time(3), time(4))),) * 7)
    change = datetime(2026, 3, 8, 7, tzinfo=UTC)

    assert calendar.instant_at(date(2026, 3, 8), time(2, 15)) == change
    assert calendar.instant_at(date(2026, 3, 8), time(2, 15, 0, 1)) == change
    assert calendar.segments(date(2026, 3, 8)) == ((change, change + timedelta(hours=1)),)


def test_every_skipped_minute_is_the_same_instant_to_the_second() -> None:
    calendar = plain_calendar("America/New_York")

    found = {calendar.instant_at(date(2026, 3, 8), time(2, minute)) for minute in range(60)}

    assert found == {datetime(2026, 3, 8, 7, tzinfo=UTC)}


def test_repeated_wall_time_is_the_first_of_the_two() -> None:
    calendar = plain_calendar("America/New_York")

    assert calendar.instant_at(date(2026, 11, 1), time(1, 30)) == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)


def test_date_that_the_zone_skipped_is_no_working_day() -> None:
    calendar = plain_calendar("Pacific/Apia")

    assert calendar.missing_dates == {date(2011, 12, 30)}
    assert calendar.why_not_working(date(2011, 12, 30)) == NotWorking(DayReason.NO_SUCH_DATE, "")


def test_json_form_reads_back_equal() -> None:
    calendar = turkish_calendar(
        also={
            date(2026, 1, 10): SpecialDay(DayKind.WORKING, "Telafi", segments=SATURDAY_SHIFT),
            date(2026, 5, 25): SpecialDay(DayKind.LEAVE, "İdari izin", time(10, 30, 15), PROMISE_ONLY),
        },
        weekly=(*NIGHT_SHIFT[:5], (), ()),
    )

    assert Calendar.from_json(calendar.to_json()) == calendar
    assert calendar.to_json()["weekly"][0] == [["00:00", "06:00"], ["22:00", "24:00"]]
    assert calendar.to_json()["special_days"]["2026-05-25"] == {
        "kind": "leave",
        "name": "İdari izin",
        "ends_at": "10:30:15",
        "counts_as_working": ["promise"],
        "segments": [],
    }


def test_special_days_can_not_be_changed_afterwards() -> None:
    days = {date(2026, 1, 5): holiday()}
    calendar = Calendar("1", "Europe/Istanbul", OFFICE_WEEK, days)
    days.clear()

    assert not calendar.is_working_day(date(2026, 1, 5))


def week(*monday: tuple[time, time]) -> Calendar:
    """A calendar that opens on Monday only."""
    return Calendar("1", "Europe/Istanbul", (monday,) + ((),) * 6)


def closed_for(
    dates: int, *, ends_at: time | None = None, counts_as_working: frozenset[ClockKind] = frozenset()
) -> Calendar:
    """The Turkish calendar with a number of dates of leave in a row from 1 January 2025."""
    leave = SpecialDay(DayKind.LEAVE, "İzin", ends_at, counts_as_working)
    return turkish_calendar(also={date(2025, 1, 1) + timedelta(number): leave for number in range(dates)})


def test_calendar_may_stay_closed_for_eight_hundred_dates_and_open_again() -> None:
    years = closed_for(800)

    assert not years.is_working_day(date(2027, 3, 10))
    assert years.is_working_day(date(2027, 3, 12))


def test_leave_of_every_working_weekday_for_years_is_refused_though_the_weekends_are_none() -> None:
    """Special days need not be adjacent: between them are weekends, on which nothing opens either."""
    leave = SpecialDay(DayKind.LEAVE, "İzin")
    dates = (date(2026, 1, 1) + timedelta(number) for number in range(820))

    with pytest.raises(CalendarError) as refused:
        turkish_calendar(also={day: leave for day in dates if day.weekday() < 5})

    assert refused.value.code == "closed_too_long"


def test_special_days_at_the_edge_of_time_are_no_error() -> None:
    calendar = turkish_calendar(also={date.min: holiday(), date.max: holiday()})

    assert not calendar.is_working_day(date.min)
    assert not calendar.is_working_day(date.max)


def test_working_saturday_ends_a_long_closure() -> None:
    leave = SpecialDay(DayKind.LEAVE, "İzin", counts_as_working=frozenset())
    closed = {date(2026, 1, 1) + timedelta(number): leave for number in range(1_000)}
    working = SpecialDay(DayKind.WORKING, "Telafi çalışması", segments=SATURDAY_SHIFT)

    calendar = turkish_calendar(also=closed | {date(2027, 1, 9): working})

    assert calendar.is_working_day(date(2027, 1, 9))


@pytest.mark.parametrize(
    ("before", "decided", "kind", "ends_at", "counts"),
    [
        ("holiday", "leave", DayKind.HOLIDAY, None, frozenset()),
        ("holiday", "half_day", DayKind.HOLIDAY, None, frozenset()),
        ("half_day", "leave", DayKind.LEAVE, None, STATUTORY_ONLY),
        ("half_day", "short_leave", DayKind.LEAVE, time(11), PROMISE_ONLY),
        ("short_leave", "half_day", DayKind.LEAVE, time(11), PROMISE_ONLY),
        ("leave", "short_leave", DayKind.LEAVE, None, frozenset()),
        ("half_day", "half_day", DayKind.HALF_DAY, time(13), frozenset(ClockKind)),
        ("leave", "holiday", DayKind.HOLIDAY, None, frozenset()),
        ("holiday", "working", DayKind.WORKING, None, frozenset(ClockKind)),
        ("working", "leave", DayKind.LEAVE, None, STATUTORY_ONLY),
    ],
)
def test_decision_about_a_special_day_only_removes_time_unless_it_opens_the_office(
    before: str, decided: str, kind: DayKind, ends_at: time | None, counts: frozenset[ClockKind]
) -> None:
    special = {
        "holiday": holiday(),
        "half_day": SpecialDay(DayKind.HALF_DAY, "Arife"),
        "leave": SpecialDay(DayKind.LEAVE, "İdari izin", counts_as_working=STATUTORY_ONLY),
        "short_leave": SpecialDay(DayKind.LEAVE, "Kar tatili", time(11), PROMISE_ONLY),
        "working": SpecialDay(DayKind.WORKING, "Telafi", segments=SATURDAY_SHIFT),
    }
    day = date(2026, 5, 26)

    found = overlay({day: special[before]}, {day: special[decided]})[day]

    assert (found.kind, found.ends_at, found.counts_as_working) == (kind, ends_at, counts)


def test_leave_over_a_bayram_makes_no_holiday_a_working_day() -> None:
    """Nine days of leave from 23 May 2026 that count: 15 working days from 11 May are due no earlier."""
    leave = SpecialDay(DayKind.LEAVE, "İdari izin")
    decided = {date(2026, 5, 23) + timedelta(number): leave for number in range(9)}
    seeded = turkish_calendar().special_days

    days_off = overlay(seeded, decided)

    assert days_off[date(2026, 5, 27)].kind is DayKind.HOLIDAY
    assert days_off[date(2026, 5, 26)].name == "Kurban Bayramı (saat 13.00'ten); İdari izin"
    assert list(days_off) == sorted(days_off)
    assert turkish_calendar(also=days_off).is_working_day(date(2026, 5, 26))
    assert not turkish_calendar(also=days_off).is_working_day(date(2026, 5, 29))


@pytest.mark.parametrize(
    ("code", "build"),
    [
        ("no_opening_time", week),
        ("segment_order", lambda: week((time(17), time(9)))),
        ("segment_order", lambda: week((time(9), time(9)))),
        ("segment_overlap", lambda: week((time(9), time(12)), (time(11), time(13)))),
        ("segment_overlap", lambda: week((time(13), time(17)), (time(9), time(12)))),
        ("segment_overlap", lambda: week((time(22), time(0)), (time(23), time(0)))),
        ("zoned_time", lambda: week((time(9, tzinfo=UTC), time(12)))),
        ("not_a_week", lambda: Calendar("1", "Europe/Istanbul", (OFFICE_DAY,) * 6)),
        ("no_working_day", lambda: Calendar("1", "Europe/Istanbul", OFFICE_WEEK, {}, frozenset())),
        ("no_working_day", lambda: Calendar("1", "Europe/Istanbul", OFFICE_WEEK, {}, frozenset({7}))),
        ("unknown_zone", lambda: Calendar("1", "Europe/Esenler", OFFICE_WEEK)),
        ("unknown_zone", lambda: Calendar("1", "../etc/passwd", OFFICE_WEEK)),
        ("unknown_zone", lambda: Calendar("1", "Europe", OFFICE_WEEK)),
        ("unknown_zone", lambda: Calendar("1", "", OFFICE_WEEK)),
        ("holiday_with_hours", lambda: SpecialDay(DayKind.HOLIDAY, "Bayram", time(13))),
        ("zoned_time", lambda: SpecialDay(DayKind.HALF_DAY, "Arife", time(13, tzinfo=UTC))),
        ("closed_too_long", lambda: closed_for(801)),
        ("closed_too_long", lambda: closed_for(801, counts_as_working=frozenset(ClockKind))),
        ("closed_too_long", lambda: closed_for(801, ends_at=time(8, 30), counts_as_working=frozenset(ClockKind))),
        ("closed_too_long", lambda: closed_for(801, ends_at=time(13), counts_as_working=PROMISE_ONLY)),
        ("segments_of_special_day", lambda: SpecialDay(DayKind.WORKING, "Telafi")),
        ("segments_of_special_day", lambda: SpecialDay(DayKind.LEAVE, "İzin", segments=SATURDAY_SHIFT)),
        ("malformed", lambda: Calendar.from_json({})),
        (
            "malformed",
            lambda: Calendar.from_json({"version": "1", "zone": "Europe/Istanbul", "weekly": [[["9"]]]}),
        ),
        ("malformed", lambda: Calendar.from_json({"version": "1", "zone": "Europe/Istanbul", "weekly": 7})),
        (
            "malformed",
            lambda: Calendar.from_json(
                turkish_calendar().to_json() | {"special_days": {"2026-02-30": {"kind": "holiday", "name": "x"}}}
            ),
        ),
        (
            "malformed",
            lambda: Calendar.from_json(
                turkish_calendar().to_json() | {"special_days": {"2026-02-02": {"kind": "feast", "name": "x"}}}
            ),
        ),
        ("malformed", lambda: Calendar.from_json(turkish_calendar().to_json() | {"special_days": []})),
    ],
)
def test_wrong_calendar_is_a_typed_error_when_it_is_built(code: str, build: Callable[[], object]) -> None:
    """B22: never an endless search for the next opening time."""
    with pytest.raises(CalendarError) as refused:
        build()

    assert refused.value.code == code
