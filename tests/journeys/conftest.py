"""The desk of the tests of tickets, shared."""

from tests.tickets.conftest import desk, installation

__all__ = ["desk", "installation"]
