"""Checks of a table row by row: one test names every row that fails, instead of one test a row."""

from collections.abc import Callable, Iterable
from typing import TypeVar

Row = TypeVar("Row")


def failing(rows: Iterable[Row], check: Callable[[Row], None]) -> list[str]:
    """Return `row: reason` for each row whose check raises `AssertionError`; fail if there is no row at all."""
    failures, count = [], 0
    for row in rows:
        count += 1
        try:
            check(row)
        except AssertionError as error:
            reason = str(error).strip().splitlines() or ["no reason"]
            failures.append(f"{row}: {reason[0]}")
    assert count, "the table is empty"
    return failures
