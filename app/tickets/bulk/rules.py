"""The rules of a bulk run: the open clocks it selects, and the policy and calendar by which it computes each one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Text, and_, cast, exists, or_, select

from app.core.db import table_of
from app.sla.calendar import Calendar
from app.sla.calendar_versions import Calendars
from app.sla.checkpoints import days_before_due
from app.sla.deadline import Basis, Pause, Policy, deadline, on_time
from app.sla.model import Checkpoint, SlaClock
from app.sla.policy import PinnedPolicy, parse_pinned
from app.tickets.model import Ticket


class OpenClock(NamedTuple):
    """A clock that is not met yet, with everything that its dates depend on."""

    id: UUID
    ticket_id: UUID
    number: str
    service: str
    formal: bool
    right_to_information: bool
    kind: str
    state: str
    stored_policy: str
    started_at: datetime
    restarted_at: datetime | None
    extended_at: datetime | None
    due_at: datetime
    overridden: bool
    generation: int
    calendar_version_id: UUID

    @property
    def counted_from(self) -> datetime:
        """Return the instant from which the limit counts."""
        return self.restarted_at or self.started_at

    @property
    def pinned(self) -> PinnedPolicy:
        """Return the pinned policy; clocks with the same stored policy share one parsed value."""
        return parse_pinned(self.stored_policy)


_clock, _ticket, _checkpoint = table_of(SlaClock), table_of(Ticket), table_of(Checkpoint)

_COLUMNS = {
    "id": _clock.c.id,
    "ticket_id": _clock.c.ticket_id,
    "number": _ticket.c.number,
    "service": _ticket.c.service,
    "formal": _ticket.c.formal,
    "right_to_information": _ticket.c.right_to_information,
    "kind": _clock.c.kind,
    "state": _clock.c.state,
    "stored_policy": cast(_clock.c.policy, Text),
    "started_at": _clock.c.started_at,
    "restarted_at": _clock.c.restarted_at,
    "extended_at": _clock.c.extended_at,
    "due_at": _clock.c.due_at,
    "overridden": _clock.c.overridden,
    "generation": _clock.c.generation,
    "calendar_version_id": _clock.c.calendar_version_id,
}
"""The columns of an `OpenClock` by the names of its fields; columns of tables load faster than ORM rows."""

OPEN_CLOCKS = select(*(_COLUMNS[name] for name in OpenClock._fields)).join_from(
    _clock, _ticket, _ticket.c.id == _clock.c.ticket_id
)
"""The query of `OpenClock` rows, in the order of its fields."""


def is_open_or_armed() -> ColumnElement[bool]:
    """Return the condition for running and paused clocks, and for breached ones with an armed checkpoint."""
    armed = exists().where(_checkpoint.c.clock_id == _clock.c.id, _checkpoint.c.state == "armed")
    return or_(_clock.c.state.in_(("running", "paused")), and_(_clock.c.state == "breached", armed))


def has_older_calendar(version_id: UUID) -> ColumnElement[bool]:
    """Return the condition for open or armed clocks that were computed with an older calendar (ids rise with time).

    A clock with a newer calendar is left out: another change may have been made during the run. A breached clock
    keeps its calendar, by which its due date is explained, and so is selected again.
    """
    return and_(is_open_or_armed(), _clock.c.calendar_version_id < version_id)


def present_policy(clock: OpenClock) -> PinnedPolicy:
    """Return the policy that the clock has, for a run that changes the calendar only."""
    return clock.pinned


@dataclass(frozen=True, slots=True)
class ClockRule:
    """The policy and calendar by which a run computes a clock; `is_new` is true if the policy differs from before.

    Thousands of clocks share one rule, which caches the dates that it computed.
    """

    pinned: PinnedPolicy
    is_new: bool
    policy: Policy
    calendar: Calendar
    _due_by_day: dict[date, datetime] = field(default_factory=dict, repr=False)
    _unmoved: dict[tuple[UUID, datetime], bool] = field(default_factory=dict, repr=False)

    def due_at(self, counted_from: datetime, pauses: Sequence[Pause]) -> datetime:
        """Return the due date; for a limit of days without pauses it depends on the local start date alone."""
        if pauses or self.policy.limit.seconds is not None:
            return deadline(self.policy, counted_from, self.calendar, pauses).due_at
        day = self.calendar.local_date(counted_from)
        found = self._due_by_day.get(day)
        if found is None:
            found = self._due_by_day[day] = deadline(self.policy, counted_from, self.calendar).due_at
        return found

    def keeps_checkpoints(self, clock: OpenClock, former_calendars: Mapping[UUID, Calendars]) -> bool:
        """Return whether the checkpoints of a clock with an unchanged due date have the same dates as before."""
        if self.is_new or clock.state != "running" or self.policy.basis is Basis.OPENING_HOURS:
            return False
        key = clock.calendar_version_id, clock.due_at
        found = self._unmoved.get(key)
        if found is None:
            chain, former = self.pinned.chain, former_calendars[clock.calendar_version_id][self.pinned.hours]
            before = days_before_due(chain, clock.due_at, former)
            found = self._unmoved[key] = before == days_before_due(chain, clock.due_at, self.calendar)
        return found


_RuleKey = tuple[str, bool, str, str, bool, bool]


@dataclass(frozen=True, slots=True)
class RecomputeRun:
    """One run: the selected clocks, the calendars that apply now, the cause, the actor, and the policy of each clock.

    `cause` is `calendar` or `policy`. With `only_new_policies` a clock with an equal policy is skipped. `seal_reason`
    returns the actor's reason, sealed to the event of a ticket (id, sequence number).
    """

    calendars: Calendars
    calendar_version_id: UUID
    cause: str
    actor: str
    condition: ColumnElement[bool]
    policy_of: Callable[[OpenClock], PinnedPolicy] = present_policy
    only_new_policies: bool = False
    facts: Mapping[str, str] = field(default_factory=dict)
    seal_reason: Callable[[UUID, int], bytes] | None = None
    _rules: dict[_RuleKey, ClockRule] = field(default_factory=dict, repr=False)

    def rule_of(self, clock: OpenClock) -> ClockRule:
        """Return the rule by which this run computes the clock."""
        extended = clock.extended_at is not None
        key = clock.stored_policy, extended, clock.kind, clock.service, clock.formal, clock.right_to_information
        rule = self._rules.get(key)
        if rule is None:
            pinned = self.policy_of(clock)
            calendar, policy = self.calendars[pinned.hours], pinned.in_force(extended=extended)
            rule = self._rules[key] = ClockRule(pinned, pinned != clock.pinned, policy, calendar)
        return rule

    def skips(self, clock: OpenClock, now: datetime) -> bool:
        """Return whether the run leaves the clock unchanged: past due (B71: even before a sweep), or equal policy."""
        if clock.state == "running" and not on_time(now, clock.due_at):
            return True
        return self.only_new_policies and not self.rule_of(clock).is_new

    def due_at(self, clock: OpenClock, pauses: Sequence[Pause]) -> datetime:
        """Return the new due date; a clock that is paused, breached or set by hand keeps its own."""
        if clock.state != "running" or clock.overridden:
            return clock.due_at
        return self.rule_of(clock).due_at(clock.counted_from, pauses)
