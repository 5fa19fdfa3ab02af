"""When an office that has not taken note of an escalation is reminded: twice as long after each time, five times.

Pure: instants and a calendar come in.
"""

from datetime import datetime

from app.notices.payloads import MOST_REMINDERS
from app.sla.calendar import Calendar
from app.sla.deadline import Policy, deadline
from app.sla.limit import Limit, Unit


def next_reminder(sent: int, base: datetime, calendar: Calendar) -> datetime | None:
    """When the reminder after `sent` ones is due, counted from `base` (aware); None after the last.

    `base` is the instant of the one before (at first: of the level itself), or of its late firing. The distances are
    1, 1, 2, 4 and 8 working days, so that on time they fall 1, 2, 4, 8 and 16 working days after the level, each at
    the end of its day. Raises `DeadlineError` where the calendar never opens.
    """
    if sent >= MOST_REMINDERS:
        return None
    wait = Limit(2 ** max(sent - 1, 0), Unit.WORKING_DAY)
    return deadline(Policy(wait), base, calendar).due_at
