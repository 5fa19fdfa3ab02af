"""Conversion of pydantic's errors into our own stable codes, without the rejected input."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from app.core.errors import FieldError

_CHOICE = re.compile(r"'([^']*)'|\b([0-9]+)\b")

_PYDANTIC_CODES: Final[Mapping[str, str]] = {
    "missing": "missing",
    "extra_forbidden": "unknown_field",
    "json_invalid": "json",
    "json_type": "json",
    "string_type": "text",
    "string_unicode": "control_character",
    "string_too_long": "too_long",
    "string_too_short": "too_short",
    "too_long": "too_many_items",
    "too_short": "too_few_items",
    "enum": "choice",
    "literal_error": "choice",
    "int_type": "integer",
    "int_parsing": "integer",
    "int_from_float": "integer",
    "int_parsing_size": "integer",
    "float_type": "number",
    "float_parsing": "number",
    "finite_number": "number",
    "bool_type": "boolean",
    "bool_parsing": "boolean",
    "greater_than_equal": "minimum",
    "less_than_equal": "maximum",
    "string_pattern_mismatch": "characters",
    "model_attributes_type": "object",
    "model_type": "object",
    "dict_type": "object",
    "list_type": "list",
    "tuple_type": "list",
    "date_type": "date",
    "date_parsing": "date",
    "date_from_datetime_parsing": "date",
    "date_from_datetime_inexact": "date",
    "time_type": "time",
    "time_parsing": "time",
    "datetime_type": "date_time",
    "datetime_parsing": "date_time",
    "datetime_from_date_parsing": "date_time",
    "datetime_object_invalid": "date_time",
    "timezone_aware": "zone",
}
_CONTEXT_NAMES: Final[Mapping[str, str]] = {
    "max_length": "max",
    "min_length": "min",
    "ge": "min",
    "le": "max",
    "expected": "allowed",
}


def field_errors(errors: Iterable[Mapping[str, Any]], *, skip: int = 0) -> list[FieldError]:
    """Convert pydantic's errors: each becomes a pointer, a stable code and what is allowed, without the input.

    `skip` drops leading parts of the location (FastAPI puts `body` first).
    """
    found = []
    for error in errors:
        location = error["loc"][skip:]
        kind = error["type"]
        context = error.get("ctx", {})
        code = context.get("code") or _PYDANTIC_CODES.get(kind, "value")
        facts = {
            _CONTEXT_NAMES.get(key, key): _choices(value) if key == "expected" else value
            for key, value in context.items()
            if key not in {"code", "error"}
        }
        if kind == "json_invalid":
            location = ()
        found.append(FieldError(_pointer(location), code, facts))
    return found


def _choices(expected: str) -> list[str]:
    """Split pydantic's English `'a', 'b' or 'c'`, or `1 or 2`, into a list."""
    return [quoted or number for quoted, number in _CHOICE.findall(expected)]


def _pointer(location: Iterable[Any]) -> str:
    """Return the location as a JSON pointer; a caller's own names are cut and cleaned of broken Unicode."""
    parts = (str(part)[:60].encode("utf-8", "replace").decode() for part in location)
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in parts)
