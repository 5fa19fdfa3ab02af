"""Why a clock is due when it is, as one value: for the ticket that asks, for a preview, for the command line.

It counts nothing itself: the due instant and its ledger both come from `deadline.py`.
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
    """A clock's due instant (UTC) with everything that it follows from.

    `ledger` has one line for each local date from `counted_from` to the due date. `due_at` is None while a pause lasts
    that began before the limit was used up; the ledger then ends with the line `still_paused`.
    """

    policy: Policy
    counted_from: datetime
    calendar: Calendar
    pauses: tuple[Pause, ...]
    ledger: tuple[LedgerLine, ...]
    due_at: datetime | None

    @classmethod
    def of(cls, policy: Policy, counted_from: datetime, calendar: Calendar, pauses: Iterable[Pause] = ()) -> Self:
        """The explanation of a clock of that policy; raises DeadlineError where no date can be given at all."""
        stretches = tuple(pauses)
        ledger = tuple(explain(policy, counted_from, calendar, stretches))
        stands = ledger[-1].reason_code is DayReason.STILL_PAUSED
        due_at = None if stands else deadline(policy, counted_from, calendar, stretches).due_at
        return cls(policy, counted_from, calendar, stretches, ledger, due_at)

    @property
    def unit(self) -> Unit:
        """What one step of a line's `total` is: a calendar day (also of weeks and months), a working day, a second."""
        if self.policy.limit.seconds is not None:
            return Unit.SECOND
        return Unit.WORKING_DAY if self.policy.limit.unit is Unit.WORKING_DAY else Unit.CALENDAR_DAY

    @property
    def whole(self) -> int:
        """How much has to count until the limit is used up, in `unit`; pauses have no part in it."""
        return explain(self.policy, self.counted_from, self.calendar)[-1].total

    def used(self, until: datetime) -> int:
        """How much of the limit is used up at an instant, in `unit`."""
        return elapsed(self.policy, self.counted_from, until, self.calendar, self.pauses)

    @property
    def rolled_from(self) -> tuple[date, NotWorking] | None:
        """The last date of the limit itself and why it can't bear the due date; None where it does."""
        if self.ledger[-1].reason_code is not DayReason.ROLLED:
            return None
        last = next(line.date for line in reversed(self.ledger) if line.counted)
        reason = self.calendar.why_not_working(last, self.policy.clock_kind)
        return None if reason is None else (last, reason)

    @property
    def provisional(self) -> bool:
        """Whether the way to the due date leaves the years whose holidays the calendar has: then it may still move."""
        days = self.calendar.special_days
        years = {day.year for day, special in days.items() if special.kind is DayKind.HOLIDAY}
        return not {self.ledger[0].date.year, self.ledger[-1].date.year} <= years
