"""Quiet hours: no SMS wakes a citizen, and no office gets mail on a Sunday (B57).

A pure rule: from the present instant, the calendar and the hours it returns the instant of sending.
"""

from datetime import datetime, time, timedelta
from typing import NamedTuple

from app.notices.kinds import Audience, Medium, NoticeKind
from app.sla.calendar import DAY, MAX_CLOSED_DAYS, Calendar

DAILY = frozenset({NoticeKind.ESCALATION_1})
"""Kinds sent once a day for services whose limit is under a day: figures of quality, not files."""

RECEIPTS = frozenset({NoticeKind.RECEIPT, NoticeKind.COMPLAINT_RECEIPT})
"""Kinds that confirm a citizen's own action."""


class Hours(NamedTuple):
    """Hours (wall time, half-open) in which citizens may get an SMS that they did not just ask for."""

    start: time
    end: time

    @classmethod
    def parse(cls, text: str) -> "Hours":
        """Return the hours of a text such as `08:00-21:00`; 24:00 is the end of the day. Raises `ValueError`."""
        start, _, end = text.partition("-")
        return cls(time.fromisoformat(start), time.max if end == "24:00" else time.fromisoformat(end))


def send_at(
    kind: NoticeKind,
    audience: Audience,
    medium: Medium,
    *,
    under_a_day: bool,
    created_at: datetime,
    now: datetime,
    calendar: Calendar,
    sms_hours: Hours,
) -> datetime:
    """Return the earliest instant from `now` on (both aware) at which the notice may leave.

    Citizens: receipts, e-mails and messages to the mobile app leave immediately, any other SMS within `sms_hours`.
    Offices and units: within the opening hours of working days. Limits under a day are exempt; their level 1 leaves at
    the opening of the next working day.
    """
    if audience is Audience.CITIZEN:
        immediate = kind in RECEIPTS or medium is not Medium.SMS
        return now if immediate else _within(sms_hours, now, calendar)
    if under_a_day and kind not in DAILY:
        return now
    if under_a_day:
        following = calendar.instant_at(calendar.local_date(created_at) + DAY)
        return _opening(max(now, following), calendar)
    return _opening(now, calendar)


def _within(hours: Hours, now: datetime, calendar: Calendar) -> datetime:
    today = calendar.local_date(now)
    begin, end = calendar.instant_at(today, hours.start), calendar.instant_at(today, hours.end)
    if now < begin:
        return begin
    return now if now < end else calendar.instant_at(today + DAY, hours.start)


def _opening(now: datetime, calendar: Calendar) -> datetime:
    """Return `now` if the office is open, else its next opening; a calendar always has one."""
    today = calendar.local_date(now)
    for day in (today + timedelta(days=number) for number in range(2 * MAX_CLOSED_DAYS)):
        if not calendar.is_working_day(day):
            continue
        for start, end in calendar.segments(day):
            if now < end:
                return max(now, start)
    return now
