"""The counter of the tests of tickets serves here too; a test that changes the rules gets one of its own."""

from tests.bugs.conftest import own_counter
from tests.tickets.conftest import counter, installation

__all__ = ["counter", "installation", "own_counter"]
