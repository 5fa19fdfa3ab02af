"""Dates and times of old records: Turkish or ISO, with a zone or in the local time of Istanbul.

Türkiye used EET and EEST until September 2016 (and ended summer time of 2015 two weeks late). The offset is therefore
the one of the date, never today's.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time

from app.core.clock import ISTANBUL

_TURKISH = re.compile(
    r"(?P<day>[0-9]{1,2})\.(?P<month>[0-9]{1,2})\.(?P<year>[0-9]{4})"
    r"(?:[ ]+(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2}))?)?"
)
_ISO = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"(?P<time>[ T][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?(?:Z|[+-][0-9]{2}:[0-9]{2})?)?"
)


@dataclass(frozen=True, slots=True)
class RecordedTime:
    """The time in a record: an instant in UTC; with `whole_day` the first instant of a local date without a time."""

    instant: datetime
    whole_day: bool = False


def parse_recorded_time(text: str, *, last: bool = False) -> RecordedTime:
    """Parse `01.07.2014`, `01.07.2014 10:00` or ISO 8601, without a zone in Istanbul; raise ValueError for others.

    A local time that existed twice, or not at all, at a change of summer time stands for two instants. The result is
    the first, or with `last` the last of them.
    """
    found = _TURKISH.fullmatch(text)
    if found is not None:
        day, month, year, hour, minute, second = (int(part or 0) for part in found.groups())
        local = datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - the zone follows
        has_time = found["hour"] is not None
    elif (found := _ISO.fullmatch(text)) is not None:
        local, has_time = datetime.fromisoformat(text), found["time"] is not None
    else:
        raise ValueError("no known form of a date")
    try:
        return RecordedTime((max if last else min)(_instants(local)), whole_day=not has_time)
    except OverflowError:
        raise ValueError("beyond the calendar") from None


def _instants(local: datetime) -> list[datetime]:
    if local.tzinfo is not None:
        return [local.astimezone(UTC)]
    return [local.replace(tzinfo=ISTANBUL, fold=fold).astimezone(UTC) for fold in (0, 1)]


def first_of_day(instant: datetime) -> datetime:
    """Return the first instant, in UTC, of the local date of `instant`."""
    return datetime.combine(instant.astimezone(ISTANBUL).date(), time(), ISTANBUL).astimezone(UTC)
