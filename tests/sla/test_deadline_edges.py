"""A limit without a deadline is a typed error, never a hang; and the functions beside `deadline`."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from app.sla.calendar import Calendar, ClockKind, DayKind, SpecialDay
from app.sla.deadline import (
    Basis,
    DeadlineError,
    Pause,
    Policy,
    deadline,
    elapsed,
    on_time,
    working_days_before,
)
from app.sla.limit import TEN_YEARS as TEN_YEARS_OF
from app.sla.limit import Limit, Unit
from tests.sla.calendars import (
    ISTANBUL,
    days,
    holiday,
    local,
    opening,
    pause,
    plain_calendar,
    turkish_calendar,
)

TURKEY = turkish_calendar()


def test_instant_without_a_zone_is_refused() -> None:
    """B8: naive times were read in the reader's zone."""
    naive = datetime(2026, 1, 5)  # noqa: DTZ001  the refused value itself

    with pytest.raises(DeadlineError) as start_refused:
        deadline(days(1), naive, TURKEY)
    with pytest.raises(DeadlineError) as pause_refused:
        Pause(naive, None, "deneme")

    assert start_refused.value.code == pause_refused.value.code == "naive_instant"


def test_pause_that_ends_before_it_starts_is_refused() -> None:
    """B36: negative pauses gave negative times."""
    with pytest.raises(DeadlineError) as refused:
        pause("2026-01-06", "2026-01-05")

    assert refused.value.code == "pause_order"


@pytest.mark.parametrize("policy", [days(30), days(120, Unit.MONTH), opening(80), Policy(Limit(48, Unit.HOUR))])
@pytest.mark.parametrize("year", ["9999-12-30", "9999-12-31T23:59"])
def test_end_of_the_calendar_is_a_typed_error(policy: Policy, year: str) -> None:
    with pytest.raises(DeadlineError) as refused:
        deadline(policy, local(year), TURKEY)

    assert refused.value.code == "out_of_range"


@pytest.mark.parametrize("policy", [days(1), days(1, Unit.WORKING_DAY), opening(1)])
def test_pause_of_years_is_no_closure(policy: Policy) -> None:
    """Paused working days, and the weekends between them, are not taken for a calendar that never opens."""
    due = deadline(policy, local("2026-01-05"), TURKEY, [pause("2026-01-05", "2034-01-05")]).due_at

    assert due.astimezone(ISTANBUL).year == 2034


@pytest.mark.parametrize("policy", [days(1), opening(1), Policy(Limit(1, Unit.SECOND))])
def test_pause_of_centuries_is_a_typed_error(policy: Policy) -> None:
    with pytest.raises(DeadlineError) as refused:
        deadline(policy, local("2026-01-05"), TURKEY, [pause("2026-01-05", "2526-01-05")])

    assert refused.value.code == "out_of_range"


@pytest.mark.parametrize("policy", [days(3_653, Unit.CALENDAR_DAY), opening(20_000), days(2_610, Unit.WORKING_DAY)])
def test_tens_of_thousands_of_pauses_are_no_hang(policy: Policy) -> None:
    """One a day for a century: a walk visits each pause once."""
    first = local("2026-01-05T11:00")
    pauses = [Pause(first + timedelta(n), first + timedelta(n, hours=1), "kesinti") for n in range(36_500)]

    assert deadline(policy, local("2026-01-05"), TURKEY, pauses).due_at > local("2035-12-31")


def test_tens_of_thousands_of_pauses_at_one_time_are_no_hang() -> None:
    first = local("2026-01-05T11:00")
    pauses = [
        Pause(first + timedelta(minutes=n), first + timedelta(18_000, minutes=n), "kesinti") for n in range(36_500)
    ]

    due = deadline(opening(20_000), local("2026-01-05"), TURKEY, pauses).due_at

    assert due.astimezone(ISTANBUL).year == 2085


ONE_MINUTE_A_WEEK = (((time(9), time(9, 1)),), *((),) * 6)
TEN_YEARS = [Limit(TEN_YEARS_OF[unit], unit) for unit in TEN_YEARS_OF]


@pytest.mark.parametrize("limit", TEN_YEARS, ids=[limit.unit for limit in TEN_YEARS])
def test_ten_years_end_or_are_refused_under_the_shortest_opening_time(limit: Limit) -> None:
    calendar = plain_calendar("Europe/Istanbul", ONE_MINUTE_A_WEEK)

    try:
        due = deadline(Policy(limit, Basis.OPENING_HOURS), local("2026-01-05"), calendar).due_at
    except DeadlineError as error:
        assert (error.code, limit.seconds is None) == ("out_of_range", False)  # noqa: PT017  both ends are right
    else:
        assert local("2035-12-01") < due < local("2036-12-31")


def test_calendar_that_opens_one_minute_a_year_gives_a_date() -> None:
    """Open on Mondays only, all but one a year on leave."""
    mondays = [date(2026, 1, 5) + timedelta(7 * number) for number in range(52 * 12)]
    leave = SpecialDay(DayKind.LEAVE, "İzin", counts_as_working=frozenset())
    closed = {day: leave for day in mondays if (day.month, day.day) > (1, 7)}
    calendar = Calendar("test", "Europe/Istanbul", ONE_MINUTE_A_WEEK, closed, frozenset({0}))

    by_minutes = deadline(opening(3, Unit.MINUTE), local("2026-01-06"), calendar).due_at
    by_days = deadline(days(3, Unit.WORKING_DAY), local("2026-01-06"), calendar).due_at

    assert by_minutes == local("2029-01-01T09:01")
    assert calendar.local_date(by_days) == date(2029, 1, 1)


def test_opening_time_that_the_clocks_always_skip_is_a_typed_error() -> None:
    """Open on the nights only in which New York's clocks jump from 02:00 to 03:00."""
    sundays = [date(2026, 1, 4) + timedelta(7 * number) for number in range(52 * 120)]
    jumps = {day for day in sundays if day.month == 3 and 8 <= day.day <= 14}
    closed = {day: holiday() for day in sundays if day not in jumps}
    calendar = Calendar("test", "America/New_York", (*((),) * 6, ((time(2, 10), time(2, 20)),)), closed)

    with pytest.raises(DeadlineError) as refused:
        deadline(opening(1, Unit.MINUTE), local("2026-01-05"), calendar)

    assert refused.value.code == "out_of_range"


def test_start_at_the_edge_of_time_is_a_typed_error() -> None:
    with pytest.raises(DeadlineError) as refused:
        deadline(days(1), datetime.min.replace(tzinfo=ISTANBUL), TURKEY)

    assert refused.value.code == "out_of_range"


# ── on time, working days before ──


def test_closing_at_the_exact_due_instant_is_on_time() -> None:
    """C10."""
    due = deadline(days(1), local("2026-01-05"), TURKEY).due_at

    assert on_time(due, due)
    assert on_time(due.astimezone(ISTANBUL), due)
    assert not on_time(due + timedelta(microseconds=1), due)


def test_working_days_before_a_date_pass_over_holidays() -> None:
    """Before Monday 1 June 2026 the half day of 26 May counts, Kurban Bayramı does not."""
    found = working_days_before(date(2026, 6, 1), 3, TURKEY, ClockKind.STATUTORY)

    assert found == local("2026-05-22").replace(hour=23, minute=59, second=59, microsecond=999999)


def test_working_days_before_follow_the_kind_of_clock() -> None:
    leave = SpecialDay(DayKind.LEAVE, "İdari izin", counts_as_working=frozenset({ClockKind.STATUTORY}))
    calendar = turkish_calendar(also={date(2026, 1, 8): leave})

    statutory = working_days_before(date(2026, 1, 9), 1, calendar, ClockKind.STATUTORY)
    promise = working_days_before(date(2026, 1, 9), 1, calendar, ClockKind.PROMISE)

    assert (calendar.local_date(statutory), calendar.local_date(promise)) == (
        date(2026, 1, 8),
        date(2026, 1, 7),
    )


def test_working_days_before_the_first_date_are_a_typed_error() -> None:
    with pytest.raises(DeadlineError) as refused:
        working_days_before(date(1, 1, 3), 9, TURKEY)

    assert refused.value.code == "out_of_range"


# ── elapsed ──


@pytest.mark.parametrize(
    ("until", "used"),
    [
        ("2026-05-01T00:00", 0),
        ("2026-05-12T10:00", 0),
        ("2026-05-13T23:59", 0),
        ("2026-05-14T00:00", 1),
        ("2026-05-20T12:00", 7),
        ("2026-05-27T23:59", 14),
        ("2026-05-28T00:00", 15),
        ("2026-06-01T12:00", 15),
        ("2027-01-01T00:00", 15),
    ],
)
def test_days_are_used_up_when_they_are_over_and_never_beyond_the_limit(until: str, used: int) -> None:
    """15 days from 12 May are counted by 27 May (Kurban Bayramı) and due on Monday 1 June."""
    assert elapsed(days(15), local("2026-05-12"), local(until), TURKEY) == used


def test_whole_limit_is_used_up_at_the_due_instant_itself() -> None:
    due = deadline(days(15, Unit.WORKING_DAY), local("2026-05-12"), TURKEY).due_at

    used = [
        elapsed(days(15, Unit.WORKING_DAY), local("2026-05-12"), due - timedelta(microseconds=n), TURKEY)
        for n in (0, 1)
    ]

    assert used == [15, 14]


def test_days_of_a_month_are_counted_as_days() -> None:
    assert elapsed(days(1, Unit.MONTH), local("2026-01-05"), local("2026-02-05"), TURKEY) == 30


@pytest.mark.parametrize(
    ("until", "used"),
    [
        ("2026-01-05T08:00", 0),
        ("2026-01-05T11:30", 2 * 3_600 + 1_800),
        ("2026-01-05T12:30", 3 * 3_600),
        ("2026-01-05T23:00", 7 * 3_600),
        ("2026-01-06T09:29:59.5", 7 * 3_600 + 3_599),
        ("2026-01-06T09:30", 8 * 3_600),
        ("2026-03-06T09:30", 8 * 3_600),
    ],
)
def test_hours_are_used_up_second_by_second_within_opening_hours(until: str, used: int) -> None:
    assert elapsed(opening(8), local("2026-01-05T09:00"), local(until), TURKEY) == used


def test_pauses_use_up_nothing() -> None:
    stretches = [pause("2026-01-07T12:00", "2026-01-09T12:00"), pause("2026-01-12T12:00", None)]

    used = [
        elapsed(days(15), local("2026-01-05"), local(f"2026-01-{day:02}T00:00"), TURKEY, stretches)
        for day in range(6, 15)
    ]

    assert used == [0, 1, 1, 1, 2, 3, 4, 4, 4]


def test_immediate_limit_has_nothing_to_use_up() -> None:
    assert elapsed(Policy(Limit(0, Unit.IMMEDIATE)), local("2026-01-05"), local("2026-01-06"), TURKEY) == 0


@pytest.mark.parametrize("until", [datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=ISTANBUL)])
def test_time_used_up_at_the_edge_of_time_is_a_typed_error(until: datetime) -> None:
    with pytest.raises(DeadlineError) as refused:
        elapsed(days(15), local("2026-01-05"), until, TURKEY)

    assert refused.value.code == "out_of_range"
