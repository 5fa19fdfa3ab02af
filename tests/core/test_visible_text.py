"""Text that shows nothing is no text, and characters that show nothing are no part of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from app.core.schema import ExternalId, LongText, ShortText
from app.core.visible_text import has_visible, without_invisible

INVISIBLE = (
    "\u200b\u200c\u200d\u2060\ufeff\u00ad\u3164\u2800\u115f\u1160\uffa0\u180e\u202e\u2066\u034f\ufe0f\u00a0\u2003 \n"
)


class _Texts(BaseModel):
    long: LongText = "a"
    short: ShortText = "a"
    id: ExternalId = "a"


@given(st.text(INVISIBLE))
def test_invisible_characters_alone_show_nothing(text: str) -> None:
    assert not has_visible(text)


@given(st.text(INVISIBLE), st.sampled_from(["a", "ş", "1", "?", "☎", "😀", "水"]), st.text(INVISIBLE))
def test_one_visible_character_is_enough(before: str, sign: str, after: str) -> None:
    assert has_visible(before + sign + after)


@pytest.mark.parametrize("field", ["long", "short", "id"])
@pytest.mark.parametrize(
    "text", ["\u200b", "\u3164", "\u2800", "\u00ad", "\u2060", "\u202e\u2066", "\u200b\u3164 \u2800"]
)
def test_a_field_of_invisible_text_is_refused(field: str, text: str) -> None:
    with pytest.raises(ValidationError) as refused:
        _Texts.model_validate({field: text})

    assert [error["type"] for error in refused.value.errors()] == ["invisible"]


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("0532\u200b123", "0532123"),
        ("Ay\u00adşe", "Ayşe"),
        ("\u202eters\u202c", "ters"),
        ("İ\u0307stanbul", "İ\u0307stanbul"),
        ("bir\niki", "bir\niki"),
        ("０５", "05"),
    ],
)
def test_invisible_characters_are_removed(text: str, seen: str) -> None:
    assert without_invisible(text) == seen


@given(st.text())
def test_removing_twice_is_removing_once(text: str) -> None:
    assert without_invisible(without_invisible(text)) == without_invisible(text)
