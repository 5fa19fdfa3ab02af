"""The number of a complaint: `S` (şikâyet), year, six digits and a check digit, as long as a ticket's number.

The letter keeps it apart from a ticket's number (ten digits) and a notice's (`26-000123`) on the telephone, on paper
and in every column that holds either; the Damm digit finds every single wrong digit and every swap of neighbours.
"""

import re

from stdnum import damm
from stdnum.exceptions import ValidationError

_FORM = re.compile(r"S[0-9]{9}")
_SEPARATORS = re.compile(r"[\s.\-‐‑–/]")


class InvalidComplaintNumber(ValueError):
    """Text that can't be the number of a complaint."""


def format_number(year: int, sequence: int) -> str:
    """The number of the `sequence`-th complaint (0 to 999,999) in `year`; raises `InvalidComplaintNumber` beyond."""
    if not 0 <= sequence <= 999_999:
        raise InvalidComplaintNumber(sequence)
    body = f"{year % 100:02d}{sequence:06d}"
    return f"S{body}{damm.calc_check_digit(body)}"


def parse_number(text: str) -> str:
    """The number as it is stored, from one that was typed or read aloud; raises `InvalidComplaintNumber`."""
    number = _SEPARATORS.sub("", text).upper()
    if not _FORM.fullmatch(number):
        raise InvalidComplaintNumber
    try:
        damm.validate(number[1:])
    except ValidationError:
        raise InvalidComplaintNumber from None
    return number


def dictate(number: str) -> str:
    """The number in groups for reading aloud: `S 26 000 1238`."""
    return f"S {number[1:3]} {number[3:6]} {number[6:]}"
