"""The rows of new clocks and checkpoints, computed without a session."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypedDict
from uuid import UUID

from app.core.ids import new_id
from app.sla.calendar import Calendar
from app.sla.checkpoints import PlannedCheckpoint, first_checkpoints
from app.sla.deadline import deadline
from app.sla.policy import PinnedPolicy


class ClockRow(TypedDict):
    """A new row of `sla_clock`."""

    id: UUID
    ticket_id: UUID
    cycle: int
    kind: str
    policy: dict[str, Any]
    calendar_version_id: UUID
    started_at: datetime
    due_at: datetime
    state: str
    generation: int


class CheckpointRow(TypedDict):
    """A new row of `checkpoint`."""

    id: UUID
    clock_id: UUID
    kind: str
    level: int
    due_at: datetime
    generation: int
    state: str


@dataclass(frozen=True, slots=True)
class OpenedClock:
    """A new clock and its checkpoints as rows ready to insert, with the policy that they follow."""

    pinned: PinnedPolicy
    clock: ClockRow
    checkpoints: list[CheckpointRow]


def open_clock(
    pinned: PinnedPolicy,
    *,
    ticket_id: UUID,
    cycle: int,
    started_at: datetime,
    calendar: Calendar,
    calendar_version_id: UUID,
) -> OpenedClock:
    """Return a clock that starts at `started_at` (UTC). Raises DeadlineError if the calendar never opens."""
    due_at = deadline(pinned.policy, started_at, calendar).due_at
    clock = ClockRow(
        id=new_id(),
        ticket_id=ticket_id,
        cycle=cycle,
        kind=pinned.policy.clock_kind.value,
        policy=pinned.to_json(),
        calendar_version_id=calendar_version_id,
        started_at=started_at,
        due_at=due_at,
        state="running",
        generation=1,
    )
    planned = first_checkpoints(pinned.chain, started_at, due_at, calendar, basis=pinned.policy.basis)
    return OpenedClock(pinned, clock, checkpoint_rows(clock["id"], planned, generation=1))


def checkpoint_rows(clock_id: UUID, planned: Iterable[PlannedCheckpoint], *, generation: int) -> list[CheckpointRow]:
    """Return planned checkpoints as armed rows."""
    return [armed_row(clock_id, point.kind.value, point.level, point.due_at, generation) for point in planned]


def armed_row(clock_id: UUID, kind: str, level: int, due_at: datetime, generation: int) -> CheckpointRow:
    """Return the row of an armed checkpoint."""
    return {
        "id": new_id(),
        "clock_id": clock_id,
        "kind": kind,
        "level": level,
        "due_at": due_at,
        "generation": generation,
        "state": "armed",
    }
