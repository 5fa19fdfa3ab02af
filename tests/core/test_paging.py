"""Keyset paging: a cursor survives a round trip through a URL, and nothing else is accepted as one."""

import base64
import json
from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import Invalid
from app.core.paging import Cursor, link_header

_ID = "01a0c3de-0000-7000-8000-000000000000"
_INSTANTS = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
_CURSORS = st.builds(Cursor, _INSTANTS, st.uuids())


def encoded(content: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


@given(_CURSORS)
def test_a_cursor_comes_back_from_its_text(cursor: Cursor) -> None:
    text = cursor.encode()

    assert Cursor.decode(text) == cursor
    assert link_header("/v1/tickets", [], text) == {"Link": f'</v1/tickets?cursor={text}>; rel="next"'}


def test_a_cursor_is_written_in_utc() -> None:
    local = Cursor(datetime(2026, 5, 12, 10, tzinfo=timezone(timedelta(hours=3))), Cursor.decode(_some()).id)

    assert Cursor.decode(local.encode()).at == datetime(2026, 5, 12, 7, tzinfo=UTC)


def _some() -> str:
    return encoded(["2026-05-12T07:00:00+00:00", _ID])


@pytest.mark.parametrize(
    "content",
    [
        ["2026-05-12T07:00:00", _ID],
        ["2026-05-12", _ID],
        ["0001-01-01T00:00:00+14:00", _ID],
        ["9999-12-31T23:59:59-14:00", _ID],
        ["2026-05-12T10:00:00+03:00", _ID],
        ["2026-05-12T07:00:00+00:00", _ID.replace("-", "")],
        ["2026-05-12T07:00:00+00:00", "1"],
        ["2026-05-12T07:00:00+00:00", 1],
        ["2026-05-12T07:00:00+00:00", None],
        [1778569200, _ID],
        ["2026-05-12T07:00:00+00:00", _ID, "more"],
        ["2026-05-12T07:00:00+00:00"],
        {"at": "2026-05-12T07:00:00+00:00", "id": _ID},
        "ab",
        12,
        None,
        [],
    ],
)
def test_json_that_is_no_cursor_of_ours_is_refused(content: object) -> None:
    with pytest.raises(Invalid) as refused:
        Cursor.decode(encoded(content))

    assert [(error.pointer, error.code) for error in refused.value.errors] == [("/cursor", "cursor")]


@pytest.mark.parametrize(
    "text", ["", "=", "çay", "a", "%00", "\x00", "W10", "[" * 5000, base64.b64encode(b"[" * 50_000).decode()]
)
def test_garbage_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        Cursor.decode(text)


@given(st.text(max_size=120) | st.binary(max_size=90).map(lambda raw: base64.urlsafe_b64encode(raw).decode()))
def test_any_text_is_refused_as_an_invalid_field(text: str) -> None:
    with pytest.raises(Invalid):
        Cursor.decode(text)


@given(_CURSORS, st.integers(0, 1000), st.characters())
def test_a_cursor_has_one_spelling_only(cursor: Cursor, at: int, character: str) -> None:
    text = cursor.encode()
    at %= len(text) + 1
    spoiled = text[:at] + character + text[at:]

    with pytest.raises(Invalid):
        Cursor.decode(spoiled)


def test_the_last_page_has_no_link() -> None:
    assert link_header("/v1/tickets", [("state", "closed")], None) == {}


def test_the_link_keeps_the_caller_s_filters_and_replaces_the_cursor() -> None:
    query = [("unit", "parks & gardens"), ("cursor", "old"), ("state", "referred"), ("state", "returned")]
    link = link_header("/v1/tickets", query, "new")["Link"]
    address, _, relation = link.partition("; ")

    assert relation == 'rel="next"'
    assert parse_qsl(urlsplit(address.strip("<>")).query) == [
        ("unit", "parks & gardens"),
        ("state", "referred"),
        ("state", "returned"),
        ("cursor", "new"),
    ]


def test_a_filter_cannot_break_out_of_the_link_header() -> None:
    link = link_header("/v1/tickets", [("q", 'a>; rel="evil"\r\nX: y')], "new")["Link"]

    assert link.count(">") == 1
    assert "\r" not in link
    assert "\n" not in link
