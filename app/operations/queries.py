"""Queries for operators: the oldest of everything that waits for a worker or a person, and the failed deliveries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.channels.model import InboundMessage
from app.notices.delivery.triage import WAITS_FOR_HOURS, WAITS_FOR_RATE
from app.notices.model import DeliveryReceipt, Notice
from app.notices.rows import APPLICANT
from app.sla.model import CalendarVersion, Checkpoint
from app.standards.model import CatalogueVersion
from app.tickets.model import Escalation

_UNDELIVERED = Notice.state.in_(("queued", "sending"))


@dataclass(frozen=True, slots=True)
class Backlog:
    """Counts and oldest instants of what waits; an instant is None if nothing waits, a version if none was loaded.

    `oldest_unfired` is the due instant of the oldest late checkpoint or reminder. `oldest_undelivered` is the creation
    of the oldest undelivered notice, `overdue_delivery` the earliest missed instant of a delivery.
    """

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


async def read_backlog(session: AsyncSession, now: datetime) -> Backlog:
    """Read the backlog at `now` in one statement."""
    row = (await session.execute(_backlog_query(now))).one()
    return Backlog(
        armed_checkpoints=row.armed_checkpoints,
        oldest_unfired=row.oldest_unfired,
        undelivered_notices=row.undelivered_notices,
        oldest_undelivered=row.oldest_undelivered,
        overdue_delivery=row.overdue_delivery,
        failed_notices=row.failed_notices,
        quarantined_messages=row.quarantined_messages,
        oldest_quarantined=row.oldest_quarantined,
        catalogue_version=row.catalogue_version,
        catalogue_loaded_at=row.catalogue_loaded_at,
        calendar_version=row.calendar_version,
    )


def _backlog_query(now: datetime) -> Select[*tuple[Any, ...]]:
    armed, quarantined = Checkpoint.state == "armed", InboundMessage.outcome == "quarantined"
    newest = CatalogueVersion.loaded_at.desc(), CatalogueVersion.id.desc()
    late_checkpoint = select(func.min(Checkpoint.due_at)).where(armed, Checkpoint.due_at <= now)
    late_reminder = select(func.min(Escalation.remind_at)).where(Escalation.remind_at <= now)
    columns = {
        "armed_checkpoints": select(func.count()).select_from(Checkpoint).where(armed),
        "oldest_unfired": select(func.least(late_checkpoint.scalar_subquery(), late_reminder.scalar_subquery())),
        "undelivered_notices": select(func.count()).select_from(Notice).where(_UNDELIVERED),
        "oldest_undelivered": select(func.min(Notice.created_at)).where(_UNDELIVERED),
        "overdue_delivery": select(func.min(Notice.due_at)).where(_UNDELIVERED, Notice.due_at <= now),
        "failed_notices": select(func.count()).select_from(Notice).where(is_abandoned()),
        "quarantined_messages": select(func.count()).select_from(InboundMessage).where(quarantined),
        "oldest_quarantined": select(func.min(InboundMessage.received_at)).where(quarantined),
        "catalogue_version": select(CatalogueVersion.id).order_by(*newest).limit(1),
        "catalogue_loaded_at": select(CatalogueVersion.loaded_at).order_by(*newest).limit(1),
        "calendar_version": select(CalendarVersion.id).order_by(CalendarVersion.id.desc()).limit(1),
    }
    return select(*(query.scalar_subquery().label(name) for name, query in columns.items()))


def is_abandoned() -> ColumnElement[bool]:
    """Return the condition for notices that failed and that no other medium replaces: a person has to act."""
    return and_(Notice.state == "failed", Notice.instead_id.is_(None), Notice.digest_id.is_(None))


@dataclass(frozen=True, slots=True)
class DeliveryCount:
    """The number of notices of a kind and medium in a state; `reason` is None if the state has none."""

    medium: str
    kind: str
    state: str
    reason: str | None
    count: int


@dataclass(frozen=True, slots=True)
class DeliveryStatistics:
    """Notices created within a span by their state, and the undelivered and abandoned ones of any time."""

    counts: tuple[DeliveryCount, ...]
    oldest_undelivered: datetime | None
    abandoned: int
    unknown_receipts: int


async def read_delivery_statistics(session: AsyncSession, since: datetime, until: datetime) -> DeliveryStatistics:
    """Read the statistics of the notices created from `since` (inclusive) to `until` (exclusive)."""
    grouped = (Notice.medium, Notice.kind, Notice.state, Notice.state_reason)
    counts = await session.execute(
        select(*grouped, func.count())
        .where(Notice.created_at >= since, Notice.created_at < until)
        .group_by(*grouped)
        .order_by(*grouped)
    )
    unknown = select(func.count()).select_from(DeliveryReceipt).where(DeliveryReceipt.notice_id.is_(None))
    unknown = unknown.where(DeliveryReceipt.received_at >= since, DeliveryReceipt.received_at < until)
    totals = await session.execute(
        select(
            select(func.min(Notice.created_at)).where(_UNDELIVERED).scalar_subquery(),
            select(func.count()).select_from(Notice).where(is_abandoned()).scalar_subquery(),
            unknown.scalar_subquery(),
        )
    )
    oldest_undelivered, abandoned, unknown_receipts = totals.one()
    return DeliveryStatistics(
        tuple(DeliveryCount(*row) for row in counts), oldest_undelivered, abandoned, unknown_receipts
    )


@dataclass(frozen=True, slots=True)
class AbandonedNotices:
    """The number of abandoned notices, and the newest of them."""

    count: int
    newest: Sequence[Notice]


async def oldest_overdue(session: AsyncSession, now: datetime, max_notices: int) -> list[Notice]:
    """Return the notices whose delivery is overdue at `now`, the longest first; their reason says what blocks them."""
    overdue = select(Notice).where(_UNDELIVERED, Notice.digest_id.is_(None), Notice.due_at <= now)
    return list(await session.scalars(overdue.order_by(Notice.due_at).limit(max_notices)))


async def retry_reasons(session: AsyncSession) -> dict[str, int]:
    """Return reason → number of notices that failed with it and wait for a retry, the most frequent first."""
    waiting = Notice.state == "queued", Notice.digest_id.is_(None), Notice.attempts > 0
    failed = Notice.state_reason.not_in((WAITS_FOR_HOURS, WAITS_FOR_RATE))
    counts = select(Notice.state_reason, func.count()).where(*waiting, failed).group_by(Notice.state_reason)
    found = await session.execute(counts.order_by(func.count().desc(), Notice.state_reason))
    return {reason: count for reason, count in found if reason is not None}


async def read_abandoned(session: AsyncSession, max_notices: int, *, to_applicants: bool) -> AbandonedNotices:
    """Read the abandoned notices to applicants, or else those to offices and directorates."""
    is_applicant = Notice.recipient == APPLICANT.code
    failed = select(Notice, func.count().over()).where(is_abandoned(), is_applicant if to_applicants else ~is_applicant)
    newest = failed.order_by(Notice.created_at.desc(), Notice.id.desc()).limit(max_notices)
    rows = (await session.execute(newest)).all()
    return AbandonedNotices(rows[0][1] if rows else 0, [notice for notice, _ in rows])
