"""The desk of the tests of tickets serves here too; a test that changes the rules gets one of its own."""

from tests.bugs.conftest import own_desk
from tests.tickets.conftest import desk, installation

__all__ = ["desk", "installation", "own_desk"]
