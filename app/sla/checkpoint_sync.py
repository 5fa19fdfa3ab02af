"""Bring the armed checkpoints of many clocks in line with their present dates; a fired checkpoint never fires again."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import bulk_insert, bulk_update, equals_any, table_of
from app.sla.calendar import Calendar
from app.sla.checkpoints import (
    FEE_LAPSE,
    CheckpointKind,
    PlannedCheckpoint,
    first_checkpoints,
    next_checkpoint,
    next_level_base,
)
from app.sla.clock_rows import CheckpointRow, checkpoint_rows
from app.sla.clocks import AWAITING_FEE
from app.sla.deadline import Pause
from app.sla.model import Checkpoint
from app.sla.policy import PinnedPolicy

CheckpointKey = tuple[str, int]
"""Kind and level: unique among the checkpoints of a clock that are not cancelled."""


@dataclass(frozen=True, slots=True)
class DatedClock:
    """A clock with its present dates and pauses."""

    clock_id: UUID
    state: str
    generation: int
    counted_from: datetime
    due_at: datetime
    pinned: PinnedPolicy
    calendar: Calendar
    pauses: Sequence[Pause]

    @property
    def fee_requested_at(self) -> datetime | None:
        """Return the start of the open pause for a fee, or None."""
        waiting = (pause.start for pause in self.pauses if pause.end is None and pause.reason == AWAITING_FEE)
        return next(waiting, None)


async def sync_checkpoints(session: AsyncSession, clocks: Sequence[DatedClock]) -> set[UUID]:
    """Move, arm and cancel the checkpoints of clocks whose tickets are locked; return the ids of the changed clocks."""
    stored = await _read_stored(session, [clock.clock_id for clock in clocks])
    changes = _Changes()
    for clock in clocks:
        _compare(clock, stored[clock.clock_id], changes)
    await bulk_update(session, Checkpoint, changes.moved)
    await bulk_update(session, Checkpoint, changes.switched)
    await bulk_insert(session, Checkpoint, changes.armed)
    return changes.clocks


@dataclass(slots=True)
class _Changes:
    """Rows to write: new instants, new states with their instants, new checkpoints; and the clocks they belong to."""

    moved: list[dict[str, object]] = field(default_factory=list)
    switched: list[dict[str, object]] = field(default_factory=list)
    armed: list[CheckpointRow] = field(default_factory=list)
    clocks: set[UUID] = field(default_factory=set)


class _StoredCheckpoint(NamedTuple):
    """A stored checkpoint; the columns that the comparison needs."""

    clock_id: UUID
    id: UUID
    kind: str
    level: int
    state: str
    due_at: datetime
    fired_at: datetime | None
    generation: int


_checkpoint = table_of(Checkpoint)
_STORED = select(*(_checkpoint.c[name] for name in _StoredCheckpoint._fields)).order_by(_checkpoint.c.generation)


async def _read_stored(session: AsyncSession, clocks: Sequence[UUID]) -> Mapping[UUID, list[_StoredCheckpoint]]:
    """Return all checkpoints by clock, those of a later generation last."""
    found: defaultdict[UUID, list[_StoredCheckpoint]] = defaultdict(list)
    for row in (await session.execute(_STORED.where(equals_any(_checkpoint.c.clock_id, clocks)))).all():
        stored = _StoredCheckpoint._make(row)
        found[stored.clock_id].append(stored)
    return found


def _compare(clock: DatedClock, stored: Sequence[_StoredCheckpoint], changes: _Changes) -> None:
    """Compare the stored checkpoints of a clock with the planned ones and add the differences to `changes`."""
    present = {(point.kind, point.level): point for point in stored if point.state != "cancelled"}
    planned = _planned_running(clock, present) if clock.state == "running" else _planned_stopped(clock, present)
    before = len(changes.moved) + len(changes.switched)
    for key, point in present.items():
        if point.state == "armed":
            instant = planned.pop(key, None)
            if instant is not None and instant != point.due_at:
                changes.moved.append({"id": point.id, "due_at": instant})
            elif instant is None and clock.state == "running" and point.kind != FEE_LAPSE:
                changes.switched.append({"id": point.id, "due_at": point.due_at, "state": "cancelled"})
    if planned:
        _arm(clock, stored, planned, changes)
    if planned or len(changes.moved) + len(changes.switched) > before:
        changes.clocks.add(clock.clock_id)


def _arm(
    clock: DatedClock,
    stored: Sequence[_StoredCheckpoint],
    missing: Mapping[CheckpointKey, datetime],
    changes: _Changes,
) -> None:
    """Arm the missing checkpoints: again where this generation has a cancelled row, else as new rows."""
    ids = {(point.kind, point.level): point.id for point in stored if point.generation == clock.generation}
    again = missing.keys() & ids.keys()
    changes.switched += [{"id": ids[key], "due_at": missing[key], "state": "armed"} for key in again]
    new = [PlannedCheckpoint(CheckpointKind(key[0]), key[1], missing[key]) for key in missing.keys() - again]
    changes.armed += checkpoint_rows(clock.clock_id, new, generation=clock.generation)


def _planned_running(
    clock: DatedClock, present: Mapping[CheckpointKey, _StoredCheckpoint]
) -> dict[CheckpointKey, datetime]:
    """Return the checkpoints still to come of a running clock: no sent warning, but always the end of the limit."""
    planned, pinned = {}, clock.pinned
    for point in first_checkpoints(
        pinned.chain,
        clock.counted_from,
        clock.due_at,
        clock.calendar,
        basis=pinned.policy.basis,
        pauses=clock.pauses,
    ):
        key = (point.kind.value, point.level)
        found = present.get(key)
        if found is None or found.state != "fired" or point.due_at == clock.due_at:
            planned[key] = point.due_at
    return planned


def _planned_stopped(
    clock: DatedClock, present: Mapping[CheckpointKey, _StoredCheckpoint]
) -> dict[CheckpointKey, datetime]:
    """Return the checkpoints still to come of a breached or paused clock: its next level and the lapse of its fee."""
    planned: dict[CheckpointKey, datetime] = {}
    for kind, level in [key for key, row in present.items() if row.state == "armed"]:
        before = present.get((kind, level - 1))
        if kind == CheckpointKind.ESCALATION and before is not None and before.fired_at:
            base = next_level_base(before.due_at, before.fired_at)
            following = next_checkpoint(clock.pinned.chain, CheckpointKind.ESCALATION, level - 1, base, clock.calendar)
            if following is not None:
                planned[kind, level] = following.due_at
        elif kind == FEE_LAPSE and (requested_at := clock.fee_requested_at):
            pay_by = clock.pinned.fee_due_at(requested_at, clock.calendar)
            if pay_by is not None:
                planned[kind, level] = pay_by
    return planned
