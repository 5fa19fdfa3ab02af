"""Applicants: every personal field is ciphertext bound to its row; look-ups use keyed blind indexes."""

from uuid import UUID

from sqlalchemy import Boolean, CheckConstraint, Index, LargeBinary, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base
from app.core.ids import new_id
from app.core.wording import Language


class Applicant(Base):
    """The person (or their proxy) who applied with one ticket.

    `language` is the language of notices to them; `contact_by` the medium that they wish, None if unknown.
    """

    __tablename__ = "applicant"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    role: Mapped[str] = mapped_column(Text)
    identity_hidden: Mapped[bool] = mapped_column(Boolean, default=False)
    language: Mapped[Language] = mapped_column(Text, server_default="tr")
    contact_by: Mapped[str | None] = mapped_column(Text)
    name: Mapped[bytes | None] = mapped_column(LargeBinary)
    phone: Mapped[bytes | None] = mapped_column(LargeBinary)
    national_id: Mapped[bytes | None] = mapped_column(LargeBinary)
    address: Mapped[bytes | None] = mapped_column(LargeBinary)
    email: Mapped[bytes | None] = mapped_column(LargeBinary)
    phone_index: Mapped[bytes | None] = mapped_column(LargeBinary)
    national_id_index: Mapped[bytes | None] = mapped_column(LargeBinary)

    __table_args__ = (
        CheckConstraint("role IN ('self', 'attorney', 'guardian', 'anonymous')", name="role"),
        CheckConstraint("language IN ('tr', 'en')", name="language"),
        CheckConstraint("contact_by IN ('app', 'sms', 'email')", name="contact_by"),
        Index("ix_applicant_phone_index", "phone_index", postgresql_where=text("phone_index IS NOT NULL")),
        Index(
            "ix_applicant_national_id_index",
            "national_id_index",
            postgresql_where=text("national_id_index IS NOT NULL"),
        ),
    )
