"""The counter of the tests of imports: one installation a file, emptied before each test."""

from tests.tickets.conftest import counter, installation

__all__ = ["counter", "installation"]
