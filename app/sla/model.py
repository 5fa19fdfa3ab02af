"""The rows of clocks, pauses and checkpoints, and of the calendar that their dates are computed with."""

import datetime as dt
import json
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base
from app.core.ids import new_id
from app.sla.deadline import Policy
from app.sla.policy import PinnedPolicy, parse_pinned


class CalendarVersion(Base):
    """One immutable state of the working calendar; the newest one serves new computations.

    `settled_at` is the instant since which every open clock is computed with it.
    """

    __tablename__ = "calendar_version"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), index=True)
    sha256: Mapped[str] = mapped_column(Text)
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_by: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    settled_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class CalendarYear(Base):
    """The holidays and half days of one year, seeded once, and the person who confirmed them.

    They are stored because a new version of the library must not move a date that the law counts.
    """

    __tablename__ = "calendar_year"

    year: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    source: Mapped[str] = mapped_column(Text)
    seeded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    days: Mapped[dict[str, Any]] = mapped_column(JSONB)
    confirmed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    confirmed_by: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (CheckConstraint("(confirmed_at IS NULL) = (confirmed_by IS NULL)", name="confirmed_whole"),)


class CalendarDecision(Base):
    """A decision of the municipality on a date: leave, a short day, a working Saturday; revoked, never deleted."""

    __tablename__ = "calendar_decision"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    date: Mapped[dt.date] = mapped_column(Date)
    day: Mapped[dict[str, Any]] = mapped_column(JSONB)
    decided_by: Mapped[str] = mapped_column(Text)
    decided_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    reason: Mapped[str] = mapped_column(Text)
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    revoked_by: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        Index("uq_calendar_decision_date", "date", unique=True, postgresql_where=text("revoked_at IS NULL")),
        CheckConstraint("(revoked_at IS NULL) = (revoked_by IS NULL)", name="revoked_whole"),
    )


class SlaClock(Base):
    """A limit that runs on a ticket: the published promise or the statutory limit, one of each a cycle.

    `due_at` is always the result of `deadline()` for policy, `counted_from`, pauses and calendar version, unless a
    person set it (`overridden`). `breached_at` is the due instant, never the time of detection. `extended_at` is when
    the longer limit of the policy was taken (law 4982 art. 11), `restarted_at` when the limit restarted (fee paid).
    """

    __tablename__ = "sla_clock"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    ticket_id: Mapped[UUID] = mapped_column(ForeignKey("ticket.id", ondelete="CASCADE"))
    cycle: Mapped[int] = mapped_column(SmallInteger)
    kind: Mapped[str] = mapped_column(Text)
    policy: Mapped[dict[str, Any]] = mapped_column(JSONB)
    calendar_version_id: Mapped[UUID] = mapped_column(ForeignKey("calendar_version.id", ondelete="RESTRICT"))
    started_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    due_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    state: Mapped[str] = mapped_column(Text)
    met_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    breached_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    detected_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    generation: Mapped[int] = mapped_column(Integer, default=1)
    extended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    restarted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    overridden: Mapped[bool] = mapped_column(Boolean, server_default=false())

    @property
    def counted_from(self) -> datetime:
        """Return the instant from which the limit counts."""
        return self.restarted_at or self.started_at

    @property
    def pinned(self) -> PinnedPolicy:
        """Return the pinned policy; clocks with the same stored policy share one parsed value."""
        return parse_pinned(json.dumps(self.policy, ensure_ascii=False))

    @property
    def policy_in_force(self) -> Policy:
        """Return the rule by which the clock counts now, with the longer limit once it is extended."""
        return self.pinned.in_force(extended=self.extended_at is not None)

    __table_args__ = (
        UniqueConstraint("ticket_id", "cycle", "kind"),
        CheckConstraint("kind IN ('promise', 'statutory')", name="kind"),
        CheckConstraint("state IN ('running', 'paused', 'met', 'breached', 'cancelled')", name="state"),
        CheckConstraint("due_at >= started_at", name="due_after_start"),
        CheckConstraint("breached_at IS NULL OR breached_at = due_at", name="breached_at_is_due"),
        {"postgresql_with": {"fillfactor": 50}},  # room on each page: a new calendar updates every open clock
    )


class ClockPause(Base):
    """A span in which a clock was paused; at most one of a clock is open."""

    __tablename__ = "clock_pause"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    clock_id: Mapped[UUID] = mapped_column(ForeignKey("sla_clock.id", ondelete="CASCADE"))
    started_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    reason: Mapped[str] = mapped_column(Text)

    __table_args__ = (
        Index(None, "clock_id"),
        Index("uq_clock_pause_open", "clock_id", unique=True, postgresql_where=text("ended_at IS NULL")),
        CheckConstraint("ended_at IS NULL OR ended_at >= started_at", name="order"),
    )


class Checkpoint(Base):
    """An instant at which the sweep has to act on a clock; it reads only the armed checkpoints that are due."""

    __tablename__ = "checkpoint"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    clock_id: Mapped[UUID] = mapped_column(ForeignKey("sla_clock.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(Text)
    level: Mapped[int] = mapped_column(SmallInteger)
    due_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    generation: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(Text, default="armed")
    fired_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        UniqueConstraint("clock_id", "kind", "level", "generation"),
        Index("ix_checkpoint_due", "due_at", postgresql_where=text("state = 'armed'")),
        CheckConstraint("kind IN ('warning', 'escalation', 'legal_risk', 'breach', 'fee_lapse')", name="kind"),
        CheckConstraint("state IN ('armed', 'fired', 'cancelled')", name="state"),
    )
