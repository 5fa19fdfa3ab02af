"""The guard of unit tests, which are the tests without the mark `server`: they start no program and open no port.

`make fast` runs the unit tests alone. A test that uses the fixture `servers` gets the mark by itself. A test or file
that starts something else says `pytest.mark.server`; the guard fails the ones that forget it.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

FORBIDDEN = frozenset({"socket.bind", "subprocess.Popen"})
"""Audit events of Python that no unit test may cause."""

_caused: set[str] | None = None


@contextmanager
def starting_nothing() -> Iterator[None]:
    """Fail if a program is started or a socket bound meanwhile; it happens all the same, so that nothing hangs."""
    global _caused  # noqa: PLW0603 - an audit hook can neither be removed nor given a value
    caused = _caused = set()
    try:
        yield
    finally:
        _caused = None
    if caused:
        pytest.fail(f"a unit test caused {', '.join(caused)}: mark it `pytest.mark.server`", pytrace=False)


def _record(event: str, _: tuple[object, ...]) -> None:
    if _caused is not None and event in FORBIDDEN:
        _caused.add(event)


sys.addaudithook(_record)
