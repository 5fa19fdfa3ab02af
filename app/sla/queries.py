"""The verdict on a clock in SQL, once for every list and report."""

from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_

from app.sla.model import SlaClock


def met_on_time() -> ColumnElement[bool]:
    """SQL twin of `deadline.on_time` for a clock that was met: at the exact due instant it still is in time (C10)."""
    return SlaClock.met_at <= SlaClock.due_at


def met_late() -> ColumnElement[bool]:
    """Met, but not on time."""
    return SlaClock.met_at > SlaClock.due_at


def open_late(now: datetime) -> ColumnElement[bool]:
    """Past due and never met, whether a sweep has seen it or not (B71); a clock that stands still is not past due."""
    return and_(SlaClock.met_at.is_(None), SlaClock.state.in_(("running", "breached")), SlaClock.due_at < now)


def late(now: datetime) -> ColumnElement[bool]:
    """Not kept in time, answered since or not."""
    return or_(open_late(now), met_late())
