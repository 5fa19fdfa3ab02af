"""Webhook subscriptions with their positions in the feed, their deliveries, and the state of the feed."""

from datetime import datetime
from typing import TypedDict
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
    """The single row of the feed: the epoch in every cursor, by which cursors from before a restore are rejected.

    `settled` is a position up to which a process has proved the feed complete, at most a few seconds old.
    """

    __tablename__ = "feed_state"

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    epoch: Mapped[str] = mapped_column(Text)
    settled: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)


class WebhookSubscription(Base):
    """The address to which a client wants events sent, and the progress of delivery.

    Every event up to `position` was delivered or does not match. `failures` counts the failed attempts of the next
    event; `due_at` is its next attempt or, without failures, the start of the wait for a turn. `lease` is a fencing
    token: a sender whose lease was taken over can't record outcomes any more. `revision` increases with each change by
    the client, so that a sender notices it.
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


class AttemptRow(TypedDict):
    """One attempt in the column `attempts`; `at` in ISO 8601, UTC."""

    at: str
    outcome: str
    status: int | None
    milliseconds: int


class WebhookDelivery(Base):
    """One event for one subscription with its attempts; a test message has no ticket.

    `message_id` is the `webhook-id`, the same at every attempt. State `queued`: one attempt was requested by a user.
    State `retrying`: the later events wait. State `failed`: no further attempt.
    """

    __tablename__ = "webhook_delivery"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    subscription_id: Mapped[UUID] = mapped_column(ForeignKey("webhook_subscription.id", ondelete="CASCADE"))
    message_id: Mapped[str] = mapped_column(Text)
    type: Mapped[str] = mapped_column(Text)
    ticket_id: Mapped[UUID | None] = mapped_column(ForeignKey("ticket.id", ondelete="CASCADE"), index=True)
    seq: Mapped[int | None] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(Text)
    attempts: Mapped[list[AttemptRow]] = mapped_column(JSONB)
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
