"""The city's two clocks in the words of the product: a limit, a basis and a calendar, and when the clock starts."""

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
LEAST_TO_LEARN: Final = 20
SHARE_TO_LEARN: Final = 0.8


class Clock(StrEnum):
    """What a limit of so many days means to the city: the words that follow the number."""

    ROUND_THE_CLOCK = "times 24 h"
    WORKING_CALENDAR = "working days"


@dataclass(frozen=True, slots=True)
class Rule:
    """A limit of `days` times 24 hours on one of the clocks."""

    clock: Clock
    days: int

    @property
    def policy(self) -> Policy:
        """The rule as the product pins it to a clock: hours, either elapsed or spent on working days."""
        working = self.clock is Clock.WORKING_CALENDAR
        return Policy(Limit(24 * self.days, Unit.HOUR), Basis.OPENING_HOURS if working else Basis.ROUND_THE_CLOCK)


# the clocks are those that the data's description names; the limits stand in no document: they are the usual ones
NAMED: Final = {
    "Traffic Signal Inspection": Rule(Clock.ROUND_THE_CLOCK, 1),
    "Unsafe Dangerous Conditions": Rule(Clock.ROUND_THE_CLOCK, 1),
    "CE Collection": Rule(Clock.WORKING_CALENDAR, 1),
    "Sticker Request": Rule(Clock.WORKING_CALENDAR, 1),
    "Building Inspection Request": Rule(Clock.WORKING_CALENDAR, 3),
    "Graffiti Removal": Rule(Clock.WORKING_CALENDAR, 45),
}


@cache
def holidays_of_2015() -> dict[date, SpecialDay]:
    """The holidays of Massachusetts in 2015. The city had none of 2016 in its calendar when it set these targets."""
    found = country_holidays("US", subdiv="MA", years=2015)
    return {day: SpecialDay(DayKind.HOLIDAY, name) for day, name in sorted(found.items())}


def _week(day: tuple[Segment, ...]) -> tuple[tuple[Segment, ...], ...]:
    return (*[day] * 5, (), ())


# when somebody is there to take a request, and the working days on which its limit is spent from midnight to midnight
OFFICE: Final = Calendar("boston-office", BOSTON.key, _week(OFFICE_DAY), holidays_of_2015())
WORKING_DAYS: Final = Calendar("boston-working-days", BOSTON.key, _week(WHOLE_DAY), holidays_of_2015())


def due_at(rule: Rule, opened_at: datetime) -> datetime:
    """When a request is due; on the working calendar one that comes out of hours starts at the next opening, 08:30."""
    started_at = opened_at if rule.clock is Clock.ROUND_THE_CLOCK else next_opening(opened_at)
    return run_from(rule, started_at)


def run_from(rule: Rule, started_at: datetime) -> datetime:
    """When a clock of that rule is due that started at that instant, whatever the hour."""
    return deadline(rule.policy, started_at, WORKING_DAYS).due_at


def next_opening(instant: datetime) -> datetime:
    """The instant itself while the office is open, else the start of its next opening time."""
    day = OFFICE.local_date(instant)
    while True:
        for opens, closes in OFFICE.segments(day):
            if instant < closes:
                return max(opens, instant.astimezone(UTC))
        day += DAY


def near(one: datetime, other: datetime, tolerance: timedelta = SAME_MINUTE) -> bool:
    """Whether two instants are less than a minute apart, or than another tolerance."""
    return abs(one.astimezone(UTC) - other.astimezone(UTC)) < tolerance


@cache
def working_days_between(first: date, last: date) -> int:
    """How many working days lie after the first date, up to and with the last."""
    return sum(WORKING_DAYS.is_working_day(first + DAY * number) for number in range(1, (last - first).days + 1))


def rules_that_fit(opened_at: datetime, target_at: datetime) -> Iterator[Rule]:
    """The rules that may lead from that opening to that target, on the same clock time; none, or one of each clock."""
    started_at = next_opening(opened_at).astimezone(BOSTON)
    days = working_days_between(started_at.date(), target_at.date())
    if days and WORKING_DAYS.is_working_day(target_at.date()) and wall_days_between(started_at, target_at):
        yield Rule(Clock.WORKING_CALENDAR, days)
    if days := wall_days_between(opened_at, target_at):
        yield Rule(Clock.ROUND_THE_CLOCK, days)


def wall_days_between(opened_at: datetime, target_at: datetime) -> int:
    """How many days later the wall clock shows the same time again at the target; 0 if it shows another."""
    gap = target_at.replace(tzinfo=UTC) - opened_at.replace(tzinfo=UTC)
    days = max(round(gap / DAY), 0)
    return days if abs(gap - days * DAY) < SAME_MINUTE else 0


def learn(requests: Iterable[Request]) -> dict[str, Rule]:
    """The commonest rule of each type, where it has at least 20 targets and fits 80 % of them."""
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
        if targets[kind] >= LEAST_TO_LEARN and count >= SHARE_TO_LEARN * targets[kind]
    }
