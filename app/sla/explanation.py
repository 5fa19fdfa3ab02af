"""The explanation of a due date as one value, for a ticket, a preview and the command line.

The due instant and its ledger both come from `deadline.py`; nothing is counted here. Pure: standard library only.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Self

from app.sla.calendar import Calendar, DayKind, DayReason, NotWorking
from app.sla.deadline import LedgerLine, Pause, Policy, deadline, elapsed, explain
from app.sla.limit import Unit


@dataclass(frozen=True, slots=True)
class Explanation:
    """A due instant (UTC) with everything that it follows from.

    `ledger` has one line for each local date from `counted_from` to the due date. `due_at` is None while the clock is
    paused before its limit is used up; the ledger then ends with the line `still_paused`.
    """

    policy: Policy
    counted_from: datetime
    calendar: Calendar
    pauses: tuple[Pause, ...]
    ledger: tuple[LedgerLine, ...]
    due_at: datetime | None

    @classmethod
    def of(cls, policy: Policy, counted_from: datetime, calendar: Calendar, pauses: Iterable[Pause] = ()) -> Self:
        """Return the explanation of a clock of that policy. Raises DeadlineError if no date can be computed."""
        stretches = tuple(pauses)
        ledger = tuple(explain(policy, counted_from, calendar, stretches))
        still_paused = ledger[-1].reason_code is DayReason.STILL_PAUSED
        due_at = None if still_paused else deadline(policy, counted_from, calendar, stretches).due_at
        return cls(policy, counted_from, calendar, stretches, ledger, due_at)

    @property
    def unit(self) -> Unit:
        """Return the unit of a line's `total`: calendar day (also for weeks and months), working day or second."""
        if self.policy.limit.seconds is not None:
            return Unit.SECOND
        return Unit.WORKING_DAY if self.policy.limit.unit is Unit.WORKING_DAY else Unit.CALENDAR_DAY

    @property
    def whole(self) -> int:
        """Return the length of the whole limit in `unit`; pauses do not change it."""
        return explain(self.policy, self.counted_from, self.calendar)[-1].total

    def used(self, until: datetime) -> int:
        """Return the used part of the limit at an instant, in `unit`."""
        return elapsed(self.policy, self.counted_from, until, self.calendar, self.pauses)

    @property
    def rolled_from(self) -> tuple[date, NotWorking] | None:
        """Return the last date of the limit and why it is no due date; None if the due date was not rolled."""
        if self.ledger[-1].reason_code is not DayReason.ROLLED:
            return None
        last = next(line.date for line in reversed(self.ledger) if line.counted)
        reason = self.calendar.why_not_working(last, self.policy.clock_kind)
        return None if reason is None else (last, reason)

    @property
    def provisional(self) -> bool:
        """Return whether the calendar lacks the holidays of a year on the way to the due date, so that it may move."""
        days = self.calendar.special_days
        years = {day.year for day, special in days.items() if special.kind is DayKind.HOLIDAY}
        return not {self.ledger[0].date.year, self.ledger[-1].date.year} <= years
