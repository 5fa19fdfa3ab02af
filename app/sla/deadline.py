"""When a limit ends, and why on that date: one walk over the dates gives both the due instant and its ledger.

Sources: Law 2577 art. 8 (the day of the start is not counted, holidays are, a last day that falls on one
moves to the next working day), Law 4982 (working days), the published tables (GÜN, İŞ GÜNÜ, hours).
"""

import datetime as dt
from calendar import monthrange
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import MAXYEAR, UTC, date, datetime, timedelta
from enum import StrEnum
from itertools import takewhile
from typing import Final, NamedTuple

from app.sla.calendar import DAY, MICROSECOND, NO_SUCH_DATE, Calendar, ClockKind, DayReason, Span
from app.sla.limit import Limit, SlaError, Unit

__all__ = [
    "Basis",
    "ClockKind",
    "DayReason",
    "Deadline",
    "DeadlineError",
    "LedgerLine",
    "Pause",
    "Policy",
    "Roll",
    "deadline",
    "elapsed",
    "explain",
    "on_time",
    "part_of_time",
    "utc",
    "working_days_before",
]

# more dates than any limit of ten years needs; a walk that is longer has a wrong pause or calendar
MAX_WALKED_DATES: Final = 40_000
SECOND: Final = timedelta(seconds=1)


class DeadlineError(SlaError):
    """No due date can be given.

    Codes: `naive_instant` (an instant without a zone), `pause_order` (a pause ends before it starts),
    `paused` (the clock stands still: it has no due date until it resumes), `out_of_range` (outside the years 1 to
    9999, or a walk of more than 40,000 dates).
    """


class Basis(StrEnum):
    """Where limits of seconds, minutes and hours run; limits of days don't ask."""

    ROUND_THE_CLOCK = "round_the_clock"
    OPENING_HOURS = "opening_hours"


class Roll(StrEnum):
    """What happens to a last date that is no working day."""

    NEXT_WORKING_DAY = "next_working_day"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Policy:
    """How a clock counts; it is pinned to the clock when it starts."""

    limit: Limit
    basis: Basis = Basis.ROUND_THE_CLOCK
    roll: Roll = Roll.NEXT_WORKING_DAY
    clock_kind: ClockKind = ClockKind.PROMISE


@dataclass(frozen=True, slots=True)
class Pause:
    """A stretch [start, end) in which the clock stands still, kept in UTC; `end` is None while it lasts.

    Raises DeadlineError (`naive_instant`, `pause_order`).
    """

    start: datetime
    end: datetime | None
    reason: str

    def __post_init__(self) -> None:
        # in UTC, because Python compares and subtracts two instants of one zone by their wall clocks
        object.__setattr__(self, "start", utc(self.start))
        if self.end is not None:
            object.__setattr__(self, "end", utc(self.end))
            if self.end < self.start:
                raise DeadlineError("pause_order", f"a pause from {self.start} can't end at {self.end}")


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """One local date of the way to a due date.

    `total` is what has counted up to its end: days, or seconds for limits of hours, minutes and seconds.
    `detail` is the name of the holiday, half day or leave, or the reason of the pause.
    """

    date: dt.date
    counted: bool
    reason_code: DayReason
    detail: str
    total: int


@dataclass(frozen=True, slots=True)
class Deadline:
    """A due instant (UTC) with all that it follows from."""

    due_at: datetime
    policy: Policy
    started_at: datetime
    calendar: Calendar
    pauses: tuple[Pause, ...]

    @property
    def ledger(self) -> list[LedgerLine]:
        """The reason, one line a date; made when asked for, by the same walk that gave the due instant."""
        return explain(self.policy, self.started_at, self.calendar, self.pauses)


# date, reason, detail, total so far, and on the last one the due instant (None there: the clock stands still)
Step = tuple[date, DayReason, str, int, datetime | None]


def deadline(policy: Policy, started_at: datetime, calendar: Calendar, pauses: Iterable[Pause] = ()) -> Deadline:
    """When a clock of that policy that started at `started_at` is due; on time is `met_at <= due_at`.

    A limit of days is due at 23:59:59.999999 local of its last date. The same arguments give the same instant
    for ever. Raises DeadlineError; `paused` while a pause is open before the due date is reached.
    """
    pauses = tuple(pauses)
    last = deque(_walk(policy, started_at, calendar, pauses), maxlen=1)[0]
    due_at = last[4]
    if due_at is None:
        raise DeadlineError("paused", f"the clock stands still ({last[2]}): no due date")
    return Deadline(due_at, policy, started_at, calendar, pauses)


def explain(policy: Policy, started_at: datetime, calendar: Calendar, pauses: Iterable[Pause] = ()) -> list[LedgerLine]:
    """Why `deadline` gives its date: one line for each local date from the start to the due date.

    The ledger of a clock that stands still ends with the line `still_paused`. Raises DeadlineError.
    """
    return [
        LedgerLine(day, reason is DayReason.COUNTED, reason, detail or _name_of(calendar, day, reason), total)
        for day, reason, detail, total, _ in _walk(policy, started_at, calendar, tuple(pauses))
    ]


def elapsed(
    policy: Policy, started_at: datetime, until: datetime, calendar: Calendar, pauses: Iterable[Pause] = ()
) -> int:
    """How much of the limit is used up at `until`: whole days (weeks and months too), or whole seconds.

    The same walk as `deadline`, stopped at `until`: a date has counted once it is over, nothing before the start, and
    at the due instant the whole limit, which is also the most there is. Raises DeadlineError.
    """
    stop = utc(until)
    try:
        # a date is over with its last microsecond, and that is when a limit of days is due
        stop = stop + MICROSECOND if policy.limit.seconds is None else stop
    except OverflowError as error:
        raise DeadlineError("out_of_range", f"nothing comes after {until}") from error
    steps = _walk(policy, started_at, calendar, (*pauses, Pause(stop, None, "")))
    return deque(steps, maxlen=1)[0][3]


def working_days_before(
    day: date, count: int, calendar: Calendar, clock_kind: ClockKind = ClockKind.PROMISE
) -> datetime:
    """The last instant of the date that lies `count` working days before `day`, which itself is not counted.

    Raises DeadlineError (`out_of_range`).
    """
    remaining = count
    try:
        while remaining > 0:
            day -= DAY
            remaining -= calendar.is_working_day(day, clock_kind)
        return calendar.end_of_day(day)
    except OverflowError as error:
        raise DeadlineError("out_of_range", f"no date {count} working days before {day}") from error


def part_of_time(
    percent: int,
    start: datetime,
    until: datetime,
    calendar: Calendar,
    basis: Basis = Basis.ROUND_THE_CLOCK,
    pauses: Iterable[Pause] = (),
) -> datetime:
    """When so many percent of the time that runs between two instants are over; in a pause, or with closed doors by
    opening hours, none runs. In UTC; the start where no time runs at all. Raises DeadlineError.
    """
    first, last = utc(start), utc(until)
    waiting = _worth_meeting(first, tuple(pauses))
    try:
        opened = _open_between(first, last, calendar) if basis is Basis.OPENING_HOURS else ((first, last),)
    except OverflowError as error:
        raise DeadlineError("out_of_range", f"no opening times between {start} and {until}") from error
    running = [(begin, min(end, last)) for begin, end in _running(opened, first, waiting) if begin < last]
    whole = sum((end - begin for begin, end in running), timedelta())
    return _spend(whole * percent // 100, iter(running))[1] or first


def _open_between(first: datetime, last: datetime, calendar: Calendar) -> tuple[Span, ...]:
    last_day = calendar.local_date(last)
    days = takewhile(last_day.__ge__, _dates_from(calendar.local_date(first)))
    return tuple(span for day in days for span in calendar.segments(day))


def on_time(met_at: datetime, due_at: datetime) -> bool:
    """Whether a clock met at `met_at` was met in time: at the exact due instant it still is (C10)."""
    return utc(met_at) <= utc(due_at)


def utc(instant: datetime) -> datetime:
    """An aware instant as UTC; DeadlineError for one without a zone or outside the calendar's years."""
    if instant.utcoffset() is None:
        raise DeadlineError("naive_instant", f"{instant} has no zone")
    try:
        return instant.astimezone(UTC)
    except OverflowError as error:
        raise DeadlineError("out_of_range", f"{instant} can't be expressed in UTC") from error


def _name_of(calendar: Calendar, day: date, reason: DayReason) -> str:
    special = calendar.special_days.get(day)
    return special.name if special is not None and reason is not DayReason.START_DAY else ""


def _walk(policy: Policy, started_at: datetime, calendar: Calendar, pauses: tuple[Pause, ...]) -> Iterator[Step]:
    start = utc(started_at)
    waiting = _worth_meeting(start, pauses)
    try:
        if policy.limit.seconds is None:
            yield from _walk_dates(policy, calendar.local_date(start), calendar, waiting)
        else:
            yield from _walk_instants(policy, start, calendar, waiting)
    except OverflowError as error:
        raise DeadlineError("out_of_range", f"no due date for a start at {started_at}") from error


def _worth_meeting(start: datetime, pauses: tuple[Pause, ...]) -> deque[Pause]:
    """The pauses in order, without those that are over before the start or end inside another.

    What is left rises in start and end alike, so that a walk drops each one once it is past.
    """
    kept: deque[Pause] = deque()
    covered: datetime | None = start
    for pause in sorted(pauses, key=_pause_order):
        if covered is None:
            break
        if pause.end is None or pause.end > covered:
            kept.append(pause)
            covered = pause.end
    return kept


def _pause_order(pause: Pause) -> tuple[datetime, bool, datetime, str]:
    return (pause.start, pause.end is None, pause.end or pause.start, pause.reason)


def _dates_from(first: date) -> Iterator[date]:
    day = first
    for _ in range(MAX_WALKED_DATES):
        yield day
        day += DAY
    raise DeadlineError("out_of_range", f"no due date within {MAX_WALKED_DATES} dates of {first}")


# ── limits of days, weeks and months ──


class _PausedDates(NamedTuple):
    """The dates [first, end) at whose end a pause lasts; `end` is None for an open one."""

    first: date
    end: date | None
    reason: str


def _walk_dates(policy: Policy, start: date, calendar: Calendar, pauses: deque[Pause]) -> Iterator[Step]:
    """Counts dates until the limit is full, then rolls: a date counts if the clock runs at its end."""
    yield (start, DayReason.START_DAY, "", 0, None)
    needed = _dates_needed(policy.limit, start, calendar)
    only_working = policy.limit.unit is Unit.WORKING_DAY
    rolls = policy.roll is Roll.NEXT_WORKING_DAY
    paused = deque(_paused_dates(pause, calendar) for pause in pauses)
    total = 0
    for day in _dates_from(start + DAY):
        full = total == needed
        obstacle = _obstacle(day, calendar, policy.clock_kind, only_working or full, paused)
        if obstacle is None:
            total += not full
            ends = total == needed and (full or not rolls or calendar.is_working_day(day, policy.clock_kind))
            reason = DayReason.ROLLED if full else DayReason.COUNTED
            yield (day, reason, "", total, calendar.end_of_day(day) if ends else None)
            if ends:
                return
        else:
            yield (day, *obstacle, total, None)
            if obstacle[0] is DayReason.STILL_PAUSED:
                return


def _obstacle(
    day: date, calendar: Calendar, clock_kind: ClockKind, only_working: bool, paused: deque[_PausedDates]
) -> tuple[DayReason, str] | None:
    """What keeps a date from counting, or from bearing the due date; pauses that are over are dropped."""
    not_working = calendar.why_not_working(day, clock_kind)
    if not_working is not None and (only_working or not_working is NO_SUCH_DATE):
        return not_working
    while paused and paused[0].end is not None and paused[0].end <= day:
        paused.popleft()
    if paused and paused[0].first <= day:
        return (DayReason.STILL_PAUSED if paused[0].end is None else DayReason.PAUSED, paused[0].reason)
    return None


def _paused_dates(pause: Pause, calendar: Calendar) -> _PausedDates:
    end = None if pause.end is None else calendar.local_date(pause.end)
    return _PausedDates(calendar.local_date(pause.start), end, pause.reason)


def _dates_needed(limit: Limit, start: date, calendar: Calendar) -> int:
    """How many dates have to count; a month ends on the same day of a later month, or on its last day."""
    if limit.unit is Unit.WEEK:
        return 7 * limit.amount
    if limit.unit is not Unit.MONTH:
        return limit.amount
    years, month = divmod(start.month - 1 + limit.amount, 12)
    if start.year + years > MAXYEAR:
        raise OverflowError
    last_of_month = monthrange(start.year + years, month + 1)[1]
    end = date(start.year + years, month + 1, min(start.day, last_of_month))
    return (end - start).days - sum(start < day < end for day in calendar.missing_dates)


# ── limits of hours, minutes and seconds ──


def _walk_instants(policy: Policy, start: datetime, calendar: Calendar, pauses: deque[Pause]) -> Iterator[Step]:
    """Spends the limit on the running time of each date: opening hours or the whole day, less the pauses."""
    first, seconds = calendar.local_date(start), policy.limit.seconds or 0
    if policy.limit.unit is Unit.IMMEDIATE:
        yield (first, DayReason.COUNTED, "", 0, start)
        return
    spans_of = calendar.segments if policy.basis is Basis.OPENING_HOURS else calendar.whole_day
    left = timedelta(seconds=seconds)
    for day in _dates_from(first):
        spans = spans_of(day)
        before = left
        left, due_at = _spend(left, _running(spans, start, pauses))
        total = seconds + -left // SECOND
        if due_at is not None or left < before:
            yield (day, DayReason.COUNTED, "", total, due_at)
            if due_at is not None:
                return
        else:
            reason, detail = _why_idle(day, spans, calendar, policy.clock_kind, pauses)
            yield (day, reason, detail, total, None)
            if reason is DayReason.STILL_PAUSED:
                return


def _spend(left: timedelta, running: Iterator[Span]) -> tuple[timedelta, datetime | None]:
    """What is left of the limit after these times, and the instant at which it ended, if it did.

    A limit that is used up exactly at closing time ends there, not at the next opening (B18).
    """
    for begin, end in running:
        if left <= end - begin:
            return timedelta(), begin + left
        left -= end - begin
    return left, None


def _running(spans: tuple[Span, ...], start: datetime, pauses: deque[Pause]) -> Iterator[Span]:
    """The parts of the spans after the start and outside the pauses; pauses before the spans are dropped."""
    for begin, end in spans:
        cursor = max(begin, start)
        while pauses and pauses[0].end is not None and pauses[0].end <= cursor:
            pauses.popleft()
        for pause in pauses:
            if pause.start >= end or cursor >= end:
                break
            if cursor < pause.start:
                yield cursor, pause.start
            cursor = pause.end or end
        if cursor < end:
            yield cursor, end


def _why_idle(
    day: date, spans: tuple[Span, ...], calendar: Calendar, clock_kind: ClockKind, pauses: deque[Pause]
) -> tuple[DayReason, str]:
    """Why a date lent no time at all to the clock."""
    if spans and pauses and pauses[0].start < spans[-1][1]:
        return (DayReason.PAUSED if pauses[0].end else DayReason.STILL_PAUSED, pauses[0].reason)
    return calendar.why_not_working(day, clock_kind) or (DayReason.CLOSED, "")
