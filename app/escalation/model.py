"""Escalations: that a ticket was raised to an office, once a level, cycle and source."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, CheckConstraint, DateTime, ForeignKey, SmallInteger, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base
from app.core.ids import new_id


class Escalation(Base):
    """A ticket raised to the first (1) or second (2) application office; `office` is the printed block of that day."""

    __tablename__ = "escalation"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    ticket_id: Mapped[UUID] = mapped_column(ForeignKey("ticket.id", ondelete="CASCADE"))
    cycle: Mapped[int] = mapped_column(SmallInteger)
    level: Mapped[int] = mapped_column(SmallInteger)
    source: Mapped[str] = mapped_column(Text, default="system")
    legal_risk: Mapped[bool] = mapped_column(Boolean, default=False)
    office: Mapped[dict[str, Any]] = mapped_column(JSONB)
    raised_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    breached_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    acknowledged_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    acknowledged_by: Mapped[UUID | None] = mapped_column(ForeignKey("api_client.id", ondelete="RESTRICT"))

    __table_args__ = (
        UniqueConstraint("ticket_id", "cycle", "level", "source"),
        CheckConstraint("level IN (1, 2)", name="level"),
        CheckConstraint("source IN ('system', 'citizen')", name="source"),
    )
