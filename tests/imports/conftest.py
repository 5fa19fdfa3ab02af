"""The desk of the tests of imports: one installation a file, emptied before each test."""

from tests.tickets.conftest import desk, installation

__all__ = ["desk", "installation"]
