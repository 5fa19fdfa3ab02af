"""SQL expressions on clocks, shared by every list and report: the verdict, and what is pinned to the clock."""

from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, and_, or_

from app.sla.model import SlaClock

PinnedText = Literal["service", "printed", "regime", "hours"]
"""The fields of a stored `PinnedPolicy` that are plain text."""


def pinned_text(field: PinnedText, clock: Any = SlaClock) -> ColumnElement[str]:
    """Return a text field of the pinned policy; `clock` is the mapped class, an alias of it, or the table's columns."""
    found: ColumnElement[str] = clock.policy[field].astext
    return found


def met_on_time() -> ColumnElement[bool]:
    """Return the SQL twin of `deadline.on_time`: a clock met at the exact due instant is on time (C10)."""
    return SlaClock.met_at <= SlaClock.due_at


def met_late() -> ColumnElement[bool]:
    """Return the condition: met after the due instant."""
    return SlaClock.met_at > SlaClock.due_at


def open_late(now: datetime) -> ColumnElement[bool]:
    """Return the condition: past due, never met, detected by a sweep or not (B71). A paused clock is not past due."""
    return and_(SlaClock.met_at.is_(None), SlaClock.state.in_(("running", "breached")), SlaClock.due_at < now)


def late(now: datetime) -> ColumnElement[bool]:
    """Return the condition: past due and open, or met late."""
    return or_(open_late(now), met_late())
