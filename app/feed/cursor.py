"""A place in the feed as it stands in a URL: opaque, and refused where it does not belong."""

import base64
import json
from dataclasses import dataclass

from app.core.errors import FieldError, Invalid
from app.feed.watermark import FeedRange

LATEST = "latest"
"""What a reader sends who wants to begin with what comes next."""

FIELD = "/after"


@dataclass(frozen=True, slots=True)
class FeedCursor:
    """After which position to go on, and in which life of the database that position was given."""

    epoch: str
    position: int

    def encode(self) -> str:
        """The cursor as it stands in a URL."""
        place = json.dumps(["feed", self.epoch, self.position], separators=(",", ":"))
        return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")

    @staticmethod
    def decode(given: str) -> "FeedCursor":
        """Read a cursor; raises `Invalid` for one that this feed did not give."""
        try:
            kind, epoch, position = json.loads(base64.urlsafe_b64decode(given + "=" * (-len(given) % 4)))
            cursor = FeedCursor(epoch, position)
            ours = kind == "feed" and type(position) is int and position >= 0 and cursor.encode() == given
        except (ValueError, TypeError, RecursionError):
            ours = False
        if not ours:
            raise Invalid([FieldError(FIELD, "cursor")])
        return cursor


def start_of(after: str | None, feed_range: FeedRange) -> int:
    """The position after which a reader goes on: from the beginning without a cursor.

    Raises `Invalid` for a cursor of something else, and for one that a restored database has not given (again).
    """
    if after is None:
        return 0
    if after == LATEST:
        return feed_range.settled
    cursor = FeedCursor.decode(after)
    if cursor.epoch != feed_range.epoch or cursor.position > feed_range.drawn:
        raise Invalid([FieldError(FIELD, "cursor_of_lost_data")])
    return cursor.position
