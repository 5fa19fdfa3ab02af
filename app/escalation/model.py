"""Escalations: that a ticket was raised to an office, once a level, cycle and source, and what the office did."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    LargeBinary,
    Sequence,
    SmallInteger,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base
from app.core.ids import new_id
from app.notices.kinds import NoticeKind

COMPLAINT_SEQUENCE = Sequence("complaint_number_seq", maxvalue=999_999, cycle=True, metadata=Base.metadata)
"""The six digits in the middle of a complaint's number; gaps are normal."""


class EscalationState(StrEnum):
    """How far an escalation has come; each step is a time on its record."""

    RAISED = "raised"
    ACKNOWLEDGED = "acknowledged"
    ANSWERED = "answered"
    CLOSED = "closed"

    @property
    def label_tr(self) -> str:
        """The Turkish name of the step."""
        return _STATE_LABELS[self]


_STATE_LABELS = {
    EscalationState.RAISED: "Bildirildi",
    EscalationState.ACKNOWLEDGED: "Görüldü",
    EscalationState.ANSWERED: "Cevaplandı",
    EscalationState.CLOSED: "Kapandı",
}

RAISING_KINDS = frozenset(
    {NoticeKind.ESCALATION_1, NoticeKind.ESCALATION_2, NoticeKind.COMPLAINT, NoticeKind.COMPLAINT_DUE}
)
"""The kinds of notices by which an office learns of an escalation; later ones remind of it."""


class Escalation(Base):
    """A ticket raised to the first (1) or second (2) application office.

    `legal_risk` says that the limit of law was near, or came near afterwards. `office` is the printed block of that
    day, `addressed_to` who held the office (null on records from before it was kept). `remind_at` is an armed timer:
    when the office is reminded next, null once it took note, answered or need not any more. `response` is the office's
    answer, sealed; `closed_at` when the answer to the citizen was given.
    `complaint_id` names the complaint that a record of the source `citizen` stands for on the ticket it is about.
    """

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
    addressed_to: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    reminders: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    remind_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    response: Mapped[bytes | None] = mapped_column(LargeBinary)
    responded_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    responded_by: Mapped[UUID | None] = mapped_column(ForeignKey("api_client.id", ondelete="RESTRICT"))
    closed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    complaint_id: Mapped[UUID | None] = mapped_column(ForeignKey("complaint.ticket_id", ondelete="CASCADE"), index=True)

    @property
    def standing(self) -> EscalationState:
        """How far it has come; SQL twin: `queries.standing_is`."""
        if self.closed_at is not None:
            return EscalationState.CLOSED
        if self.responded_at is not None:
            return EscalationState.ANSWERED
        return EscalationState.RAISED if self.acknowledged_at is None else EscalationState.ACKNOWLEDGED

    __table_args__ = (
        UniqueConstraint("ticket_id", "cycle", "level", "source"),
        CheckConstraint("level IN (1, 2)", name="level"),
        CheckConstraint("source IN ('system', 'citizen')", name="source"),
        CheckConstraint(
            "remind_at IS NULL OR (acknowledged_at IS NULL AND responded_at IS NULL AND closed_at IS NULL)",
            name="reminded_while_open",
        ),
        Index("ix_escalation_remind_at", "remind_at", postgresql_where=text("remind_at IS NOT NULL")),
    )


class Complaint(Base):
    """What makes a ticket a citizen's complaint about the published table: its ground, and the office it was made to.

    Applicant, words, limit, history and notices are the ticket's; that it was made to the office of `level` is an
    `Escalation` of the source `citizen` on it. `about_id` is the ticket that it complains of, where there is one.
    """

    __tablename__ = "complaint"

    ticket_id: Mapped[UUID] = mapped_column(ForeignKey("ticket.id", ondelete="CASCADE"), primary_key=True)
    ground: Mapped[str] = mapped_column(Text)
    level: Mapped[int] = mapped_column(SmallInteger)
    about_id: Mapped[UUID | None] = mapped_column(ForeignKey("ticket.id", ondelete="SET NULL"), index=True)

    __table_args__ = (
        CheckConstraint(
            "ground IN ('extra_document_requested', 'deadline_missed', 'service_not_listed')", name="ground"
        ),
        CheckConstraint("level IN (1, 2)", name="level"),
    )
