"""Figures of a month: the clocks due in it, and their verdicts."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from app.core.clock import ISTANBUL

_MONTH = re.compile(r"(20[0-9]{2})-(0[1-9]|1[0-2])")
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Month:
    """A month of the local calendar in the years 2000 to 2099."""

    year: int
    month: int

    @classmethod
    def parse(cls, text: str) -> "Month":
        """Return the month of a text such as `2026-05`; raises ValueError for any other form."""
        found = _MONTH.fullmatch(text)
        if found is None:
            raise ValueError(f"{text!r} is no month such as 2026-05")
        return cls(int(found[1]), int(found[2]))

    @property
    def starts_at(self) -> datetime:
        """Return its first instant, in UTC."""
        return datetime(self.year, self.month, 1, tzinfo=ISTANBUL).astimezone(UTC)

    @property
    def ends_at(self) -> datetime:
        """Return the first instant after it, in UTC."""
        years, month = divmod(self.month, 12)
        return Month(self.year + years, month + 1).starts_at

    def __str__(self) -> str:
        return f"{self.year}-{self.month:02d}"


@dataclass(frozen=True, slots=True)
class ComplianceLine:
    """The clocks of one service, kind and printed limit that were due in the month, by verdict.

    `due` is the sum of `on_time`, `late`, `open_late` and `pending`; it excludes `cancelled` (withdrawn or duplicate).
    `late` is met after the limit. `open_late` is past due and not met until now, even if the citizen withdrew later.
    `pending` still runs towards a date in this month. `median` and `ninetieth` are percentiles of the time from start
    to end of the met clocks, pauses included; None if none was met.
    """

    service: str
    clock: str
    limit: str
    due: int
    on_time: int
    late: int
    open_late: int
    cancelled: int
    median: timedelta | None
    ninetieth: timedelta | None

    @property
    def pending(self) -> int:
        """Return the number of clocks without a verdict; 0 once the month is over."""
        return self.due - self.on_time - self.late - self.open_late

    @property
    def share_on_time(self) -> Decimal | None:
        """Return the percentage on time of those with a verdict (one decimal, halves up), or None without a verdict."""
        judged = self.due - self.pending
        return _rounded(self.on_time * 100, judged, decimals=1) if judged else None

    @property
    def median_hours(self) -> Decimal | None:
        """Return the median in hours."""
        return _hours(self.median)

    @property
    def ninetieth_hours(self) -> Decimal | None:
        """Return the 90th percentile in hours."""
        return _hours(self.ninetieth)


@dataclass(frozen=True, slots=True)
class Compliance:
    """The report of a month; `as_of` is its instant if the month was not over, else None.

    Two things still change the report of a past month: a late answer, and the reclassification of a late, open ticket.
    `unit` is the directorate whose tickets it covers, None for all.
    """

    month: Month
    as_of: datetime | None
    unit: str | None
    lines: tuple[ComplianceLine, ...]

    @property
    def complete(self) -> bool:
        """Return whether the month was over."""
        return self.as_of is None


def _hours(stretch: timedelta | None) -> Decimal | None:
    """Return hours with two decimals, so that ten minutes show as 0.17."""
    microsecond = timedelta(microseconds=1)
    return None if stretch is None else _rounded(stretch // microsecond, _HOUR // microsecond, decimals=2)


def _rounded(numerator: int, denominator: int, *, decimals: int) -> Decimal:
    """Return the quotient of two whole numbers, exact until it is rounded (halves up)."""
    shifted = numerator * 10**decimals
    return Decimal((2 * shifted + denominator) // (2 * denominator)).scaleb(-decimals)
