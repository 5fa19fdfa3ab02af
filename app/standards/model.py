"""The stored versions of the catalogue: what was published, and since when it applies."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import DateTime, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base
from app.core.ids import new_id
from app.standards.values import Catalogue

_CATALOGUE = TypeAdapter(Catalogue)


class CatalogueVersion(Base):
    """One immutable reading of the published table with its companion files; the newest one serves new tickets."""

    __tablename__ = "catalogue_version"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    loaded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), index=True)
    sha256: Mapped[str] = mapped_column(Text)
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)

    @property
    def catalogue(self) -> Catalogue:
        """Return the catalogue, parsed on each call; `RulebookCache` parses a version once a process."""
        return catalogue_from_json(self.content)


def catalogue_to_json(catalogue: Catalogue) -> dict[str, Any]:
    """Return the catalogue as plain JSON values for the column `content`."""
    content: dict[str, Any] = _CATALOGUE.dump_python(catalogue, mode="json")
    return content


def catalogue_from_json(content: Mapping[str, Any]) -> Catalogue:
    """Return the catalogue that `catalogue_to_json` wrote. Raises pydantic.ValidationError on anything else."""
    return _CATALOGUE.validate_python(content)
