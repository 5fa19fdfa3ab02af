"""The ticket, its required documents, and the append-only chain of events that is its history."""

from datetime import datetime
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
    text,
)
from sqlalchemy.dialects.postgresql import JSON, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base
from app.core.ids import new_id
from app.core.schema import CASE_NUMBER
from app.tickets.workflow import State

TICKET_SEQUENCE = Sequence("ticket_number_seq", maxvalue=9_999_999, cycle=True, metadata=Base.metadata)
"""The seven digits in the middle of a ticket number; gaps are normal."""

EVENT_POSITIONS = Sequence("ticket_event_position_seq", metadata=Base.metadata)
"""Where events stand among those of all tickets; gaps are normal."""

POSITION_DEFAULT = """
CASE
    WHEN (pg_current_xact_id() IS NOT NULL) THEN nextval('ticket_event_position_seq'::regclass)
    ELSE NULL::bigint
END"""
"""First the transaction's id, then the position: `CASE` fixes the order. Written as PostgreSQL gives it back."""


def _one_of(values: type[State]) -> str:
    return ", ".join(f"'{value}'" for value in values)


class Ticket(Base):
    """One citizen request, from whichever channel.

    `version` is what a caller's If-Match is held against; `event_seq` and `event_hash` are the head of its chain of
    events. `receipt` is the answer that intake gave, word for word (`json`, not
    `jsonb`, keeps the order of its members), so that a repeated request gets the same one.
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
        {"postgresql_with": {"fillfactor": 70}},  # room on the page: an update need not touch all indexes
    )


class TicketDocument(Base):
    """A document that the published table asks for with this ticket, and when it was shown or handed in."""

    __tablename__ = "ticket_document"

    ticket_id: Mapped[UUID] = mapped_column(ForeignKey("ticket.id", ondelete="CASCADE"), primary_key=True)
    code: Mapped[str] = mapped_column(Text, primary_key=True)
    label: Mapped[str] = mapped_column(Text)
    provided_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class TicketEvent(Base):
    """One thing that happened to a ticket; never changed, never deleted.

    `data` holds codes and instants only; words that people wrote are in `note`, sealed. `hash` covers the content and
    the hash of the event before, so that a missing or altered event shows. `position` orders the events of all
    tickets for the change feed; it is drawn after the transaction has its id, on which the feed's watermark relies.
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
