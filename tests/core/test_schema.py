"""Field types of request schemas: accepted values, and the codes of refused ones."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from app.core.field_errors import field_errors
from app.core.schema import Code, ExternalId, Instant, Latitude, Longitude, LongText, RequestModel, ShortText


class Sample(RequestModel):
    """A model with one field of each type."""

    long: LongText | None = None
    short: ShortText | None = None
    code: Code | None = None
    external_id: ExternalId | None = None
    at: Instant | None = None
    latitude: Latitude | None = None
    longitude: Longitude | None = None


def codes(sent: dict[Any, Any]) -> list[str]:
    try:
        Sample.model_validate(sent)
    except ValidationError as refused:
        return [error.code for error in field_errors(refused.errors())]
    return []


@pytest.mark.parametrize(
    ("written", "instant"),
    [
        ("2026-05-12T10:00:00+03:00", datetime(2026, 5, 12, 7, tzinfo=UTC)),
        ("2026-05-12T07:00:00Z", datetime(2026, 5, 12, 7, tzinfo=UTC)),
        ("2026-05-12 10:00:00.25+03:00", datetime(2026, 5, 12, 7, 0, 0, 250_000, tzinfo=UTC)),
        ("2026-11-27T10:00:00+03", datetime(2026, 11, 27, 7, tzinfo=UTC)),
        ("2026-11-27 10:00:00.123456+03", datetime(2026, 11, 27, 7, 0, 0, 123_456, tzinfo=UTC)),
        ("2026-11-27T10:00:00 03:00", datetime(2026, 11, 27, 7, tzinfo=UTC)),
        ("2026-11-27T10:00 0300", datetime(2026, 11, 27, 7, tzinfo=UTC)),
        ("2026-11-27T10:00:00-0330", datetime(2026, 11, 27, 13, 30, tzinfo=UTC)),
        ("2000-01-01T00:00:00Z", datetime(2000, 1, 1, tzinfo=UTC)),
        ("2099-12-31T23:59:59Z", datetime(2099, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_an_instant_is_converted_to_utc(written: str, instant: datetime) -> None:
    read = Sample.model_validate({"at": written}).at

    assert read == instant
    assert read is not None
    assert read.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("2026-05-12T10:00:00", "zone"),
        ("2026-05-12", "zone"),
        ("2026-02-30T10:00:00Z", "date_time"),
        ("2026-11-27T10:00:00+3", "date_time"),
        ("2026-11-27T10:00:00  03", "date_time"),
        ("2026-11-27T10:00:00+03:0", "date_time"),
        ("2026-05-12T24:00:00Z", "date_time"),
        ("12.05.2026 10:00", "date_time"),
        ("2026", "date_time"),
        ("1778569200", "date_time"),
        ("1778569200.5", "date_time"),
        ("-1778569200", "date_time"),
        ("1e9", "date_time"),
        ("", "date_time"),
        (1778569200, "date_time"),
        (1778569200.5, "date_time"),
        (True, "date_time"),
        ([], "date_time"),
        ("1999-12-31T23:59:59Z", "too_old"),
        ("0001-01-01T00:00:00+14:00", "too_old"),
        ("2100-01-01T00:00:00Z", "too_late"),
        ("9999-12-31T23:59:59-12:00", "too_late"),
    ],
)
def test_what_is_no_plausible_instant_is_refused(written: Any, code: str) -> None:
    """The ends of the calendar would overflow in UTC, and pydantic reads bare numbers as seconds since 1970."""
    assert codes({"at": written}) == [code]


@given(st.datetimes(timezones=st.builds(timezone, st.timedeltas(timedelta(hours=-14), timedelta(hours=14)))))
def test_no_instant_of_the_calendar_ends_in_anything_but_a_value_or_a_refusal(instant: datetime) -> None:
    assert codes({"at": instant}) in ([], ["too_old"], ["too_late"])


@pytest.mark.parametrize("character", ["\x00", "\x07", "\x1b", "\x7f", "\x85", "\x9f", "\x0b"])
@pytest.mark.parametrize("field", ["long", "short", "external_id"])
def test_control_characters_are_refused(field: str, character: str) -> None:
    assert codes({field: f"a{character}b"}) == ["control_character"]


@pytest.mark.parametrize("character", ["\n", "\r", "\t", "\u2028", "\u2029"])
def test_line_breaks_are_for_long_text_only(character: str) -> None:
    assert codes({"long": f"a{character}b"}) == []
    assert codes({"short": f"a{character}b"}) == ["control_character"]
    assert codes({"external_id": f"a{character}b"}) == ["control_character"]


def test_half_of_a_surrogate_pair_is_refused() -> None:
    assert codes({"long": "a\ud83d"}) == ["control_character"]


def test_text_is_stripped_before_it_is_measured() -> None:
    assert Sample(short="  İkram Noktası ").short == "İkram Noktası"
    assert codes({"short": " \u00a0 "}) == ["too_short"]


@pytest.mark.parametrize(("field", "most"), [("long", 4000), ("short", 200), ("external_id", 200), ("code", 60)])
def test_text_is_bounded(field: str, most: int) -> None:
    assert codes({field: "a" * most}) == []
    assert codes({field: "a" * (most + 1)}) == ["too_long"]
    assert codes({field: ""}) == ["too_short"]
    assert codes({field: 7}) == ["text"]


@pytest.mark.parametrize("code", ["id card", "kimlik-ç", "a/b", "a\nb", "../x", "a%00"])
def test_a_code_has_no_signs_but_its_own(code: str) -> None:
    assert codes({"code": code}) == ["characters"]


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("latitude", 90.1, "maximum"),
        ("latitude", -90.1, "minimum"),
        ("longitude", 180.5, "maximum"),
        ("longitude", -181, "minimum"),
        ("latitude", float("nan"), "number"),
        ("latitude", float("inf"), "number"),
        ("latitude", "NaN", "number"),
        ("latitude", "north", "number"),
        ("latitude", [], "number"),
    ],
)
def test_degrees_are_finite_and_on_the_earth(field: str, value: Any, code: str) -> None:
    assert codes({field: value}) == [code]


def test_an_unknown_field_is_refused() -> None:
    assert codes({"shrot": "a"}) == ["unknown_field"]


@given(st.text(max_size=300))
def test_accepted_short_text_is_one_printable_line(text: str) -> None:
    try:
        accepted = TypeAdapter(ShortText).validate_python(text)
    except ValidationError:
        return
    assert len(accepted.splitlines()) == 1
    assert accepted.encode()
    assert "\x00" not in accepted
