"""What is stuck: the oldest of everything that waits for a worker or for a person."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.channels.model import InboundMessage
from app.notices.model import Notice
from app.sla.model import CalendarVersion, Checkpoint
from app.standards.model import CatalogueVersion


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

    `oldest_unfired` is the due instant of the oldest checkpoint that should have fired, `oldest_undelivered` when the
    oldest undelivered notice was made, `overdue_delivery` the earliest missed instant of a delivery.
    """
    armed, open_ = Checkpoint.state == "armed", Notice.state.in_(("queued", "sending"))
    kept = InboundMessage.outcome == "quarantined"
    catalogue = CatalogueVersion.loaded_at.desc(), CatalogueVersion.id.desc()
    calendar = CalendarVersion.created_at.desc(), CalendarVersion.id.desc()
    row = await session.execute(
        select(
            select(func.count()).select_from(Checkpoint).where(armed).scalar_subquery(),
            select(func.min(Checkpoint.due_at)).where(armed, Checkpoint.due_at <= now).scalar_subquery(),
            select(func.count()).select_from(Notice).where(open_).scalar_subquery(),
            select(func.min(Notice.created_at)).where(open_).scalar_subquery(),
            select(func.min(Notice.due_at)).where(open_, Notice.due_at <= now).scalar_subquery(),
            select(func.count()).select_from(Notice).where(Notice.state == "failed").scalar_subquery(),
            select(func.count()).select_from(InboundMessage).where(kept).scalar_subquery(),
            select(func.min(InboundMessage.received_at)).where(kept).scalar_subquery(),
            select(CatalogueVersion.id).order_by(*catalogue).limit(1).scalar_subquery(),
            select(CatalogueVersion.loaded_at).order_by(*catalogue).limit(1).scalar_subquery(),
            select(CalendarVersion.id).order_by(*calendar).limit(1).scalar_subquery(),
        )
    )
    return Waiting(*row.one())
