"""The city's two kinds of limits as limit, basis, calendar and start of the product."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cache
from typing import Final

from holidays import country_holidays

from app.sla.calendar import DAY, MIDNIGHT, Calendar, DayKind, Segment, SpecialDay
from app.sla.deadline import Basis, Policy, deadline
from app.sla.limit import Limit, Unit
from bench.boston_data import BOSTON, Request

OFFICE_DAY: Final[tuple[Segment, ...]] = ((time(8, 30), time(17)),)
WHOLE_DAY: Final[tuple[Segment, ...]] = ((MIDNIGHT, MIDNIGHT),)
# openings are often printed without their seconds, targets with them
SAME_MINUTE: Final = timedelta(seconds=60)
MIN_TARGETS: Final = 20
MIN_SHARE: Final = 0.8


class Clock(StrEnum):
    """Meaning of a limit in days; the value is printed after the number."""

    ROUND_THE_CLOCK = "times 24 h"
    WORKING_CALENDAR = "working days"


@dataclass(frozen=True, slots=True)
class Rule:
    """A limit of `days` times 24 hours, by one of the clocks."""

    clock: Clock
    days: int

    @property
    def policy(self) -> Policy:
        """Return the rule as a policy of the product: hours, either elapsed or of working days."""
        working = self.clock is Clock.WORKING_CALENDAR
        return Policy(Limit(24 * self.days, Unit.HOUR), Basis.OPENING_HOURS if working else Basis.ROUND_THE_CLOCK)


# the description of the data names the clocks; no document has the limits: these are the most common ones
KNOWN_RULES: Final = {
    "Traffic Signal Inspection": Rule(Clock.ROUND_THE_CLOCK, 1),
    "Unsafe Dangerous Conditions": Rule(Clock.ROUND_THE_CLOCK, 1),
    "CE Collection": Rule(Clock.WORKING_CALENDAR, 1),
    "Sticker Request": Rule(Clock.WORKING_CALENDAR, 1),
    "Building Inspection Request": Rule(Clock.WORKING_CALENDAR, 3),
    "Graffiti Removal": Rule(Clock.WORKING_CALENDAR, 45),
}


@cache
def holidays_of_2015() -> dict[date, SpecialDay]:
    """Return the holidays of Massachusetts in 2015; the city's calendar had none of 2016 yet."""
    found = country_holidays("US", subdiv="MA", years=2015)
    return {day: SpecialDay(DayKind.HOLIDAY, name) for day, name in sorted(found.items())}


def _week(day: tuple[Segment, ...]) -> tuple[tuple[Segment, ...], ...]:
    return (*[day] * 5, (), ())


# office hours, in which a request starts, and working days, on which its limit runs from midnight to midnight
OFFICE: Final = Calendar("boston-office", BOSTON.key, _week(OFFICE_DAY), holidays_of_2015())
WORKING_DAYS: Final = Calendar("boston-working-days", BOSTON.key, _week(WHOLE_DAY), holidays_of_2015())


def due_at(rule: Rule, opened_at: datetime) -> datetime:
    """Return the due date; by the working calendar, a request out of hours starts at the next opening, 08:30."""
    started_at = opened_at if rule.clock is Clock.ROUND_THE_CLOCK else next_opening(opened_at)
    return run_from(rule, started_at)


def run_from(rule: Rule, started_at: datetime) -> datetime:
    """Return the due date of a clock with that rule and start, at any hour."""
    return deadline(rule.policy, started_at, WORKING_DAYS).due_at


def next_opening(instant: datetime) -> datetime:
    """Return the instant itself in office hours, else the start of the next opening hours."""
    day = OFFICE.local_date(instant)
    while True:
        for opens, closes in OFFICE.segments(day):
            if instant < closes:
                return max(opens, instant.astimezone(UTC))
        day += DAY


def near(one: datetime, other: datetime, tolerance: timedelta = SAME_MINUTE) -> bool:
    """Return whether two instants are less than the tolerance apart."""
    return abs(one.astimezone(UTC) - other.astimezone(UTC)) < tolerance


@cache
def working_days_between(first: date, last: date) -> int:
    """Count the working days after the first date, including the last."""
    return sum(WORKING_DAYS.is_working_day(first + DAY * number) for number in range(1, (last - first).days + 1))


def rules_that_fit(opened_at: datetime, target_at: datetime) -> Iterator[Rule]:
    """Yield the rules that lead from the opening to the target, at the same clock time; at most one per clock."""
    started_at = next_opening(opened_at).astimezone(BOSTON)
    days = working_days_between(started_at.date(), target_at.date())
    if days and WORKING_DAYS.is_working_day(target_at.date()) and wall_days_between(started_at, target_at):
        yield Rule(Clock.WORKING_CALENDAR, days)
    if days := wall_days_between(opened_at, target_at):
        yield Rule(Clock.ROUND_THE_CLOCK, days)


def wall_days_between(opened_at: datetime, target_at: datetime) -> int:
    """Count the days to the target if the wall clock shows the same time there, else return 0."""
    gap = target_at.replace(tzinfo=UTC) - opened_at.replace(tzinfo=UTC)
    days = max(round(gap / DAY), 0)
    return days if abs(gap - days * DAY) < SAME_MINUTE else 0


def learn(requests: Iterable[Request]) -> dict[str, Rule]:
    """Return the most common rule of each type with at least 20 targets, if it fits 80 % of them."""
    targets: Counter[str] = Counter()
    fits: dict[str, Counter[Rule]] = {}
    for request in requests:
        if request.target_at:
            targets[request.type] += 1
            found = fits.setdefault(request.type, Counter())
            found.update(rules_that_fit(request.opened_at, request.target_at))
    best = {kind: found.most_common(1)[0] for kind, found in fits.items() if found}
    return {
        kind: rule
        for kind, (rule, count) in best.items()
        if targets[kind] >= MIN_TARGETS and count >= MIN_SHARE * targets[kind]
    }
