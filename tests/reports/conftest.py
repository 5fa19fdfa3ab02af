"""The desk of the tests of tickets: one installation a file, emptied before each test."""

from tests.tickets.conftest import desk, installation

__all__ = ["desk", "installation"]
