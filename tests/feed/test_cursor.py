"""Cursors of the feed: opaque, and refused where they do not belong."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import Invalid
from app.core.ids import new_id
from app.core.paging import Cursor
from app.feed.cursor import FeedCursor, start_position
from app.feed.watermark import FeedRange
from tests.installation import START

RANGE = FeedRange("6f1c2a90", settled=40, allocated=50)


def code(given_cursor: str) -> str:
    with pytest.raises(Invalid) as refused:
        start_position(given_cursor, RANGE)
    assert refused.value.errors[0].pointer == "/after"
    return refused.value.errors[0].code


@given(epoch=st.text(max_size=12), position=st.integers(min_value=0, max_value=2**63 - 1))
def test_a_cursor_is_read_as_it_was_made(epoch: str, position: int) -> None:
    cursor = FeedCursor(epoch, position)
    assert FeedCursor.decode(cursor.encode()) == cursor


def test_a_reader_begins_at_the_start_at_the_end_or_where_it_stopped() -> None:
    assert start_position(None, RANGE) == 0
    assert start_position("latest", RANGE) == 40
    assert start_position(FeedCursor("6f1c2a90", 7).encode(), RANGE) == 7


def test_a_cursor_that_another_process_gave_may_be_ahead_of_this_one() -> None:
    assert start_position(FeedCursor("6f1c2a90", 45).encode(), RANGE) == 45


def test_the_cursor_of_another_list_is_refused() -> None:
    assert code(Cursor(START, new_id()).encode()) == "cursor"


@pytest.mark.parametrize("position", [-1, True, 1.5, "7", None])
def test_a_made_up_position_is_refused(position: object) -> None:
    place = json.dumps(["feed", "6f1c2a90", position], separators=(",", ":"))
    assert code(base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")) == "cursor"


@given(st.text(max_size=60))
def test_anything_else_is_refused(text: str) -> None:
    if text != "latest":
        assert code(text) == "cursor"


def test_cursors_of_data_that_a_restore_has_lost_are_refused() -> None:
    assert code(FeedCursor("6f1c2a90", 51).encode()) == "cursor_of_lost_data"
    assert code(FeedCursor("00000000", 7).encode()) == "cursor_of_lost_data"
