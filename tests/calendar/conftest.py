"""The counter of the tests of tickets serves here too."""

from tests.tickets.conftest import counter, installation

__all__ = ["counter", "installation"]
