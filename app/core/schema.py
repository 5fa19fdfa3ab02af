"""Base classes and field types of all schemas: bounded text, instants with a zone, no unknown fields."""

import re
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from app.core.email_address import InvalidEmail, parse_email
from app.core.visible_text import has_visible

_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_LATEST = datetime(2100, 1, 1, tzinfo=UTC)
_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_SHORT_ZONE = re.compile(
    r"(?P<time>\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?)"
    r"(?P<sign>[ +-])(?P<hours>\d{2})(?::?(?P<minutes>\d{2}))?"
)
_LINE_BREAKS = re.compile(r"[\n\r\t\u2028\u2029]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
"""Unicode's control characters (Cc) without tab, line feed and carriage return."""


class RequestModel(BaseModel):
    """Base of all request bodies: unknown fields are refused, numbers are finite."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, str_strip_whitespace=True, allow_inf_nan=False, hide_input_in_errors=True
    )


class ResponseModel(BaseModel):
    """Base of all response bodies."""

    model_config = ConfigDict(from_attributes=True)


def validation_error(code: str, **facts: object) -> PydanticCustomError:
    """Return the error for a validator to raise; `code` is one of `wording.FIELD_SENTENCES`."""
    return PydanticCustomError(code, "{code}", {"code": code, **facts})


def _printable(value: str) -> str:
    """Refuse control characters: PostgreSQL refuses NUL, and letters would print the others as rubbish."""
    if _CONTROL.search(value):
        raise validation_error("control_character")
    return value


def _visible(value: str) -> str:
    """Refuse text that shows nothing, such as a lone zero-width space: it would be a request without words."""
    if value and not has_visible(value):
        raise validation_error("invisible")
    return value


def mailable(value: str) -> str:
    """Return the ASCII form of an e-mail address; refuse one that mail can't be sent to."""
    try:
        return parse_email(value)
    except InvalidEmail:
        raise validation_error("email") from None


def _one_line(value: str) -> str:
    if _LINE_BREAKS.search(value):
        raise validation_error("control_character")
    return value


def _plausible(value: datetime) -> datetime:
    """Refuse instants before 2000 or from 2100: the ends of the calendar overflow in date arithmetic."""
    if value < _EARLIEST:
        raise validation_error("too_old", earliest=_EARLIEST.date().isoformat())
    if value >= _LATEST:
        raise validation_error("too_late", latest=_LATEST.date().isoformat())
    return value.astimezone(UTC)


def _iso_text(value: object) -> object:
    """Return the instant in a form that pydantic parses; refuse bare numbers, which it would read as instants.

    PostgreSQL prints a zone as `+03`; in a query an unescaped `+` arrives as a blank. Both are one certain zone.
    """
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str) or not _ISO_DATE.match(value):
        raise validation_error("date_time")
    zone = _SHORT_ZONE.fullmatch(value)
    if zone is None:
        return value
    return f"{zone['time']}{zone['sign'].replace(' ', '+')}{zone['hours']}:{zone['minutes'] or '00'}"


LongText = Annotated[str, Field(min_length=1, max_length=4000), AfterValidator(_printable), AfterValidator(_visible)]
"""Free text: 1 to 4,000 characters, line breaks allowed."""

ShortText = Annotated[
    str,
    Field(min_length=1, max_length=200),
    AfterValidator(_printable),
    AfterValidator(_one_line),
    AfterValidator(_visible),
]
"""One line: a name, a label, a reason in brief."""

Code = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[A-Za-z0-9._:-]+$")]
"""A code of the catalogue, or an id without spaces."""

CASE_NUMBER = r"^([0-9]{10}|S[0-9]{9})$"
"""The stored number of a ticket: ten digits for a request, `S` and nine digits for a complaint."""

ExternalId = ShortText
"""The channel's own id of a message or record, stored as unchanged text."""

Instant = Annotated[AwareDatetime, BeforeValidator(_iso_text), AfterValidator(_plausible)]
"""ISO 8601 with a zone, from 2000 to 2099, converted to UTC."""

Latitude = Annotated[float, Field(ge=-90, le=90)]
Longitude = Annotated[float, Field(ge=-180, le=180)]
"""WGS 84 degrees."""
