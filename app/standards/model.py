"""Versions of the catalogue: what the municipality had published, and from when on it is applied."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base
from app.core.ids import new_id


class CatalogueVersion(Base):
    """One immutable reading of the published table with its companion files; the newest one serves new tickets."""

    __tablename__ = "catalogue_version"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    loaded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), index=True)
    sha256: Mapped[str] = mapped_column(Text)
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)
