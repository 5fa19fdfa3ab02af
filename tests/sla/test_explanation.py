"""An explanation is the due instant and its ledger in one; it counts nothing by itself."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.sla.calendar import MICROSECOND, DayKind, DayReason, SpecialDay
from app.sla.deadline import Pause, Policy, Roll, deadline, explain
from app.sla.explanation import Explanation
from app.sla.limit import Limit, Unit
from tests.sla.calendars import clock_limits, day_policies, days, instants, local, opening, pause, turkish_calendar

TURKEY = turkish_calendar(range(2024, 2031))
MAY_12 = local("2026-05-12T10:00")


@st.composite
def stretches(draw: st.DrawFn) -> list[Pause]:
    """Up to three pauses, of which the last may be open."""
    starts = sorted(draw(st.lists(instants(), max_size=3)))
    ends = [begin + timedelta(hours=draw(st.integers(0, 900))) for begin in starts]
    pauses = [Pause(begin, end, "force_majeure") for begin, end in zip(starts, ends, strict=True)]
    if draw(st.booleans()):
        pauses.append(Pause(draw(instants()), None, "awaiting_citizen"))
    return pauses


@given(st.one_of(day_policies, clock_limits.map(Policy)), instants(), stretches())
def test_the_ledger_ends_on_the_due_date_or_with_the_pause(
    policy: Policy, start: datetime, pauses: list[Pause]
) -> None:
    found = Explanation.of(policy, start, TURKEY, pauses)
    assert list(found.ledger) == explain(policy, start, TURKEY, pauses)
    last = found.ledger[-1]
    if last.reason_code is DayReason.STILL_PAUSED:
        assert found.due_at is None
        assert last.total < found.whole
    else:
        assert found.due_at == deadline(policy, start, TURKEY, pauses).due_at
        # a limit that is used up exactly at midnight belongs to the date that ends there
        assert last.date == TURKEY.local_date(found.due_at - MICROSECOND)
        assert last.total == found.whole == found.used(found.due_at)


@pytest.mark.parametrize(
    ("policy", "unit", "whole"),
    [
        (days(15), Unit.CALENDAR_DAY, 15),
        (days(15, Unit.WORKING_DAY), Unit.WORKING_DAY, 15),
        (days(2, Unit.WEEK), Unit.CALENDAR_DAY, 14),
        (days(1, Unit.MONTH), Unit.CALENDAR_DAY, 31),
        (opening(2), Unit.SECOND, 7_200),
        (Policy(Limit(0, Unit.IMMEDIATE)), Unit.SECOND, 0),
    ],
)
def test_a_limit_is_whole_in_the_unit_in_which_it_counts(policy: Policy, unit: Unit, whole: int) -> None:
    found = Explanation.of(policy, MAY_12, TURKEY, [pause("2026-05-12T10:00", None)])
    assert (found.unit, found.whole) == (unit, whole)


def test_what_is_used_grows_with_the_days_that_are_over() -> None:
    found = Explanation.of(days(15), MAY_12, TURKEY)
    used = [found.used(local(each)) for each in ("2026-05-12", "2026-05-13", "2026-05-14T00:00", "2026-07-01")]
    assert used == [0, 0, 1, 15]


def test_a_rolled_date_names_the_last_one_of_the_limit_and_what_it_falls_on() -> None:
    found = Explanation.of(days(15), MAY_12, TURKEY)
    assert found.rolled_from == (date(2026, 5, 27), (DayReason.HOLIDAY, "Kurban Bayramı"))
    assert Explanation.of(days(15, roll=Roll.NONE), MAY_12, TURKEY).rolled_from is None
    assert Explanation.of(days(15, Unit.WORKING_DAY), MAY_12, TURKEY).rolled_from is None


def test_a_date_beyond_the_known_holidays_is_provisional() -> None:
    known = turkish_calendar(range(2025, 2027))
    for start, provisional in (("2026-12-01", False), ("2026-12-20", True), ("2024-12-28", True)):
        assert Explanation.of(days(15), local(start), known).provisional is provisional


def test_leave_alone_does_not_make_a_year_known() -> None:
    leave = {date(2027, 1, 4): SpecialDay(DayKind.LEAVE, "İdari izin")}
    known = turkish_calendar(range(2025, 2027), also=leave)
    assert Explanation.of(days(15), local("2026-12-20"), known).provisional is True


def test_instants_are_utc() -> None:
    due_at = Explanation.of(days(1), MAY_12, TURKEY).due_at
    assert due_at is not None
    assert due_at.tzinfo is UTC
