"""Webhook subscriptions with their place in the feed, what was sent to them, and the feed's own identity."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base
from app.core.ids import new_id


class FeedState(Base):
    """One row: the epoch that stands in every cursor, so that cursors of a lost future can be refused.

    `settled` is a position up to which a process has proved the feed whole, a few seconds old while there is work.
    """

    __tablename__ = "feed_state"

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    epoch: Mapped[str] = mapped_column(Text)
    settled: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)


class WebhookSubscription(Base):
    """Where a client wants events sent, and how far it has got them.

    Everything up to `position` was delivered or is not for it. `failures` counts the failed attempts of the event
    after it, whose next attempt is at `due_at`; without failures that is since when it has waited for a turn. `lease`
    is a fencing token: a sender whose lease was taken over can't mark any more. `revision` tells a sender that the
    client has changed something meanwhile.
    """

    __tablename__ = "webhook_subscription"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    client_id: Mapped[UUID] = mapped_column(ForeignKey("api_client.id", ondelete="CASCADE"), index=True)
    url: Mapped[str] = mapped_column(Text)
    events: Mapped[list[str]] = mapped_column(JSONB)
    description: Mapped[str | None] = mapped_column(Text)
    enabled: Mapped[bool] = mapped_column(Boolean, default=True)
    disabled_reason: Mapped[str | None] = mapped_column(Text)
    disabled_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    secret: Mapped[bytes] = mapped_column(LargeBinary)
    previous_secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    previous_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    position: Mapped[int] = mapped_column(BigInteger)
    failures: Mapped[int] = mapped_column(SmallInteger, default=0)
    failing_since: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    delivered_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    due_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    lease: Mapped[int] = mapped_column(Integer, default=0)
    leased_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    revision: Mapped[int] = mapped_column(Integer, default=1)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint("enabled = (disabled_reason IS NULL)", name="reason_given"),
        CheckConstraint("disabled_reason IN ('client', 'gone', 'failing')", name="disabled_reason"),
        CheckConstraint("(previous_secret IS NULL) = (previous_until IS NULL)", name="previous_whole"),
    )


class WebhookDelivery(Base):
    """One event on its way to one subscription, with its attempts; or a test, which belongs to no ticket.

    `message_id` is what the receiver knows it by, the same at every attempt. `queued` waits for one attempt that was
    asked for by hand, `retrying` holds up the events after it, `failed` was given up.
    """

    __tablename__ = "webhook_delivery"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    subscription_id: Mapped[UUID] = mapped_column(ForeignKey("webhook_subscription.id", ondelete="CASCADE"))
    message_id: Mapped[str] = mapped_column(Text)
    type: Mapped[str] = mapped_column(Text)
    ticket_id: Mapped[UUID | None] = mapped_column(ForeignKey("ticket.id", ondelete="CASCADE"), index=True)
    seq: Mapped[int | None] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(Text)
    attempts: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    tried_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint("state IN ('queued', 'retrying', 'delivered', 'failed')", name="state"),
        CheckConstraint("(ticket_id IS NULL) = (seq IS NULL)", name="event_whole"),
        UniqueConstraint("subscription_id", "message_id"),
        Index(None, "subscription_id", "created_at", "id"),
        Index(None, "created_at"),
        Index("ix_webhook_delivery_queued", "subscription_id", postgresql_where=text("state = 'queued'")),
    )
