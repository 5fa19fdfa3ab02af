"""Checkpoints are where the chain puts them, levels follow each other, and an invalid chain is refused."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.sla.calendar import Calendar, ClockKind, DayKind, SpecialDay
from app.sla.checkpoints import (
    DEFAULT_PROMISE_CHAIN,
    SHORT_CHAIN,
    STATUTORY_CHAIN,
    Chain,
    ChainError,
    CheckpointKind,
    PlannedCheckpoint,
    Step,
    default_chain,
    first_checkpoints,
    next_checkpoint,
)
from app.sla.deadline import Basis, DeadlineError, Policy, deadline, elapsed
from app.sla.limit import TEN_YEARS, Limit, Unit
from tests.sla.calendars import days, instants, local, pause, pauses_after, policies, turkish_calendar

TURKEY = turkish_calendar()
WARNING, ESCALATION = CheckpointKind.WARNING, CheckpointKind.ESCALATION
LEGAL_RISK, BREACH = CheckpointKind.LEGAL_RISK, CheckpointKind.BREACH
FEW = Chain((Step(WARNING, 50, "50%"), Step(ESCALATION, 1, "due")))


def end_of(day: str) -> datetime:
    """The last instant of that date in Istanbul."""
    return local(day).replace(hour=23, minute=59, second=59, microsecond=999999)


def planned(chain: Chain, policy: Policy, start: str) -> tuple[PlannedCheckpoint, ...]:
    """Return the checkpoints that a clock arms if it starts at that local time."""
    started_at = local(start)
    due_at = deadline(policy, started_at, TURKEY).due_at
    return first_checkpoints(chain, started_at, due_at, TURKEY, basis=policy.basis)


def test_promise_of_fifteen_days_warns_twice_and_escalates_at_its_end() -> None:
    half, most, level_1 = planned(DEFAULT_PROMISE_CHAIN, days(15), "2026-05-12T10:00")
    due, start = end_of("2026-06-01"), local("2026-05-12T10:00")

    assert (half.kind, half.level, half.due_at) == (WARNING, 50, start + (due - start) // 2)
    assert (most.kind, most.level) == (WARNING, 80)
    assert most.due_at == start + (due - start) * 80 // 100
    assert level_1 == PlannedCheckpoint(ESCALATION, 1, due)


@pytest.mark.parametrize(
    ("start", "warned", "due"),
    [
        ("2026-05-12T10:00", "2026-05-12T10:08", "2026-05-12T10:10"),
        ("2026-05-15T16:55", "2026-05-18T08:33", "2026-05-18T08:35"),  # Friday, five minutes before closing
        ("2026-05-15T16:51", "2026-05-15T16:59", "2026-05-18T08:31"),
        ("2026-05-16T12:00", "2026-05-18T08:38", "2026-05-18T08:40"),  # Saturday
    ],
)
def test_a_share_of_a_limit_of_opening_hours_is_a_share_of_opening_time(start: str, warned: str, due: str) -> None:
    """Eight of ten minutes at a desk pass during opening hours, never in the night before."""
    policy = Policy(Limit(10, Unit.MINUTE), Basis.OPENING_HOURS)

    warning, level_1 = planned(SHORT_CHAIN, policy, start)

    assert (warning.due_at, level_1.due_at) == (local(warned), local(due))


def test_a_share_of_a_limit_is_a_share_of_the_time_that_runs() -> None:
    """B40: after a month of waiting for the citizen half of the limit has not passed, and no one has to be warned."""
    start = local("2026-05-12")
    month = (pause("2026-05-14", "2026-06-13"),)
    due = deadline(days(15), start, TURKEY, month).due_at

    half, most, _ = first_checkpoints(DEFAULT_PROMISE_CHAIN, start, due, TURKEY, pauses=month)

    running = due - start - timedelta(days=30)
    assert half.due_at == start + running // 2 + timedelta(days=30)
    assert most.due_at == start + running * 4 // 5 + timedelta(days=30)


def test_a_share_of_opening_time_leaves_out_what_was_paused() -> None:
    policy, paused = Policy(Limit(10, Unit.HOUR), Basis.OPENING_HOURS), (pause("2026-05-13T10:30", "2026-05-14T15:00"),)
    start = local("2026-05-13T08:30")
    due = deadline(policy, start, TURKEY, paused).due_at

    half, _ = (point.due_at for point in first_checkpoints(FEW, start, due, TURKEY, basis=policy.basis, pauses=paused))

    assert (half, due) == (local("2026-05-15T09:30"), local("2026-05-15T15:30"))


@given(policies, instants(), st.data())
def test_warnings_are_as_far_through_the_limit_as_they_say_and_never_in_a_pause(
    policy: Policy, start: datetime, data: st.DataObject
) -> None:
    pauses = data.draw(pauses_after(start))
    due = deadline(policy, start, TURKEY, pauses).due_at
    running = replace(policy, limit=Limit(TEN_YEARS[Unit.SECOND], Unit.SECOND))

    warnings = first_checkpoints(FEW, start, due, TURKEY, basis=policy.basis, pauses=pauses)[:-1]

    whole = elapsed(running, start, due, TURKEY, pauses)
    for warning in warnings:
        used = elapsed(running, start, warning.due_at, TURKEY, pauses)
        assert abs(used - whole * warning.level / 100) <= 1
        assert not any(one.start < warning.due_at < one.end for one in pauses if one.end)


def test_level_two_follows_three_working_days_after_level_one_has_fired() -> None:
    fired_at = local("2026-05-25T00:00")

    found = next_checkpoint(DEFAULT_PROMISE_CHAIN, ESCALATION, 1, fired_at, TURKEY)

    assert found == PlannedCheckpoint(ESCALATION, 2, end_of("2026-06-02"))


def test_level_two_counts_from_the_firing_and_not_from_the_limit() -> None:
    """C7: after an outage of three days the levels do not fire in a burst."""
    on_the_day = next_checkpoint(DEFAULT_PROMISE_CHAIN, ESCALATION, 1, local("2026-01-06"), TURKEY)
    after_outage = next_checkpoint(DEFAULT_PROMISE_CHAIN, ESCALATION, 1, local("2026-01-09"), TURKEY)

    assert on_the_day == PlannedCheckpoint(ESCALATION, 2, end_of("2026-01-09"))
    assert after_outage == PlannedCheckpoint(ESCALATION, 2, end_of("2026-01-14"))


@pytest.mark.parametrize(
    ("kind", "level"), [(ESCALATION, 2), (WARNING, 50), (WARNING, 80), (LEGAL_RISK, 1), (BREACH, 1)]
)
def test_nothing_follows_the_last_level_or_a_warning(kind: CheckpointKind, level: int) -> None:
    assert next_checkpoint(DEFAULT_PROMISE_CHAIN, kind, level, local("2026-01-06"), TURKEY) is None


def test_short_limit_warns_once_and_never_reaches_the_second_office() -> None:
    policy = Policy(Limit(10, Unit.MINUTE))
    start = local("2026-01-05T10:00")

    assert planned(SHORT_CHAIN, policy, "2026-01-05T10:00") == (
        PlannedCheckpoint(WARNING, 80, start + timedelta(minutes=8)),
        PlannedCheckpoint(ESCALATION, 1, start + timedelta(minutes=10)),
    )
    assert next_checkpoint(SHORT_CHAIN, ESCALATION, 1, start, TURKEY) is None


def test_legal_risk_is_three_working_days_before_the_limit_of_law() -> None:
    policy = Policy(Limit(30, Unit.CALENDAR_DAY), clock_kind=ClockKind.STATUTORY)

    assert planned(STATUTORY_CHAIN, policy, "2026-05-12T10:00") == (
        PlannedCheckpoint(LEGAL_RISK, 2, end_of("2026-06-08")),
        PlannedCheckpoint(BREACH, 1, end_of("2026-06-11")),
    )


def test_legal_risk_counts_the_working_days_of_the_law() -> None:
    leave = SpecialDay(DayKind.LEAVE, "İdari izin", counts_as_working=frozenset({ClockKind.PROMISE}))
    calendar = turkish_calendar(also={date(2026, 6, 10): leave})

    risk = first_checkpoints(STATUTORY_CHAIN, local("2026-05-12"), end_of("2026-06-11"), calendar)[0]

    assert risk.due_at == end_of("2026-06-05")


def test_legal_risk_of_a_limit_that_is_too_short_for_it_is_left_out() -> None:
    """B20: tickets were escalated when they were created."""
    policy = Policy(Limit(2, Unit.WORKING_DAY), clock_kind=ClockKind.STATUTORY)

    assert [point.kind for point in planned(STATUTORY_CHAIN, policy, "2026-01-05")] == [BREACH]


def test_immediate_limit_has_no_warning() -> None:
    assert [point.kind for point in planned(SHORT_CHAIN, Policy(Limit(0, Unit.IMMEDIATE)), "2026-01-05")] == [
        ESCALATION
    ]


def test_director_chain_starts_at_level_two() -> None:
    chain = Chain((Step(ESCALATION, 2, "due"),))

    assert [point.level for point in planned(chain, days(15), "2026-01-05")] == [2]


def test_empty_chain_plans_nothing() -> None:
    """B41: a chain without steps was an error when it was reached."""
    assert planned(Chain(()), days(15), "2026-01-05") == ()
    assert next_checkpoint(Chain(()), ESCALATION, 1, local("2026-01-05"), TURKEY) is None


@pytest.mark.parametrize(
    ("limit", "kind", "chain"),
    [
        (Limit(15, Unit.CALENDAR_DAY), ClockKind.PROMISE, DEFAULT_PROMISE_CHAIN),
        (Limit(24, Unit.HOUR), ClockKind.PROMISE, DEFAULT_PROMISE_CHAIN),
        (Limit(10, Unit.MINUTE), ClockKind.PROMISE, SHORT_CHAIN),
        (Limit(0, Unit.IMMEDIATE), ClockKind.PROMISE, SHORT_CHAIN),
        (Limit(30, Unit.CALENDAR_DAY), ClockKind.STATUTORY, STATUTORY_CHAIN),
    ],
)
def test_default_chain_follows_limit_and_kind_of_clock(limit: Limit, kind: ClockKind, chain: Chain) -> None:
    assert default_chain(limit, kind) is chain


@pytest.mark.parametrize("chain", [DEFAULT_PROMISE_CHAIN, SHORT_CHAIN, STATUTORY_CHAIN, Chain(())])
def test_json_form_reads_back_equal(chain: Chain) -> None:
    assert Chain.from_json(chain.to_json()) == chain


def test_chain_is_read_from_configuration_with_the_long_words() -> None:
    found = Chain.from_json(
        [
            {"kind": "warning", "level": 25, "at": "25 %"},
            {"kind": "legal_risk", "level": 1, "at": "-1 working_day before due"},
            {"kind": "escalation", "level": 1, "at": "due"},
            {"kind": "escalation", "level": 2, "at": "+5 working_day after previous level"},
            {"kind": "escalation", "level": 3, "at": "+2 working_day"},
        ]
    )

    second = next_checkpoint(found, ESCALATION, 1, local("2026-01-05"), TURKEY)
    assert planned(found, days(10), "2026-01-05")[1:] == (
        PlannedCheckpoint(LEGAL_RISK, 1, end_of("2026-01-14")),
        PlannedCheckpoint(ESCALATION, 1, end_of("2026-01-15")),
    )
    assert second == PlannedCheckpoint(ESCALATION, 2, end_of("2026-01-12"))


def entry(kind: str, level: Any, at: Any) -> dict[str, Any]:
    """A step as configuration writes it."""
    return {"kind": kind, "level": level, "at": at}


@pytest.mark.parametrize(
    ("code", "content"),
    [
        ("order", [entry("warning", 80, "80%"), entry("warning", 50, "50%")]),
        ("order", [entry("escalation", 1, "due"), entry("warning", 50, "50%")]),
        ("early", [entry("escalation", 1, "-1 working_day"), entry("escalation", 2, "due")]),
        ("due_twice", [entry("escalation", 2, "due"), entry("escalation", 1, "due")]),
        ("due_twice", [entry("escalation", 1, "due"), entry("breach", 1, "due")]),
        ("order", [entry("escalation", 1, "due"), entry("escalation", 3, "+3 working_day")]),
        ("order", [entry("legal_risk", 1, "-3 working_day"), entry("legal_risk", 2, "-5 working_day")]),
        ("order", [entry("escalation", 1, "50%")]),
        ("order", [entry("warning", 50, "due")]),
        ("order", [entry("breach", 1, "-1 working_day")]),
        ("order", [entry("legal_risk", 2, "+3 working_day")]),
        ("no_previous_level", [entry("escalation", 2, "+3 working_day")]),
        ("no_previous_level", [entry("legal_risk", 1, "due"), entry("escalation", 2, "+3 working_day")]),
        ("repeated", [entry("warning", 50, "50%"), entry("warning", 50, "50 %")]),
        ("fraction", [entry("warning", 100, "100%")]),
        ("fraction", [entry("warning", 0, "0%")]),
        ("level", [entry("warning", 1, "50%")]),
        ("level", [entry("escalation", 0, "due")]),
        ("level", [entry("escalation", 10, "due")]),
        ("unreadable", [entry("escalation", 1, "later")]),
        ("unreadable", [entry("escalation", 1, "+0 working_day")]),
        ("unreadable", [entry("escalation", 1, "+3 fortnight")]),
        ("unreadable", [entry("escalation", 1, None)]),
        ("unreadable", [entry("reminder", 1, "due")]),
        ("unreadable", [entry("escalation", "1", "due")]),
        ("unreadable", [entry("escalation", 1.5, "due")]),
        ("unreadable", [{"kind": "escalation", "at": "due"}]),
        ("unreadable", ["due"]),
        ("unreadable", 7),
    ],
)
def test_wrong_chain_is_a_typed_error(code: str, content: Any) -> None:
    with pytest.raises(ChainError) as refused:
        Chain.from_json(content)

    assert refused.value.code == code


@pytest.mark.parametrize("chain", [DEFAULT_PROMISE_CHAIN, SHORT_CHAIN, Chain((Step(BREACH, 1, "due"),))])
def test_chain_of_a_promise_stamps_its_breach(chain: Chain) -> None:
    chain.check_promise()

    assert [step.at for step in chain.steps].count("due") == 1


@pytest.mark.parametrize(
    ("code", "chain"),
    [
        ("not_of_a_promise", STATUTORY_CHAIN),
        ("not_of_a_promise", Chain((Step(LEGAL_RISK, 2, "due"),))),
        ("no_due_step", Chain((Step(WARNING, 50, "50%"),))),
        ("no_due_step", Chain(())),
    ],
)
def test_chain_that_does_not_fit_a_promise_is_a_typed_error(code: str, chain: Chain) -> None:
    """B71: nothing marked the breach when time ran out."""
    with pytest.raises(ChainError) as refused:
        chain.check_promise()

    assert refused.value.code == code


@pytest.mark.parametrize("due", [datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)])
@pytest.mark.parametrize("chain", [STATUTORY_CHAIN, DEFAULT_PROMISE_CHAIN])
def test_checkpoints_at_the_edge_of_time_are_planned_or_a_typed_error(due: datetime, chain: Chain) -> None:
    try:
        first = first_checkpoints(chain, due, due, TURKEY)
        following = next_checkpoint(chain, ESCALATION, 1, due, TURKEY)
    except DeadlineError as error:
        assert error.code == "out_of_range"  # noqa: PT017  both ends are right
    else:
        assert all(point.due_at >= due for point in (*first, *filter(None, [following])))


@given(policies, instants(), st.data())
def test_checkpoints_lie_between_start_and_due_in_order(policy: Policy, start: datetime, data: st.DataObject) -> None:
    pauses = data.draw(pauses_after(start))
    due = deadline(policy, start, TURKEY, pauses).due_at
    chain = Chain((Step(WARNING, 50, "50%"), Step(WARNING, 80, "80%"), Step(ESCALATION, 1, "due")))

    planned_points = first_checkpoints(chain, start, due, TURKEY, basis=policy.basis, pauses=pauses)
    moments = [point.due_at for point in planned_points]

    assert moments == sorted(moments)
    assert all(start < moment <= due for moment in moments)
    assert all(moment.tzinfo is UTC for moment in moments)


@given(instants())
def test_level_two_is_never_due_when_level_one_fires(fired_at: datetime) -> None:
    found = next_checkpoint(DEFAULT_PROMISE_CHAIN, ESCALATION, 1, fired_at, TURKEY)

    assert found is not None
    assert found.due_at > fired_at + timedelta(days=2)
    assert calendar_says_working(TURKEY, found.due_at)


def calendar_says_working(calendar: Calendar, instant: datetime) -> bool:
    """Return whether the local date of the instant is a working day."""
    return calendar.is_working_day(calendar.local_date(instant))
