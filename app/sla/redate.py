"""Armed checkpoints moved to where a clock's dates are now; what has fired stays fired and is armed no second time."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
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


async def redate(session: AsyncSession, clocks: Sequence[Redating]) -> None:
    """Move, arm and disarm the checkpoints of these clocks; their tickets are locked."""
    points: defaultdict[UUID, dict[Name, Any]] = defaultdict(dict)
    columns = (Checkpoint.id, Checkpoint.kind, Checkpoint.level, Checkpoint.state, Checkpoint.due_at)
    found = select(*columns, Checkpoint.fired_at, Checkpoint.clock_id).where(
        among(Checkpoint.clock_id, [clock.clock_id for clock in clocks]), Checkpoint.state.in_(("armed", "fired"))
    )
    rows: Sequence[Any] = (await session.execute(found.order_by(Checkpoint.state.desc()))).all()
    for row in rows:  # what is armed hides what has fired
        points[row.clock_id][row.kind, row.level] = row
    moved: list[dict[str, Any]] = []
    armed: list[dict[str, Any]] = []
    dropped: list[UUID] = []
    for clock in clocks:
        present = points[clock.clock_id]
        planned = _running(clock) if clock.state == "running" else _waiting(clock, present)
        for name, row in present.items():
            if row.state == "armed" and name in planned and planned[name] != row.due_at:
                moved.append({"id": row.id, "due_at": planned[name]})
            elif row.state == "armed" and name not in planned and clock.state == "running":
                dropped.append(row.id)
        missing = [
            Planned(CheckpointKind(kind), level, planned[kind, level]) for kind, level in planned.keys() - present
        ]
        armed += checkpoint_rows(clock.clock_id, missing, generation=clock.generation)
    await bulk_update(session, Checkpoint, moved)
    await bulk_insert(session, Checkpoint, armed)
    if dropped:
        await session.execute(update(Checkpoint).where(among(Checkpoint.id, dropped)).values(state="cancelled"))


def _running(clock: Redating) -> dict[Name, datetime]:
    points = first_checkpoints(clock.pinned.chain, clock.counted_from, clock.due_at, clock.calendar)
    return {(point.kind.value, point.level): point.due_at for point in points}


def _waiting(clock: Redating, present: Mapping[Name, Any]) -> dict[Name, datetime]:
    """Of a clock that is late or stands still: the level that waits for the one before, and the time to pay a fee."""
    planned: dict[Name, datetime] = {}
    for (kind, level), row in present.items():
        before = present.get((kind, level - 1))
        if row.state == "armed" and kind == CheckpointKind.ESCALATION and before is not None and before.fired_at:
            base = counts_from(before.due_at, before.fired_at)
            following = next_checkpoint(clock.pinned.chain, CheckpointKind.ESCALATION, level - 1, base, clock.calendar)
            if following is not None:
                planned[kind, level] = following.due_at
    if clock.fee_asked_at is not None and clock.pinned.fee_within is not None:
        planned[FEE_LAPSE, 1] = fee_due(clock.pinned, clock.fee_asked_at, clock.calendar)
    return {name: instant for name, instant in planned.items() if name in present}
