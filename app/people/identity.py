"""Phone numbers and identity numbers in their Turkish spellings; errors never repeat the rejected text."""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import phonenumbers
from stdnum.exceptions import ValidationError
from stdnum.tr import tckimlik

from app.core.turkish import tr_key
from app.core.visible_text import without_invisible

_REGION, _TURKIYE = "TR", 90
_NEW_MOBILE = re.compile(r"5\d{9}")
_SCHEME = re.compile(r"^(?:sips?|tel):", re.IGNORECASE)
_NAME_AND_ADDRESS = re.compile(r"[^<>]*<([^<>]*)>\s*(?:;.*)?")
_MAX_LENGTH = 60
_EXTENSION = re.compile(r"(?:/|;ext=|[,;]?\s*(?:dahili|dah\.?|ext\.?|x)\s*:?)\s*(\d{1,6})$", re.IGNORECASE)
_MAX_EXTENSION_DIGITS = 6
_HIDDEN = frozenset(
    {"", "-", "anonymous", "unknown", "private", "restricted", "unavailable", "withheld", "blocked", "null"}
)
_HIDDEN |= {"unknown number", "private number", "no caller id", "gizli", "gizli numara", "ozel numara", "bilinmeyen"}
_HIDDEN |= {"anonim", "bilinmeyen numara", "bilinmeyen arayan", "gizli arama", "numara yok", "yok", "none", "n/a"}
"""The words of telephone systems for a caller with a hidden number."""


class IdentityError(ValueError):
    """The text is no valid number; `kind` is `phone` or `national_id`."""

    def __init__(self, kind: str) -> None:
        super().__init__(f"not a valid {kind}")
        self.kind = kind


class PhoneKind(StrEnum):
    """The kind of a phone number: only mobile numbers get SMS; UAN are the 444 lines."""

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
    """A phone number in E.164 with its extension; 444 lines can't be dialled from abroad."""

    e164: str
    kind: PhoneKind
    extension: str | None = None

    @property
    def storage(self) -> str:
        """Return the form that is sealed: `+905320000000` or `+904440073;ext=1010`."""
        return f"{self.e164};ext={self.extension}" if self.extension else self.e164

    @property
    def last_four(self) -> str:
        """Return the last four digits of the number, without the extension."""
        return self.e164[-4:]

    @property
    def display(self) -> str:
        """Return the printed form: `0532 000 00 67`, `444 00 73 dahili 1010`; foreign numbers with their code."""
        printed = _format(self.e164)
        return f"{printed} dahili {self.extension}" if self.extension else printed


@lru_cache(maxsize=64)
def parse_phone(text: str, *, possible: bool = False) -> Phone:
    """Parse a number in any Turkish spelling, with `/1010` or `dahili 1010` as extension; raise `IdentityError`.

    Short numbers (153, 112) belong to no person and are rejected. A number among words or beside another one is
    rejected too. A mobile number of a range that the numbering plan does not know yet (`0561 880 80 80`) is accepted;
    `possible` accepts a foreign number of a possible length, for callers and stored numbers.

    The cache spares the second parse: a request is parsed when it is validated and when it is stored.
    """
    if len(text) > _MAX_LENGTH:
        raise IdentityError("phone")
    text, extension = text.strip().removeprefix("tel:"), None
    if match := _EXTENSION.search(text):
        text, extension = text[: match.start()], match[1]
    if any(character.isalpha() for character in text):  # the library would convert them to the digits of a keypad
        raise IdentityError("phone")
    try:
        number = phonenumbers.parse(text, _REGION)
    except phonenumbers.NumberParseException:
        raise IdentityError("phone") from None
    extension = phonenumbers.normalize_digits_only(extension or number.extension or "")
    kind = _kind(number, possible=possible)
    if kind is None or len(extension) > _MAX_EXTENSION_DIGITS:
        raise IdentityError("phone")
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return Phone(e164, kind, extension or None)


def parse_stored_phone(storage: str) -> Phone:
    """Parse `Phone.storage`, also of a caller whose number was only possible."""
    return parse_phone(storage, possible=True)


def parse_caller(text: str | None) -> Phone | None:
    """Parse a caller as a telephone system shows it; None if hidden; raise `IdentityError`.

    Accepted are a number, a SIP or tel address (`sip:0532…@pbx`) and one with a name (`"Ad" <0532…>`).
    """
    shown = without_invisible(text or "").strip()
    if match := _NAME_AND_ADDRESS.fullmatch(shown):
        shown = match[1]
    user = _SCHEME.sub("", shown.strip()).partition("@")[0].partition(";")[0]
    if tr_key(user) in _HIDDEN:
        return None
    return parse_phone(user if "@" in shown else _SCHEME.sub("", shown), possible=True)


def parse_national_id(text: str) -> str:
    """Return the 11 digits of a T.C. identity number (or a foreigner's, 99…); raise `IdentityError`.

    The checksum proves correct typing, not that the number belongs to a person.
    """
    digits = text.strip()
    try:
        if not digits.isascii():
            raise IdentityError("national_id")
        return str(tckimlik.validate(digits))
    except ValidationError:
        raise IdentityError("national_id") from None


def _kind(number: phonenumbers.PhoneNumber, *, possible: bool) -> PhoneKind | None:
    """Return the kind of the number, or None if it is not accepted."""
    found = phonenumbers.number_type(number)
    if found != phonenumbers.PhoneNumberType.UNKNOWN:  # unknown means not valid by the present numbering plan
        return _KINDS.get(found, PhoneKind.OTHER)
    if number.country_code == _TURKIYE:
        return PhoneKind.MOBILE if _NEW_MOBILE.fullmatch(str(number.national_number)) else None
    return PhoneKind.OTHER if possible and phonenumbers.is_possible_number(number) else None


def _format(e164: str) -> str:
    if e164.startswith("+90444") and len(e164) == len("+904440073"):
        return f"444 {e164[-4:-2]} {e164[-2:]}"
    number = phonenumbers.parse(e164)
    national = e164.startswith("+90")
    style = phonenumbers.PhoneNumberFormat.NATIONAL if national else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(number, style)
