"""When a notice is tried again: pauses that double, drawn at random, for about three days.

The longest pause after attempt n is 10 s · 2^(n-1), at most six hours: 10 s, 20 s, 40 s, 80 s, … 1 h 25 min,
2 h 51 min, 5 h 41 min, then 6 h each. The pause itself is drawn evenly between a second and the longest ("full
jitter"), so that what failed together does not come back together; 34 attempts therefore take about three days.
"""

import random
from datetime import timedelta

from app.core.clock import Clock

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 10.0, 21_600.0
LEAST_PAUSE_SECONDS = 1.0

MAX_ATTEMPTS = 34


def longest_pause(attempts: int) -> float:
    """Real seconds that may pass at most after so many attempts."""
    return float(min(FIRST_PAUSE_SECONDS * 2.0 ** min(attempts - 1, 32), LONGEST_PAUSE_SECONDS))


def pause_after(attempts: int, asked: float | None = None) -> float:
    """Real seconds until the next attempt; never less than the other side asked for, nor more than six hours."""
    drawn = random.uniform(LEAST_PAUSE_SECONDS, longest_pause(attempts))  # noqa: S311 - spreading load, not a secret
    return min(max(drawn, asked or 0.0), LONGEST_PAUSE_SECONDS)


def on_clock(clock: Clock, seconds: float) -> timedelta:
    """What passes on the installation's clock in so many real seconds: servers do not run faster in a demonstration."""
    return timedelta(seconds=seconds / clock.real_seconds(timedelta(seconds=1)))
