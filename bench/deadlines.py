"""`deadline()` alone: recomputing a city's open tickets must take seconds."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from statistics import median
from typing import Any

from app.sla.calendar import Calendar
from app.sla.deadline import Basis, Policy, deadline
from app.sla.limit import Limit, Unit
from app.sla.turkish_holidays import turkish_special_days
from app.standards.catalogue import load_catalogue
from app.standards.service import build_calendars
from app.standards.values import OFFICE_HOURS
from bench.installation import ESENLER

CASES = {
    "15 calendar days": Policy(Limit(15, Unit.CALENDAR_DAY)),
    "30 working days": Policy(Limit(30, Unit.WORKING_DAY)),
    "8 opening hours": Policy(Limit(8, Unit.HOUR), Basis.OPENING_HOURS),
}
TARGETS_US = {"15 calendar days": 50, "30 working days": 100, "8 opening hours": 150}
YEAR = 2026


def measure(times: int) -> list[dict[str, Any]]:
    """Return the median time of each case, over starts at all hours of a year."""
    calendar = build_calendars(load_catalogue(ESENLER), turkish_special_days(range(YEAR - 1, YEAR + 3)), {})[
        OFFICE_HOURS
    ]
    return [
        {"case": name, "median_us": round(_median(policy, calendar, times), 1), "aim_us": TARGETS_US[name]}
        for name, policy in CASES.items()
    ]


def _median(policy: Policy, calendar: Calendar, times: int) -> float:
    return median(_microseconds(policy, start, calendar) for start in islice(_starts(), times))


def _starts() -> Iterator[datetime]:
    start = datetime(YEAR, 1, 1, tzinfo=UTC)
    while True:
        yield start
        start += timedelta(hours=37, minutes=11)
        start = start.replace(year=YEAR)


def _microseconds(policy: Policy, start: datetime, calendar: Calendar) -> float:
    started = time.perf_counter_ns()
    deadline(policy, start, calendar)
    return (time.perf_counter_ns() - started) / 1000
