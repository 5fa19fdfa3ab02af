"""Armed checkpoints moved to where a clock's dates are now; what has fired stays fired and is armed no second time."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import bulk_insert, bulk_update, equals_any, table_of
from app.sla.calendar import Calendar
from app.sla.checkpoints import CheckpointKind, PlannedCheckpoint, first_checkpoints, next_checkpoint
from app.sla.clocks import AWAITING_FEE, FEE_LAPSE, checkpoint_rows, fee_due_at, next_level_base
from app.sla.deadline import Pause
from app.sla.model import Checkpoint
from app.sla.policy import PinnedPolicy

Name = tuple[str, int]


@dataclass(frozen=True, slots=True)
class DatedClock:
    """A clock as it is dated now, with its pauses."""

    clock_id: UUID
    state: str
    generation: int
    counted_from: datetime
    due_at: datetime
    pinned: PinnedPolicy
    calendar: Calendar
    pauses: Sequence[Pause]

    @property
    def fee_asked_at(self) -> datetime | None:
        """Since when it stands still for a fee; None where it does not."""
        waiting = (pause.start for pause in self.pauses if pause.end is None and pause.reason == AWAITING_FEE)
        return next(waiting, None)


async def sync_checkpoints(session: AsyncSession, clocks: Sequence[DatedClock]) -> set[UUID]:
    """Move, arm and disarm the checkpoints of these clocks, whose tickets are locked; those that had any to change."""
    points = await _points(session, [clock.clock_id for clock in clocks])
    steps = _Steps()
    for clock in clocks:
        _plan(clock, points[clock.clock_id], steps)
    await bulk_update(session, Checkpoint, steps.moved)
    await bulk_update(session, Checkpoint, steps.switched)
    await bulk_insert(session, Checkpoint, steps.armed)
    return steps.changed


@dataclass(slots=True)
class _Steps:
    """What changes: checkpoints moved, disarmed or armed again, new ones, and whose they are."""

    moved: list[dict[str, Any]] = field(default_factory=list)
    switched: list[dict[str, Any]] = field(default_factory=list)
    armed: list[dict[str, Any]] = field(default_factory=list)
    changed: set[UUID] = field(default_factory=set)


class _Point(NamedTuple):
    """A checkpoint that a clock has."""

    clock_id: UUID
    id: UUID
    kind: str
    level: int
    state: str
    due_at: datetime
    fired_at: datetime | None
    generation: int


_point = table_of(Checkpoint)
_POINTS = select(*(_point.c[name] for name in _Point._fields)).order_by(_point.c.generation)


async def _points(session: AsyncSession, clocks: Sequence[UUID]) -> Mapping[UUID, list[_Point]]:
    """All checkpoints of these clocks, those of a later generation last."""
    found: defaultdict[UUID, list[_Point]] = defaultdict(list)
    for row in (await session.execute(_POINTS.where(equals_any(_point.c.clock_id, clocks)))).all():
        found[row[0]].append(_Point._make(row))
    return found


def _plan(clock: DatedClock, points: Sequence[_Point], steps: _Steps) -> None:
    """Hold what a clock has against what it has to wait for now."""
    present = {(point.kind, point.level): point for point in points if point.state != "cancelled"}
    planned = _running(clock, present) if clock.state == "running" else _waiting(clock, present)
    before = len(steps.moved) + len(steps.switched)
    for name, point in present.items():
        if point.state == "armed":
            instant = planned.pop(name, None)
            if instant is not None and instant != point.due_at:
                steps.moved.append({"id": point.id, "due_at": instant})
            elif instant is None and clock.state == "running" and point.kind != FEE_LAPSE:
                steps.switched.append({"id": point.id, "due_at": point.due_at, "state": "cancelled"})
    if planned:
        _arm(clock, points, planned, steps)
    if planned or len(steps.moved) + len(steps.switched) > before:
        steps.changed.add(clock.clock_id)


def _arm(clock: DatedClock, points: Sequence[_Point], missing: Mapping[Name, datetime], steps: _Steps) -> None:
    """What an earlier calendar left no room for comes back; the rest is new."""
    there = {(point.kind, point.level): point.id for point in points if point.generation == clock.generation}
    back = missing.keys() & there.keys()
    steps.switched += [{"id": there[name], "due_at": missing[name], "state": "armed"} for name in back]
    new = [
        PlannedCheckpoint(CheckpointKind(kind), level, missing[kind, level]) for kind, level in missing.keys() - back
    ]
    steps.armed += checkpoint_rows(clock.clock_id, new, generation=clock.generation)


def _running(clock: DatedClock, present: Mapping[Name, _Point]) -> dict[Name, datetime]:
    """What the clock still has to wait for: a warning that went out does not, the limit's end always does."""
    planned, pinned = {}, clock.pinned
    for point in first_checkpoints(
        pinned.chain,
        clock.counted_from,
        clock.due_at,
        clock.calendar,
        basis=pinned.policy.basis,
        pauses=clock.pauses,
    ):
        name = (point.kind.value, point.level)
        found = present.get(name)
        if found is None or found.state != "fired" or point.due_at == clock.due_at:
            planned[name] = point.due_at
    return planned


def _waiting(clock: DatedClock, present: Mapping[Name, _Point]) -> dict[Name, datetime]:
    """Of a clock that is late or stands still: the level that waits for the one before, and the time to pay a fee."""
    planned: dict[Name, datetime] = {}
    for kind, level in [name for name, row in present.items() if row.state == "armed"]:
        before = present.get((kind, level - 1))
        if kind == CheckpointKind.ESCALATION and before is not None and before.fired_at:
            base = next_level_base(before.due_at, before.fired_at)
            following = next_checkpoint(clock.pinned.chain, CheckpointKind.ESCALATION, level - 1, base, clock.calendar)
            if following is not None:
                planned[kind, level] = following.due_at
        elif kind == FEE_LAPSE and (asked_at := clock.fee_asked_at) and clock.pinned.fee_within is not None:
            planned[kind, level] = fee_due_at(clock.pinned, asked_at, clock.calendar)
    return planned
