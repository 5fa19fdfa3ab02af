"""When a recipient may be reached: nobody is woken by the municipality, and no office is written to on a Sunday (B57).

A pure rule: it gets the instant, the calendar and the hours, and answers with the instant of sending.
"""

from datetime import datetime, time, timedelta
from typing import NamedTuple

from app.notices.kinds import Audience, Medium, NoticeKind
from app.sla.calendar import DAY, MAX_CLOSED_DAYS, Calendar

DAILY = frozenset({NoticeKind.ESCALATION_1})
"""Of services whose limit is under a day, these are told once a day: they are figures of quality, not files."""

RECEIPTS = frozenset({NoticeKind.RECEIPT, NoticeKind.COMPLAINT_RECEIPT})
"""What answers a citizen's own action."""


class Hours(NamedTuple):
    """From when until when (wall time, half-open) citizens may get an SMS that they did not just ask for."""

    start: time
    end: time

    @classmethod
    def parse(cls, text: str) -> "Hours":
        """`08:00-21:00`; 24:00 is the end of the day. Raises `ValueError`."""
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
    """The earliest instant from `now` on (both aware) at which the notice may leave.

    Citizens: a receipt answers their own action and leaves at once, as do e-mails and what the mobile app shows; any
    other SMS leaves within `sms_hours`. Offices and units: within the opening hours of working days. A limit under a
    day can't wait for that, except that level 1 of it is told on the working day after, at opening.
    """
    if audience is Audience.CITIZEN:
        at_once = kind in RECEIPTS or medium is not Medium.SMS
        return now if at_once else _within(sms_hours, now, calendar)
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
    """`now` where the office is open on a working day, else the next opening; a calendar always has one."""
    today = calendar.local_date(now)
    for day in (today + timedelta(days=number) for number in range(2 * MAX_CLOSED_DAYS)):
        if not calendar.is_working_day(day):
            continue
        for start, end in calendar.segments(day):
            if now < end:
                return max(now, start)
    return now
