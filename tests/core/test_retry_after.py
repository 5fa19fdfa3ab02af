"""`Retry-After` in the forms that providers and receivers send."""

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.retry_after import parse_retry_after

NOW = datetime(2026, 5, 12, 7, 0, tzinfo=UTC)
LONGEST = 21_600.0


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120.0),
        (" 120 ", 120.0),
        ("0", 0.0),
        ("Tue, 12 May 2026 07:05:00 GMT", 300.0),
        ("Tue, 12 May 2026 06:00:00 GMT", 0.0),
        ("86400", LONGEST),
        ("999999999999", LONGEST),
        ("99999999999999999999", LONGEST),
        ("Tue, 12 May 2099 07:05:00 GMT", LONGEST),
        ("-5", None),
        ("soon", None),
        ("", None),
        ("１２", None),
        ("²", None),
        ("1 Jan 2026 00:00:00 +99999999999999999999", None),
    ],
)
def test_seconds_and_dates_are_understood_and_capped(header: str, seconds: float | None) -> None:
    assert parse_retry_after({"retry-after": header}, NOW, longest=LONGEST) == seconds


@pytest.mark.parametrize("header", ["Tue, 12 May 2026 07:05:00", "Tue, 12 May 2026 07:05:00 -0000"])
def test_a_date_without_a_zone_is_in_utc_wherever_the_machine_stands(
    header: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Europe/Istanbul")
    time.tzset()
    try:
        assert parse_retry_after({"retry-after": header}, NOW, longest=LONGEST) == 300.0
    finally:
        monkeypatch.undo()
        time.tzset()


def test_without_the_header_nothing_is_asked() -> None:
    assert parse_retry_after({}, NOW, longest=LONGEST) is None


@given(st.one_of(st.text(), st.from_regex(r"\w{3}, \d{1,30} \w{3} \d{1,30} [\d:]{1,12} [+-]?\w{0,30}", fullmatch=True)))
def test_no_text_is_too_strange(header: str) -> None:
    pause = parse_retry_after({"retry-after": header}, NOW, longest=LONGEST)
    assert pause is None or 0.0 <= pause <= LONGEST
