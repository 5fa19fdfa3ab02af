"""Cursors of the feed: opaque in a URL, rejected if this feed did not issue them."""

import base64
import json
from dataclasses import dataclass

from app.core.errors import FieldError, Invalid
from app.feed.watermark import FeedRange

LATEST = "latest"
"""The cursor of a reader who wants only the events from now on."""

_POINTER = "/after"


@dataclass(frozen=True, slots=True)
class FeedCursor:
    """A position in the feed, and the epoch of the database that issued it."""

    epoch: str
    position: int

    def encode(self) -> str:
        """Return the cursor as URL-safe text."""
        position = json.dumps(["feed", self.epoch, self.position], separators=(",", ":"))
        return base64.urlsafe_b64encode(position.encode()).decode().rstrip("=")

    @staticmethod
    def decode(text: str) -> "FeedCursor":
        """Decode a cursor; raise `Invalid` if `encode` can't have made it."""
        try:
            kind, epoch, position = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
            cursor = FeedCursor(epoch, position)
            ours = kind == "feed" and type(position) is int and position >= 0 and cursor.encode() == text
        except (ValueError, TypeError, RecursionError):
            ours = False
        if not ours:
            raise Invalid([FieldError(_POINTER, "cursor")])
        return cursor


def start_position(after: str | None, feed_range: FeedRange) -> int:
    """Return the position after which a reader continues; 0 without a cursor.

    Raises `Invalid` for a cursor of another list, and for one from before the restore of an older backup.
    """
    if after is None:
        return 0
    if after == LATEST:
        return feed_range.settled
    cursor = FeedCursor.decode(after)
    if cursor.epoch != feed_range.epoch or cursor.position > feed_range.allocated:
        raise Invalid([FieldError(_POINTER, "cursor_of_lost_data")])
    return cursor.position
