"""The core agrees with a slow second implementation that shares only the values with it."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.sla.calendar import Calendar
from app.sla.deadline import Policy, deadline, elapsed
from tests.sla import oracle
from tests.sla.calendars import (
    calendars,
    clock_policies,
    day_policies,
    instants,
    pauses_after,
    turkish_calendar,
)

# the nightly profile runs thousands of examples
pytestmark = pytest.mark.timeout(3_600)

TURKEY = turkish_calendar()
# zone, first and last start: around changes of time, of the date line, and of the law
CHANGES = [
    ("Europe/Istanbul", "1978-06-01", "1978-07-15"),
    ("Europe/Istanbul", "1983-07-01", "1985-10-15"),
    ("Europe/Istanbul", "2015-03-20", "2015-11-15"),
    ("Europe/Istanbul", "2016-03-20", "2016-11-15"),
    ("America/New_York", "2026-02-25", "2026-11-10"),
    ("Australia/Lord_Howe", "2026-03-25", "2026-10-15"),
    ("Asia/Almaty", "2024-02-20", "2024-03-05"),
    ("Pacific/Apia", "2011-11-25", "2012-01-05"),
    ("America/Havana", "2026-03-01", "2026-11-10"),
]


@given(day_policies, instants(), st.data())
def test_limits_of_days_agree_with_the_day_by_day_oracle(policy: Policy, start: datetime, data: st.DataObject) -> None:
    pauses = data.draw(pauses_after(start))

    assert deadline(policy, start, TURKEY, pauses).due_at == oracle.due_by_days(policy, start, TURKEY, pauses)


@given(clock_policies, instants(), st.data())
def test_limits_of_hours_agree_with_the_minute_by_minute_oracle(
    policy: Policy, start: datetime, data: st.DataObject
) -> None:
    pauses = data.draw(pauses_after(start, most=2))

    assert deadline(policy, start, TURKEY, pauses).due_at == oracle.due_by_minutes(policy, start, TURKEY, pauses)


@given(calendars(), day_policies, instants("2025-01-01", "2026-05-01"), st.data())
def test_days_agree_under_any_week_with_any_leave_holidays_and_pauses(
    calendar: Calendar, policy: Policy, start: datetime, data: st.DataObject
) -> None:
    pauses = data.draw(pauses_after(start))

    assert deadline(policy, start, calendar, pauses).due_at == oracle.due_by_days(policy, start, calendar, pauses)


@given(calendars(), clock_policies, instants("2025-01-01", "2026-05-01"), st.data())
def test_hours_agree_under_any_week_with_any_leave_holidays_and_pauses(
    calendar: Calendar, policy: Policy, start: datetime, data: st.DataObject
) -> None:
    pauses = data.draw(pauses_after(start))

    assert deadline(policy, start, calendar, pauses).due_at == oracle.due_by_minutes(policy, start, calendar, pauses)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: f"{change[0]} {change[1][:4]}")
@given(data=st.data())
def test_days_agree_where_clocks_change(change: tuple[str, str, str], data: st.DataObject) -> None:
    """B1, B3, B12: also where a date is missing or an hour repeated."""
    zone, first, last = change
    calendar, start, policy = (
        data.draw(calendars(zone, first)),
        data.draw(instants(first, last)),
        data.draw(day_policies),
    )
    pauses = data.draw(pauses_after(start, most=2))

    assert deadline(policy, start, calendar, pauses).due_at == oracle.due_by_days(policy, start, calendar, pauses)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: f"{change[0]} {change[1][:4]}")
@given(data=st.data())
def test_hours_agree_where_clocks_change(change: tuple[str, str, str], data: st.DataObject) -> None:
    """B5, B6, B7: shifts that touch midnight, and hours that are skipped or repeated."""
    zone, first, last = change
    calendar, start, policy = (
        data.draw(calendars(zone, first)),
        data.draw(instants(first, last)),
        data.draw(clock_policies),
    )
    pauses = data.draw(pauses_after(start, most=2))

    assert deadline(policy, start, calendar, pauses).due_at == oracle.due_by_minutes(policy, start, calendar, pauses)


@given(calendars(), day_policies, instants("2025-01-01", "2026-05-01"), st.integers(-1_000, 100_000), st.data())
def test_days_used_up_agree_and_end_at_the_limit(
    calendar: Calendar, policy: Policy, start: datetime, minutes: int, data: st.DataObject
) -> None:
    until, pauses = start + oracle.MINUTE * minutes, data.draw(pauses_after(start))
    whole = elapsed(policy, start, deadline(policy, start, calendar, pauses).due_at, calendar, pauses)

    used = elapsed(policy, start, until, calendar, pauses)

    assert used == min(whole, oracle.days_used(policy, start, until, calendar, pauses))


@given(calendars(), clock_policies, instants("2025-01-01", "2026-05-01"), st.integers(-1_000, 5_000), st.data())
def test_seconds_used_up_agree_and_end_at_the_limit(
    calendar: Calendar, policy: Policy, start: datetime, minutes: int, data: st.DataObject
) -> None:
    until, pauses = start + oracle.MINUTE * minutes, data.draw(pauses_after(start))

    used = elapsed(policy, start, until, calendar, pauses)

    assert used == min(policy.limit.seconds or 0, 60 * oracle.minutes_used(policy, start, until, calendar, pauses))
