"""Masks of personal data for readers without `personal-data:read`: enough to recognise, too little to know."""

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_IBAN = re.compile(r"\bTR\d{2}(?:\s?\d{4}){5}\s?\d{2}\b", re.IGNORECASE)
_DATE = (
    r"(?<!\d)(?:(?:0?[1-9]|[12]\d|3[01])[./](?:0?[1-9]|1[0-2])[./](?:19|20)\d\d"
    r"|(?:19|20)\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01]))(?!\d)"
)
_NUMBER = re.compile(
    rf"(?P<date>{_DATE})"
    rf"|(?:\+|\((?=\d+\)))?\d(?:[\s()./_‐‑–—-]{{0,3}}(?!{_DATE})\d){{8,}}"
    r"|(?<!\d)(?!444)[2-9]\d\d[\s.-]\d\d[\s.-]\d\d(?!\d)"
)
"""Group `date` stays readable. Nine digits or more are masked, and seven grouped like a phone, except 444 lines."""

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
    """Mask e-mail addresses, IBANs, phone and identity numbers in free text; dates stay readable.

    Any other long number is masked too, for it may identify a person.
    """
    text = _IBAN.sub("***", _EMAIL.sub("***", text))
    return _NUMBER.sub(lambda found: found["date"] or "***", text)


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
