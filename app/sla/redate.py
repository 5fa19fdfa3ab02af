"""Armed checkpoints moved to where a clock's dates are now; what has fired stays fired and is armed no second time."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import among, bulk_insert, bulk_update
from app.sla.calendar import Calendar
from app.sla.checkpoints import Anchor, CheckpointKind, Planned, first_checkpoints, next_checkpoint
from app.sla.clocks import FEE_LAPSE, checkpoint_rows, counts_from, fee_due
from app.sla.model import Checkpoint
from app.sla.policy import PinnedPolicy

Name = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Redating:
    """A clock as it is dated now; `fee_asked_at` is set while it stands still for a fee."""

    clock_id: UUID
    state: str
    generation: int
    counted_from: datetime
    due_at: datetime
    pinned: PinnedPolicy
    calendar: Calendar
    fee_asked_at: datetime | None


def needs_redating(state: str, pinned: PinnedPolicy, *, moved: bool) -> bool:
    """Whether checkpoints may lie elsewhere though the due date does not: those counted in working days."""
    counted = any(step.anchor is Anchor.BEFORE_DUE for step in pinned.chain.steps)
    return moved or state != "running" or counted


async def redate(session: AsyncSession, clocks: Sequence[Redating]) -> set[UUID]:
    """Move, arm and disarm the checkpoints of these clocks, whose tickets are locked; those that had any to change."""
    points = await _points(session, [clock.clock_id for clock in clocks])
    dated: list[dict[str, Any]] = []
    armed: list[dict[str, Any]] = []
    changed: set[UUID] = set()
    for clock in clocks:
        own_dated, own_armed = _steps(clock, points[clock.clock_id])
        dated += own_dated
        armed += own_armed
        if own_dated or own_armed:
            changed.add(clock.clock_id)
    await bulk_update(session, Checkpoint, dated)
    await bulk_insert(session, Checkpoint, armed)
    return changed


def _steps(clock: Redating, points: Sequence[Any]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """What changes on the checkpoints that a clock has, and which are new."""
    present = {(row.kind, row.level): row for row in points if row.state != "cancelled"}
    planned = _running(clock, present) if clock.state == "running" else _waiting(clock, present)
    dated = []
    for name, row in present.items():
        if row.state != "armed":
            continue
        if name in planned:
            if (instant := planned.pop(name)) != row.due_at:
                dated.append({"id": row.id, "due_at": instant, "state": "armed"})
        elif clock.state == "running" and row.kind != FEE_LAPSE:
            dated.append({"id": row.id, "due_at": row.due_at, "state": "cancelled"})
    # what an earlier calendar left no room for comes back
    taken = {(row.kind, row.level): row.id for row in points if row.generation == clock.generation}
    back = planned.keys() & taken.keys()
    dated += [{"id": taken[name], "due_at": planned[name], "state": "armed"} for name in back]
    new = [
        Planned(CheckpointKind(kind), level, at) for (kind, level), at in planned.items() if (kind, level) not in back
    ]
    return dated, checkpoint_rows(clock.clock_id, new, generation=clock.generation)


async def _points(session: AsyncSession, clocks: Sequence[UUID]) -> Mapping[UUID, list[Any]]:
    """All checkpoints of these clocks, those of a later generation last."""
    columns = (Checkpoint.id, Checkpoint.kind, Checkpoint.level, Checkpoint.state, Checkpoint.due_at)
    query = select(*columns, Checkpoint.fired_at, Checkpoint.generation, Checkpoint.clock_id)
    found: defaultdict[UUID, list[Any]] = defaultdict(list)
    for row in await session.execute(query.where(among(Checkpoint.clock_id, clocks)).order_by(Checkpoint.generation)):
        found[row.clock_id].append(row)
    return found


def _running(clock: Redating, present: Mapping[Name, Any]) -> dict[Name, datetime]:
    """What the clock still has to wait for: a warning that went out does not, the limit's end always does."""
    points = first_checkpoints(clock.pinned.chain, clock.counted_from, clock.due_at, clock.calendar)
    fired = {name for name, row in present.items() if row.state == "fired"}
    planned = {(point.kind.value, point.level): point.due_at for point in points}
    return {name: instant for name, instant in planned.items() if instant == clock.due_at or name not in fired}


def _waiting(clock: Redating, present: Mapping[Name, Any]) -> dict[Name, datetime]:
    """Of a clock that is late or stands still: the level that waits for the one before, and the time to pay a fee."""
    planned: dict[Name, datetime] = {}
    for kind, level in [name for name, row in present.items() if row.state == "armed"]:
        before = present.get((kind, level - 1))
        if kind == CheckpointKind.ESCALATION and before is not None and before.fired_at:
            base = counts_from(before.due_at, before.fired_at)
            following = next_checkpoint(clock.pinned.chain, CheckpointKind.ESCALATION, level - 1, base, clock.calendar)
            if following is not None:
                planned[kind, level] = following.due_at
        elif kind == FEE_LAPSE and clock.fee_asked_at is not None and clock.pinned.fee_within is not None:
            planned[kind, level] = fee_due(clock.pinned, clock.fee_asked_at, clock.calendar)
    return planned
