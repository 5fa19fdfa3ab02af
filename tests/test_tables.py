"""The helper for tables reports each failing row and no other."""

import pytest

from tests.tables import failing


def _is_even(number: int) -> None:
    assert number % 2 == 0, f"{number} is odd"


def test_every_failing_row_is_named_with_its_reason() -> None:
    assert [line.split(":")[0] for line in failing([1, 2, 3], _is_even)] == ["1", "3"]
    assert "3 is odd" in failing([3], _is_even)[0]
    assert failing([2, 4], _is_even) == []


def test_an_empty_table_fails() -> None:
    with pytest.raises(AssertionError, match="empty"):
        failing([], _is_even)
