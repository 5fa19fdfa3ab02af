"""What has to happen on the way of a clock, and when: warnings, escalation levels, legal risk, breach.

A level that hangs on the one before it is planned only when that one has fired, so that an outage of several
days does not fire all levels at once.
"""

import operator
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from app.sla.calendar import Calendar, ClockKind
from app.sla.deadline import Basis, DeadlineError, Pause, Policy, deadline, part_of_time, utc, working_days_before
from app.sla.limit import Limit, SlaError, Unit


class ChainError(SlaError):
    """A chain of checkpoints that can't be meant as it is written.

    Codes: `unreadable` (an instant or a kind of another form), `fraction` (outside 0-100 %), `level` (a
    warning's level is its percentage, others are 1 to 9), `early` (an escalation before the limit has ended),
    `order`, `repeated`, `no_previous_level`, `due_twice`, and of a promise `not_of_a_promise`, `no_due_step`.
    """


class CheckpointKind(StrEnum):
    """What fires: `breach` only stamps the clock, `legal_risk` escalates before the law's limit ends."""

    WARNING = "warning"
    ESCALATION = "escalation"
    LEGAL_RISK = "legal_risk"
    BREACH = "breach"


class Anchor(StrEnum):
    """What the instant of a step is measured from."""

    FRACTION = "fraction"
    BEFORE_DUE = "before_due"
    DUE = "due"
    AFTER_PREVIOUS = "after_previous"


# steps are written in the order in which their anchors come
ANCHOR_ORDER: Final = list(Anchor)
LAW_KINDS: Final = frozenset({CheckpointKind.LEGAL_RISK, CheckpointKind.BREACH})
HIGHEST_LEVEL: Final = 9

FORMS: Final = (
    (Anchor.FRACTION, re.compile(r"([0-9]{1,3}) ?%")),
    (Anchor.DUE, re.compile(r"due()")),
    (Anchor.BEFORE_DUE, re.compile(r"-([0-9]{1,3}) working_day(?: before due)?")),
    (Anchor.AFTER_PREVIOUS, re.compile(r"\+([0-9]{1,3}) working_day(?: after previous level)?")),
)


@dataclass(frozen=True, slots=True)
class Step:
    """One checkpoint of a chain.

    `at` is `50%` (of the time that runs from start to due), `-3 working_day` (before due), `due`, or `+3 working_day`
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
            raise ChainError("fraction", f"{self.at} does not lie between start and due")
        if (self.kind is CheckpointKind.WARNING) is not (anchor is Anchor.FRACTION):
            raise ChainError("order", f"warnings, nothing else, stand at percentages: {self.kind} {self.at}")
        if self.kind is CheckpointKind.ESCALATION and anchor is Anchor.BEFORE_DUE:
            raise ChainError("early", f"level {self.level} says that the limit is past, and {self.at} it is not")
        if self.kind is CheckpointKind.BREACH and anchor is not Anchor.DUE:
            raise ChainError("order", f"a breach is due when the limit ends, not at {self.at}")
        if anchor is Anchor.AFTER_PREVIOUS and self.kind is not CheckpointKind.ESCALATION:
            raise ChainError("order", f"only an escalation waits for the level before it: {self.kind} {self.at}")
        if self.kind is CheckpointKind.WARNING and self.level != amount:
            raise ChainError("level", f"the level of a warning is its percentage: {self.level} at {self.at}")
        if not 1 <= self.level <= (99 if self.kind is CheckpointKind.WARNING else HIGHEST_LEVEL):
            raise ChainError("level", f"{self.kind} has no level {self.level}")

    @property
    def clock_kind(self) -> ClockKind:
        """Whose working days it counts: the law's for what the law's limit needs, else the promise's."""
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
    """The checkpoints of a clock in the order of time; an empty chain is a clock that nobody is told about.

    Raises ChainError unless percentages rise, days before due fall, escalation levels rise one by one, each
    level that waits for the one before has one, none is there twice, and at most one stands at the limit's end: it
    stamps the breach.
    """

    steps: tuple[Step, ...]

    def __post_init__(self) -> None:
        names = [(step.kind, step.level) for step in self.steps]
        if len(set(names)) < len(names):
            raise ChainError("repeated", "the same kind and level stands twice in the chain")
        if sum(step.anchor is Anchor.DUE for step in self.steps) > 1:
            raise ChainError("due_twice", "one step at most stands where the limit ends")
        keys = [_order_key(step) for step in self.steps]
        if keys != sorted(keys):
            raise ChainError("order", f"steps are not in the order of time: {[step.at for step in self.steps]}")
        levels = [step.level for step in self.steps if step.kind is CheckpointKind.ESCALATION]
        if levels and levels != list(range(levels[0], levels[0] + len(levels))):
            raise ChainError("order", f"escalation levels rise one by one, got {levels}")
        for step in self.steps:
            if step.anchor is Anchor.AFTER_PREVIOUS and step.level - 1 not in levels:
                raise ChainError("no_previous_level", f"level {step.level} waits for one that is not there")

    def check_promise(self) -> None:
        """Raises ChainError unless the chain can hang on a promise.

        Before the limit ends it only warns (what the law risks is another clock's matter), and when it ends a step
        stamps the breach: level 1, or `breach` where nobody is to be told.
        """
        foreign = [step for step in self.steps if step.kind is CheckpointKind.LEGAL_RISK]
        if foreign:
            raise ChainError("not_of_a_promise", f"{foreign[0].kind} belongs to the limit of the law")
        if not any(step.anchor is Anchor.DUE for step in self.steps):
            raise ChainError("no_due_step", "no step stands where the limit ends: its breach would never be seen")

    def step(self, kind: str, level: int) -> Step | None:
        """Return the step of that kind and level, or None."""
        return next((step for step in self.steps if step.level == level and step.kind == kind), None)

    def to_json(self) -> list[dict[str, Any]]:
        """The chain as plain JSON values."""
        return [{"kind": step.kind.value, "level": step.level, "at": step.at} for step in self.steps]

    @classmethod
    def from_json(cls, content: Iterable[Mapping[str, Any]]) -> "Chain":
        """A chain from a list of {kind, level, at}, stored or configured. Raises ChainError."""
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
# a limit under a day is a figure of service quality: it never reaches the second office
SHORT_CHAIN: Final = Chain((WARNING_80, FIRST_OFFICE))
STATUTORY_CHAIN: Final = Chain(
    (Step(CheckpointKind.LEGAL_RISK, 2, "-3 working_day"), Step(CheckpointKind.BREACH, 1, "due"))
)


def default_chain(limit: Limit, clock_kind: ClockKind) -> Chain:
    """The chain of a clock for which nothing else is configured."""
    if clock_kind is ClockKind.STATUTORY:
        return STATUTORY_CHAIN
    return SHORT_CHAIN if limit.under_a_day else DEFAULT_PROMISE_CHAIN


@dataclass(frozen=True, slots=True)
class PlannedCheckpoint:
    """A checkpoint with the UTC instant at which it has to fire."""

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
    """What a clock arms when it starts or its due date moves: all but levels that wait for the one before.

    Percentages are of the time that runs from start to due: without the pauses, and of a limit of opening hours while
    the doors are open. A warning or a legal risk whose instant would not lie after the start is left out: nothing fires
    because a ticket was created (B20). Raises DeadlineError.
    """
    start, due = utc(started_at), utc(due_at)
    instants = ((step, _instant(step, start, due, calendar, basis, pauses)) for step in chain.steps)
    return tuple(PlannedCheckpoint(step.kind, step.level, instant) for step, instant in instants if instant is not None)


def days_before_due(chain: Chain, due_at: datetime, calendar: Calendar) -> tuple[datetime, ...]:
    """The instants that are counted back from the due date: all that another calendar moves while that stays.

    Raises DeadlineError.
    """
    due = utc(due_at)
    return tuple(_days_before(due, step, calendar) for step in chain.steps if step.anchor is Anchor.BEFORE_DUE)


def next_checkpoint(
    chain: Chain, fired_kind: CheckpointKind, fired_level: int, fired_at: datetime, calendar: Calendar
) -> PlannedCheckpoint | None:
    """The level that waited for the one that has just fired, or None.

    It is due at the end of the n-th working day after the local date of `fired_at`. Raises DeadlineError.
    """
    if fired_kind is not CheckpointKind.ESCALATION:
        return None
    for step in chain.steps:
        if step.anchor is Anchor.AFTER_PREVIOUS and step.level == fired_level + 1:
            wait = Policy(Limit(step.amount, Unit.WORKING_DAY), clock_kind=step.clock_kind)
            return PlannedCheckpoint(step.kind, step.level, deadline(wait, fired_at, calendar).due_at)
    return None


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
