"""The clocks of a ticket as rows: opened, paused, resumed, met, cancelled, with the checkpoints that hang on them.

The dates come from the pure core; here they become rows. All functions expect that the ticket is locked.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import LimitOfLaw, LimitPassed, NotExtendable
from app.core.ids import new_id
from app.sla.calendar import Calendar, ClockKind
from app.sla.checkpoints import CheckpointKind, PlannedCheckpoint, first_checkpoints, next_checkpoint
from app.sla.deadline import Pause, deadline, on_time
from app.sla.model import Checkpoint, ClockPause, SlaClock
from app.sla.policy import PinnedPolicy

AWAITING_FEE = "awaiting_fee"
"""The reason of the pause between the notice of a fee and its payment."""

FEE_LAPSE = "fee_lapse"
"""The checkpoint at which an unpaid fee ends the matter; it hangs on a notice, so it is no part of a chain."""


FIRED_ON_TIME = timedelta(days=1)
"""A level that fires within a day of its instant counts its successor from that instant; a later one from then (C7)."""


@dataclass(frozen=True, slots=True)
class OpenedClock:
    """A new clock and its checkpoints as rows ready to insert, with the policy pinned to it."""

    pinned: PinnedPolicy
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
    planned = first_checkpoints(pinned.chain, started_at, due_at, calendar, basis=pinned.policy.basis)
    return OpenedClock(pinned, clock, checkpoint_rows(clock_id, planned, generation=1))


def checkpoint_rows(clock_id: UUID, planned: Iterable[PlannedCheckpoint], *, generation: int) -> list[dict[str, Any]]:
    """Armed checkpoints as rows."""
    return [_armed(clock_id, point.kind.value, point.level, point.due_at, generation) for point in planned]


def _armed(clock_id: UUID, kind: str, level: int, due_at: datetime, generation: int) -> dict[str, Any]:
    return {
        "id": new_id(),
        "clock_id": clock_id,
        "kind": kind,
        "level": level,
        "due_at": due_at,
        "generation": generation,
        "state": "armed",
    }


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


@dataclass(frozen=True, slots=True)
class DueDateMove:
    """A due date that was moved, as the history of the ticket keeps it."""

    kind: str
    old_due_at: datetime
    new_due_at: datetime

    def to_json(self) -> dict[str, str]:
        """As it stands in the data of an event."""
        return {"clock": self.kind, "from": self.old_due_at.isoformat(), "to": self.new_due_at.isoformat()}


def next_level_base(due_at: datetime, fired_at: datetime) -> datetime:
    """From when the next level counts: the instant of this one if it fired within a day of it, else when it fired.

    After an outage the levels so follow each other with their full distance (C7).
    """
    return due_at if fired_at - due_at < FIRED_ON_TIME else fired_at


async def pause(session: AsyncSession, clock: SlaClock, *, reason: str, at: datetime) -> None:
    """Let a clock stand still if it runs and may pause for `reason`; any other runs on (B36: no pause in a pause)."""
    if reason in clock.pinned.pausable:
        await _stand_still(session, clock, reason=reason, at=at)


async def resume(session: AsyncSession, clock: SlaClock, *, calendar: Calendar, at: datetime) -> DueDateMove | None:
    """Let a paused clock run again: its due date is computed anew from all recorded pauses."""
    if clock.state != "paused":
        return None
    before = clock.due_at
    await _end_pause(session, clock, calendar=calendar, at=at)
    clock.state = "running"
    await _rearm(session, clock, calendar)
    return _moved(clock, before)


async def meet(session: AsyncSession, clock: SlaClock, *, calendar: Calendar, at: datetime) -> None:
    """Stop a clock because what it waits for has happened; a late one is breached, on its due instant (B33)."""
    if clock.met_at is not None or clock.state == "cancelled":
        return
    if clock.state == "paused":
        await _end_pause(session, clock, calendar=calendar, at=at)
    clock.met_at = at
    _judge(clock, at)
    await _disarm(session, clock)


async def cancel(session: AsyncSession, clock: SlaClock, *, calendar: Calendar, at: datetime) -> None:
    """Take a clock out of the figures (withdrawn, duplicate); one that is late or met already stays so."""
    if clock.state == "paused":
        await _end_pause(session, clock, calendar=calendar, at=at)
    if clock.state in {"running", "paused"}:
        _judge(clock, at, kept="cancelled")
    await _disarm(session, clock)


async def extend(session: AsyncSession, clock: SlaClock, *, calendar: Calendar, at: datetime) -> DueDateMove | None:
    """Take the longer limit that the law allows, once (4982 art. 11).

    Raises `NotExtendable` (no such law, or extended before) and `LimitPassed`: the notice has to leave before the
    first limit ends.
    """
    pinned = clock.pinned
    if pinned.extended_to is None or clock.extended_at is not None:
        raise NotExtendable
    if clock.state != "running" or not on_time(at, clock.due_at):
        raise LimitPassed(due_at=clock.due_at.isoformat())
    clock.extended_at = at
    return await _recompute(session, clock, calendar)


async def ask_for_fee(session: AsyncSession, clock: SlaClock, *, calendar: Calendar, at: datetime) -> datetime | None:
    """A fee was asked for: the limit is interrupted until it is paid; returns until when that has to be.

    None for a clock whose law knows no fee; a promise beside it stands still all the same. Without the payment the
    checkpoint `fee_lapse` fires at the instant returned (4982: 15 working days, then deemed withdrawn).
    """
    await _stand_still(session, clock, reason=AWAITING_FEE, at=at)
    pinned = clock.pinned
    if pinned.fee_within is None:
        return None
    pay_by = fee_due_at(pinned, at, calendar)
    session.add(Checkpoint(**_armed(clock.id, FEE_LAPSE, 1, pay_by, clock.generation)))
    return pay_by


def fee_due_at(pinned: PinnedPolicy, asked_at: datetime, calendar: Calendar) -> datetime:
    """Until when a fee that was asked for at `asked_at` has to be paid."""
    if pinned.fee_within is None:
        raise ValueError(f"{pinned.printed}: no fee")
    return deadline(replace(pinned.policy, limit=pinned.fee_within), asked_at, calendar).due_at


async def pay_by(session: AsyncSession, clock: SlaClock) -> datetime | None:
    """Until when the fee has to be paid that is waited for; None where none is."""
    lapse = select(Checkpoint.due_at).where(Checkpoint.clock_id == clock.id, Checkpoint.state == "armed")
    return await session.scalar(lapse.where(Checkpoint.kind == FEE_LAPSE))


async def restart(session: AsyncSession, clock: SlaClock, *, calendar: Calendar, at: datetime) -> DueDateMove | None:
    """The fee was paid: a clock that was interrupted for it counts its whole limit anew from `at`."""
    if clock.state != "paused":
        await _disarm_lapse(session, clock)
        return None
    before = clock.due_at
    clock.restarted_at = at
    await _end_pause(session, clock, calendar=calendar, at=at)
    clock.state = "running"
    await _disarm(session, clock)
    await _rearm(session, clock, calendar)
    return _moved(clock, before)


async def override(
    session: AsyncSession, clock: SlaClock, *, due_at: datetime, calendar: Calendar, at: datetime
) -> DueDateMove | None:
    """A person sets the due date of an open promise; from then on nothing computes it anew and no pause stops it (B32).

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
    return _moved(clock, before)


async def repin(
    session: AsyncSession,
    clock: SlaClock,
    pinned: PinnedPolicy,
    *,
    calendar: Calendar,
    calendar_version_id: UUID,
    kept_at: datetime | None,
    at: datetime,
) -> DueDateMove | None:
    """Judge a clock of an open ticket by another policy, from its original start and with its pauses (B30).

    A breach stays where the new limit is past as well; where it is not, the clock runs again, and so does one that was
    taken away before. What has fired is not repeated. A pause for which the new policy does not stand still ends now.
    `kept_at` is when an interim reply was given that keeps the limit by the new policy, whatever the old one said; a
    clock that it has met already stays as it was met, under the service that it was met for (docs/decisions/0011).
    """
    if kept_at is not None and clock.met_at == kept_at:
        return None
    for row in await pauses_of(session, clock.id):
        if row.ended_at is None and row.reason not in pinned.pausable:
            row.ended_at, clock.state = at, "running"
    clock.policy, clock.calendar_version_id = pinned.to_json(), calendar_version_id
    clock.met_at = None
    moved = await _recompute(session, clock, calendar, at=at)
    if kept_at is not None:
        await meet(session, clock, calendar=calendar, at=kept_at)
    return moved


def next_cycle(
    clock: SlaClock, *, cycle: int, started_at: datetime, calendar: Calendar, calendar_version_id: UUID
) -> OpenedClock:
    """The same promise or law anew, for the next cycle of a reopened ticket.

    The policy is the one that was pinned; the calendar is that of today, for it tells which days are yet to come.
    """
    return open_clock(
        clock.pinned,
        ticket_id=clock.ticket_id,
        cycle=cycle,
        started_at=started_at,
        calendar=calendar,
        calendar_version_id=calendar_version_id,
    )


async def _stand_still(session: AsyncSession, clock: SlaClock, *, reason: str, at: datetime) -> None:
    """One whose limit is past does not pause: its breach is only waiting to be seen; nor does a date set by hand."""
    if clock.state == "running" and not clock.overridden and on_time(at, clock.due_at):
        session.add(ClockPause(id=new_id(), clock_id=clock.id, started_at=at, reason=reason))
        clock.state = "paused"
        await _disarm(session, clock)


def _judge(clock: SlaClock, at: datetime, *, kept: str = "met") -> None:
    """The verdict of what ended at `at`, whether or not a sweep saw the limit pass before (C10, B71)."""
    if on_time(at, clock.due_at):
        clock.state, clock.breached_at, clock.detected_at = kept, None, None
    elif clock.state != "breached":
        clock.state, clock.breached_at, clock.detected_at = "breached", clock.due_at, at


async def _end_pause(session: AsyncSession, clock: SlaClock, *, calendar: Calendar, at: datetime) -> None:
    recorded = await pauses_of(session, clock.id)
    for row in recorded:
        if row.ended_at is None:
            row.ended_at = max(at, row.started_at)
    _set_due(clock, recorded, calendar)


def _set_due(clock: SlaClock, recorded: Sequence[ClockPause], calendar: Calendar) -> None:
    """The due date from what is recorded; one that a person set stays as it is."""
    if not clock.overridden:
        clock.due_at = deadline(clock.policy_in_force, clock.counted_from, calendar, as_pauses(recorded)).due_at


def as_pauses(recorded: Iterable[ClockPause]) -> list[Pause]:
    """Stored pauses as the time core takes them."""
    return [Pause(row.started_at, row.ended_at, row.reason) for row in recorded]


async def _recompute(
    session: AsyncSession, clock: SlaClock, calendar: Calendar, *, at: datetime | None = None
) -> DueDateMove | None:
    """The due date anew, and what has not fired yet armed for it; a clock that stands still waits for its end."""
    if clock.state == "paused":
        return None
    before, was_breached = clock.due_at, clock.state == "breached"
    clock.breached_at = None  # a stamp has to equal the due date, which is about to move
    _set_due(clock, await pauses_of(session, clock.id), calendar)
    if was_breached and at is not None and not on_time(at, clock.due_at):
        clock.breached_at = clock.due_at
        await _rearm_waiting(session, clock, calendar)
        return _moved(clock, before)
    clock.state, clock.detected_at = "running", None
    await _disarm(session, clock)
    await _rearm(session, clock, calendar)
    return _moved(clock, before)


def _moved(clock: SlaClock, before: datetime) -> DueDateMove | None:
    return None if clock.due_at == before else DueDateMove(clock.kind, before, clock.due_at)


async def _rearm_waiting(session: AsyncSession, clock: SlaClock, calendar: Calendar) -> None:
    """Of a clock that stays late: the level that waits for the last one that fired, as its chain has it now."""
    of_levels = select(Checkpoint).where(Checkpoint.clock_id == clock.id, Checkpoint.generation == clock.generation)
    of_levels = of_levels.where(Checkpoint.kind == CheckpointKind.ESCALATION).order_by(Checkpoint.level)
    rows = {row.level: row for row in await session.scalars(of_levels)}
    following = None
    for row in rows.values():
        if row.state == "armed":
            row.state = "cancelled"
        if row.fired_at is not None:
            chain, base = clock.pinned.chain, next_level_base(row.due_at, row.fired_at)
            following = next_checkpoint(chain, CheckpointKind.ESCALATION, row.level, base, calendar)
    if following is None:
        return
    if following.level in rows:
        rows[following.level].state, rows[following.level].due_at = "armed", following.due_at
    else:
        session.add_all(
            Checkpoint(**row) for row in checkpoint_rows(clock.id, [following], generation=clock.generation)
        )


async def _disarm(session: AsyncSession, clock: SlaClock) -> None:
    clock.generation += 1
    await session.execute(
        update(Checkpoint).where(Checkpoint.clock_id == clock.id, Checkpoint.state == "armed").values(state="cancelled")
    )


async def _disarm_lapse(session: AsyncSession, clock: SlaClock) -> None:
    """Of a clock that was past before its fee was asked for: only the lapse goes, its levels stay armed."""
    lapse = update(Checkpoint).where(Checkpoint.clock_id == clock.id, Checkpoint.state == "armed")
    await session.execute(lapse.where(Checkpoint.kind == FEE_LAPSE).values(state="cancelled"))


async def _rearm(session: AsyncSession, clock: SlaClock, calendar: Calendar) -> None:
    """Arm for the due date what has not fired yet; a warning that went out is not repeated (B56).

    The level at the limit is armed in any case: it stamps the breach. Whether the office was told before in this cycle
    is known where it fires.
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
    still_owed = (p for p in planned if p.due_at == clock.due_at or (p.kind.value, p.level) not in done)
    session.add_all(Checkpoint(**row) for row in checkpoint_rows(clock.id, still_owed, generation=clock.generation))
