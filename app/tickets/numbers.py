"""The numbers of tickets and of complaints: easy to dictate, with a check digit that finds typing errors.

A ticket number is `YY` + 7-digit sequence + Damm digit. A complaint number is `S` (şikâyet) + `YY` + 6-digit sequence +
Damm digit, as long as a ticket number. It cannot be confused with a ticket number or a notice number (`26-000123`), on
the telephone, on paper or in a column. The Damm digit detects every single wrong digit and every swap of neighbours.
"""

import re
from typing import Literal

from stdnum import damm
from stdnum.exceptions import ValidationError

_SEPARATORS = re.compile(r"[\s.\-‐‑–/]")
_COMPLAINT_NUMBER = re.compile(r"S[0-9]{9}")

Reason = Literal["length", "digits", "check_digit"]
"""The property of a text that makes it no ticket number."""


class InvalidTicketNumber(ValueError):
    """Text that can't be a ticket number, for `reason`."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


class InvalidComplaintNumber(ValueError):
    """Text that can't be the number of a complaint."""


def format_ticket_number(year: int, sequence: int) -> str:
    """Return the number of the `sequence`-th ticket (0 to 9,999,999) in `year`; raise `InvalidTicketNumber` beyond."""
    if not 0 <= sequence <= 9_999_999:
        raise InvalidTicketNumber("length")
    body = f"{year % 100:02d}{sequence:07d}"
    return body + damm.calc_check_digit(body)


def parse_ticket_number(text: str) -> str:
    """Return the ten digits of a number that was typed or read aloud (spaces, dots, dashes and slashes allowed).

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


def dictate_ticket_number(number: str) -> str:
    """Return the number in groups for reading aloud: `26 0001 2349`."""
    return f"{number[:2]} {number[2:6]} {number[6:]}"


def format_complaint_number(year: int, sequence: int) -> str:
    """Return the number of the `sequence`-th complaint (0 to 999,999) in `year`.

    Raises `InvalidComplaintNumber` for a sequence beyond.
    """
    if not 0 <= sequence <= 999_999:
        raise InvalidComplaintNumber(sequence)
    body = f"{year % 100:02d}{sequence:06d}"
    return f"S{body}{damm.calc_check_digit(body)}"


def parse_complaint_number(text: str) -> str:
    """Return the stored form of a number that was typed or read aloud; raise `InvalidComplaintNumber`."""
    number = _SEPARATORS.sub("", text).upper()
    if not _COMPLAINT_NUMBER.fullmatch(number):
        raise InvalidComplaintNumber
    try:
        damm.validate(number[1:])
    except ValidationError:
        raise InvalidComplaintNumber from None
    return number


def dictate_complaint_number(number: str) -> str:
    """Return the number in groups for reading aloud: `S 26 000 1238`."""
    return f"S {number[1:3]} {number[3:6]} {number[6:]}"
