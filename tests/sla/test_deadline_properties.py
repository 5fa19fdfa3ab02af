"""Properties of every deadline, under any week, any leave and any pauses."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.sla.calendar import MICROSECOND, Calendar, ClockKind, SpecialDay, overlay
from app.sla.checkpoints import Chain, CheckpointKind, Step, default_chain, first_checkpoints, next_checkpoint
from app.sla.deadline import Basis, DeadlineError, Pause, Policy, Roll, deadline, elapsed, explain
from app.sla.limit import Limit, Unit
from app.sla.policy import PinnedPolicy
from tests.sla.calendars import (
    calendars,
    clock_policies,
    day_limits,
    day_policies,
    instants,
    pauses_after,
    plain_calendar,
    policies,
    time_off,
    turkish_calendar,
)

# the nightly profile runs thousands of examples
pytestmark = pytest.mark.timeout(3_600)

TURKEY = turkish_calendar()
DAYS = (Unit.CALENDAR_DAY, Unit.WORKING_DAY)
# within the dates for which the random calendars have their special days
starts = instants("2025-01-01", "2026-05-01")


@given(calendars(), day_policies, starts, st.data())
def test_days_that_count_up_to_the_due_instant_are_the_limit(
    calendar: Calendar, policy: Policy, start: datetime, data: st.DataObject
) -> None:
    counted = replace(policy, limit=Limit(policy.limit.amount, data.draw(st.sampled_from(DAYS))))
    pauses = data.draw(pauses_after(start))
    found = deadline(counted, start, calendar, pauses)

    assert elapsed(counted, start, found.due_at, calendar, pauses) == policy.limit.amount
    assert sum(line.counted for line in found.ledger) == found.ledger[-1].total == policy.limit.amount


@given(calendars(), clock_policies, starts, st.data())
def test_seconds_that_count_up_to_the_due_instant_are_the_limit(
    calendar: Calendar, policy: Policy, start: datetime, data: st.DataObject
) -> None:
    pauses = data.draw(pauses_after(start))
    found, seconds = deadline(policy, start, calendar, pauses), policy.limit.seconds or 0

    assert elapsed(policy, start, found.due_at, calendar, pauses) == found.ledger[-1].total == seconds
    assert elapsed(policy, start, found.due_at - MICROSECOND, calendar, pauses) == seconds - 1


@given(calendars(), policies, starts, st.lists(st.integers(0, 80_000), min_size=2, max_size=5).map(sorted), st.data())
def test_time_used_up_only_grows(
    calendar: Calendar, policy: Policy, start: datetime, minutes: list[int], data: st.DataObject
) -> None:
    """B39: it grew after the end; here it stops at the limit. B36: it is never negative."""
    pauses = data.draw(pauses_after(start))

    used = [elapsed(policy, start, start + timedelta(minutes=number), calendar, pauses) for number in minutes]

    assert [0, *used] == sorted([0, *used])


@given(calendars(), policies, starts, st.data())
def test_longer_limit_is_never_due_earlier(
    calendar: Calendar, policy: Policy, start: datetime, data: st.DataObject
) -> None:
    longer = replace(policy, limit=Limit(policy.limit.amount + 1, policy.limit.unit))
    pauses = data.draw(pauses_after(start))

    assert deadline(policy, start, calendar, pauses).due_at <= deadline(longer, start, calendar, pauses).due_at


@given(calendars(), policies, starts, st.integers(0, 500), time_off, st.data())
def test_day_off_never_makes_a_date_earlier(
    calendar: Calendar, policy: Policy, start: datetime, number: int, off: SpecialDay, data: st.DataObject
) -> None:
    """Holiday, half day or leave, counted or not, on whatever special day it falls."""
    pauses = data.draw(pauses_after(start, most=2))
    decided = {date(2025, 1, 1) + timedelta(number): off}

    with_it = replace(calendar, special_days=overlay(calendar.special_days, decided))

    assert deadline(policy, start, calendar, pauses).due_at <= deadline(policy, start, with_it, pauses).due_at


@given(calendars(), policies, starts, st.data())
def test_pause_never_makes_a_date_earlier(
    calendar: Calendar, policy: Policy, start: datetime, data: st.DataObject
) -> None:
    pauses = data.draw(pauses_after(start))

    due = [deadline(policy, start, calendar, pauses[:number]).due_at for number in range(len(pauses) + 1)]
    assert due == sorted(due)


@given(calendars(), policies, starts, st.data())
def test_order_of_pauses_does_not_matter(
    calendar: Calendar, policy: Policy, start: datetime, data: st.DataObject
) -> None:
    pauses = data.draw(pauses_after(start, most=3))

    ledgers = [explain(policy, start, calendar, order) for order in permutations(pauses)]
    assert all(ledger == ledgers[0] for ledger in ledgers)


@given(calendars(), policies, starts, st.integers(-1_000, 60_000), st.integers(0, 20_000), st.floats(0, 1))
def test_splitting_a_pause_changes_nothing(
    calendar: Calendar, policy: Policy, start: datetime, begin: int, length: int, where: float
) -> None:
    """B37, B38: pauses were added up as numbers and grew."""
    first = start + timedelta(minutes=begin)
    last = first + timedelta(minutes=length)
    middle = first + (last - first) * where

    whole = deadline(policy, start, calendar, [Pause(first, last, "bir")]).due_at
    split = deadline(policy, start, calendar, [Pause(first, middle, "bir"), Pause(middle, last, "iki")]).due_at

    assert whole == split


@given(calendars(), policies, starts, st.data())
def test_ledger_has_every_date_up_to_the_due_one(
    calendar: Calendar, policy: Policy, start: datetime, data: st.DataObject
) -> None:
    found = deadline(policy, start, calendar, data.draw(pauses_after(start)))
    dates = [line.date for line in found.ledger]

    # a limit that is used up exactly at midnight belongs to the date that ends there
    assert dates[-1] == calendar.local_date(found.due_at - MICROSECOND)
    assert dates == [calendar.local_date(start) + timedelta(number) for number in range(len(dates))]


@given(day_limits, instants(), st.integers(0, 1_439))
def test_due_date_of_days_depends_on_the_local_date_only(limit: Limit, start: datetime, minute: int) -> None:
    day = TURKEY.instant_at(TURKEY.local_date(start))

    assert (
        deadline(Policy(limit), start, TURKEY).due_at
        == deadline(Policy(limit), day + timedelta(minutes=minute), TURKEY).due_at
    )


@given(calendars(), policies, starts, st.data())
def test_recomputing_from_what_is_stored_gives_the_same_date_and_reason(
    calendar: Calendar, policy: Policy, start: datetime, data: st.DataObject
) -> None:
    """C9: the stored rows determine the date completely."""
    pauses = data.draw(pauses_after(start))
    first = deadline(policy, start, calendar, pauses)
    pinned = PinnedPolicy(policy, "call-center", "15 GÜN", "office", default_chain(policy.limit, policy.clock_kind))

    stored = json.dumps([pinned.to_json(), calendar.to_json()])
    policy_again, calendar_again = json.loads(stored)
    again = deadline(
        PinnedPolicy.from_json(policy_again).policy,
        datetime.fromisoformat(start.isoformat()),
        Calendar.from_json(calendar_again),
        [Pause(p.start, p.end, p.reason) for p in pauses],
    )

    assert (again.due_at, again.ledger) == (first.due_at, first.ledger)


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


any_instant = st.datetimes(timezones=st.sampled_from((UTC, TURKEY.tz)))


@given(
    st.builds(Policy, any_limit, st.sampled_from(Basis), st.sampled_from(Roll), st.sampled_from(ClockKind)),
    calendars(),
    any_instant,
    st.lists(st.datetimes(timezones=st.just(UTC)), max_size=4),
)
def test_there_is_always_a_date_or_a_typed_error(
    policy: Policy, calendar: Calendar, start: datetime, moments: list[datetime]
) -> None:
    pauses = [Pause(first, last, "deneme") for first, last in pairwise(sorted(moments))]
    pauses += [Pause(moment, None, "deneme") for moment in moments[:1]]

    try:
        due = deadline(policy, start, calendar, pauses).due_at
    except DeadlineError as error:
        assert error.code in {"paused", "out_of_range"}  # noqa: PT017  both ends are allowed
    else:
        assert due >= start


@given(st.builds(Policy, any_limit, st.sampled_from(Basis)), any_instant, any_instant)
def test_time_used_up_is_always_a_number_or_a_typed_error(policy: Policy, start: datetime, until: datetime) -> None:
    try:
        used = elapsed(policy, start, until, TURKEY)
    except DeadlineError as error:
        assert error.code == "out_of_range"  # noqa: PT017  both ends are allowed
    else:
        assert used >= 0


def any_chain(first_days: int, last_days: int) -> Chain:
    """A chain with steps at all anchors."""
    return Chain(
        (
            Step(CheckpointKind.WARNING, 1, "1%"),
            Step(CheckpointKind.LEGAL_RISK, 2, f"-{first_days} working_day"),
            Step(CheckpointKind.ESCALATION, 1, "due"),
            Step(CheckpointKind.ESCALATION, 2, f"+{last_days} working_day"),
        )
    )


@given(st.builds(any_chain, st.integers(1, 999), st.integers(1, 999)), calendars(), any_instant, any_instant)
def test_checkpoints_are_always_planned_or_a_typed_error(
    chain: Chain, calendar: Calendar, start: datetime, due: datetime
) -> None:
    try:
        first = first_checkpoints(chain, start, max(start, due), calendar)
        following = next_checkpoint(chain, CheckpointKind.ESCALATION, 1, due, calendar)
    except DeadlineError as error:
        assert error.code == "out_of_range"  # noqa: PT017  both ends are allowed
    else:
        assert all(point.due_at >= start for point in first)
        assert following is not None
        assert following.due_at > due
