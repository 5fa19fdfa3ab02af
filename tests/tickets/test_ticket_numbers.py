"""Ticket numbers: ten digits, and a check digit that notices what fingers and ears get wrong."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.tickets.numbers import (
    InvalidTicketNumber,
    Reason,
    dictate_ticket_number,
    format_ticket_number,
    parse_ticket_number,
)

years = st.integers(2000, 2099)
sequences = st.integers(0, 9_999_999)


def test_a_number_is_year_sequence_and_check_digit() -> None:
    assert format_ticket_number(2026, 1234) == "2600012349"
    assert format_ticket_number(2009, 0).startswith("090000000")
    assert format_ticket_number(2099, 9_999_999).startswith("999999999")


@pytest.mark.parametrize("sequence", [-1, 10_000_000])
def test_a_sequence_that_does_not_fit_is_refused(sequence: int) -> None:
    with pytest.raises(InvalidTicketNumber) as refused:
        format_ticket_number(2026, sequence)

    assert refused.value.reason == "length"


def test_a_number_is_dictated_in_groups() -> None:
    assert dictate_ticket_number("2600012349") == "26 0001 2349"


@pytest.mark.parametrize(
    "typed",
    [
        "2600012349",
        " 26 0001 2349\n",
        "26.0001.2349",
        "26-0001-2349",
        "26–0001‑2349",
        "26/00012349",
        "26\u00a00001 2349",
    ],
)
def test_a_number_may_be_typed_with_separators(typed: str) -> None:
    assert parse_ticket_number(typed) == "2600012349"


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("", "length"),
        (" - ", "length"),
        ("260001234", "length"),
        ("26000123490", "length"),
        ("26000I2349", "digits"),
        ("+2600012349", "digits"),
        ("٢٦٠٠٠١٢٣٤٩", "digits"),
        ("26000123⁴9", "digits"),
        ("2600012345", "check_digit"),
    ],
)
def test_what_is_no_number_is_refused_with_the_reason(typed: str, reason: Reason) -> None:
    with pytest.raises(InvalidTicketNumber) as refused:
        parse_ticket_number(typed)

    assert refused.value.reason == reason


@given(years, sequences)
def test_every_number_reads_back(year: int, sequence: int) -> None:
    number = format_ticket_number(year, sequence)

    assert parse_ticket_number(number) == parse_ticket_number(dictate_ticket_number(number)) == number
    assert (int(number[:2]), int(number[2:9])) == (year % 100, sequence)


@given(years, sequences, st.integers(0, 9), st.integers(1, 9))
def test_every_wrong_digit_is_noticed(year: int, sequence: int, place: int, shift: int) -> None:
    number = format_ticket_number(year, sequence)
    wrong = str((int(number[place]) + shift) % 10)

    with pytest.raises(InvalidTicketNumber) as refused:
        parse_ticket_number(number[:place] + wrong + number[place + 1 :])
    assert refused.value.reason == "check_digit"


@given(years, sequences)
def test_every_swap_of_neighbours_is_rejected(year: int, sequence: int) -> None:
    number = format_ticket_number(year, sequence)
    swaps = {number[:at] + number[at + 1] + number[at] + number[at + 2 :] for at in range(9)} - {number}

    for swapped in swaps:
        with pytest.raises(InvalidTicketNumber):
            parse_ticket_number(swapped)


@given(st.text() | st.text("0123456789 -", max_size=14))
def test_any_text_is_a_number_or_refused(text: str) -> None:
    with suppress(InvalidTicketNumber):
        assert parse_ticket_number(parse_ticket_number(text)) == parse_ticket_number(text)
