"""Tables of notices: numbered rows with an immutable text and the state of their delivery.

Each delivery attempt is a row, and so is each delivery receipt of a provider.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Sequence,
    SmallInteger,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.clock import ISTANBUL
from app.core.db import Base
from app.core.ids import new_id

NOTICE_SEQUENCE = Sequence("notice_number_seq", metadata=Base.metadata)
"""Sequence of the running number in `YY-000123`; gaps are normal."""


def format_notice_number(created_at: datetime, running: int) -> str:
    """Return `YY-000123` for a notice created at that instant; the year is that of Istanbul."""
    return f"{created_at.astimezone(ISTANBUL):%y}-{running:06d}"


class Notice(Base):
    """One message to an office, a unit or a citizen.

    `payload` is the snapshot of the facts at the instant of its cause. Subject and body are rendered from it once,
    before the first delivery, with references (`⟦applicant.name⟧`) in place of a person. `recipient` is `applicant`,
    `unit:<code>` or `office:<level>`. Name and address are stored for offices and units only, whose addresses are
    published. `due_at` is the instant of the next delivery attempt, or the end of the lease while `sending`.

    `letter_version` names the source of its letter. It is null for kinds without a letter, before the notice has a
    text, and if the files could not be read.

    A digest belongs to no ticket; `digest_id` names the digest that a notice was sent in. `instead_id` names the notice
    by another medium that replaces one that could not be delivered.
    """

    __tablename__ = "notice"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    running: Mapped[int] = mapped_column(
        BigInteger, NOTICE_SEQUENCE, server_default=NOTICE_SEQUENCE.next_value(), unique=True
    )
    dedupe_key: Mapped[str] = mapped_column(Text, unique=True)
    kind: Mapped[str] = mapped_column(Text)
    ticket_id: Mapped[UUID | None] = mapped_column(ForeignKey("ticket.id", ondelete="CASCADE"), index=True)
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
    letter_version: Mapped[str | None] = mapped_column(ForeignKey("letter_source.version", ondelete="RESTRICT"))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    state: Mapped[str] = mapped_column(Text, default="queued")
    state_reason: Mapped[str | None] = mapped_column(Text)
    attempts: Mapped[int] = mapped_column(SmallInteger, default=0)
    due_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    sent_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    acknowledged_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    acknowledged_by: Mapped[UUID | None] = mapped_column(ForeignKey("api_client.id", ondelete="RESTRICT"))
    digest_id: Mapped[UUID | None] = mapped_column(ForeignKey("notice.id", ondelete="SET NULL"))
    instead_id: Mapped[UUID | None] = mapped_column()

    @property
    def number(self) -> str:
        """Return the public number: year (in Istanbul) and running number, `26-000123`."""
        return format_notice_number(self.created_at, self.running)

    @property
    def case_number(self) -> str | None:
        """Return the number of the ticket that it is about, else of the complaint; None for a digest."""
        return self.payload.get("ticket_number") or self.payload.get("number")

    @property
    def under_a_day(self) -> bool:
        """Return whether its limit is shorter than a day."""
        return self.payload.get("under_a_day") is True

    __table_args__ = (
        Index("ix_notice_created_at", "created_at", "id"),
        Index("ix_notice_undelivered", "due_at", postgresql_where=text("state IN ('queued', 'sending')")),
        Index("ix_notice_digest_id", "digest_id", postgresql_where=text("digest_id IS NOT NULL")),
        CheckConstraint("state IN ('queued', 'sending', 'sent', 'delivered', 'failed', 'skipped')", name="state"),
        CheckConstraint("(subject IS NULL) = (body IS NULL)", name="rendered_whole"),
    )


class LetterSource(Base):
    """Source that letters were set from, named by its hash; never changed, and without personal data."""

    __tablename__ = "letter_source"

    version: Mapped[str] = mapped_column(Text, primary_key=True)
    source: Mapped[bytes] = mapped_column(LargeBinary)
    kept_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class DeliveryAttempt(Base):
    """One attempt to deliver a notice; it stays `started` if the process dies before the outcome is recorded.

    It contains codes only, because a provider's own words may name the person. `recipient` is that of the notice, for
    an applicant with the ticket, so that the messages to one recipient within an hour can be counted.
    """

    __tablename__ = "delivery_attempt"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    notice_id: Mapped[UUID] = mapped_column(ForeignKey("notice.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    recipient: Mapped[str] = mapped_column(Text)
    medium: Mapped[str] = mapped_column(Text)
    adapter: Mapped[str] = mapped_column(Text)
    outcome: Mapped[str] = mapped_column(Text)
    code: Mapped[str | None] = mapped_column(Text)
    provider_id: Mapped[str | None] = mapped_column(Text)
    duration_ms: Mapped[int | None] = mapped_column(Integer)

    __table_args__ = (
        Index("ix_delivery_attempt_recipient_at", "recipient", "at"),
        Index(
            "ix_delivery_attempt_provider",
            "adapter",
            "provider_id",
            postgresql_where=text("provider_id IS NOT NULL"),
        ),
        CheckConstraint("outcome IN ('started', 'accepted', 'later', 'refused')", name="outcome"),
    )


class DeliveryReceipt(Base):
    """Report of a provider about a message, stored once each; `notice_id` is None for an unknown message.

    A receipt that arrives before the outcome of the attempt is recorded waits here until then.
    """

    __tablename__ = "delivery_receipt"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    adapter: Mapped[str] = mapped_column(Text)
    provider_id: Mapped[str] = mapped_column(Text)
    delivered: Mapped[bool] = mapped_column()
    code: Mapped[str] = mapped_column(Text)
    received_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    notice_id: Mapped[UUID | None] = mapped_column(ForeignKey("notice.id", ondelete="CASCADE"), index=True)

    __table_args__ = (UniqueConstraint("adapter", "provider_id", "code"),)
