"""Raw messages of the channels, sealed; they are stored even if they can't become a ticket."""

from datetime import datetime
from typing import TypedDict
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base
from app.core.ids import new_id


class ProblemRow(TypedDict):
    """One problem of a rejected message in the column `problems`: a field error without the value."""

    pointer: str
    code: str
    facts: dict[str, object]


class InboundMessage(Base):
    """One message as a channel sent it.

    `door` is the name of its format in `FORMATS`; `problems` are the codes and pointers of a rejected message.
    """

    __tablename__ = "inbound_message"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    channel: Mapped[str] = mapped_column(Text)
    door: Mapped[str] = mapped_column(Text)
    client_id: Mapped[UUID] = mapped_column(ForeignKey("api_client.id", ondelete="RESTRICT"))
    received_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    body: Mapped[bytes] = mapped_column(LargeBinary)
    body_digest: Mapped[bytes] = mapped_column(LargeBinary)
    outcome: Mapped[str] = mapped_column(Text)
    problems: Mapped[list[ProblemRow]] = mapped_column(JSONB)
    ticket_id: Mapped[UUID | None] = mapped_column(ForeignKey("ticket.id", ondelete="SET NULL"), index=True)
    settled_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    settled_by: Mapped[UUID | None] = mapped_column(ForeignKey("api_client.id", ondelete="RESTRICT"))
    discard_reason: Mapped[bytes | None] = mapped_column(LargeBinary)

    __table_args__ = (
        CheckConstraint("outcome IN ('accepted', 'quarantined', 'discarded')", name="outcome"),
        CheckConstraint("(outcome = 'discarded') = (discard_reason IS NOT NULL)", name="discard_reason"),
        Index(
            "uq_inbound_message_quarantined",
            "door",
            "client_id",
            "body_digest",
            unique=True,
            postgresql_where=text("outcome = 'quarantined'"),
        ),
        Index("ix_inbound_message_received_at", "received_at", "id"),
    )
