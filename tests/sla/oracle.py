"""A second opinion on deadlines: slow, minute by minute and day by day, with no arithmetic of the product."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from app.sla.calendar import Calendar, DayKind
from app.sla.deadline import Basis, Pause, Policy, Roll
from app.sla.limit import Unit

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


def is_working(calendar: Calendar, day: date, clock: str) -> bool:
    """A working day by decision, then the weekday, then the flag of holidays, half days and leaves."""
    special = calendar.special_days.get(day)
    if special is not None and special.kind is DayKind.WORKING:
        return True
    if day.weekday() not in calendar.working_weekdays:
        return False
    return special is None or clock in {kind.value for kind in special.counts_as_working}


def exists(day: date, zone: ZoneInfo) -> bool:
    """Return whether any instant of that date occurs in the zone."""
    noon = datetime.combine(day, time(12), zone)
    return noon.astimezone(UTC).astimezone(zone).date() == day


def last_instant(day: date, zone: ZoneInfo) -> datetime:
    """The last microsecond of the date: the later one if the clocks repeat it."""
    return datetime.combine(day, time.max, zone).replace(fold=1).astimezone(UTC)


def runs(instant: datetime, pauses: Sequence[Pause]) -> bool:
    """Return whether the clock runs at that instant: no pause covers it."""
    return not any(pause.start <= instant < (pause.end or datetime.max.replace(tzinfo=UTC)) for pause in pauses)


def due_by_days(policy: Policy, started_at: datetime, calendar: Calendar, pauses: Sequence[Pause]) -> datetime:
    """Step through the dates; a date counts if the clock runs at its last instant."""
    zone = ZoneInfo(calendar.zone)
    day = started_at.astimezone(zone).date()
    limit, left = policy.limit, policy.limit.amount
    if limit.unit is Unit.WEEK:
        left = 7 * limit.amount
    if limit.unit is Unit.MONTH:
        # up to the day itself, or to its substitute if the zone skipped it
        left = 1 + sum(exists(day + DAY * n, zone) for n in range(1, (same_day_later(day, limit.amount) - day).days))
    while left:
        day += DAY
        left -= counts(policy, day, calendar, pauses)
    if policy.roll is Roll.NEXT_WORKING_DAY:
        while not (
            exists(day, zone)
            and is_working(calendar, day, policy.clock_kind.value)
            and runs(last_instant(day, zone), pauses)
        ):
            day += DAY
    return last_instant(day, zone)


def counts(policy: Policy, day: date, calendar: Calendar, pauses: Sequence[Pause]) -> bool:
    """Return whether the date exists, is of the limit's kind, and ends with a running clock."""
    zone = ZoneInfo(calendar.zone)
    if not exists(day, zone) or not runs(last_instant(day, zone), pauses):
        return False
    return policy.limit.unit is not Unit.WORKING_DAY or is_working(calendar, day, policy.clock_kind.value)


def days_used(
    policy: Policy, started_at: datetime, until: datetime, calendar: Calendar, pauses: Sequence[Pause]
) -> int:
    """Return the number of dates after the start that have counted and are over, ignoring the limit."""
    zone, used = ZoneInfo(calendar.zone), 0
    day = started_at.astimezone(zone).date() + DAY
    while last_instant(day, zone) <= until:
        used += counts(policy, day, calendar, pauses)
        day += DAY
    return used


def same_day_later(day: date, months: int) -> date:
    """The same day of the month, or the last day that the month has."""
    first = date(day.year + (day.month - 1 + months) // 12, (day.month - 1 + months) % 12 + 1, 1)
    candidates = [first + DAY * n for n in range(31)]
    return max(other for other in candidates if other.month == first.month and other.day <= day.day)


@cache
def first_crossing(zone: ZoneInfo, wall: datetime) -> datetime:
    """The first UTC minute whose local wall clock shows at least `wall`."""
    instant = wall.replace(tzinfo=UTC) - timedelta(hours=15)
    while instant.astimezone(zone).replace(tzinfo=None) < wall:
        instant += MINUTE
    return instant


@cache
def wall_spans(zone: ZoneInfo, day: date, segments: tuple[tuple[time, time], ...]) -> list[tuple[datetime, datetime]]:
    """The opening times of a date as UTC minutes."""
    midnight = datetime.combine(day, time())
    return [
        (
            first_crossing(zone, datetime.combine(day, start)),
            first_crossing(zone, midnight + DAY if end == time() else datetime.combine(day, end)),
        )
        for start, end in segments
    ]


def open_spans(calendar: Calendar, day: date, basis: Basis) -> list[tuple[datetime, datetime]]:
    """Return the spans of that date in which the clock may run."""
    zone, special = ZoneInfo(calendar.zone), calendar.special_days.get(day)
    segments = calendar.weekly[day.weekday()] if basis is Basis.OPENING_HOURS else ((time(), time()),)
    if special is not None and basis is Basis.OPENING_HOURS:
        if special.kind is DayKind.WORKING:
            segments = special.segments
        elif special.ends_at is None:
            return []
        else:
            spans = wall_spans(zone, day, segments)
            closing = first_crossing(zone, datetime.combine(day, special.ends_at))
            return [(start, min(end, closing)) for start, end in spans if start < closing]
    return wall_spans(zone, day, segments)


def due_by_minutes(policy: Policy, started_at: datetime, calendar: Calendar, pauses: Sequence[Pause]) -> datetime:
    """Step through the minutes; count those within opening hours with a running clock."""
    zone = ZoneInfo(calendar.zone)
    left = policy.limit.amount * (60 if policy.limit.unit is Unit.HOUR else 1)
    day = started_at.astimezone(zone).date() - DAY
    while True:
        for start, end in open_spans(calendar, day, policy.basis):
            minute = start
            while minute < end:
                if minute >= started_at and runs(minute, pauses):
                    left -= 1
                minute += MINUTE
                if left == 0:
                    return minute
        day += DAY


def minutes_used(
    policy: Policy, started_at: datetime, until: datetime, calendar: Calendar, pauses: Sequence[Pause]
) -> int:
    """Return the number of whole minutes within opening hours with a running clock, ignoring the limit."""
    zone, used = ZoneInfo(calendar.zone), 0
    day = started_at.astimezone(zone).date() - DAY
    while day <= until.astimezone(zone).date() + DAY:
        for start, end in open_spans(calendar, day, policy.basis):
            minute = start
            while minute < end:
                used += started_at <= minute < until and runs(minute, pauses)
                minute += MINUTE
        day += DAY
    return used
