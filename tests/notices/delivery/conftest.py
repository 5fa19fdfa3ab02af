"""Fixtures of delivery: a clock on which a second is a second, so pauses and leases are as documented."""

from datetime import timedelta

import pytest

from tests.installation import SettableClock
from tests.tickets.conftest import desk, installation

__all__ = ["clock", "desk", "installation"]


class SteadyClock(SettableClock):
    """Clock that moves only by the test, in real seconds."""

    def real_seconds(self, stretch: timedelta) -> float:
        """Return the stretch itself, in seconds."""
        return stretch.total_seconds()


@pytest.fixture
def clock() -> SteadyClock:
    """Return a clock at `START`."""
    return SteadyClock()
