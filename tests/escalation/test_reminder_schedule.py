"""Instants of reminders: doubling distances in working days, over holidays, and from now after an outage."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.escalation.reminders import next_reminder
from tests.sla.calendars import local, turkish_calendar

CALENDAR = turkish_calendar(range(2026, 2028))


def series(raised: str) -> list[str]:
    """The local dates of all reminders of a level that was raised at that instant, each on time."""
    base: datetime | None = local(raised)
    dates = []
    for sent in range(5):
        assert base is not None
        base = next_reminder(sent, base, CALENDAR)
        assert base is not None
        dates.append(CALENDAR.local_date(base).isoformat())
    assert next_reminder(5, base or local(raised), CALENDAR) is None
    return dates


@pytest.mark.parametrize(
    ("raised", "due"),
    [
        # 1, 2, 4, 8 and 16 working days
        ("2026-06-01T23:59:59.999999", ["2026-06-02", "2026-06-03", "2026-06-05", "2026-06-11", "2026-06-23"]),
        # over 19 May, and Kurban Bayramı with its eve, which is a working day
        ("2026-05-15T09:00", ["2026-05-18", "2026-05-20", "2026-05-22", "2026-06-02", "2026-06-12"]),
        ("2026-05-25T16:59", ["2026-05-26", "2026-06-01", "2026-06-03", "2026-06-09", "2026-06-19"]),
        # raised on a Saturday at one in the morning, which is Friday in UTC
        ("2026-06-13T01:00", ["2026-06-15", "2026-06-16", "2026-06-18", "2026-06-24", "2026-07-06"]),
    ],
)
def test_reminders_double_their_distance_in_working_days(raised: str, due: list[str]) -> None:
    assert series(raised) == due


def test_a_reminder_is_due_at_the_end_of_its_day() -> None:
    assert next_reminder(0, local("2026-06-01T09:00"), CALENDAR) == local("2026-06-02T23:59:59.999999")


@given(st.integers(0, 4), st.integers(0, 300 * 24))
def test_a_reminder_lies_after_its_base_and_on_a_working_day(sent: int, hours: int) -> None:
    base = local("2026-01-05T09:00") + timedelta(hours=hours)
    due = next_reminder(sent, base, CALENDAR)
    assert due is not None
    assert due > base
    assert CALENDAR.is_working_day(CALENDAR.local_date(due))
