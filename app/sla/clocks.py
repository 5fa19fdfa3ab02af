"""The clocks of a ticket as rows: opened, paused, resumed, met, cancelled, with the checkpoints that hang on them.

The dates come from the pure core; here they become rows. All functions expect that the ticket is locked.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.ids import new_id
from app.sla.calendar import Calendar, ClockKind
from app.sla.checkpoints import Chain, Planned, first_checkpoints
from app.sla.deadline import Basis, Pause, Policy, Roll, deadline, on_time
from app.sla.limit import Limit, Unit
from app.sla.model import Checkpoint, ClockPause, SlaClock


@dataclass(frozen=True, slots=True)
class PinnedPolicy:
    """Everything that a clock is judged by, pinned to it when it starts: later edits of the catalogue leave it alone.

    `printed` is the limit as the published table prints it (or the law names it), `hours` the name of the calendar it
    is counted in, `regime` the law of a statutory clock, `pausable` the reasons for which it may stand still.
    """

    policy: Policy
    printed: str
    hours: str
    chain: Chain
    pausable: frozenset[str] = frozenset()
    regime: str | None = None

    def to_json(self) -> dict[str, Any]:
        """As it is stored with the clock."""
        return {
            "printed": self.printed,
            "hours": self.hours,
            "limit": {"amount": self.policy.limit.amount, "unit": self.policy.limit.unit.value},
            "basis": self.policy.basis.value,
            "roll": self.policy.roll.value,
            "kind": self.policy.clock_kind.value,
            "chain": self.chain.to_json(),
            "pausable": sorted(self.pausable),
            "regime": self.regime,
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "PinnedPolicy":
        """Back from the stored form."""
        limit = Limit(content["limit"]["amount"], Unit(content["limit"]["unit"]))
        kind = ClockKind(content["kind"])
        return cls(
            policy=Policy(limit, Basis(content["basis"]), Roll(content["roll"]), kind),
            printed=content["printed"],
            hours=content["hours"],
            chain=Chain.from_json(content["chain"]),
            pausable=frozenset(content["pausable"]),
            regime=content["regime"],
        )


@dataclass(frozen=True, slots=True)
class OpenedClock:
    """A new clock and its checkpoints as rows ready to insert."""

    clock: dict[str, Any]
    checkpoints: list[dict[str, Any]]


def open_clock(
    pinned: PinnedPolicy,
    *,
    ticket_id: UUID,
    cycle: int,
    started_at: datetime,
    calendar: Calendar,
    calendar_version_id: UUID,
) -> OpenedClock:
    """A clock that starts at `started_at` (UTC); raises DeadlineError where the calendar never opens."""
    due_at = deadline(pinned.policy, started_at, calendar).due_at
    clock_id = new_id()
    clock = {
        "id": clock_id,
        "ticket_id": ticket_id,
        "cycle": cycle,
        "kind": pinned.policy.clock_kind.value,
        "policy": pinned.to_json(),
        "calendar_version_id": calendar_version_id,
        "started_at": started_at,
        "due_at": due_at,
        "state": "running",
        "generation": 1,
    }
    planned = first_checkpoints(pinned.chain, started_at, due_at, calendar)
    return OpenedClock(clock, checkpoint_rows(clock_id, planned, generation=1))


def checkpoint_rows(clock_id: UUID, planned: Iterable[Planned], *, generation: int) -> list[dict[str, Any]]:
    """Armed checkpoints as rows."""
    return [
        {
            "id": new_id(),
            "clock_id": clock_id,
            "kind": point.kind.value,
            "level": point.level,
            "due_at": point.due_at,
            "generation": generation,
            "state": "armed",
        }
        for point in planned
    ]


async def clocks_of(session: AsyncSession, ticket_id: UUID, cycle: int) -> list[SlaClock]:
    """The clocks of one cycle, the promise first."""
    found = await session.scalars(
        select(SlaClock).where(SlaClock.ticket_id == ticket_id, SlaClock.cycle == cycle).order_by(SlaClock.kind)
    )
    return list(found)


async def pauses_of(session: AsyncSession, clock_id: UUID) -> list[ClockPause]:
    """The pauses of a clock, oldest first."""
    found = await session.scalars(
        select(ClockPause).where(ClockPause.clock_id == clock_id).order_by(ClockPause.started_at, ClockPause.id)
    )
    return list(found)


async def pause(session: AsyncSession, clock: SlaClock, *, reason: str, at: datetime) -> None:
    """Let a clock stand still if it runs and may pause for `reason`; any other runs on (B36: no pause in a pause).

    One whose limit is past does not pause either: its breach is only waiting to be seen.
    """
    if clock.state == "running" and on_time(at, clock.due_at) and reason in clock.policy["pausable"]:
        session.add(ClockPause(id=new_id(), clock_id=clock.id, started_at=at, reason=reason))
        clock.state = "paused"
        await _disarm(session, clock)


async def resume(session: AsyncSession, clock: SlaClock, *, calendar: Calendar, at: datetime) -> None:
    """Let a paused clock run again: its due date is computed anew from all recorded pauses."""
    if clock.state == "paused":
        await _end_pause(session, clock, calendar=calendar, at=at)
        clock.state = "running"
        await _rearm(session, clock, calendar)


async def meet(session: AsyncSession, clock: SlaClock, *, calendar: Calendar, at: datetime) -> None:
    """Stop a clock because what it waits for has happened; a late one is breached, on its due instant (B33)."""
    if clock.met_at is not None or clock.state == "cancelled":
        return
    if clock.state == "paused":
        await _end_pause(session, clock, calendar=calendar, at=at)
    clock.met_at = at
    if clock.state != "breached":
        _judge(clock, at)
    await _disarm(session, clock)


async def cancel(session: AsyncSession, clock: SlaClock, *, calendar: Calendar, at: datetime) -> None:
    """Take a clock out of the figures (withdrawn, duplicate); one that is breached or met already stays so."""
    if clock.state == "paused":
        await _end_pause(session, clock, calendar=calendar, at=at)
    if clock.state in {"running", "paused"}:
        clock.state = "cancelled"
    await _disarm(session, clock)


def restart(
    clock: SlaClock, *, cycle: int, started_at: datetime, calendar: Calendar, calendar_version_id: UUID
) -> OpenedClock:
    """The same promise or law anew, for the next cycle of a reopened ticket.

    The policy is the one that was pinned; the calendar is that of today, for it tells which days are yet to come.
    """
    return open_clock(
        PinnedPolicy.from_json(clock.policy),
        ticket_id=clock.ticket_id,
        cycle=cycle,
        started_at=started_at,
        calendar=calendar,
        calendar_version_id=calendar_version_id,
    )


def _judge(clock: SlaClock, at: datetime) -> None:
    if on_time(at, clock.due_at):
        clock.state = "met"
    else:
        clock.state, clock.breached_at, clock.detected_at = "breached", clock.due_at, at


async def _end_pause(session: AsyncSession, clock: SlaClock, *, calendar: Calendar, at: datetime) -> None:
    recorded = await pauses_of(session, clock.id)
    for row in recorded:
        if row.ended_at is None:
            row.ended_at = max(at, row.started_at)
    pauses = [Pause(row.started_at, row.ended_at, row.reason) for row in recorded]
    pinned = PinnedPolicy.from_json(clock.policy)
    clock.due_at = deadline(pinned.policy, clock.started_at, calendar, pauses).due_at


async def _disarm(session: AsyncSession, clock: SlaClock) -> None:
    clock.generation += 1
    await session.execute(
        update(Checkpoint).where(Checkpoint.clock_id == clock.id, Checkpoint.state == "armed").values(state="cancelled")
    )


async def _rearm(session: AsyncSession, clock: SlaClock, calendar: Calendar) -> None:
    """Arm what has not fired yet for the new due date; a notice that went out is not repeated (B56)."""
    fired = await session.execute(
        select(Checkpoint.kind, Checkpoint.level).where(Checkpoint.clock_id == clock.id, Checkpoint.state == "fired")
    )
    done = {(kind, level) for kind, level in fired}
    chain = PinnedPolicy.from_json(clock.policy).chain
    planned = first_checkpoints(chain, clock.started_at, clock.due_at, calendar)
    rows = checkpoint_rows(
        clock.id, (p for p in planned if (p.kind.value, p.level) not in done), generation=clock.generation
    )
    session.add_all(Checkpoint(**row) for row in rows)
