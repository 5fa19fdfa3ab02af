"""Due dates of days, weeks and months: the known vectors, the rules and the pauses."""

from datetime import UTC, date, datetime, time

import pytest

from app.sla.calendar import ClockKind, DayKind, SpecialDay
from app.sla.deadline import (
    DeadlineError,
    Pause,
    Policy,
    Roll,
    deadline,
)
from app.sla.limit import Limit, Unit
from tests.sla.calendars import (
    ISTANBUL,
    days,
    local,
    opening,
    pause,
    plain_calendar,
    turkish_calendar,
)

TURKEY = turkish_calendar()
END_OF_DAY = time(23, 59, 59, 999999)

# start, 15 calendar days, 15 working days, 30 calendar days, 30 working days
VECTORS = [
    ("2026-01-02", "2026-01-19", "2026-01-23", "2026-02-02", "2026-02-13"),
    ("2026-03-05", "2026-03-23", "2026-03-27", "2026-04-06", "2026-04-17"),
    ("2026-04-28", "2026-05-13", "2026-05-21", "2026-06-01", "2026-06-16"),
    ("2026-05-11", "2026-05-26", "2026-06-05", "2026-06-10", "2026-06-26"),
    ("2026-05-12", "2026-06-01", "2026-06-08", "2026-06-11", "2026-06-29"),
    ("2026-08-14", "2026-08-31", "2026-09-04", "2026-09-14", "2026-09-25"),
    ("2026-10-13", "2026-10-28", "2026-11-04", "2026-11-12", "2026-11-25"),
    ("2026-12-17", "2027-01-04", "2027-01-08", "2027-01-18", "2027-01-29"),
    ("2025-05-22", "2025-06-10", "2025-06-16", "2025-06-23", "2025-07-07"),
]


def due_date(policy: Policy, start: str, *pauses: Pause) -> str:
    """The local due date of a limit of days under the Turkish calendar; it is due when that date ends."""
    due = deadline(policy, local(start), TURKEY, pauses).due_at.astimezone(ISTANBUL)
    assert due.time() == END_OF_DAY
    return due.date().isoformat()


@pytest.mark.parametrize("vector", VECTORS, ids=[vector[0] for vector in VECTORS])
def test_known_due_dates(vector: tuple[str, str, str, str, str]) -> None:
    start = vector[0]
    found = [
        due_date(days(amount, unit), start) for amount in (15, 30) for unit in (Unit.CALENDAR_DAY, Unit.WORKING_DAY)
    ]

    assert found == list(vector[1:])


@pytest.mark.parametrize(
    ("start", "amount", "last", "rolled"),
    [
        ("2026-01-02", 15, "2026-01-17", "2026-01-19"),  # Saturday
        ("2026-01-02", 30, "2026-02-01", "2026-02-02"),  # Sunday
        ("2026-03-05", 15, "2026-03-20", "2026-03-23"),  # Ramazan Bayramı, then the weekend
        ("2026-03-05", 30, "2026-04-04", "2026-04-06"),
        ("2026-04-28", 15, "2026-05-13", "2026-05-13"),
        ("2026-04-28", 30, "2026-05-28", "2026-06-01"),  # Kurban Bayramı, then the weekend
        ("2026-05-11", 15, "2026-05-26", "2026-05-26"),  # a half day stays
        ("2026-05-11", 30, "2026-06-10", "2026-06-10"),
        ("2026-05-12", 15, "2026-05-27", "2026-06-01"),
        ("2026-08-14", 15, "2026-08-29", "2026-08-31"),  # Saturday, then 30 August
        ("2026-08-14", 30, "2026-09-13", "2026-09-14"),
        ("2026-10-13", 15, "2026-10-28", "2026-10-28"),  # a half day stays
        ("2026-12-17", 15, "2027-01-01", "2027-01-04"),
        ("2026-12-17", 30, "2027-01-16", "2027-01-18"),
        ("2025-05-22", 15, "2025-06-06", "2025-06-10"),  # Kurban Bayramı to Monday
        ("2025-05-22", 30, "2025-06-21", "2025-06-23"),
    ],
)
def test_last_date_rolls_over_what_is_no_working_day_unless_the_policy_says_otherwise(
    start: str, amount: int, last: str, rolled: str
) -> None:
    assert due_date(days(amount, roll=Roll.NONE), start) == last
    assert due_date(days(amount), start) == rolled


@pytest.mark.parametrize("unit", [Unit.CALENDAR_DAY, Unit.WORKING_DAY])
def test_working_days_need_no_rolling(unit: Unit) -> None:
    """Only a limit that counts closed dates can end on one."""
    rolled, raw = due_date(days(15, unit), "2026-05-12"), due_date(days(15, unit, Roll.NONE), "2026-05-12")

    assert (rolled == raw) is (unit is Unit.WORKING_DAY)


@pytest.mark.parametrize("hour", ["T00:00", "T08:30", "T13:00", "T23:59"])
def test_hour_of_the_start_does_not_move_a_limit_of_days(hour: str) -> None:
    assert due_date(days(15), f"2026-05-12{hour}") == "2026-06-01"


@pytest.mark.parametrize(
    ("counts", "working_days", "calendar_days"),
    [
        (frozenset(ClockKind), "2026-06-05", "2026-05-25"),
        (frozenset[ClockKind](), "2026-06-09", "2026-06-01"),
    ],
)
def test_administrative_leave_counts_or_not_as_decided(
    counts: frozenset[ClockKind], working_days: str, calendar_days: str
) -> None:
    leave = SpecialDay(DayKind.LEAVE, "İdari izin", counts_as_working=counts)
    calendar = turkish_calendar(also={date(2026, 5, 25): leave, date(2026, 5, 26): leave})

    by_working_days = deadline(days(15, Unit.WORKING_DAY), local("2026-05-11"), calendar).due_at
    by_calendar_days = deadline(days(15), local("2026-05-10"), calendar).due_at

    assert by_working_days.astimezone(ISTANBUL).date().isoformat() == working_days
    assert by_calendar_days.astimezone(ISTANBUL).date().isoformat() == calendar_days


def test_leave_may_count_for_one_kind_of_clock_only() -> None:
    leave = SpecialDay(DayKind.LEAVE, "İdari izin", counts_as_working=frozenset({ClockKind.STATUTORY}))
    calendar = turkish_calendar(also={date(2026, 5, 25): leave})
    limit = Limit(15, Unit.WORKING_DAY)

    promise = deadline(Policy(limit), local("2026-05-11"), calendar).due_at
    statutory = deadline(Policy(limit, clock_kind=ClockKind.STATUTORY), local("2026-05-11"), calendar).due_at

    assert promise.astimezone(ISTANBUL).date() == date(2026, 6, 8)
    assert statutory.astimezone(ISTANBUL).date() == date(2026, 6, 5)


@pytest.mark.parametrize(("promise", "statutory"), [(True, True), (True, False), (False, True), (False, False)])
def test_leave_rolls_the_last_date_unless_it_counts_for_that_clock(promise: bool, statutory: bool) -> None:
    """15 calendar days from 10 May 2026 end on Monday 25 May: leave, as on Tuesday, and then a bayram."""
    counted = {ClockKind.PROMISE: promise, ClockKind.STATUTORY: statutory}
    leave = SpecialDay(DayKind.LEAVE, "İdari izin", counts_as_working=frozenset(k for k in counted if counted[k]))
    calendar = turkish_calendar(also={date(2026, 5, 25): leave, date(2026, 5, 26): leave})

    for kind, counts in counted.items():
        due = deadline(Policy(Limit(15, Unit.CALENDAR_DAY), clock_kind=kind), local("2026-05-10"), calendar).due_at
        assert calendar.local_date(due) == (date(2026, 5, 25) if counts else date(2026, 6, 1))


def test_half_day_that_was_decided_not_to_count_is_skipped_and_rolls() -> None:
    skipped = SpecialDay(DayKind.HALF_DAY, "Arife", counts_as_working=frozenset())
    calendar = turkish_calendar(also={date(2026, 5, 26): skipped})

    by_calendar_days = deadline(days(15), local("2026-05-11"), calendar).due_at
    by_working_days = deadline(days(15, Unit.WORKING_DAY), local("2026-05-11"), calendar).due_at

    assert calendar.local_date(by_calendar_days) == date(2026, 6, 1)
    assert calendar.local_date(by_working_days) == date(2026, 6, 8)


def test_tuesday_in_istanbul_is_not_monday_in_utc() -> None:
    """C5, B13: Tuesday 01:00 in Istanbul is Monday 22:00 UTC; Wednesday is the first day that counts."""
    started_at = datetime(2026, 1, 12, 22, tzinfo=UTC)

    due = deadline(days(5, Unit.WORKING_DAY), started_at, TURKEY).due_at

    assert due == datetime(2026, 1, 20, 20, 59, 59, 999999, tzinfo=UTC)


@pytest.mark.parametrize(
    ("night", "due"),
    [
        ("2026-10-24T01:00", "2026-11-02"),  # Saturday
        ("2026-10-26T01:00", "2026-11-03"),  # Monday; in UTC it still is Sunday, and Monday would be the first day
    ],
)
def test_night_intake_before_a_half_day_and_a_holiday(night: str, due: str) -> None:
    """C5: 28 October closes at 13:00 and counts, 29 October does not."""
    assert due_date(days(5, Unit.WORKING_DAY), night) == due


def test_last_date_that_is_a_half_day_stays() -> None:
    assert due_date(days(15), "2026-05-11") == "2026-05-26"


def test_without_rolling_the_last_date_stays_on_a_sunday() -> None:
    assert due_date(days(16, roll=Roll.NONE), "2026-01-02") == "2026-01-18"


def test_short_limit_over_a_weekend_counts_working_days() -> None:
    """B26: Friday 17:00 and two working days end on Tuesday, not on Sunday."""
    assert due_date(days(2, Unit.WORKING_DAY), "2026-01-09T17:00") == "2026-01-13"


def test_week_is_seven_calendar_days() -> None:
    assert due_date(days(2, Unit.WEEK), "2026-01-05") == "2026-01-19"


@pytest.mark.parametrize(
    ("amount", "start", "due"),
    [
        (1, "2026-01-05", "2026-02-05"),
        (1, "2026-01-31", "2026-03-02"),  # 28 February 2026 is a Saturday
        (1, "2028-01-31", "2028-02-29"),
        (1, "2026-12-15", "2027-01-15"),
        (13, "2026-01-31", "2027-03-01"),  # 28 February 2027 is a Sunday
        (3, "2026-03-19", "2026-06-19"),
    ],
)
def test_month_ends_on_the_same_day_or_the_last_one_then_rolls(amount: int, start: str, due: str) -> None:
    assert due_date(days(amount, Unit.MONTH), start) == due


@pytest.mark.parametrize(
    ("start", "last"),
    [
        ("2026-01-31", "2026-02-28"),
        ("2026-01-28", "2026-02-28"),
        ("2028-01-31", "2028-02-29"),
        ("2028-01-29", "2028-02-29"),
        ("2026-03-31", "2026-04-30"),
        ("2026-04-30", "2026-05-30"),
    ],
)
def test_month_ends_on_the_day_of_its_start_or_on_the_last_one_there_is(start: str, last: str) -> None:
    assert due_date(days(1, Unit.MONTH, Roll.NONE), start) == last


def test_working_saturday_takes_the_limit() -> None:
    working = SpecialDay(DayKind.WORKING, "Telafi çalışması", segments=((time(9), time(13)),))
    calendar = turkish_calendar(also={date(2026, 1, 10): working})

    due = deadline(days(2, Unit.WORKING_DAY), local("2026-01-08"), calendar).due_at

    assert due.astimezone(ISTANBUL).date() == date(2026, 1, 10)


def test_date_that_a_zone_skipped_is_not_counted() -> None:
    """B12: Apia had no Friday, 30 December 2011."""
    apia = plain_calendar("Pacific/Apia")
    start = local("2011-12-28", apia.tz)

    assert deadline(days(2), start, apia).due_at.astimezone(apia.tz).date() == date(2012, 1, 2)
    assert deadline(days(2, roll=Roll.NONE), start, apia).due_at.astimezone(apia.tz).date() == date(2011, 12, 31)
    month = deadline(days(1, Unit.MONTH), local("2011-12-20", apia.tz), apia)
    assert month.due_at.astimezone(apia.tz).date() == date(2012, 1, 20)
    onto_it = deadline(days(1, Unit.MONTH, Roll.NONE), local("2011-11-30", apia.tz), apia)
    assert onto_it.due_at.astimezone(apia.tz).date() == date(2011, 12, 31)


def test_last_date_ends_after_its_repeated_hour() -> None:
    """Almaty set its clocks back from midnight to 23:00 on 29 February 2024: that date had 25 hours."""
    almaty = plain_calendar("Asia/Almaty")

    due = deadline(days(1), local("2024-02-28", almaty.tz), almaty).due_at

    assert due == datetime(2024, 2, 29, 18, 59, 59, 999999, tzinfo=UTC)


# ── pauses ──


def test_pause_and_resume_within_one_day_change_nothing() -> None:
    assert due_date(days(15), "2026-01-05", pause("2026-01-07T09:00", "2026-01-07T17:00")) == "2026-01-20"


def test_pause_drops_its_first_date_and_not_the_date_of_resuming() -> None:
    assert due_date(days(15), "2026-01-05", pause("2026-01-07T09:00", "2026-01-09T09:00")) == "2026-01-22"


def test_pause_that_ends_at_midnight_drops_the_date_before() -> None:
    assert due_date(days(15), "2026-01-05", pause("2026-01-07T23:00", "2026-01-08T00:00")) == "2026-01-21"


def test_pause_on_a_weekend_costs_a_working_day_limit_nothing() -> None:
    """B29: a weekend's pause was credited in full."""
    weekend = pause("2026-01-10T09:00", "2026-01-12T08:00")

    assert due_date(days(10, Unit.WORKING_DAY), "2026-01-05", weekend) == due_date(
        days(10, Unit.WORKING_DAY), "2026-01-05"
    )


def test_pause_never_puts_the_due_instant_inside_a_day() -> None:
    """B28: the pause pushed the deadline past closing time; here it is dropped dates, never added hours."""
    assert due_date(days(3), "2026-01-05", pause("2026-01-06T16:59", "2026-01-07T08:31")) == "2026-01-09"


def test_pauses_that_overlap_are_counted_once() -> None:
    """B34, B91: overlapping stretches were counted twice."""
    both = (pause("2026-01-07", "2026-01-10"), pause("2026-01-08", "2026-01-12"))

    assert due_date(days(15), "2026-01-05", *both) == due_date(
        days(15), "2026-01-05", pause("2026-01-07", "2026-01-12")
    )


def test_all_pauses_of_a_reopened_ticket_are_honoured() -> None:
    """B38: only one pause was honoured when a ticket was reopened several times."""
    several = [pause(f"2026-01-{day:02}T09:00", f"2026-01-{day + 1:02}T09:00") for day in (6, 8, 12)]

    assert due_date(days(15), "2026-01-05", *several) == "2026-01-23"


def test_pause_pushes_a_month_by_its_dates() -> None:
    assert due_date(days(1, Unit.MONTH), "2026-01-05", pause("2026-01-07", "2026-01-11")) == "2026-02-09"


def test_date_that_a_limit_rolls_to_is_skipped_while_paused() -> None:
    """15 days from 2 January end on Saturday 17; the clock is paused on Monday 19."""
    assert due_date(days(15), "2026-01-02", pause("2026-01-18T12:00", "2026-01-20T12:00")) == "2026-01-20"


def test_pause_after_the_due_date_changes_nothing() -> None:
    assert due_date(days(15), "2026-01-02", pause("2026-01-20T00:00", None)) == "2026-01-19"


def test_pause_before_the_start_changes_nothing() -> None:
    assert due_date(days(15), "2026-01-02", pause("2025-12-01", "2026-01-02T09:00")) == "2026-01-19"


@pytest.mark.parametrize("policy", [days(15), days(15, Unit.WORKING_DAY), opening(60), Policy(Limit(400, Unit.HOUR))])
def test_paused_clock_has_no_due_date(policy: Policy) -> None:
    """B40: time ran on while a ticket was snoozed."""
    with pytest.raises(DeadlineError) as refused:
        deadline(policy, local("2026-01-05"), TURKEY, [pause("2026-01-07", None)])

    assert refused.value.code == "paused"
