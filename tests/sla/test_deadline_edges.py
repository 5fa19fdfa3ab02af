"""What has no deadline is a typed error, never a hang; and the small questions beside it."""

from datetime import date, datetime, timedelta

import pytest

from app.sla.calendar import ClockKind, DayKind, SpecialDay
from app.sla.deadline import (
    DeadlineError,
    Pause,
    Policy,
    deadline,
    on_time,
    working_days_before,
)
from app.sla.limit import Limit, Unit
from tests.sla.calendars import (
    ISTANBUL,
    days,
    holiday,
    local,
    opening,
    pause,
    turkish_calendar,
)

TURKEY = turkish_calendar()


def test_instant_without_a_zone_is_refused() -> None:
    """B8: naive times were read in the reader's zone."""
    naive = datetime(2026, 1, 5)  # noqa: DTZ001  the very thing that is refused

    with pytest.raises(DeadlineError) as start_refused:
        deadline(days(1), naive, TURKEY)
    with pytest.raises(DeadlineError) as pause_refused:
        Pause(naive, None, "deneme")

    assert start_refused.value.code == pause_refused.value.code == "naive_instant"


def test_pause_that_ends_before_it_starts_is_refused() -> None:
    """B36: negative holds gave negative times."""
    with pytest.raises(DeadlineError) as refused:
        pause("2026-01-06", "2026-01-05")

    assert refused.value.code == "pause_order"


@pytest.mark.parametrize(
    ("policy", "code"),
    [(opening(1), "never_open"), (days(1, Unit.WORKING_DAY), "no_working_day"), (days(1), "no_working_day")],
)
def test_calendar_that_never_opens_is_an_error_and_not_a_hang(policy: Policy, code: str) -> None:
    """B22: an endless loop."""
    closed = {date(2026, 1, 1) + timedelta(number): holiday() for number in range(1_000)}

    with pytest.raises(DeadlineError) as refused:
        deadline(policy, local("2026-01-05"), turkish_calendar(also=closed))

    assert refused.value.code == code


def test_limit_of_days_that_passes_a_long_closure_is_no_error() -> None:
    closed = {date(2026, 1, 1) + timedelta(number): holiday() for number in range(900)}

    found = deadline(days(1_000), local("2026-01-05"), turkish_calendar(also=closed))

    assert found.due_at.astimezone(ISTANBUL).date() == date(2028, 10, 2)


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


@pytest.mark.parametrize("policy", [days(1), opening(1)])
def test_pause_of_centuries_is_a_typed_error(policy: Policy) -> None:
    with pytest.raises(DeadlineError) as refused:
        deadline(policy, local("2026-01-05"), TURKEY, [pause("2026-01-05", "2526-01-05")])

    assert refused.value.code == "out_of_range"


def test_start_at_the_edge_of_time_is_a_typed_error() -> None:
    with pytest.raises(DeadlineError) as refused:
        deadline(days(1), datetime.min.replace(tzinfo=ISTANBUL), TURKEY)

    assert refused.value.code == "out_of_range"


# ── on time, working days before ──


def test_closing_at_the_exact_due_instant_is_on_time() -> None:
    """C10"""
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
