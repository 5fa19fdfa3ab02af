"""Masks of personal data for readers without `personal-data:read`: enough to recognise, too little to know."""

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

from app.core.visible_text import without_invisible

_GAP = r"[\W_]{0,4}"
"""Between two digits of one number: a short run of anything but letters and digits."""

_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]+ {0,2}@ {0,2}[\w-]+(?:\.[\w-]+)+")
_IBAN = re.compile(rf"\bTR(?:{_GAP}\d){{24}}(?!\d)", re.IGNORECASE)
_NO_PLATE = "bin|ile|ila|kez|da|de|ve|ya|no|km|kg|gr|cm|mt|tl"
_PLATE = re.compile(
    rf"(?<![^\W_])(?:0[1-9]|[1-7]\d|8[01]){_GAP}(?!(?:{_NO_PLATE})\b)"
    rf"(?:[A-Z](?:{_GAP}\d){{4,5}}|[A-Z]{_GAP}[A-Z](?:{_GAP}\d){{3,4}}"
    rf"|[A-Z]{_GAP}[A-Z]{_GAP}[A-Z](?:{_GAP}\d){{2,3}})(?![^\W_])",
    re.IGNORECASE,
)
"""A number plate: province 01 to 81, one to three Latin letters, two to five digits; not `20 bin 500`."""

_DATE = (
    r"(?<!\d)(?:(?:0?[1-9]|[12]\d|3[01])[./](?:0?[1-9]|1[0-2])[./](?:19|20)\d\d"
    r"|(?:19|20)\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01]))(?!\d)"
)
_AMOUNT = r"(?<!\d)[1-9]\d{0,2}(?:\.\d{3}){1,2}(?:,\d\d)?(?![\W_]{0,4}\d)"
_POSITION = r"(?<!\d)(?:3[5-9]|4[0-3])\.\d{3,7}\s?[,;]\s?(?:2[5-9]|3\d|4[0-5])\.\d{3,7}(?![\W_]{0,4}\d)"
_NUMBER = re.compile(
    rf"(?P<shown>{_DATE}|{_POSITION}|{_AMOUNT})"
    rf"|(?:\+|\((?=\d+\)))?\d(?:{_GAP}(?!{_DATE})\d){{8,}}"
    r"|(?<!\d)(?!444)[2-9]\d\d[\s.-]\d\d[\s.-]\d\d(?!\d)"
)
"""Group `shown` stays readable: dates, amounts below a billion, positions in Türkiye.

Nine digits or more are masked, and seven grouped like a phone, except 444 lines.
"""

_VISIBLE_ID_DIGITS = 4
_E164_LENGTH = len("+905320000067")


def mask_name(name: str) -> str:
    """Mask a name: `Ayşe Nur Yılmaz` → `A*** N** Y*****`."""
    return " ".join(word[0] + "*" * (len(word) - 1) if len(word) > 1 else "*" for word in name.split())


def mask_phone(stored: str) -> str:
    """Mask a phone: `+905320000067` → `+90 532 *** ** 67`, without extension; foreign numbers without network."""
    number = stored.partition(";")[0]
    network = f" {number[3:6]}" if number.startswith("+90") and len(number) == _E164_LENGTH else ""
    return f"{number[:3]}{network} *** ** {number[-2:]}"


def mask_national_id(national_id: str) -> str:
    """Mask all but the last four digits: `*******0146`."""
    starred = len(national_id) - _VISIBLE_ID_DIGITS
    return "*" * starred + national_id[starred:] if starred > 0 else "*" * len(national_id)


def mask_address(_address: str) -> str:
    """Mask all of an address: any part of it would show where a person lives."""
    return "***"


def mask_email(email: str) -> str:
    """Mask an e-mail address: `ornek@example.org` → `o***@***`."""
    return f"{email[:1]}***@***"


def mask_text(text: str) -> str:
    """Mask e-mail addresses, IBANs, plates, phone and identity numbers in free text; dates and amounts stay readable.

    Invisible characters are removed first, since they may separate the digits of a number. Any other long number is
    masked too, for it may identify a person.
    """
    text = without_invisible(text)
    text = _PLATE.sub("***", _IBAN.sub("***", _EMAIL.sub("***", text)))
    return _NUMBER.sub(lambda found: found["shown"] or "***", text)


MASKS: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {
        "name": mask_name,
        "phone": mask_phone,
        "national_id": mask_national_id,
        "address": mask_address,
        "email": mask_email,
    }
)
"""Sealed column of an applicant → its mask."""
