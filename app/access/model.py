"""Clients with their roles, their keys as keyed hashes, and the log of unmasked reads."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, LargeBinary, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base
from app.core.ids import new_id


class ApiClient(Base):
    """A program or desk that calls the API; `scopes` come from its role, `unit` restricts it to one directorate."""

    __tablename__ = "api_client"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(Text)
    role: Mapped[str] = mapped_column(Text)
    unit: Mapped[str | None] = mapped_column(Text)
    scopes: Mapped[list[str]] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    disabled_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (CheckConstraint("name <> ''", name="name_given"),)


class ApiKey(Base):
    """One key of a client: found by its prefix, proved by its keyed hash; the key itself is never stored."""

    __tablename__ = "api_key"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    client_id: Mapped[UUID] = mapped_column(ForeignKey("api_client.id", ondelete="CASCADE"), index=True)
    prefix: Mapped[str] = mapped_column(Text, unique=True)
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    expires_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class PersonalDataAccess(Base):
    """A log entry of unmasked personal data: the reader, the time and the ticket (KVKK md.12)."""

    __tablename__ = "personal_data_access"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    client_id: Mapped[UUID] = mapped_column(ForeignKey("api_client.id", ondelete="RESTRICT"))
    operation: Mapped[str] = mapped_column(Text)
    facts: Mapped[dict[str, str]] = mapped_column(JSONB)

    __table_args__ = (Index(None, "client_id", "at"),)
