"""The ticket with its required documents, its append-only history, its escalations and complaints about it."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    DateTime,
    Double,
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
from sqlalchemy.dialects.postgresql import JSON, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base
from app.core.ids import new_id
from app.core.schema import CASE_NUMBER
from app.domain.terms import ComplaintGround
from app.tickets.workflow import State

TICKET_SEQUENCE = Sequence("ticket_number_seq", maxvalue=9_999_999, cycle=True, metadata=Base.metadata)
"""The seven digits in the middle of a ticket number; gaps are normal."""

COMPLAINT_SEQUENCE = Sequence("complaint_number_seq", maxvalue=999_999, cycle=True, metadata=Base.metadata)
"""The six digits in the middle of a complaint's number; gaps are normal."""

EVENT_POSITIONS = Sequence("ticket_event_position_seq", metadata=Base.metadata)
"""The positions of events in the order of all tickets; gaps are normal."""

POSITION_DEFAULT = """
CASE
    WHEN (pg_current_xact_id() IS NOT NULL) THEN nextval('ticket_event_position_seq'::regclass)
    ELSE NULL::bigint
END"""
"""The default of a position, spelled as PostgreSQL returns it; `CASE` draws the transaction's id first."""


class EscalationState(StrEnum):
    """The progress of an escalation; each step is a timestamp of its row."""

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


def _one_of(values: type[StrEnum]) -> str:
    """Return the values as the list of an SQL `IN`."""
    return ", ".join(f"'{value}'" for value in values)


class Ticket(Base):
    """One citizen request, from any channel; also the carrier of a complaint.

    `version` is compared with a caller's If-Match. `event_seq` and `event_hash` are the head of the chain of events.
    `receipt` is the response of intake, byte for byte: a repeated request gets the same one. Its type is `json`,
    because `jsonb` does not preserve the order of members.
    """

    __tablename__ = "ticket"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    number: Mapped[str] = mapped_column(Text, unique=True)
    channel: Mapped[str] = mapped_column(Text)
    external_id: Mapped[str | None] = mapped_column(Text)
    client_id: Mapped[UUID] = mapped_column(ForeignKey("api_client.id", ondelete="RESTRICT"))
    idempotency_key: Mapped[str | None] = mapped_column(Text)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    receipt: Mapped[dict[str, Any]] = mapped_column(JSON)

    catalogue_version_id: Mapped[UUID] = mapped_column(ForeignKey("catalogue_version.id", ondelete="RESTRICT"))
    service: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    right_to_information: Mapped[bool] = mapped_column(Boolean, default=False)
    formal: Mapped[bool] = mapped_column(Boolean, default=False)
    state: Mapped[str] = mapped_column(Text)
    outcome: Mapped[str | None] = mapped_column(Text)
    cycle: Mapped[int] = mapped_column(SmallInteger, default=1)
    version: Mapped[int] = mapped_column(Integer, default=1)
    unit: Mapped[str | None] = mapped_column(Text)
    suggested_unit: Mapped[str | None] = mapped_column(Text)
    about_first_office: Mapped[bool] = mapped_column(Boolean, default=False)
    duplicate_of: Mapped[UUID | None] = mapped_column(ForeignKey("ticket.id", ondelete="RESTRICT"))

    applicant_id: Mapped[UUID] = mapped_column(
        ForeignKey("applicant.id", ondelete="RESTRICT", deferrable=True, initially="DEFERRED")
    )
    description: Mapped[bytes] = mapped_column(LargeBinary)
    place_note: Mapped[bytes | None] = mapped_column(LargeBinary)
    reply: Mapped[bytes | None] = mapped_column(LargeBinary)
    latitude: Mapped[float | None] = mapped_column(Double)
    longitude: Mapped[float | None] = mapped_column(Double)
    neighbourhood: Mapped[str | None] = mapped_column(Text)

    occurred_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    received_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    time_flag: Mapped[str | None] = mapped_column(Text)
    documents_complete_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    referred_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    interim_reply_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    resolved_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    closed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    callback_attempts: Mapped[int] = mapped_column(SmallInteger, default=0)

    last_action: Mapped[str] = mapped_column(Text)
    last_action_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    event_seq: Mapped[int] = mapped_column(Integer)
    event_hash: Mapped[bytes] = mapped_column(LargeBinary)

    __table_args__ = (
        Index(
            "uq_ticket_channel_external_id",
            "channel",
            "external_id",
            unique=True,
            postgresql_where=text("external_id IS NOT NULL"),
        ),
        Index(
            "uq_ticket_client_idempotency_key",
            "client_id",
            "idempotency_key",
            unique=True,
            postgresql_where=text("idempotency_key IS NOT NULL"),
        ),
        Index("ix_ticket_received_at", "received_at", "id"),
        Index("ix_ticket_unit_state", "unit", "state"),
        Index("ix_ticket_applicant_id", "applicant_id"),
        CheckConstraint(f"state IN ({_one_of(State)})", name="state"),
        CheckConstraint(f"number ~ '{CASE_NUMBER}'", name="number"),
        CheckConstraint("latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180", name="coordinates"),
        CheckConstraint("(latitude IS NULL) = (longitude IS NULL)", name="coordinates_whole"),
        {"postgresql_with": {"fillfactor": 70}},  # free space in each page lets an update skip the indexes (HOT)
    )


class TicketDocument(Base):
    """A document that this ticket requires; `provided_at` is null while it is missing."""

    __tablename__ = "ticket_document"

    ticket_id: Mapped[UUID] = mapped_column(ForeignKey("ticket.id", ondelete="CASCADE"), primary_key=True)
    code: Mapped[str] = mapped_column(Text, primary_key=True)
    label: Mapped[str] = mapped_column(Text)
    provided_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class TicketEvent(Base):
    """One event of a ticket's history; never changed, never deleted.

    `data` contains codes and instants only; text that people wrote is in `note`, sealed. `hash` covers the content and
    the previous event's hash, so that a missing or altered event is detected. `position` orders the events of all
    tickets for the change feed. It is drawn after the transaction has its id; the feed's watermark relies on that.
    """

    __tablename__ = "ticket_event"

    ticket_id: Mapped[UUID] = mapped_column(ForeignKey("ticket.id", ondelete="CASCADE"), primary_key=True)
    seq: Mapped[int] = mapped_column(Integer, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    actor: Mapped[str] = mapped_column(Text)
    data: Mapped[dict[str, Any]] = mapped_column(JSONB)
    note: Mapped[bytes | None] = mapped_column(LargeBinary)
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    position: Mapped[int] = mapped_column(BigInteger, server_default=text(POSITION_DEFAULT))

    __table_args__ = (Index("ix_ticket_event_position", "position"),)


class Escalation(Base):
    """A ticket raised to the first (1) or second (2) application office.

    `legal_risk` is true if the limit of law was near, or came near afterwards. `office` is the printed block of that
    day; `addressed_to` is the official in charge (null on older rows). `remind_at` is an armed timer, the instant of
    the next reminder; it is null after the office acknowledged, responded or owes nothing any more. `response` is the
    office's text, sealed. `closed_at` is the instant of the answer to the citizen. `complaint_id` is set on a row of
    the source `citizen` that mirrors a complaint on the ticket complained of.
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
    def state(self) -> EscalationState:
        """Return the progress; its SQL twin is in `app.escalation.queries`."""
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
    """The part of a ticket that makes it a complaint about the published table: its ground and its office.

    Applicant, text, limit, history and notices are the ticket's. An `Escalation` of the source `citizen` records the
    office of `level`. `about_id` is the ticket complained of, if any.
    """

    __tablename__ = "complaint"

    ticket_id: Mapped[UUID] = mapped_column(ForeignKey("ticket.id", ondelete="CASCADE"), primary_key=True)
    ground: Mapped[str] = mapped_column(Text)
    level: Mapped[int] = mapped_column(SmallInteger)
    about_id: Mapped[UUID | None] = mapped_column(ForeignKey("ticket.id", ondelete="SET NULL"), index=True)

    __table_args__ = (
        CheckConstraint(f"ground IN ({_one_of(ComplaintGround)})", name="ground"),
        CheckConstraint("level IN (1, 2)", name="level"),
    )
