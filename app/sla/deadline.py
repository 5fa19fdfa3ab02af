"""The due instant of a limit and its ledger; one walk over the dates gives both. Pure: standard library only.

Sources: Law 2577 art. 8, Law 4982 (working days), the published tables (GÜN, İŞ GÜNÜ, hours). By Law 2577 the day of
the start does not count, holidays count, and a last day on a holiday moves to the next working day.
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

# more dates than a limit of ten years needs; a longer walk has a wrong pause or calendar
MAX_WALKED_DATES: Final = 40_000
SECOND: Final = timedelta(seconds=1)


class DeadlineError(SlaError):
    """A due date that can't be computed.

    Codes: `naive_instant` (an instant without a zone), `pause_order` (a pause ends before it starts),
    `paused` (no due date until the clock resumes), `out_of_range` (outside the years 1 to 9999, or a walk of more
    than 40,000 dates).
    """


class Basis(StrEnum):
    """The times in which limits of seconds, minutes and hours run; limits of days ignore it."""

    ROUND_THE_CLOCK = "round_the_clock"
    OPENING_HOURS = "opening_hours"


class Roll(StrEnum):
    """The rule for a last date that is no working day."""

    NEXT_WORKING_DAY = "next_working_day"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Policy:
    """The counting rule of a clock, pinned to it when it starts."""

    limit: Limit
    basis: Basis = Basis.ROUND_THE_CLOCK
    roll: Roll = Roll.NEXT_WORKING_DAY
    clock_kind: ClockKind = ClockKind.PROMISE


@dataclass(frozen=True, slots=True)
class Pause:
    """A span [start, end) in which the clock is paused, in UTC; `end` is None while it lasts.

    Raises DeadlineError (`naive_instant`, `pause_order`).
    """

    start: datetime
    end: datetime | None
    reason: str

    def __post_init__(self) -> None:
        # Python compares and subtracts two instants of one zone by their wall clocks, so both are UTC
        object.__setattr__(self, "start", utc(self.start))
        if self.end is not None:
            object.__setattr__(self, "end", utc(self.end))
            if self.end < self.start:
                raise DeadlineError("pause_order", f"a pause from {self.start} can't end at {self.end}")


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """One local date between the start and the due date.

    `total` is the amount counted up to its end: days, or seconds for limits of hours, minutes and seconds.
    `detail` is the name of the holiday, half day or leave, or the reason of the pause.
    """

    date: dt.date
    counted: bool
    reason_code: DayReason
    detail: str
    total: int


@dataclass(frozen=True, slots=True)
class Deadline:
    """A due instant (UTC) with everything that it follows from."""

    due_at: datetime
    policy: Policy
    started_at: datetime
    calendar: Calendar
    pauses: tuple[Pause, ...]

    @property
    def ledger(self) -> list[LedgerLine]:
        """Return one line a date, computed on each call by the same walk that gave the due instant."""
        return explain(self.policy, self.started_at, self.calendar, self.pauses)


# date, reason, detail, total so far; the due instant on the last one (None if the clock is paused)
WalkedDate = tuple[date, DayReason, str, int, datetime | None]


def deadline(policy: Policy, started_at: datetime, calendar: Calendar, pauses: Iterable[Pause] = ()) -> Deadline:
    """Return the due instant of a clock of that policy that started at `started_at`; on time is `met_at <= due_at`.

    A limit of days is due at 23:59:59.999999 local of its last date. The same arguments always give the same instant.
    Raises DeadlineError; `paused` if a pause is open before the due date.
    """
    pauses = tuple(pauses)
    last = deque(_walk(policy, started_at, calendar, pauses), maxlen=1)[0]
    due_at = last[4]
    if due_at is None:
        raise DeadlineError("paused", f"the clock is paused ({last[2]}): no due date")
    return Deadline(due_at, policy, started_at, calendar, pauses)


def explain(policy: Policy, started_at: datetime, calendar: Calendar, pauses: Iterable[Pause] = ()) -> list[LedgerLine]:
    """Return the ledger of `deadline`: one line for each local date from the start to the due date.

    The ledger of a paused clock ends with the line `still_paused`. Raises DeadlineError.
    """
    return [
        LedgerLine(day, reason is DayReason.COUNTED, reason, detail or _name_of(calendar, day, reason), total)
        for day, reason, detail, total, _ in _walk(policy, started_at, calendar, tuple(pauses))
    ]


def elapsed(
    policy: Policy, started_at: datetime, until: datetime, calendar: Calendar, pauses: Iterable[Pause] = ()
) -> int:
    """Return the used part of the limit at `until`: whole days (weeks and months too), or whole seconds.

    The same walk as `deadline`, stopped at `until`: a date counts once it is over. The result is 0 before the start
    and the whole limit from the due instant on. Raises DeadlineError.
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
    """Return the last instant of the date `count` working days before `day`; `day` itself does not count.

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
    """Return the UTC instant when `percent` of the running time between two instants has passed.

    No time runs in a pause, nor outside opening hours on that basis. Returns the start if no time runs at all.
    Raises DeadlineError.
    """
    first, last = utc(start), utc(until)
    waiting = _effective_pauses(first, tuple(pauses))
    try:
        opened = _open_between(first, last, calendar) if basis is Basis.OPENING_HOURS else ((first, last),)
    except OverflowError as error:
        raise DeadlineError("out_of_range", f"no opening times between {start} and {until}") from error
    running = [(begin, min(end, last)) for begin, end in _running_spans(opened, first, waiting) if begin < last]
    whole = sum((end - begin for begin, end in running), timedelta())
    return _spend(whole * percent // 100, iter(running))[1] or first


def _open_between(first: datetime, last: datetime, calendar: Calendar) -> tuple[Span, ...]:
    last_day = calendar.local_date(last)
    days = takewhile(last_day.__ge__, _dates_from(calendar.local_date(first)))
    return tuple(span for day in days for span in calendar.segments(day))


def on_time(met_at: datetime, due_at: datetime) -> bool:
    """Return whether a clock met at `met_at` is on time; at the exact due instant it still is (C10)."""
    return utc(met_at) <= utc(due_at)


def utc(instant: datetime) -> datetime:
    """Return an aware instant as UTC. Raises DeadlineError without a zone or outside the years 1 to 9999."""
    if instant.utcoffset() is None:
        raise DeadlineError("naive_instant", f"{instant} has no zone")
    try:
        return instant.astimezone(UTC)
    except OverflowError as error:
        raise DeadlineError("out_of_range", f"{instant} can't be expressed in UTC") from error


def _name_of(calendar: Calendar, day: date, reason: DayReason) -> str:
    special = calendar.special_days.get(day)
    return special.name if special is not None and reason is not DayReason.START_DAY else ""


def _walk(policy: Policy, started_at: datetime, calendar: Calendar, pauses: tuple[Pause, ...]) -> Iterator[WalkedDate]:
    start = utc(started_at)
    waiting = _effective_pauses(start, pauses)
    try:
        if policy.limit.seconds is None:
            yield from _walk_dates(policy, calendar.local_date(start), calendar, waiting)
        else:
            yield from _walk_instants(policy, start, calendar, waiting)
    except OverflowError as error:
        raise DeadlineError("out_of_range", f"no due date for a start at {started_at}") from error


def _effective_pauses(start: datetime, pauses: tuple[Pause, ...]) -> deque[Pause]:
    """Return the pauses in order, without those that end before the start or inside another.

    Both starts and ends of the result rise, so a walk can drop each pause once it is past.
    """
    effective: deque[Pause] = deque()
    covered: datetime | None = start
    for pause in sorted(pauses, key=_pause_order):
        if covered is None:
            break
        if pause.end is None or pause.end > covered:
            effective.append(pause)
            covered = pause.end
    return effective


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
    """The dates [first, end) at whose end the clock is paused; `end` is None for an open pause."""

    first: date
    end: date | None
    reason: str


def _walk_dates(policy: Policy, start: date, calendar: Calendar, pauses: deque[Pause]) -> Iterator[WalkedDate]:
    """Yield dates until the limit is full, then until a working day; a date counts if the clock runs at its end."""
    yield (start, DayReason.START_DAY, "", 0, None)
    needed = _dates_needed(policy.limit, start, calendar)
    only_working = policy.limit.unit is Unit.WORKING_DAY
    rolls = policy.roll is Roll.NEXT_WORKING_DAY
    paused = deque(_paused_dates(pause, calendar) for pause in pauses)
    total = 0
    for day in _dates_from(start + DAY):
        full = total == needed
        excluded = _why_not_counted(day, calendar, policy.clock_kind, only_working or full, paused)
        if excluded is None:
            total += not full
            ends = total == needed and (full or not rolls or calendar.is_working_day(day, policy.clock_kind))
            reason = DayReason.ROLLED if full else DayReason.COUNTED
            yield (day, reason, "", total, calendar.end_of_day(day) if ends else None)
            if ends:
                return
        else:
            yield (day, *excluded, total, None)
            if excluded[0] is DayReason.STILL_PAUSED:
                return


def _why_not_counted(
    day: date, calendar: Calendar, clock_kind: ClockKind, only_working: bool, paused: deque[_PausedDates]
) -> tuple[DayReason, str] | None:
    """Return why a date does not count or can't be the due date, or None; drop the pauses that are over."""
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
    """Return the number of dates that have to count; a month ends on the same day of the month, or on its last day."""
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


def _walk_instants(policy: Policy, start: datetime, calendar: Calendar, pauses: deque[Pause]) -> Iterator[WalkedDate]:
    """Yield dates until their running time uses up the limit: opening hours or the whole day, less the pauses."""
    first, seconds = calendar.local_date(start), policy.limit.seconds or 0
    if policy.limit.unit is Unit.IMMEDIATE:
        yield (first, DayReason.COUNTED, "", 0, start)
        return
    spans_of = calendar.segments if policy.basis is Basis.OPENING_HOURS else calendar.whole_day
    left = timedelta(seconds=seconds)
    for day in _dates_from(first):
        spans = spans_of(day)
        before = left
        left, due_at = _spend(left, _running_spans(spans, start, pauses))
        total = seconds + -left // SECOND
        if due_at is not None or left < before:
            yield (day, DayReason.COUNTED, "", total, due_at)
            if due_at is not None:
                return
        else:
            reason, detail = _why_no_time_ran(day, spans, calendar, policy.clock_kind, pauses)
            yield (day, reason, detail, total, None)
            if reason is DayReason.STILL_PAUSED:
                return


def _spend(left: timedelta, running: Iterator[Span]) -> tuple[timedelta, datetime | None]:
    """Return the rest of the limit after these spans, and the instant at which it ended, or None.

    A limit that is used up exactly at closing time ends there, not at the next opening (B18).
    """
    for begin, end in running:
        if left <= end - begin:
            return timedelta(), begin + left
        left -= end - begin
    return left, None


def _running_spans(spans: tuple[Span, ...], start: datetime, pauses: deque[Pause]) -> Iterator[Span]:
    """Yield the parts of the spans after the start and outside the pauses; drop the pauses before the spans."""
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


def _why_no_time_ran(
    day: date, spans: tuple[Span, ...], calendar: Calendar, clock_kind: ClockKind, pauses: deque[Pause]
) -> tuple[DayReason, str]:
    """Return why no time of the limit ran on a date."""
    if spans and pauses and pauses[0].start < spans[-1][1]:
        return (DayReason.PAUSED if pauses[0].end else DayReason.STILL_PAUSED, pauses[0].reason)
    return calendar.why_not_working(day, clock_kind) or (DayReason.CLOSED, "")
