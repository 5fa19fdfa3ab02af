"""The number of a complaint: distinct from those of tickets and notices, and safe to dictate."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.tickets.numbers import (
    InvalidComplaintNumber,
    InvalidTicketNumber,
    dictate_complaint_number,
    format_complaint_number,
    parse_complaint_number,
    parse_ticket_number,
)

NUMBERS = st.builds(format_complaint_number, st.integers(2000, 2099), st.integers(0, 999_999))


@given(NUMBERS)
def test_a_number_is_read_back_however_it_was_written_down(number: str) -> None:
    assert len(number) == 10
    assert parse_complaint_number(dictate_complaint_number(number)) == parse_complaint_number(number.lower()) == number


@given(NUMBERS, st.integers(1, 9), st.integers(0, 9))
def test_every_wrong_digit_is_noticed(number: str, place: int, digit: int) -> None:
    typed = number[:place] + str(digit) + number[place + 1 :]
    if typed == number:
        assert parse_complaint_number(typed) == number
    else:
        with pytest.raises(InvalidComplaintNumber):
            parse_complaint_number(typed)


@given(NUMBERS)
def test_it_is_no_number_of_a_ticket(number: str) -> None:
    with pytest.raises(InvalidTicketNumber):
        parse_ticket_number(number)


@pytest.mark.parametrize("text", ["", "S", "2600012349", "26-000123", "S26000123", "Ş260001238", "S26000123٣"])
def test_what_is_no_number_of_a_complaint_is_refused(text: str) -> None:
    with pytest.raises(InvalidComplaintNumber):
        parse_complaint_number(text)


@pytest.mark.parametrize("sequence", [-1, 1_000_000])
def test_a_sequence_beyond_six_digits_is_refused(sequence: int) -> None:
    with pytest.raises(InvalidComplaintNumber):
        format_complaint_number(2026, sequence)
