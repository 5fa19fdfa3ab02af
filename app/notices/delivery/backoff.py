"""Backoff of delivery attempts: exponential with full jitter, for about three days.

The maximum after attempt n is 10 s · 2^(n-1), at most six hours. The pause is drawn evenly between one second and that
maximum. So notices that failed together are not retried together. 34 attempts take about three days on average.
"""

import random
from datetime import timedelta

from app.core.clock import Clock

FIRST_BACKOFF_SECONDS, MAX_BACKOFF_SECONDS = 10.0, 21_600.0
MIN_BACKOFF_SECONDS = 1.0

MAX_ATTEMPTS = 34


def max_backoff_seconds(attempts: int) -> float:
    """Return the maximum of the pause after `attempts` attempts, in real seconds."""
    return float(min(FIRST_BACKOFF_SECONDS * 2.0 ** min(attempts - 1, 32), MAX_BACKOFF_SECONDS))


def backoff_seconds(attempts: int, retry_after: float | None = None) -> float:
    """Return the pause before the next attempt: at least `retry_after`, at most six hours, in real seconds."""
    drawn = random.uniform(MIN_BACKOFF_SECONDS, max_backoff_seconds(attempts))  # noqa: S311 - spreading load, not a secret
    return min(max(drawn, retry_after or 0.0), MAX_BACKOFF_SECONDS)


def clock_duration(clock: Clock, seconds: float) -> timedelta:
    """Return the time that passes on `clock` in so many real seconds; a demonstration's clock runs faster."""
    return timedelta(seconds=seconds / clock.real_seconds(timedelta(seconds=1)))
