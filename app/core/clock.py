"""The source of time: business code gets `now` from a `Clock`, so a day can pass in a second.

A virtual clock is a linear function of real time. Processes that share its three numbers agree on the instant without
communication.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

ISTANBUL = ZoneInfo("Europe/Istanbul")


class Clock(Protocol):
    """A source of the present instant (aware, UTC) and of the real length of a duration."""

    def now(self) -> datetime:
        """Return the present instant, in UTC."""
        ...

    def real_seconds(self, duration: timedelta) -> float:
        """Return the real seconds that pass while `duration` passes on this clock."""
        ...


@dataclass(frozen=True, slots=True)
class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the present instant, in UTC."""
        return datetime.now(UTC)

    def real_seconds(self, duration: timedelta) -> float:
        """Return the duration in seconds."""
        return duration.total_seconds()


@dataclass(frozen=True, slots=True)
class VirtualClock:
    """A clock that showed `start` at the real instant `origin` and runs `speed` times as fast as real time."""

    start: datetime
    origin: datetime
    speed: float

    def now(self) -> datetime:
        """Return the present virtual instant, in UTC."""
        return self.start.astimezone(UTC) + (datetime.now(UTC) - self.origin) * self.speed

    def real_seconds(self, duration: timedelta) -> float:
        """Return the real seconds in which `duration` passes."""
        return duration.total_seconds() / self.speed


def make_clock(virtual: tuple[datetime, datetime, float] | None) -> Clock:
    """Return the machine's clock, or a virtual clock of (start, origin, speed)."""
    return SystemClock() if virtual is None else VirtualClock(*virtual)
