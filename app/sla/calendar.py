"""Working days and opening hours: one immutable, versioned value in one time zone. Pure: standard library only.

Dates and weekdays are local to the zone; instants that are compared or measured are always UTC.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cache, partial
from itertools import pairwise
from types import MappingProxyType
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from app.sla.limit import SlaError

MIDNIGHT: Final = time()
HALF_DAY_ENDS: Final = time(13)
DAY: Final = timedelta(days=1)
MICROSECOND: Final = timedelta(microseconds=1)
MONDAY_TO_FRIDAY: Final = frozenset(range(5))
# a calendar that is closed, or has no working day, for longer than this is misconfigured
MAX_CLOSED_DAYS: Final = 800

Segment = tuple[time, time]
Span = tuple[datetime, datetime]


class CalendarError(SlaError):
    """An invalid configuration of the calendar."""


class ClockKind(StrEnum):
    """The two kinds of clocks: the published promise of the table, and the limit of the law."""

    PROMISE = "promise"
    STATUTORY = "statutory"


class DayKind(StrEnum):
    """The kinds of special days: holiday, half day, administrative leave, or a working day on a weekend."""

    HOLIDAY = "holiday"
    HALF_DAY = "half_day"
    LEAVE = "leave"
    WORKING = "working"


class DayReason(StrEnum):
    """The reason why a date of a ledger counts or does not count."""

    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    HALF_DAY = "half_day"
    LEAVE = "leave"
    NO_SUCH_DATE = "no_such_date"
    CLOSED = "closed"
    START_DAY = "start_day"
    COUNTED = "counted"
    PAUSED = "paused"
    STILL_PAUSED = "still_paused"
    ROLLED = "rolled"


class NotWorking(NamedTuple):
    """The reason why a date is no working day, with the name of the holiday or leave."""

    reason: DayReason
    name: str


WEEKEND: Final = NotWorking(DayReason.WEEKEND, "")
NO_SUCH_DATE: Final = NotWorking(DayReason.NO_SUCH_DATE, "")
ALL_CLOCKS: Final = frozenset(ClockKind)


@dataclass(frozen=True, slots=True)
class SpecialDay:
    """A date that differs from its weekday.

    `ends_at` is the early closing time: 13:00 on a half day (Law 2429), None on a closed day. `counts_as_working` are
    the kinds of clocks for which the date still is a working day: none on a holiday; both on a half day or an
    administrative leave, unless decided otherwise. It never turns a weekend into a working day. Only the kind `working`
    does, and it has its own opening `segments`.
    Raises CalendarError (`holiday_with_hours`, `zoned_time`, `segments_of_special_day`, `segment_order`,
    `segment_overlap`).
    """

    kind: DayKind
    name: str
    ends_at: time | None = None
    counts_as_working: frozenset[ClockKind] = ALL_CLOCKS
    segments: tuple[Segment, ...] = ()

    def __post_init__(self) -> None:
        if self.kind is DayKind.HOLIDAY:
            if self.ends_at is not None:
                raise CalendarError("holiday_with_hours", f"{self.name}: a holiday is closed; use a half day")
            object.__setattr__(self, "counts_as_working", frozenset())
        elif self.kind is DayKind.HALF_DAY and self.ends_at is None:
            object.__setattr__(self, "ends_at", HALF_DAY_ENDS)
        if self.ends_at is not None and self.ends_at.tzinfo is not None:
            raise CalendarError("zoned_time", f"{self.name}: calendar times are wall times without a zone")
        if bool(self.segments) is not (self.kind is DayKind.WORKING):
            raise CalendarError(
                "segments_of_special_day", f"{self.name}: a working day, nothing else, has own segments"
            )
        check_segments(self.segments, self.name)


@dataclass(frozen=True, slots=True)
class Calendar:
    """Opening hours and special days of an office.

    `weekly` has seven tuples of (start, end) wall times, Monday first. 00:00 as an end is the end of that date: a night
    shift is (22:00, 00:00) and, on the next weekday, (00:00, 06:00). Working days are `working_weekdays` (0 = Monday)
    without the special days; opening hours do not matter.
    Raises CalendarError (`unknown_zone`, `not_a_week`, `no_opening_time`, `no_working_day`, `zoned_time`,
    `segment_order`, `segment_overlap`, `closed_too_long`, and those of special days). The methods raise OverflowError
    outside the years 1 to 9999.
    """

    version: str
    zone: str
    weekly: tuple[tuple[Segment, ...], ...]
    special_days: Mapping[date, SpecialDay] = field(default_factory=dict, hash=False)
    working_weekdays: frozenset[int] = MONDAY_TO_FRIDAY
    tz: ZoneInfo = field(init=False, repr=False, compare=False)
    missing_dates: frozenset[date] = field(init=False, repr=False, compare=False)
    _verdicts: dict[ClockKind, dict[date, NotWorking | None]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        check_week(self.weekly, self.working_weekdays)
        object.__setattr__(self, "special_days", MappingProxyType(dict(self.special_days)))
        object.__setattr__(self, "tz", load_zone(self.zone))
        object.__setattr__(self, "missing_dates", missing_dates(self.zone))
        object.__setattr__(self, "_verdicts", {kind: self._judge_special_days(kind) for kind in ClockKind})
        days = sorted(self.special_days)
        check_closures(days, self._wall)
        for kind in ClockKind:
            check_closures(days, partial(self.is_working_day, clock_kind=kind))

    def _judge_special_days(self, clock_kind: ClockKind) -> dict[date, NotWorking | None]:
        verdicts: dict[date, NotWorking | None] = {}
        for day, special in self.special_days.items():
            if clock_kind not in special.counts_as_working:
                verdicts[day] = NotWorking(DayReason(special.kind), special.name)
            elif special.kind is DayKind.WORKING:
                verdicts[day] = None
        return verdicts | dict.fromkeys(self.missing_dates, NO_SUCH_DATE)

    def why_not_working(self, day: date, clock_kind: ClockKind = ClockKind.PROMISE) -> NotWorking | None:
        """Return why the local date is no working day for that kind of clock; None if it is one."""
        verdicts = self._verdicts[clock_kind]
        if day in verdicts:
            return verdicts[day]
        return None if day.weekday() in self.working_weekdays else WEEKEND

    def is_working_day(self, day: date, clock_kind: ClockKind = ClockKind.PROMISE) -> bool:
        """Return whether the local date is a working day (iş günü) for that kind of clock."""
        return self.why_not_working(day, clock_kind) is None

    def local_date(self, instant: datetime) -> date:
        """Return the local date of an aware instant."""
        return instant.astimezone(self.tz).date()

    def instant_at(self, day: date, wall: time = MIDNIGHT) -> datetime:
        """Return the first UTC instant at which the wall clock of the date shows `wall` or later.

        A skipped time gives the instant of the change of clocks, a repeated time its first occurrence.
        """
        local = datetime.combine(day, wall, tzinfo=self.tz)
        before, after = _offset(local), _offset(local.replace(fold=1))
        naive = local.replace(tzinfo=UTC)
        if after <= before:
            return naive - before
        return _instant_of_change(self.tz, naive - after, naive - before)

    def end_of_day(self, day: date) -> datetime:
        """Return the last instant of the local date (23:59:59.999999), as UTC."""
        return self.instant_at(day + DAY) - MICROSECOND

    def whole_day(self, day: date) -> tuple[Span, ...]:
        """Return the date from midnight to midnight as half-open UTC instants; 23 to 25 hours if clocks change."""
        return ((self.instant_at(day), self.instant_at(day + DAY)),)

    def segments(self, day: date) -> tuple[Span, ...]:
        """Return the opening times of the local date as half-open UTC instants, in order.

        The office is closed on holidays and on leave for every kind of clock; a half day ends at `ends_at`.
        """
        spans = ((self.instant_at(day, start), self._closing(day, end)) for start, end in self._wall(day))
        return tuple((start, end) for start, end in spans if start < end)

    def _wall(self, day: date) -> tuple[Segment, ...]:
        special = self.special_days.get(day)
        wall = self.weekly[day.weekday()]
        return wall if special is None else special.segments or _until(wall, special.ends_at)

    def _closing(self, day: date, wall: time) -> datetime:
        return self.instant_at(day + DAY) if wall == MIDNIGHT else self.instant_at(day, wall)

    def to_json(self) -> dict[str, Any]:
        """Return the calendar as plain JSON values, equal for equal calendars (special days in date order)."""
        return {
            "version": self.version,
            "zone": self.zone,
            "weekly": [_segments_to_json(segments) for segments in self.weekly],
            "working_weekdays": sorted(self.working_weekdays),
            "special_days": {
                day.isoformat(): special_day_to_json(special) for day, special in sorted(self.special_days.items())
            },
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "Calendar":
        """Return the calendar that `to_json` wrote. Raises CalendarError; `malformed` for any other form."""
        try:
            return cls(
                version=str(content["version"]),
                zone=str(content["zone"]),
                weekly=tuple(_segments_from_json(segments) for segments in content["weekly"]),
                special_days={
                    date.fromisoformat(day): special_day_from_json(special)
                    for day, special in content.get("special_days", {}).items()
                },
                working_weekdays=frozenset(content.get("working_weekdays", MONDAY_TO_FRIDAY)),
            )
        except CalendarError:
            raise
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise CalendarError("malformed", f"not a calendar: {error!r}") from error


def load_zone(name: str) -> ZoneInfo:
    """Return the IANA zone of that name. Raises CalendarError (`unknown_zone`) if there is none."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise CalendarError("unknown_zone", f"no such time zone: {name!r}") from error


def check_week(weekly: tuple[tuple[Segment, ...], ...], working_weekdays: frozenset[int]) -> None:
    """Raise CalendarError unless the week has seven days, an opening time and a working day."""
    if len(weekly) != 7:
        raise CalendarError("not_a_week", f"a week has seven days, got {len(weekly)}")
    for number, segments in enumerate(weekly):
        check_segments(segments, f"weekday {number}")
    if not any(weekly):
        raise CalendarError("no_opening_time", "the calendar never opens")
    if not working_weekdays or not working_weekdays <= frozenset(range(7)):
        raise CalendarError("no_working_day", f"no working weekday of 0..6 in {working_weekdays}")


def check_segments(segments: Iterable[Segment], where: str) -> None:
    """Raise CalendarError unless each segment ends after it starts and none overlaps the one before."""
    previous_end = MIDNIGHT
    day_is_over = False
    for start, end in segments:
        if start.tzinfo is not None or end.tzinfo is not None:
            raise CalendarError("zoned_time", f"{where}: calendar times are wall times without a zone")
        if end != MIDNIGHT and end <= start:
            raise CalendarError("segment_order", f"{where}: {start}-{end} ends before it starts")
        if day_is_over or start < previous_end:
            raise CalendarError("segment_overlap", f"{where}: {start}-{end} overlaps the one before")
        previous_end, day_is_over = end, end == MIDNIGHT


def check_closures(special_days: Iterable[date], opens: Callable[[date], object]) -> None:
    """Raise CalendarError if the special days (in order) leave 800 dates in a row on which nothing `opens` (B22)."""
    closed_since = previous = None
    for day in special_days:
        # an ordinary week between two special days has an opening time and a working day
        ordinary = 7 if previous is None else (day - previous).days - 1
        if ordinary >= 7 or any(opens(day - DAY * ago) for ago in range(1, ordinary + 1)):
            closed_since = None
        closed_since = None if opens(day) else closed_since or day
        if closed_since and (day - closed_since).days >= MAX_CLOSED_DAYS:
            raise CalendarError("closed_too_long", f"nothing opens, or no working day, from {closed_since} to {day}")
        previous = day


def overlay(days: Mapping[date, SpecialDay], decided: Mapping[date, SpecialDay]) -> dict[date, SpecialDay]:
    """Return the special days overlaid with the decisions of the municipality, in date order.

    Leave on a holiday leaves it a holiday. Leave on a half day is a working day only for the clocks that count both.
    So time off never makes a due date earlier; only a day of the kind `working`, with its own hours, does.
    """
    together = {day: special if day not in days else _both(days[day], special) for day, special in decided.items()}
    return dict(sorted((dict(days) | together).items()))


def _both(before: SpecialDay, special: SpecialDay) -> SpecialDay:
    if DayKind.WORKING in {before.kind, special.kind} or special.kind is DayKind.HOLIDAY:
        return special
    if before.kind is DayKind.HOLIDAY:
        return before
    ends = None if before.ends_at is None or special.ends_at is None else min(before.ends_at, special.ends_at)
    kind = DayKind.LEAVE if DayKind.LEAVE in {before.kind, special.kind} else DayKind.HALF_DAY
    counts = before.counts_as_working & special.counts_as_working
    return SpecialDay(kind, f"{before.name}; {special.name}", ends, counts)


@cache
def missing_dates(zone: str) -> frozenset[date]:
    """Return the dates that the zone skipped by moving over the date line (Apia had no 30 December 2011)."""
    tz = load_zone(zone)
    years = (datetime(year, 1, 1, 12, tzinfo=tz) for year in range(1900, 2101))
    offsets = [(moment.year, _offset(moment)) for moment in years]
    skipping = [year for (year, before), (_, after) in pairwise(offsets) if after - before > DAY / 2]
    dates = (date(year, 1, 1) + DAY * number for year in skipping for number in range(367))
    return frozenset(day for day in dates if _is_skipped(datetime.combine(day, time(12), tzinfo=tz)))


def _is_skipped(noon: datetime) -> bool:
    return _offset(noon.replace(fold=1)) > _offset(noon)


def _offset(local: datetime) -> timedelta:
    return local.utcoffset() or timedelta()


def _instant_of_change(tz: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """Return the one change of clocks in (before, after], to the second, by bisection."""
    new_offset = _offset(after.astimezone(tz))
    low, high = math.floor(before.timestamp()), math.floor(after.timestamp())
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(datetime.fromtimestamp(middle, tz)) == new_offset:
            high = middle
        else:
            low = middle
    return datetime.fromtimestamp(high, UTC)


def _until(wall: tuple[Segment, ...], ends_at: time | None) -> tuple[Segment, ...]:
    """Return the segments cut at `ends_at`; none if it is None."""
    if ends_at is None:
        return ()
    return tuple((start, ends_at if end == MIDNIGHT else min(end, ends_at)) for start, end in wall if start < ends_at)


def _segments_to_json(segments: tuple[Segment, ...]) -> list[list[str]]:
    return [[_wall_to_json(start), "24:00" if end == MIDNIGHT else _wall_to_json(end)] for start, end in segments]


def _wall_to_json(wall: time) -> str:
    return wall.isoformat().removesuffix(":00")


def _segments_from_json(segments: Iterable[Iterable[str]]) -> tuple[Segment, ...]:
    pairs = ((start, end) for start, end in segments)
    return tuple(
        (time.fromisoformat(start), MIDNIGHT if end == "24:00" else time.fromisoformat(end)) for start, end in pairs
    )


def special_day_to_json(special: SpecialDay) -> dict[str, Any]:
    """Return the special day as plain JSON values."""
    return {
        "kind": special.kind.value,
        "name": special.name,
        "ends_at": None if special.ends_at is None else _wall_to_json(special.ends_at),
        "counts_as_working": sorted(kind.value for kind in special.counts_as_working),
        "segments": _segments_to_json(special.segments),
    }


def special_day_from_json(content: Mapping[str, Any]) -> SpecialDay:
    """Return the special day that `special_day_to_json` wrote. Raises CalendarError, KeyError or ValueError."""
    ends_at = content.get("ends_at")
    return SpecialDay(
        kind=DayKind(content["kind"]),
        name=str(content["name"]),
        ends_at=None if ends_at is None else time.fromisoformat(ends_at),
        counts_as_working=frozenset(ClockKind(kind) for kind in content.get("counts_as_working", ALL_CLOCKS)),
        segments=_segments_from_json(content.get("segments", ())),
    )
