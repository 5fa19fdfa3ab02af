"""The desk of the tests of tickets serves here too."""

from tests.tickets.conftest import desk, installation

__all__ = ["desk", "installation"]
