"""The ticket number: digits only, easy to dictate, with a check digit that finds typing errors.

`YY` + 7-digit sequence + Damm digit: every single wrong digit and every swap of neighbours is noticed.
"""

import re
from typing import Literal

from stdnum import damm
from stdnum.exceptions import ValidationError

_SEPARATORS = re.compile(r"[\s.\-‐‑–/]")

Reason = Literal["length", "digits", "check_digit"]


class InvalidTicketNumber(ValueError):
    """Text that can't be a ticket number; `reason` says which of its marks is wrong."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


def format_number(year: int, sequence: int) -> str:
    """The number of the `sequence`-th ticket (0 to 9,999,999) in `year`; raises `InvalidTicketNumber` beyond that."""
    if not 0 <= sequence <= 9_999_999:
        raise InvalidTicketNumber("length")
    body = f"{year % 100:02d}{sequence:07d}"
    return body + damm.calc_check_digit(body)


def parse_number(text: str) -> str:
    """The ten digits of a number that was typed or read aloud (spaces, dots, dashes and slashes allowed).

    Raises `InvalidTicketNumber`.
    """
    digits = _SEPARATORS.sub("", text)
    if digits and not (digits.isascii() and digits.isdigit()):
        raise InvalidTicketNumber("digits")
    if len(digits) != 10:
        raise InvalidTicketNumber("length")
    try:
        return str(damm.validate(digits))
    except ValidationError:
        raise InvalidTicketNumber("check_digit") from None


def dictate(number: str) -> str:
    """The number in groups for reading aloud: `26 0001 2349`."""
    return f"{number[:2]} {number[2:6]} {number[6:]}"
