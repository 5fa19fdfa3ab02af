"""Row ids: UUIDv7, made in Python, so that rows can name each other before any of them is stored."""

from uuid import UUID

import uuid_utils.compat


def new_id() -> UUID:
    """A new time-ordered id (RFC 9562, version 7); later ones of a process sort after earlier ones."""
    return uuid_utils.compat.uuid7()
