"""Cursors of the feed: opaque, and rejected if this feed did not issue them."""

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
def test_a_cursor_decodes_to_itself(epoch: str, position: int) -> None:
    cursor = FeedCursor(epoch, position)
    assert FeedCursor.decode(cursor.encode()) == cursor


def test_a_reader_starts_at_the_beginning_at_the_end_or_at_its_cursor() -> None:
    assert start_position(None, RANGE) == 0
    assert start_position("latest", RANGE) == 40
    assert start_position(FeedCursor("6f1c2a90", 7).encode(), RANGE) == 7


def test_a_cursor_of_another_process_may_be_ahead_of_this_one() -> None:
    assert start_position(FeedCursor("6f1c2a90", 45).encode(), RANGE) == 45


def test_the_cursor_of_another_list_is_rejected() -> None:
    assert code(Cursor(START, new_id()).encode()) == "cursor"


@pytest.mark.parametrize("position", [-1, True, 1.5, "7", None])
def test_an_invented_position_is_rejected(position: object) -> None:
    text = json.dumps(["feed", "6f1c2a90", position], separators=(",", ":"))
    assert code(base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")) == "cursor"


@given(st.text(max_size=60))
def test_any_other_text_is_rejected(text: str) -> None:
    if text != "latest":
        assert code(text) == "cursor"


def test_cursors_from_before_a_restore_are_rejected() -> None:
    assert code(FeedCursor("6f1c2a90", 51).encode()) == "cursor_of_lost_data"
    assert code(FeedCursor("00000000", 7).encode()) == "cursor_of_lost_data"
