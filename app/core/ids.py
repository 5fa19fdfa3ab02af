"""Row ids: UUIDv7 from Python, so that rows can reference each other before they are stored."""

from uuid import UUID

import uuid_utils.compat


def new_id() -> UUID:
    """Return a new id (RFC 9562, version 7) that sorts after earlier ids of this process."""
    return uuid_utils.compat.uuid7()
