"""Keyset paging: an opaque cursor, a bounded page size and the `Link` header (RFC 8288)."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Generic, TypeVar
from urllib.parse import urlencode
from uuid import UUID

from app.core.errors import FieldError, Invalid

T = TypeVar("T")

DEFAULT_PAGE_SIZE = 25
MAX_PAGE_SIZE = 100


@dataclass(frozen=True, slots=True)
class Cursor:
    """The end of a page: the sort instant and the id of its last row."""

    at: datetime
    id: UUID

    def encode(self) -> str:
        """Return the cursor as URL-safe text."""
        position = json.dumps([self.at.astimezone(UTC).isoformat(), str(self.id)])
        return base64.urlsafe_b64encode(position.encode()).decode().rstrip("=")

    @staticmethod
    def decode(text: str) -> "Cursor":
        """Decode a cursor; raise `Invalid` if `encode` can't have made it."""
        try:
            at, row_id = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
            cursor = Cursor(datetime.fromisoformat(at), UUID(row_id))
            ours = cursor.encode() == text
        except (ValueError, TypeError, AttributeError, OverflowError, RecursionError):
            ours = False
        if not ours:
            raise Invalid([FieldError("/cursor", "cursor")])
        return cursor


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Rows of a list and the cursor after them, None on the last page."""

    items: Sequence[T]
    next_cursor: str | None


def link_header(
    path: str, query: Sequence[tuple[str, str]], next_cursor: str | None, *, parameter: str = "cursor"
) -> dict[str, str]:
    """Return `Link: <…>; rel="next"` with the caller's own filters; nothing on the last page."""
    if next_cursor is None:
        return {}
    filters = [(name, value) for name, value in query if name != parameter]
    return {"Link": f'<{path}?{urlencode([*filters, (parameter, next_cursor)])}>; rel="next"'}
