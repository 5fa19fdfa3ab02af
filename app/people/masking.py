"""What readers without the right to personal data see: enough to recognise, not enough to know."""

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
"""Dates, which stay, and nine digits or more, or seven grouped as phones are (but 444 lines), which do not."""

_SHOWN_OF_ID = 4
_WHOLE_NUMBER = len("+905320000067")


def mask_name(name: str) -> str:
    """`Ayşe Nur Yılmaz` → `A*** N** Y*****`."""
    return " ".join(word[0] + "*" * (len(word) - 1) if len(word) > 1 else "*" for word in name.split())


def mask_phone(stored: str) -> str:
    """`+905320000067` → `+90 532 *** ** 67`; an extension is left out, and of a foreign number the network."""
    number = stored.partition(";")[0]
    network = f" {number[3:6]}" if number.startswith("+90") and len(number) == _WHOLE_NUMBER else ""
    return f"{number[:3]}{network} *** ** {number[-2:]}"


def mask_national_id(national_id: str) -> str:
    """All but the last four digits starred: `*******0146`."""
    starred = len(national_id) - _SHOWN_OF_ID
    return "*" * starred + national_id[starred:] if starred > 0 else "*" * len(national_id)


def mask_address(_address: str) -> str:
    """Nothing of an address can be shown without showing where somebody lives."""
    return "***"


def mask_email(email: str) -> str:
    """`ornek@example.org` → `o***@***`."""
    return f"{email[:1]}***@***"


def mask_text(text: str) -> str:
    """Free text with e-mail addresses, IBANs, phone and identity numbers starred out; dates stay readable.

    Any other long number goes too: it may be somebody's.
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
"""How each sealed field of an applicant is masked, by its column."""
