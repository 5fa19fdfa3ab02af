"""Where time comes from: business code gets `now` from a `Clock`, so a day can pass in a second.

A virtual clock is a straight line through (origin, start) with a slope; processes that share the three numbers agree
about the instant without talking to each other.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

ISTANBUL = ZoneInfo("Europe/Istanbul")


class Clock(Protocol):
    """Something that knows the instant (aware, UTC) and how long a stretch of it really takes."""

    def now(self) -> datetime:
        """The present instant, in UTC."""
        ...

    def real_seconds(self, stretch: timedelta) -> float:
        """How many real seconds pass while `stretch` passes on this clock."""
        ...


@dataclass(frozen=True, slots=True)
class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present instant, in UTC."""
        return datetime.now(UTC)

    def real_seconds(self, stretch: timedelta) -> float:
        """The stretch itself, in seconds."""
        return stretch.total_seconds()


@dataclass(frozen=True, slots=True)
class VirtualClock:
    """A clock that stood at `start` at the real instant `origin` and runs `speed` times as fast since."""

    start: datetime
    origin: datetime
    speed: float

    def now(self) -> datetime:
        """The present virtual instant, in UTC."""
        return self.start.astimezone(UTC) + (datetime.now(UTC) - self.origin) * self.speed

    def real_seconds(self, stretch: timedelta) -> float:
        """Real seconds in which `stretch` passes here."""
        return stretch.total_seconds() / self.speed


def make_clock(virtual: tuple[datetime, datetime, float] | None) -> Clock:
    """The clock of an installation: the machine's, or a virtual one of (start, origin, speed)."""
    return SystemClock() if virtual is None else VirtualClock(*virtual)
