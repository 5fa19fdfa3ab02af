"""The checkpoints of a clock and their instants: warnings, escalation levels, legal risk, breach. Pure.

A `+n` level is planned only when the previous level has fired. So an outage of several days does not fire all levels
at once.
"""

import operator
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from app.sla.calendar import Calendar, ClockKind
from app.sla.deadline import Basis, DeadlineError, Pause, Policy, deadline, part_of_time, utc, working_days_before
from app.sla.limit import Limit, SlaError, Unit


class ChainError(SlaError):
    """A chain of checkpoints that contradicts itself.

    Codes: `unreadable` (an instant or a kind of another form), `fraction` (outside 0-100 %), `level` (a
    warning's level is its percentage, others are 1 to 9), `early` (an escalation before the limit has ended),
    `order`, `repeated`, `no_previous_level`, `due_twice`; for a promise also `not_of_a_promise`, `no_due_step`.
    """


class CheckpointKind(StrEnum):
    """The kinds of checkpoints: `breach` only stamps the clock, `legal_risk` escalates before the law's limit ends."""

    WARNING = "warning"
    ESCALATION = "escalation"
    LEGAL_RISK = "legal_risk"
    BREACH = "breach"


class Anchor(StrEnum):
    """The reference point of a step's instant."""

    FRACTION = "fraction"
    BEFORE_DUE = "before_due"
    DUE = "due"
    AFTER_PREVIOUS = "after_previous"


# the order of the steps in a chain
ANCHOR_ORDER: Final = list(Anchor)
LAW_KINDS: Final = frozenset({CheckpointKind.LEGAL_RISK, CheckpointKind.BREACH})
HIGHEST_LEVEL: Final = 9

FEE_LAPSE: Final = "fee_lapse"
"""The checkpoint at which an unpaid fee ends the ticket. The notice of the fee arms it, so no chain has it."""

FIRED_ON_TIME: Final = timedelta(days=1)
"""The delay from which on the next level counts from the actual firing of the last one (C7)."""

FORMS: Final = (
    (Anchor.FRACTION, re.compile(r"([0-9]{1,3}) ?%")),
    (Anchor.DUE, re.compile(r"due()")),
    (Anchor.BEFORE_DUE, re.compile(r"-([0-9]{1,3}) working_day(?: before due)?")),
    (Anchor.AFTER_PREVIOUS, re.compile(r"\+([0-9]{1,3}) working_day(?: after previous level)?")),
)


@dataclass(frozen=True, slots=True)
class Step:
    """One checkpoint of a chain.

    `at` is `50%` (of the running time from start to due), `-3 working_day` (before due), `due`, or `+3 working_day`
    (after the previous level has fired). The level of a warning is its percentage. Raises ChainError.
    """

    kind: CheckpointKind
    level: int
    at: str
    anchor: Anchor = field(init=False, repr=False, compare=False)
    amount: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        anchor, amount = _read_instant(self.at)
        object.__setattr__(self, "anchor", anchor)
        object.__setattr__(self, "amount", amount)
        if anchor is Anchor.FRACTION and not 0 < amount < 100:
            raise ChainError("fraction", f"{self.at} is not between start and due")
        if (self.kind is CheckpointKind.WARNING) is not (anchor is Anchor.FRACTION):
            raise ChainError("order", f"only warnings have percentages: {self.kind} {self.at}")
        if self.kind is CheckpointKind.ESCALATION and anchor is Anchor.BEFORE_DUE:
            raise ChainError("early", f"level {self.level} cannot fire before the limit has ended: {self.at}")
        if self.kind is CheckpointKind.BREACH and anchor is not Anchor.DUE:
            raise ChainError("order", f"a breach is due when the limit ends, not at {self.at}")
        if anchor is Anchor.AFTER_PREVIOUS and self.kind is not CheckpointKind.ESCALATION:
            raise ChainError("order", f"only an escalation follows a level: {self.kind} {self.at}")
        if self.kind is CheckpointKind.WARNING and self.level != amount:
            raise ChainError("level", f"the level of a warning is its percentage: {self.level} at {self.at}")
        if not 1 <= self.level <= (99 if self.kind is CheckpointKind.WARNING else HIGHEST_LEVEL):
            raise ChainError("level", f"{self.kind} has no level {self.level}")

    @property
    def clock_kind(self) -> ClockKind:
        """Return the kind of clock whose working days the step counts."""
        return ClockKind.STATUTORY if self.kind in LAW_KINDS else ClockKind.PROMISE


def _read_instant(at: str) -> tuple[Anchor, int]:
    for anchor, form in FORMS:
        found = form.fullmatch(at)
        if found:
            amount = int(found[1] or 0)
            if amount == 0 and anchor in {Anchor.BEFORE_DUE, Anchor.AFTER_PREVIOUS}:
                break
            return anchor, amount
    raise ChainError("unreadable", f"{at!r} is none of 50%, -3 working_day, due, +3 working_day")


@dataclass(frozen=True, slots=True)
class Chain:
    """The checkpoints of a clock in the order of time; a clock with an empty chain notifies no one.

    Percentages rise, days before due fall, escalation levels rise one by one. Each `+n` level has a previous level, no
    step is repeated, and at most one step is at the end of the limit: it stamps the breach. Raises ChainError.
    """

    steps: tuple[Step, ...]

    def __post_init__(self) -> None:
        names = [(step.kind, step.level) for step in self.steps]
        if len(set(names)) < len(names):
            raise ChainError("repeated", "the same kind and level twice in the chain")
        if sum(step.anchor is Anchor.DUE for step in self.steps) > 1:
            raise ChainError("due_twice", "at most one step at the end of the limit")
        keys = [_order_key(step) for step in self.steps]
        if keys != sorted(keys):
            raise ChainError("order", f"steps are not in the order of time: {[step.at for step in self.steps]}")
        levels = [step.level for step in self.steps if step.kind is CheckpointKind.ESCALATION]
        if levels and levels != list(range(levels[0], levels[0] + len(levels))):
            raise ChainError("order", f"escalation levels rise one by one, got {levels}")
        for step in self.steps:
            if step.anchor is Anchor.AFTER_PREVIOUS and step.level - 1 not in levels:
                raise ChainError("no_previous_level", f"level {step.level} has no previous level")

    def check_promise(self) -> None:
        """Raise ChainError unless the chain fits a promise.

        Before the limit ends it only warns: legal risk belongs to the statutory clock. At the end of the limit one step
        stamps the breach: level 1, or `breach` if no one is to be notified.
        """
        foreign = [step for step in self.steps if step.kind is CheckpointKind.LEGAL_RISK]
        if foreign:
            raise ChainError("not_of_a_promise", f"{foreign[0].kind} belongs to the limit of the law")
        if not any(step.anchor is Anchor.DUE for step in self.steps):
            raise ChainError("no_due_step", "no step at the end of the limit: its breach would never be detected")

    def step(self, kind: str, level: int) -> Step | None:
        """Return the step of that kind and level, or None."""
        return next((step for step in self.steps if step.level == level and step.kind == kind), None)

    def to_json(self) -> list[dict[str, Any]]:
        """Return the chain as plain JSON values."""
        return [{"kind": step.kind.value, "level": step.level, "at": step.at} for step in self.steps]

    @classmethod
    def from_json(cls, content: Iterable[Mapping[str, Any]]) -> "Chain":
        """Return the chain of a stored or configured list of {kind, level, at}. Raises ChainError."""
        try:
            return cls(
                tuple(
                    Step(CheckpointKind(item["kind"]), operator.index(item["level"]), str(item["at"]))
                    for item in content
                )
            )
        except ChainError:
            raise
        except (KeyError, TypeError, ValueError) as error:
            raise ChainError("unreadable", f"not a list of kind, level and at: {error!r}") from error


def _order_key(step: Step) -> tuple[int, int]:
    within = {
        Anchor.FRACTION: step.amount,
        Anchor.BEFORE_DUE: -step.amount,
        Anchor.AFTER_PREVIOUS: step.level,
    }
    return ANCHOR_ORDER.index(step.anchor), within.get(step.anchor, 0)


WARNING_50: Final = Step(CheckpointKind.WARNING, 50, "50%")
WARNING_80: Final = Step(CheckpointKind.WARNING, 80, "80%")
FIRST_OFFICE: Final = Step(CheckpointKind.ESCALATION, 1, "due")
SECOND_OFFICE: Final = Step(CheckpointKind.ESCALATION, 2, "+3 working_day")

DEFAULT_PROMISE_CHAIN: Final = Chain((WARNING_50, WARNING_80, FIRST_OFFICE, SECOND_OFFICE))
# a limit under a day is a figure of service quality: it never escalates to the second office
SHORT_CHAIN: Final = Chain((WARNING_80, FIRST_OFFICE))
STATUTORY_CHAIN: Final = Chain(
    (Step(CheckpointKind.LEGAL_RISK, 2, "-3 working_day"), Step(CheckpointKind.BREACH, 1, "due"))
)


def default_chain(limit: Limit, clock_kind: ClockKind) -> Chain:
    """Return the chain of a clock without a configured chain."""
    if clock_kind is ClockKind.STATUTORY:
        return STATUTORY_CHAIN
    return SHORT_CHAIN if limit.under_a_day else DEFAULT_PROMISE_CHAIN


@dataclass(frozen=True, slots=True)
class PlannedCheckpoint:
    """A checkpoint to arm, with its UTC instant."""

    kind: CheckpointKind
    level: int
    due_at: datetime


def first_checkpoints(
    chain: Chain,
    started_at: datetime,
    due_at: datetime,
    calendar: Calendar,
    *,
    basis: Basis = Basis.ROUND_THE_CLOCK,
    pauses: Sequence[Pause] = (),
) -> tuple[PlannedCheckpoint, ...]:
    """Return the checkpoints to arm when a clock starts or its due date moves: all but the `+n` levels.

    A percentage is a part of the running time from start to due: without pauses, and within opening hours if the limit
    counts in them. A warning or a legal risk that is not after the start is left out: the creation of a ticket fires
    nothing (B20). Raises DeadlineError.
    """
    start, due = utc(started_at), utc(due_at)
    instants = ((step, _instant(step, start, due, calendar, basis, pauses)) for step in chain.steps)
    return tuple(PlannedCheckpoint(step.kind, step.level, instant) for step, instant in instants if instant is not None)


def days_before_due(chain: Chain, due_at: datetime, calendar: Calendar) -> tuple[datetime, ...]:
    """Return the instants of the steps before due: another calendar moves them even if the due date stays.

    Raises DeadlineError.
    """
    due = utc(due_at)
    return tuple(_days_before(due, step, calendar) for step in chain.steps if step.anchor is Anchor.BEFORE_DUE)


def next_checkpoint(
    chain: Chain, fired_kind: CheckpointKind, fired_level: int, fired_at: datetime, calendar: Calendar
) -> PlannedCheckpoint | None:
    """Return the `+n` level after the level that has fired, or None.

    It is due at the end of the n-th working day after the local date of `fired_at`. Raises DeadlineError.
    """
    if fired_kind is not CheckpointKind.ESCALATION:
        return None
    for step in chain.steps:
        if step.anchor is Anchor.AFTER_PREVIOUS and step.level == fired_level + 1:
            wait = Policy(Limit(step.amount, Unit.WORKING_DAY), clock_kind=step.clock_kind)
            return PlannedCheckpoint(step.kind, step.level, deadline(wait, fired_at, calendar).due_at)
    return None


def next_level_base(due_at: datetime, fired_at: datetime) -> datetime:
    """Return the instant from which the next level counts: `due_at`, or `fired_at` if the level fired a day late.

    After an outage the levels keep their full distance from each other (C7).
    """
    return due_at if fired_at - due_at < FIRED_ON_TIME else fired_at


def _instant(
    step: Step, start: datetime, due: datetime, calendar: Calendar, basis: Basis, pauses: Sequence[Pause]
) -> datetime | None:
    if step.anchor is Anchor.DUE:
        return due
    if step.anchor is Anchor.FRACTION:
        instant = part_of_time(step.amount, start, due, calendar, basis, pauses)
    elif step.anchor is Anchor.BEFORE_DUE:
        instant = _days_before(due, step, calendar)
    else:
        return None
    return instant if start < instant else None


def _days_before(due: datetime, step: Step, calendar: Calendar) -> datetime:
    try:
        day = calendar.local_date(due)
    except OverflowError as error:
        raise DeadlineError("out_of_range", f"{due} has no date in {calendar.zone}") from error
    return working_days_before(day, step.amount, calendar, step.clock_kind)
