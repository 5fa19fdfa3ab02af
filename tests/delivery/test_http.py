"""`Retry-After`, as providers write it."""

from datetime import UTC, datetime

import pytest

from app.notices.delivery.http import LONGEST_WAIT_SECONDS, retry_after

NOW = datetime(2026, 5, 12, 7, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        ("120", 120.0),
        ("0", 0.0),
        ("Tue, 12 May 2026 07:05:00 GMT", 300.0),
        ("Tue, 12 May 2026 06:00:00 GMT", 0.0),
        ("86400", LONGEST_WAIT_SECONDS),
        ("99999999999999999999", LONGEST_WAIT_SECONDS),
        ("Tue, 12 May 2099 07:05:00 GMT", LONGEST_WAIT_SECONDS),
        ("-5", None),
        ("soon", None),
        ("", None),
    ],
)
def test_seconds_and_dates_are_understood_and_capped(given: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": given}, NOW) == seconds


def test_without_the_header_nothing_is_asked() -> None:
    assert retry_after({}, NOW) is None
