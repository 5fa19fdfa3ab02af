"""What is stuck: the oldest of everything that waits for a worker or for a person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.channels.model import InboundMessage
from app.notices.delivery.triage import HOLD_PACE, HOLD_QUIET
from app.notices.model import DeliveryReceipt, Notice
from app.notices.rows import APPLICANT
from app.sla.model import CalendarVersion, Checkpoint
from app.standards.model import CatalogueVersion
from app.tickets.model import Escalation


@dataclass(frozen=True, slots=True)
class Waiting:
    """Counts and oldest instants at one moment; None where nothing waits, or no version was loaded."""

    armed_checkpoints: int
    oldest_unfired: datetime | None
    undelivered_notices: int
    oldest_undelivered: datetime | None
    overdue_delivery: datetime | None
    failed_notices: int
    quarantined_messages: int
    oldest_quarantined: datetime | None
    catalogue_version: UUID | None
    catalogue_loaded_at: datetime | None
    calendar_version: UUID | None


async def read_waiting(session: AsyncSession, now: datetime) -> Waiting:
    """Read all of it in one statement.

    `oldest_unfired` is the due instant of the oldest checkpoint or reminder that should have fired,
    `oldest_undelivered` when the oldest undelivered notice was made, `overdue_delivery` the earliest missed instant of
    a delivery.
    """
    armed, open_ = Checkpoint.state == "armed", Notice.state.in_(("queued", "sending"))
    kept = InboundMessage.outcome == "quarantined"
    catalogue = CatalogueVersion.loaded_at.desc(), CatalogueVersion.id.desc()
    row = await session.execute(
        select(
            select(func.count()).select_from(Checkpoint).where(armed).scalar_subquery(),
            func.least(
                select(func.min(Checkpoint.due_at)).where(armed, Checkpoint.due_at <= now).scalar_subquery(),
                select(func.min(Escalation.remind_at)).where(Escalation.remind_at <= now).scalar_subquery(),
            ),
            select(func.count()).select_from(Notice).where(open_).scalar_subquery(),
            select(func.min(Notice.created_at)).where(open_).scalar_subquery(),
            select(func.min(Notice.due_at)).where(open_, Notice.due_at <= now).scalar_subquery(),
            select(func.count()).select_from(Notice).where(given_up()).scalar_subquery(),
            select(func.count()).select_from(InboundMessage).where(kept).scalar_subquery(),
            select(func.min(InboundMessage.received_at)).where(kept).scalar_subquery(),
            select(CatalogueVersion.id).order_by(*catalogue).limit(1).scalar_subquery(),
            select(CatalogueVersion.loaded_at).order_by(*catalogue).limit(1).scalar_subquery(),
            select(CalendarVersion.id).order_by(CalendarVersion.id.desc()).limit(1).scalar_subquery(),
        )
    )
    return Waiting(*row.one())


def given_up() -> ColumnElement[bool]:
    """Notices that failed and that no other medium took over: a person has to look."""
    return and_(Notice.state == "failed", Notice.instead_id.is_(None), Notice.digest_id.is_(None))


@dataclass(frozen=True, slots=True)
class DeliveryCount:
    """How many notices of a kind and medium are in a state; `reason` only where one is named."""

    medium: str
    kind: str
    state: str
    reason: str | None
    count: int


@dataclass(frozen=True, slots=True)
class Deliveries:
    """Notices made within a span by what became of them, and what waits now, whenever it was made."""

    counts: tuple[DeliveryCount, ...]
    oldest_undelivered: datetime | None
    given_up: int
    unknown_receipts: int


async def read_deliveries(session: AsyncSession, since: datetime, until: datetime) -> Deliveries:
    """What became of the notices made from `since` (inclusive) to `until` (exclusive)."""
    grouped = (Notice.medium, Notice.kind, Notice.state, Notice.state_reason)
    counts = await session.execute(
        select(*grouped, func.count())
        .where(Notice.created_at >= since, Notice.created_at < until)
        .group_by(*grouped)
        .order_by(*grouped)
    )
    stray = (DeliveryReceipt.notice_id.is_(None), DeliveryReceipt.received_at >= since)
    open_ = Notice.state.in_(("queued", "sending"))
    now = await session.execute(
        select(
            select(func.min(Notice.created_at)).where(open_).scalar_subquery(),
            select(func.count()).select_from(Notice).where(given_up()).scalar_subquery(),
            select(func.count())
            .select_from(DeliveryReceipt)
            .where(*stray, DeliveryReceipt.received_at < until)
            .scalar_subquery(),
        )
    )
    return Deliveries(tuple(DeliveryCount(*row) for row in counts), *now.one())


@dataclass(frozen=True, slots=True)
class GivenUp:
    """How many notices were given up, and the newest of them."""

    count: int
    newest: Sequence[Notice]


async def oldest_overdue(session: AsyncSession, now: datetime, limit: int) -> list[Notice]:
    """The notices whose delivery is overdue at `now`, the longest first: what holds them stands in their reason."""
    overdue = select(Notice).where(
        Notice.state.in_(("queued", "sending")), Notice.digest_id.is_(None), Notice.due_at <= now
    )
    return list(await session.scalars(overdue.order_by(Notice.due_at).limit(limit)))


async def refused_for_now(session: AsyncSession) -> dict[str, int]:
    """Reason → how many notices failed with it and wait for another attempt; the commonest first."""
    waiting = Notice.state == "queued", Notice.digest_id.is_(None), Notice.attempts > 0
    failed = Notice.state_reason.not_in((HOLD_QUIET, HOLD_PACE))
    counts = select(Notice.state_reason, func.count()).where(*waiting, failed).group_by(Notice.state_reason)
    found = await session.execute(counts.order_by(func.count().desc(), Notice.state_reason))
    return {reason: count for reason, count in found if reason is not None}


async def read_given_up(session: AsyncSession, limit: int, *, to_applicants: bool) -> GivenUp:
    """What was given up of the notices to applicants, or of those to offices and directorates."""
    is_applicant = Notice.recipient == APPLICANT.code
    failed = select(Notice, func.count().over()).where(given_up(), is_applicant if to_applicants else ~is_applicant)
    newest = failed.order_by(Notice.created_at.desc(), Notice.id.desc()).limit(limit)
    rows = (await session.execute(newest)).all()
    return GivenUp(rows[0][1] if rows else 0, [notice for notice, _ in rows])
