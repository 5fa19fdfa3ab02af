"""The figures of a month as values: which clocks were due in it, and what became of them."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from app.core.clock import ISTANBUL

_MONTH = re.compile(r"(20[0-9]{2})-(0[1-9]|1[0-2])")
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Month:
    """A month of the local calendar, of the years 2000 to 2099."""

    year: int
    month: int

    @classmethod
    def parse(cls, text: str) -> "Month":
        """The month of `2026-05`; raises ValueError for anything else."""
        found = _MONTH.fullmatch(text)
        if found is None:
            raise ValueError(f"{text!r} is no month such as 2026-05")
        return cls(int(found[1]), int(found[2]))

    @property
    def starts_at(self) -> datetime:
        """Its first instant, in UTC."""
        return datetime(self.year, self.month, 1, tzinfo=ISTANBUL).astimezone(UTC)

    @property
    def ends_at(self) -> datetime:
        """The first instant after it, in UTC."""
        years, month = divmod(self.month, 12)
        return Month(self.year + years, month + 1).starts_at

    def __str__(self) -> str:
        return f"{self.year}-{self.month:02d}"


@dataclass(frozen=True, slots=True)
class ComplianceLine:
    """What became of the clocks of one service, kind and printed limit that were due in the month.

    `due` is their number, and each of them is one of `on_time`, `late` (met after the limit), `open_late` (past due and
    not met until now; also where the citizen gave up afterwards) or `pending` (still running towards a date in this
    month; none once it is over). `cancelled` (withdrawn or duplicate) are no part of `due`.
    `median` and `ninetieth` are the times from the start of the clock to its end, pauses included, that half and nine
    tenths of the met ones did not exceed; None where none was met.
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
        """Those on which there is no verdict yet."""
        return self.due - self.on_time - self.late - self.open_late

    @property
    def share_on_time(self) -> Decimal | None:
        """Percent of those with a verdict, one decimal, halves up; None where there is no verdict."""
        judged = self.due - self.pending
        return _rounded(self.on_time * 100, judged, decimals=1) if judged else None

    @property
    def median_hours(self) -> Decimal | None:
        """The median in hours."""
        return _hours(self.median)

    @property
    def ninetieth_hours(self) -> Decimal | None:
        """The 90th percentile in hours."""
        return _hours(self.ninetieth)


@dataclass(frozen=True, slots=True)
class Compliance:
    """The report of a month; `as_of` is the instant of a report that was made before the month was over, else None.

    What changes the report of a month that is over is a late answer, and a late request that is still open and found to
    be of another service. `unit` is the directorate whose tickets it is about, None for all.
    """

    month: Month
    as_of: datetime | None
    unit: str | None
    lines: tuple[ComplianceLine, ...]

    @property
    def complete(self) -> bool:
        """Whether the month was over."""
        return self.as_of is None


def _hours(stretch: timedelta | None) -> Decimal | None:
    """Two decimals, so that a service of ten minutes shows more than 0,2."""
    microsecond = timedelta(microseconds=1)
    return None if stretch is None else _rounded(stretch // microsecond, _HOUR // microsecond, decimals=2)


def _rounded(numerator: int, denominator: int, *, decimals: int) -> Decimal:
    """The quotient of two whole numbers, exact until it is rounded (halves up)."""
    shifted = numerator * 10**decimals
    return Decimal((2 * shifted + denominator) // (2 * denominator)).scaleb(-decimals)
