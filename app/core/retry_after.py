"""`Retry-After` in the responses of other servers (RFC 9110 §10.2.3)."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def parse_retry_after(headers: Mapping[str, str], now: datetime, *, longest: float) -> float | None:
    """Return the header's seconds, from a number or an HTTP date, at most `longest`; None if it is neither.

    `headers` has names in lower case, or ignores case. A date without a zone is in UTC, as HTTP dates are.
    """
    given = headers.get("retry-after", "").strip()
    if given.isascii() and given.isdigit():
        return min(float(given[:9]), longest)
    try:
        until = parsedate_to_datetime(given)
    except (ValueError, OverflowError):
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return min(max((until - now).total_seconds(), 0.0), longest)
