"""Fixtures of the tickets' tests, reused."""

from tests.tickets.conftest import desk, installation

__all__ = ["desk", "installation"]
