"""Phone numbers and identity numbers as the field writes them; errors never repeat what was refused."""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import phonenumbers
from stdnum.exceptions import ValidationError
from stdnum.tr import tckimlik

from app.core.turkish import tr_key

_REGION = "TR"
_LONGEST = 60
_EXTENSION = re.compile(r"(?:/|;ext=|[,;]?\s*(?:dahili|dah\.?|ext\.?|x)\s*:?)\s*(\d{1,6})$", re.IGNORECASE)
_LONGEST_EXTENSION = 6
_HIDDEN = frozenset(
    {"", "-", "anonymous", "unknown", "private", "restricted", "unavailable", "withheld", "blocked", "null"}
)
_HIDDEN |= {"unknown number", "private number", "no caller id", "gizli", "gizli numara", "ozel numara", "bilinmeyen"}
"""How telephone systems name a caller who does not show a number."""


class IdentityError(ValueError):
    """A number that can't be one; `kind` is `phone` or `national_id`."""

    def __init__(self, kind: str) -> None:
        super().__init__(f"not a valid {kind}")
        self.kind = kind


class PhoneKind(StrEnum):
    """What a number is good for: SMS goes to mobile ones only; UAN are the 444 lines."""

    MOBILE = "mobile"
    FIXED = "fixed"
    UAN = "uan"
    OTHER = "other"


_KINDS = {
    phonenumbers.PhoneNumberType.MOBILE: PhoneKind.MOBILE,
    phonenumbers.PhoneNumberType.FIXED_LINE: PhoneKind.FIXED,
    phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE: PhoneKind.MOBILE,
    phonenumbers.PhoneNumberType.UAN: PhoneKind.UAN,
}


@dataclass(frozen=True, slots=True)
class Phone:
    """A phone number: `e164` finds it, `extension` follows it; 444 lines can't be dialled from abroad."""

    e164: str
    kind: PhoneKind
    extension: str | None = None

    @property
    def storage(self) -> str:
        """The one text that is sealed: `+905320000000` or `+904440073;ext=1010`."""
        return f"{self.e164};ext={self.extension}" if self.extension else self.e164

    @property
    def last_four(self) -> str:
        """The last four digits of the number itself."""
        return self.e164[-4:]

    @property
    def display(self) -> str:
        """As it is printed in Türkiye: `0532 000 00 67`, `444 00 73 dahili 1010`; foreign numbers with their code."""
        shown = _printed(self.e164)
        return f"{shown} dahili {self.extension}" if self.extension else shown


@lru_cache(maxsize=64)
def parse_phone(text: str) -> Phone:
    """Read a number in any Turkish spelling, with `/1010` or `dahili 1010` as extension; raises `IdentityError`.

    Short numbers (153, 112) are nobody's own and are refused, and so is a number among words or beside another one.
    A few are remembered for a moment: a request asks when it is checked and again when it is taken.
    """
    if len(text) > _LONGEST:
        raise IdentityError("phone")
    text, extension = text.strip().removeprefix("tel:"), None
    if match := _EXTENSION.search(text):
        text, extension = text[: match.start()], match[1]
    if any(character.isalpha() for character in text):  # the library would read them as keys of a telephone
        raise IdentityError("phone")
    try:
        number = phonenumbers.parse(text, _REGION)
    except phonenumbers.NumberParseException:
        raise IdentityError("phone") from None
    extension = phonenumbers.normalize_digits_only(extension or number.extension or "")
    kind = phonenumbers.number_type(number)
    if kind == phonenumbers.PhoneNumberType.UNKNOWN or len(extension) > _LONGEST_EXTENSION:  # unknown: not valid
        raise IdentityError("phone")
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return Phone(e164, _KINDS.get(kind, PhoneKind.OTHER), extension or None)


def parse_caller(text: str | None) -> Phone | None:
    """A caller's number as a telephone system sends it; None for a hidden one; raises `IdentityError`."""
    if text is None or tr_key(text).removeprefix("sip:").partition("@")[0] in _HIDDEN:
        return None
    return parse_phone(text)


def parse_national_id(text: str) -> str:
    """The 11 digits of a T.C. identity number (or a foreigner's, 99…); raises `IdentityError`.

    The checksum says that it was typed right, not that it belongs to somebody.
    """
    digits = text.strip()
    try:
        if not digits.isascii():
            raise IdentityError("national_id")
        return str(tckimlik.validate(digits))
    except ValidationError:
        raise IdentityError("national_id") from None


def _printed(e164: str) -> str:
    if e164.startswith("+90444") and len(e164) == len("+904440073"):
        return f"444 {e164[-4:-2]} {e164[-2:]}"
    number = phonenumbers.parse(e164)
    at_home = e164.startswith("+90")
    style = phonenumbers.PhoneNumberFormat.NATIONAL if at_home else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(number, style)
