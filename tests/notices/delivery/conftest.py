"""A clock on which a second is a second: pauses and leases are as long as their documentation says."""

from datetime import timedelta

import pytest

from tests.installation import SettableClock
from tests.tickets.conftest import desk, installation

__all__ = ["clock", "desk", "installation"]


class SteadyClock(SettableClock):
    """Moves only when told to, and takes as long as it says."""

    def real_seconds(self, stretch: timedelta) -> float:
        """The stretch itself, in seconds."""
        return stretch.total_seconds()


@pytest.fixture
def clock() -> SteadyClock:
    """Stands at `START` until the test moves it."""
    return SteadyClock()
