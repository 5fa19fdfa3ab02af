"""Notices: numbered, immutable in what they say, with the state of their delivery beside it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    Sequence,
    SmallInteger,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.clock import ISTANBUL
from app.core.db import Base
from app.core.ids import new_id

NOTICE_SEQUENCE = Sequence("notice_number_seq", metadata=Base.metadata)
"""The running number in `YY-000123`; gaps are normal."""


def format_notice_number(created_at: datetime, running: int) -> str:
    """`YY-000123` of a notice created at that instant."""
    return f"{created_at.astimezone(ISTANBUL):%y}-{running:06d}"


class Notice(Base):
    """One message to an office, a unit or a citizen.

    `payload` is the snapshot of facts of the moment of its cause; subject and body are rendered from it once, before
    the first delivery, and hold references (`⟦applicant.name⟧`) where a person stands. `recipient` is `applicant`,
    `unit:<code>` or `office:<level>`; name and address stand beside it for offices and units only, whose addresses are
    published. `due_at` is when the next delivery may be tried, or when a running one is given up.
    """

    __tablename__ = "notice"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    running: Mapped[int] = mapped_column(
        BigInteger, NOTICE_SEQUENCE, server_default=NOTICE_SEQUENCE.next_value(), unique=True
    )
    dedupe_key: Mapped[str] = mapped_column(Text, unique=True)
    kind: Mapped[str] = mapped_column(Text)
    ticket_id: Mapped[UUID] = mapped_column(ForeignKey("ticket.id", ondelete="CASCADE"), index=True)
    cycle: Mapped[int] = mapped_column(SmallInteger)
    level: Mapped[int] = mapped_column(SmallInteger)
    recipient: Mapped[str] = mapped_column(Text)
    recipient_name: Mapped[str | None] = mapped_column(Text)
    recipient_address: Mapped[str | None] = mapped_column(Text)
    medium: Mapped[str] = mapped_column(Text)
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)
    template: Mapped[str | None] = mapped_column(Text)
    template_version: Mapped[str | None] = mapped_column(Text)
    subject: Mapped[str | None] = mapped_column(Text)
    body: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    state: Mapped[str] = mapped_column(Text, default="queued")
    state_reason: Mapped[str | None] = mapped_column(Text)
    attempts: Mapped[int] = mapped_column(SmallInteger, default=0)
    due_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    sent_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    acknowledged_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    acknowledged_by: Mapped[UUID | None] = mapped_column(ForeignKey("api_client.id", ondelete="RESTRICT"))

    @property
    def number(self) -> str:
        """The number that people see: year (in Istanbul) and running number, `26-000123`."""
        return format_notice_number(self.created_at, self.running)

    __table_args__ = (
        Index("ix_notice_created_at", "created_at", "id"),
        Index("ix_notice_undelivered", "due_at", postgresql_where=text("state IN ('queued', 'sending')")),
        CheckConstraint("state IN ('queued', 'sending', 'sent', 'delivered', 'failed', 'skipped')", name="state"),
        CheckConstraint("(subject IS NULL) = (body IS NULL)", name="rendered_whole"),
    )
