"""Named expectations about the notices that a time limit causes."""

from typing import NamedTuple


class LimitNotice(NamedTuple):
    """A notice about a limit: its kind, its level (of a warning: the percentage), and the cycle of its ticket."""

    kind: str
    level: int
    cycle: int


class RaisedLevel(NamedTuple):
    """A level that was raised for a ticket in one of its cycles."""

    level: int
    cycle: int


def warning(*, percent: int, cycle: int = 1) -> LimitNotice:
    """Return the warning that `percent` of the limit has passed."""
    return LimitNotice("warning", percent, cycle)


def escalation(*, level: int, cycle: int = 1) -> LimitNotice:
    """Return the notice of a level to its office."""
    return LimitNotice(f"escalation_{level}", level, cycle)


def reminder(*, level: int, cycle: int = 1) -> LimitNotice:
    """Return a reminder of a level that its office has not acknowledged."""
    return LimitNotice("reminder", level, cycle)


def raised_level(level: int, *, cycle: int = 1) -> RaisedLevel:
    """Return a raised level."""
    return RaisedLevel(level, cycle)
