"""What holds for every deadline, tried on random cases and against a slow second opinion."""

import os
import time as machine_time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.sla.calendar import Calendar, ClockKind, DayKind, SpecialDay
from app.sla.deadline import Basis, DeadlineError, Pause, Policy, deadline, explain
from app.sla.limit import Limit, Unit
from tests.sla import oracle
from tests.sla.calendars import (
    ALWAYS_OPEN,
    NIGHT_SHIFT,
    OFFICE_WEEK,
    clock_limits,
    clock_policies,
    day_limits,
    day_policies,
    holiday,
    instants,
    pauses_after,
    plain_calendar,
    policies,
    turkish_calendar,
)

# the nightly profile runs thousands of examples
pytestmark = pytest.mark.timeout(1_800)

TURKEY = turkish_calendar()
NEVER_COUNTS = frozenset[ClockKind]()
# zone, first and last start: around changes of time, of the date line, and of the law
CHANGES = [
    ("Europe/Istanbul", "2015-03-20", "2015-11-15"),
    ("Europe/Istanbul", "2016-03-20", "2016-11-15"),
    ("America/New_York", "2026-02-25", "2026-11-10"),
    ("Australia/Lord_Howe", "2026-03-25", "2026-10-15"),
    ("Asia/Almaty", "2024-02-20", "2024-03-05"),
    ("Pacific/Apia", "2011-12-15", "2012-01-05"),
    ("America/Havana", "2026-03-01", "2026-11-10"),
]


def turkey_with(day: date, special: SpecialDay) -> Calendar:
    """The Turkish calendar with one more special day."""
    return turkish_calendar(also={day: special})


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


@pytest.mark.parametrize("zone", CHANGES, ids=lambda zone: f"{zone[0]} {zone[1][:4]}")
@given(data=st.data())
def test_days_agree_with_the_oracle_where_clocks_change(zone: tuple[str, str, str], data: st.DataObject) -> None:
    """B1, B3, B12: also where a date is missing or an hour repeated."""
    calendar = plain_calendar(zone[0])
    start, policy = data.draw(instants(zone[1], zone[2])), data.draw(day_policies)
    pauses = data.draw(pauses_after(start, most=2))

    assert deadline(policy, start, calendar, pauses).due_at == oracle.due_by_days(policy, start, calendar, pauses)


@pytest.mark.parametrize("zone", CHANGES, ids=lambda zone: f"{zone[0]} {zone[1][:4]}")
@given(data=st.data())
def test_hours_agree_with_the_oracle_where_clocks_change(zone: tuple[str, str, str], data: st.DataObject) -> None:
    """B5, B6, B7: shifts that touch midnight, and hours that are skipped or repeated."""
    calendar = plain_calendar(zone[0], data.draw(st.sampled_from((OFFICE_WEEK, ALWAYS_OPEN, NIGHT_SHIFT))))
    start = data.draw(instants(zone[1], zone[2]))
    policy = Policy(data.draw(clock_limits), data.draw(st.sampled_from(Basis)))

    assert deadline(policy, start, calendar).due_at == oracle.due_by_minutes(policy, start, calendar, ())


@given(clock_limits, instants())
def test_time_from_start_to_due_is_the_limit(limit: Limit, start: datetime) -> None:
    due = deadline(Policy(limit, Basis.OPENING_HOURS), start, TURKEY).due_at

    assert oracle.elapsed(TURKEY, Basis.OPENING_HOURS, start, due) == timedelta(seconds=limit.seconds or 0)


@given(policies, instants(), st.data())
def test_longer_limit_is_never_due_earlier(policy: Policy, start: datetime, data: st.DataObject) -> None:
    longer = Policy(Limit(policy.limit.amount + 1, policy.limit.unit), policy.basis, policy.roll)
    pauses = data.draw(pauses_after(start))

    assert deadline(policy, start, TURKEY, pauses).due_at <= deadline(longer, start, TURKEY, pauses).due_at


@given(
    policies,
    instants(),
    st.integers(0, 90),
    st.sampled_from((DayKind.HOLIDAY, DayKind.LEAVE, DayKind.HALF_DAY)),
)
def test_one_more_day_off_never_makes_a_date_earlier(
    policy: Policy, start: datetime, after: int, kind: DayKind
) -> None:
    day = start.date() + timedelta(after)
    before = TURKEY.special_days.get(day)
    kind = kind if before is None else DayKind.HOLIDAY
    more = turkey_with(day, SpecialDay(kind, "Deneme", counts_as_working=NEVER_COUNTS))

    assert deadline(policy, start, TURKEY).due_at <= deadline(policy, start, more).due_at


@given(policies, instants(), st.data())
def test_pause_never_makes_a_date_earlier(policy: Policy, start: datetime, data: st.DataObject) -> None:
    pauses = data.draw(pauses_after(start))

    due = [deadline(policy, start, TURKEY, pauses[:number]).due_at for number in range(len(pauses) + 1)]
    assert due == sorted(due)


@given(policies, instants(), st.data())
def test_order_of_pauses_does_not_matter(policy: Policy, start: datetime, data: st.DataObject) -> None:
    pauses = data.draw(pauses_after(start, most=3))

    ledgers = [explain(policy, start, TURKEY, order) for order in permutations(pauses)]
    assert all(ledger == ledgers[0] for ledger in ledgers)


@given(policies, instants(), st.integers(-1_000, 60_000), st.integers(0, 20_000), st.floats(0, 1))
def test_splitting_a_pause_changes_nothing(
    policy: Policy, start: datetime, begin: int, length: int, where: float
) -> None:
    """B37, B38: pauses were added up as numbers and grew."""
    first = start + timedelta(minutes=begin)
    last = first + timedelta(minutes=length)
    middle = first + (last - first) * where

    whole = deadline(policy, start, TURKEY, [Pause(first, last, "bir")]).due_at
    split = deadline(policy, start, TURKEY, [Pause(first, middle, "bir"), Pause(middle, last, "iki")]).due_at

    assert whole == split


@given(policies, instants(), st.data())
def test_ledger_ends_on_the_due_date_with_the_whole_limit(policy: Policy, start: datetime, data: st.DataObject) -> None:
    found = deadline(policy, start, TURKEY, data.draw(pauses_after(start)))
    ledger = found.ledger

    # a limit that is used up exactly at midnight belongs to the date that ends there
    assert ledger[-1].date == TURKEY.local_date(found.due_at - timedelta(microseconds=1))
    dates = [line.date for line in ledger]
    assert dates == [ledger[0].date + timedelta(number) for number in range(len(ledger))]
    if policy.limit.seconds is None:
        assert sum(line.counted for line in ledger) == ledger[-1].total
    else:
        assert ledger[-1].total == policy.limit.seconds


@given(day_limits, instants(), st.integers(0, 1_439))
def test_due_date_of_days_depends_on_the_local_date_only(limit: Limit, start: datetime, minute: int) -> None:
    day = TURKEY.border(TURKEY.local_date(start))

    assert (
        deadline(Policy(limit), start, TURKEY).due_at
        == deadline(Policy(limit), day + timedelta(minutes=minute), TURKEY).due_at
    )


@contextmanager
def machine_zone(name: str) -> Iterator[None]:
    """The process believes that the machine stands in that zone."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = name
    machine_time.tzset()
    try:
        yield
    finally:
        os.environ.pop("TZ")
        if before is not None:
            os.environ["TZ"] = before
        machine_time.tzset()


@given(
    policies,
    instants("2015-01-01", "2017-01-01"),
    st.sampled_from(("Pacific/Kiritimati", "America/New_York")),
)
def test_answer_does_not_depend_on_the_zone_of_the_machine(policy: Policy, start: datetime, zone: str) -> None:
    """B2, B8, B11"""
    here = explain(policy, start, TURKEY), deadline(policy, start, TURKEY).due_at

    with machine_zone(zone):
        assert (explain(policy, start, TURKEY), deadline(policy, start, TURKEY).due_at) == here


@given(policies, instants(), st.sampled_from(("Europe/Istanbul", "America/New_York", "Asia/Kolkata")))
def test_answer_does_not_depend_on_the_zone_of_the_argument(policy: Policy, start: datetime, zone: str) -> None:
    elsewhere = start.astimezone(plain_calendar(zone).tz)

    assert deadline(policy, elsewhere, TURKEY).due_at == deadline(policy, start, TURKEY).due_at


any_limit = st.one_of(
    st.builds(Limit, st.integers(1, 2_600), st.sampled_from((Unit.CALENDAR_DAY, Unit.WORKING_DAY))),
    st.builds(Limit, st.integers(1, 120), st.sampled_from((Unit.WEEK, Unit.MONTH, Unit.HOUR))),
    st.builds(Limit, st.integers(1, 100_000), st.sampled_from((Unit.SECOND, Unit.MINUTE))),
    st.just(Limit(0, Unit.IMMEDIATE)),
)


@given(
    st.builds(Policy, any_limit, st.sampled_from(Basis)),
    st.datetimes(timezones=st.sampled_from((UTC, TURKEY.tz))),
    st.lists(st.datetimes(timezones=st.just(UTC)), max_size=4),
)
def test_there_is_always_a_date_or_a_typed_error(policy: Policy, start: datetime, moments: list[datetime]) -> None:
    calendar = plain_calendar("Europe/Istanbul")
    pauses = [Pause(first, last, "deneme") for first, last in pairwise(sorted(moments))]
    pauses += [Pause(moment, None, "deneme") for moment in moments[:1]]

    try:
        due = deadline(policy, start, calendar, pauses).due_at
    except DeadlineError as error:
        assert error.code in {"paused", "out_of_range"}  # noqa: PT017  both ends are allowed
    else:
        assert due >= start


@given(st.sets(st.integers(0, 400), max_size=60), instants("2026-01-01", "2026-06-01"), day_limits)
def test_more_holidays_agree_with_the_oracle(closed: set[int], start: datetime, limit: Limit) -> None:
    calendar = turkish_calendar(also={date(2026, 1, 1) + timedelta(number): holiday() for number in closed})

    found = deadline(Policy(limit), start, calendar).due_at

    assert found == oracle.due_by_days(Policy(limit), start, calendar, ())
