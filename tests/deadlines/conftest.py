"""The fixtures of the tests of tickets, which the tests of deadlines share."""

from tests.tickets.conftest import desk, installation

__all__ = ["desk", "installation"]
