"""Relevance of a waiting notice: events may have made it moot since it was queued."""

from datetime import datetime

from app.notices.kinds import NoticeKind
from app.notices.model import Notice
from app.notices.ports import TicketStatus

RESOLVED, EXPIRED = "resolved_meanwhile", "expired"

MOOT_AFTER_ANSWER = frozenset(
    {
        NoticeKind.WARNING,
        NoticeKind.ESCALATION_1,
        NoticeKind.ESCALATION_2,
        NoticeKind.REMINDER,
        NoticeKind.COMPLAINT,
        NoticeKind.COMPLAINT_DUE,
        NoticeKind.REFERRAL,
        NoticeKind.MISSING_DOCUMENTS,
    }
)
"""Kinds that ask for an answer or announce one; receipts, extensions, replies and results are always owed."""


def skip_reason(notice: Notice, status: TicketStatus | None, now: datetime) -> str | None:
    """Return why the notice is to be skipped, or None to send it.

    A cycle that is over counts as answered (B72, B73). A warning expires with the limit that it warns of.
    """
    over = status is not None and (not status.is_open or status.cycle != notice.cycle)
    if over and notice.kind in MOOT_AFTER_ANSWER:
        return RESOLVED
    if notice.kind == NoticeKind.WARNING and now > _due(notice):
        return EXPIRED
    return None


def _due(notice: Notice) -> datetime:
    """Return the end of the limit named by a warning; the maximal instant if its payload lacks one."""
    try:
        return datetime.fromisoformat(notice.payload["promise_due"])
    except (KeyError, TypeError, ValueError):
        return datetime.max.replace(tzinfo=notice.created_at.tzinfo)
