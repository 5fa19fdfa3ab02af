"""Classes of differences between the city's target and the due date of its type's rule; each is computed."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from app.sla.calendar import DAY
from app.sla.deadline import working_days_before
from bench.boston_data import BOSTON, Request
from bench.boston_rules import (
    SAME_MINUTE,
    WORKING_DAYS,
    Clock,
    Rule,
    due_at,
    near,
    next_opening,
    run_from,
    wall_days_between,
    working_days_between,
)

HOUR: Final = timedelta(hours=1)
MINUTES_TOLERANCE: Final = timedelta(minutes=10)
OPENING_TOLERANCE: Final = timedelta(minutes=2)


class Difference(StrEnum):
    """Classes of differences, in the order of their tests."""

    NOT_AFTER_OPENING = "target at or before the opening"
    AT_OPENING = "target within two minutes of the opening"
    CLOCKS_CHANGED = "same clock time across the change of clocks"
    MINUTES_APART = "same rule, up to ten minutes apart"
    NOT_MOVED = "out of hours, but not moved to 08:30"
    OTHER_LIMIT = "same clock time, another number of working days"
    OTHER_CLOCK = "same clock time, another number of days"
    RESTARTED = "the same limit from a later moment"
    BY_HAND = "no rule found"


EXPLANATIONS: Final = {
    Difference.NOT_AFTER_OPENING: "the target is the opening itself or earlier: no time was given",
    Difference.AT_OPENING: "the target lies seconds after the opening: no time was given",
    Difference.CLOCKS_CHANGED: "the city counts days on the wall clock; 24 hours are 24 hours here, so an hour apart",
    Difference.MINUTES_APART: "the target was counted from a stamp that lies some minutes from the printed opening",
    Difference.NOT_MOVED: "the type's limit, but from the hour of the opening, though nobody was there",
    Difference.OTHER_LIMIT: "the request got the limit of another type, queue or priority, or was extended",
    Difference.OTHER_CLOCK: "whole days on the wall clock where the type has another limit or works by the calendar",
    Difference.RESTARTED: "counted from a moment at which it was already open: handed on, or given its type, later",
    Difference.BY_HAND: "a target that no limit explains: set or changed by a person",
}


@dataclass(frozen=True, slots=True)
class Case:
    """A request with the city's target and the due date by the rule of its type."""

    request: Request
    rule: Rule
    target_at: datetime
    due_at: datetime


def classify(case: Case) -> Difference | None:
    """Return the first class that explains the city's target, else `BY_HAND`; None if the dates agree."""
    if near(case.due_at, case.target_at):
        return None
    return next((difference for difference, explains in CLASSIFIERS if explains(case)), Difference.BY_HAND)


def working_days_given(case: Case) -> int:
    """Return the number of working days from the opening to the city's target."""
    started_at = next_opening(case.request.opened_at).astimezone(BOSTON)
    return working_days_between(started_at.date(), case.target_at.date())


def _not_after_opening(case: Case) -> bool:
    return case.target_at <= case.request.opened_at


def _at_opening(case: Case) -> bool:
    return near(case.target_at, case.request.opened_at, OPENING_TOLERANCE)


def _clocks_changed(case: Case) -> bool:
    if case.rule.clock is Clock.WORKING_CALENDAR:
        return False  # its limit never ends on a date of a clock change, so the clock time stays
    before, after = case.request.opened_at.utcoffset(), case.due_at.astimezone(BOSTON).utcoffset()
    shift = (after or timedelta()) - (before or timedelta())
    return shift != timedelta() and near(case.due_at - shift, case.target_at, MINUTES_TOLERANCE)


def _minutes_apart(case: Case) -> bool:
    return near(case.due_at, case.target_at, MINUTES_TOLERANCE)


def _not_moved(case: Case) -> bool:
    if case.rule.clock is Clock.ROUND_THE_CLOCK:
        return False
    return near(run_from(case.rule, _unmoved(case.request.opened_at)), case.target_at)


def _other_limit(case: Case) -> bool:
    if case.rule.clock is Clock.ROUND_THE_CLOCK and _other_clock(case):
        return False  # a whole number of days on the type's own clock is the better explanation.
    # Some were counted in real hours over a weekend with a clock change.
    targets = (case.target_at, case.target_at + HOUR)
    return any(near(due, target, MINUTES_TOLERANCE) for due in _dues_on_that_day(case) for target in targets)


def _dues_on_that_day(case: Case) -> Iterator[datetime]:
    """Yield the due dates of limits that end on the target's date, from the moved and the unmoved opening."""
    for started in (next_opening(case.request.opened_at), _unmoved(case.request.opened_at)):
        days = working_days_between(started.astimezone(BOSTON).date(), case.target_at.date())
        if days > 0:
            yield run_from(Rule(Clock.WORKING_CALENDAR, days), started)


def _other_clock(case: Case) -> bool:
    return bool(wall_days_between(case.request.opened_at, case.target_at))


def _restarted(case: Case) -> bool:
    ended = case.request.closed_at or case.target_at
    if case.rule.clock is Clock.ROUND_THE_CLOCK:
        return case.request.opened_at < case.target_at - DAY * case.rule.days <= ended  # by the city's wall clock
    day = working_days_before(case.target_at.date(), case.rule.days, WORKING_DAYS).astimezone(BOSTON).date()
    started = datetime.combine(day, case.target_at.timetz())
    # a request out of hours is due like one of 08:30, so it may have closed before the office opened
    while_open = case.due_at < case.target_at < due_at(case.rule, ended) + SAME_MINUTE
    return while_open and near(due_at(case.rule, started), case.target_at)


def _unmoved(opened_at: datetime) -> datetime:
    """Return the opening, or the same clock time on the next working day."""
    while not WORKING_DAYS.is_working_day(opened_at.date()):
        opened_at += DAY
    return opened_at


CLASSIFIERS: Final[tuple[tuple[Difference, Callable[[Case], bool]], ...]] = (
    (Difference.NOT_AFTER_OPENING, _not_after_opening),
    (Difference.AT_OPENING, _at_opening),
    (Difference.CLOCKS_CHANGED, _clocks_changed),
    (Difference.MINUTES_APART, _minutes_apart),
    (Difference.NOT_MOVED, _not_moved),
    (Difference.OTHER_LIMIT, _other_limit),
    (Difference.OTHER_CLOCK, _other_clock),
    (Difference.RESTARTED, _restarted),
)
