"""Commands on the clocks of a ticket: open, pause, resume, mark as met, cancel, and arm their checkpoints.

The dates come from the pure modules beside this one; here they become rows. Every function needs a locked ticket.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import LimitOfLaw, LimitPassed, NotExtendable
from app.core.ids import new_id
from app.sla.calendar import Calendar, ClockKind
from app.sla.checkpoints import (
    FEE_LAPSE,
    CheckpointKind,
    PlannedCheckpoint,
    first_checkpoints,
    next_checkpoint,
    next_level_base,
)
from app.sla.clock_rows import armed_row, checkpoint_rows
from app.sla.deadline import Pause, deadline, on_time
from app.sla.model import Checkpoint, ClockPause, SlaClock
from app.sla.policy import PinnedPolicy

AWAITING_FEE = "awaiting_fee"
"""The pause reason between the notice of a fee and its payment."""


async def clocks_of(session: AsyncSession, ticket_id: UUID, cycle: int) -> list[SlaClock]:
    """Return the clocks of one cycle, the promise first."""
    found = await session.scalars(
        select(SlaClock).where(SlaClock.ticket_id == ticket_id, SlaClock.cycle == cycle).order_by(SlaClock.kind)
    )
    return list(found)


async def pauses_of(session: AsyncSession, clock_id: UUID) -> list[ClockPause]:
    """Return the pauses of a clock, oldest first."""
    found = await session.scalars(
        select(ClockPause).where(ClockPause.clock_id == clock_id).order_by(ClockPause.started_at, ClockPause.id)
    )
    return list(found)


def as_pauses(recorded: Iterable[ClockPause]) -> list[Pause]:
    """Return stored pauses as the values that `deadline` takes."""
    return [Pause(row.started_at, row.ended_at, row.reason) for row in recorded]


@dataclass(frozen=True, slots=True)
class DueDateMove:
    """A change of a due date, as the history of the ticket records it."""

    kind: str
    old_due_at: datetime
    new_due_at: datetime

    def to_json(self) -> dict[str, str]:
        """Return the entry in the data of an event."""
        return {"clock": self.kind, "from": self.old_due_at.isoformat(), "to": self.new_due_at.isoformat()}


async def pause(session: AsyncSession, clock: SlaClock, *, reason: str, at: datetime) -> None:
    """Pause a running clock whose policy allows `reason`; leave any other unchanged (B36: no pause in a pause)."""
    if reason in clock.pinned.pausable:
        await _start_pause(session, clock, reason=reason, at=at)


async def resume(session: AsyncSession, clock: SlaClock, *, calendar: Calendar, at: datetime) -> DueDateMove | None:
    """End the pause of a clock and recompute its due date from all recorded pauses."""
    if clock.state != "paused":
        return None
    before = clock.due_at
    await _end_pause(session, clock, calendar=calendar, at=at)
    clock.state = "running"
    await _rearm(session, clock, calendar)
    return _move_since(clock, before)


async def mark_met(session: AsyncSession, clock: SlaClock, *, calendar: Calendar, at: datetime) -> None:
    """Stop a clock because the awaited event has happened; a late one is breached, at its due instant (B33)."""
    if clock.met_at is not None or clock.state == "cancelled":
        return
    if clock.state == "paused":
        await _end_pause(session, clock, calendar=calendar, at=at)
    clock.met_at = at
    _set_verdict(clock, at, in_time="met")
    await _disarm(session, clock)


async def cancel(session: AsyncSession, clock: SlaClock, *, calendar: Calendar, at: datetime) -> None:
    """Take a clock out of the figures (withdrawn, duplicate); a clock that is late or met stays late or met."""
    if clock.state == "paused":
        await _end_pause(session, clock, calendar=calendar, at=at)
    if clock.state in {"running", "paused"}:
        _set_verdict(clock, at, in_time="cancelled")
    await _disarm(session, clock)


async def extend(session: AsyncSession, clock: SlaClock, *, calendar: Calendar, at: datetime) -> DueDateMove | None:
    """Take the longer limit that the law allows, once (4982 art. 11).

    Raises `NotExtendable` if the law has no longer limit or it was taken before. Raises `LimitPassed` after the first
    limit: the notice of extension has to leave before it ends.
    """
    if clock.pinned.extended_to is None or clock.extended_at is not None:
        raise NotExtendable
    if clock.state != "running" or not on_time(at, clock.due_at):
        raise LimitPassed(due_at=clock.due_at.isoformat())
    clock.extended_at = at
    return await _recompute(session, clock, calendar)


async def request_fee(session: AsyncSession, clock: SlaClock, *, calendar: Calendar, at: datetime) -> datetime | None:
    """Pause a clock until its fee is paid; return the last instant for the payment.

    Returns None for a clock whose law has no fee; a promise pauses all the same. Without payment the checkpoint
    `fee_lapse` fires at the returned instant (4982: 15 working days, then deemed withdrawn).
    """
    await _start_pause(session, clock, reason=AWAITING_FEE, at=at)
    due_at = clock.pinned.fee_due_at(at, calendar)
    if due_at is not None:
        session.add(Checkpoint(**armed_row(clock.id, FEE_LAPSE, 1, due_at, clock.generation)))
    return due_at


async def open_fee_due_at(session: AsyncSession, clock: SlaClock) -> datetime | None:
    """Return the last instant for the payment of a requested fee; None if no fee is open."""
    lapse = select(Checkpoint.due_at).where(Checkpoint.clock_id == clock.id, Checkpoint.state == "armed")
    return await session.scalar(lapse.where(Checkpoint.kind == FEE_LAPSE))


async def restart(session: AsyncSession, clock: SlaClock, *, calendar: Calendar, at: datetime) -> DueDateMove | None:
    """Restart the whole limit at `at`, after the fee was paid; a clock that was not paused only drops the lapse."""
    if clock.state != "paused":
        await _disarm_lapse(session, clock)
        return None
    before = clock.due_at
    clock.restarted_at = at
    await _end_pause(session, clock, calendar=calendar, at=at)
    clock.state = "running"
    await _disarm(session, clock)
    await _rearm(session, clock, calendar)
    return _move_since(clock, before)


async def override_due_at(
    session: AsyncSession, clock: SlaClock, *, due_at: datetime, calendar: Calendar, at: datetime
) -> DueDateMove | None:
    """Set the due date of an open promise by hand; no recompute and no pause changes it afterwards (B32).

    Raises `LimitOfLaw` for a statutory clock, `LimitPassed` for a promise that is no longer open.
    """
    if clock.kind != ClockKind.PROMISE:
        raise LimitOfLaw
    if clock.state != "paused" and (clock.state != "running" or not on_time(at, clock.due_at)):
        raise LimitPassed(due_at=clock.due_at.isoformat())
    if clock.state == "paused":
        await _end_pause(session, clock, calendar=calendar, at=at)
    before = clock.due_at
    clock.due_at, clock.overridden, clock.state = due_at, True, "running"
    await _disarm(session, clock)
    await _rearm(session, clock, calendar)
    return _move_since(clock, before)


async def repin(
    session: AsyncSession,
    clock: SlaClock,
    pinned: PinnedPolicy,
    *,
    calendar: Calendar,
    calendar_version_id: UUID,
    replied_at: datetime | None,
    at: datetime,
) -> DueDateMove | None:
    """Pin another policy to a clock of an open ticket; recompute it from its start with its pauses (B30).

    A breach stays if the new limit is past too; otherwise the clock runs again, as does a cancelled one. Levels that
    fired are not repeated. A pause that the new policy does not allow ends now. `replied_at` is the interim reply
    that meets the limit under the new policy. A clock that was met by that reply stays unchanged, under the service
    that it was met for (docs/decisions/0011).
    """
    if replied_at is not None and clock.met_at == replied_at:
        return None
    for row in await pauses_of(session, clock.id):
        if row.ended_at is None and row.reason not in pinned.pausable:
            row.ended_at, clock.state = at, "running"
    clock.policy, clock.calendar_version_id = pinned.to_json(), calendar_version_id
    clock.met_at = None
    move = await _recompute(session, clock, calendar, at=at)
    if replied_at is not None:
        await mark_met(session, clock, calendar=calendar, at=replied_at)
    return move


async def _start_pause(session: AsyncSession, clock: SlaClock, *, reason: str, at: datetime) -> None:
    """Pause a running clock before its due instant; an overdue clock and a date set by hand do not pause."""
    if clock.state == "running" and not clock.overridden and on_time(at, clock.due_at):
        session.add(ClockPause(id=new_id(), clock_id=clock.id, started_at=at, reason=reason))
        clock.state = "paused"
        await _disarm(session, clock)


async def _end_pause(session: AsyncSession, clock: SlaClock, *, calendar: Calendar, at: datetime) -> None:
    recorded = await pauses_of(session, clock.id)
    for row in recorded:
        if row.ended_at is None:
            row.ended_at = max(at, row.started_at)
    _set_due_at(clock, recorded, calendar)


def _set_verdict(clock: SlaClock, at: datetime, *, in_time: Literal["met", "cancelled"]) -> None:
    """Set the state of a clock that ended at `at`, even if no sweep has detected its breach (C10, B71)."""
    if on_time(at, clock.due_at):
        clock.state, clock.breached_at, clock.detected_at = in_time, None, None
    elif clock.state != "breached":
        clock.state, clock.breached_at, clock.detected_at = "breached", clock.due_at, at


def _set_due_at(clock: SlaClock, recorded: Sequence[ClockPause], calendar: Calendar) -> None:
    """Compute the due date from the recorded pauses, unless a person has set it."""
    if not clock.overridden:
        clock.due_at = deadline(clock.policy_in_force, clock.counted_from, calendar, as_pauses(recorded)).due_at


async def _recompute(
    session: AsyncSession, clock: SlaClock, calendar: Calendar, *, at: datetime | None = None
) -> DueDateMove | None:
    """Compute the due date and arm the checkpoints that have not fired; a paused clock waits for its resume.

    With `at` a breached clock stays breached if its new due date is past as well.
    """
    if clock.state == "paused":
        return None
    before, was_breached = clock.due_at, clock.state == "breached"
    clock.breached_at = None  # a stamp has to equal the due date, which is about to move
    _set_due_at(clock, await pauses_of(session, clock.id), calendar)
    if was_breached and at is not None and not on_time(at, clock.due_at):
        clock.breached_at = clock.due_at
        await _rearm_next_level(session, clock, calendar)
        return _move_since(clock, before)
    clock.state, clock.detected_at = "running", None
    await _disarm(session, clock)
    await _rearm(session, clock, calendar)
    return _move_since(clock, before)


def _move_since(clock: SlaClock, before: datetime) -> DueDateMove | None:
    return None if clock.due_at == before else DueDateMove(clock.kind, before, clock.due_at)


async def _rearm_next_level(session: AsyncSession, clock: SlaClock, calendar: Calendar) -> None:
    """Re-arm the next level of a clock that is still breached, by its present chain."""
    of_levels = select(Checkpoint).where(Checkpoint.clock_id == clock.id, Checkpoint.generation == clock.generation)
    of_levels = of_levels.where(Checkpoint.kind == CheckpointKind.ESCALATION).order_by(Checkpoint.level)
    rows = {row.level: row for row in await session.scalars(of_levels)}
    following = None
    for row in rows.values():
        if row.state == "armed":
            row.state = "cancelled"
        if row.fired_at is not None:
            base = next_level_base(row.due_at, row.fired_at)
            following = next_checkpoint(clock.pinned.chain, CheckpointKind.ESCALATION, row.level, base, calendar)
    if following is None:
        return
    if following.level in rows:
        rows[following.level].state, rows[following.level].due_at = "armed", following.due_at
    else:
        _arm(session, clock, [following])


async def _rearm(session: AsyncSession, clock: SlaClock, calendar: Calendar) -> None:
    """Arm the checkpoints that have not fired for the due date; a sent warning is not repeated (B56).

    The level at the limit is armed in any case: it stamps the breach. The sweep checks whether the office was notified
    before in this cycle.
    """
    fired = await session.execute(
        select(Checkpoint.kind, Checkpoint.level).where(Checkpoint.clock_id == clock.id, Checkpoint.state == "fired")
    )
    done = {(kind, level) for kind, level in fired}
    pinned = clock.pinned
    pauses = as_pauses(await pauses_of(session, clock.id))
    planned = first_checkpoints(
        pinned.chain, clock.counted_from, clock.due_at, calendar, basis=pinned.policy.basis, pauses=pauses
    )
    _arm(session, clock, (p for p in planned if p.due_at == clock.due_at or (p.kind.value, p.level) not in done))


def _arm(session: AsyncSession, clock: SlaClock, planned: Iterable[PlannedCheckpoint]) -> None:
    rows = checkpoint_rows(clock.id, planned, generation=clock.generation)
    session.add_all(Checkpoint(**row) for row in rows)


async def _disarm(session: AsyncSession, clock: SlaClock) -> None:
    clock.generation += 1
    await session.execute(
        update(Checkpoint).where(Checkpoint.clock_id == clock.id, Checkpoint.state == "armed").values(state="cancelled")
    )


async def _disarm_lapse(session: AsyncSession, clock: SlaClock) -> None:
    """Cancel the fee lapse of a clock that was overdue before its fee was requested; its levels stay armed."""
    lapse = update(Checkpoint).where(Checkpoint.clock_id == clock.id, Checkpoint.state == "armed")
    await session.execute(lapse.where(Checkpoint.kind == FEE_LAPSE).values(state="cancelled"))
