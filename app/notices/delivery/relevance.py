"""Whether a notice still says something when its turn comes: events may have overtaken it while it waited.

Tickets lie above notices, so how they stand comes through a port.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import NamedTuple, Protocol
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.notices.kinds import NoticeKind
from app.notices.model import Notice

RESOLVED, EXPIRED = "resolved_meanwhile", "expired"

OVERTAKEN_BY_ANSWER = frozenset(
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
"""Kinds that ask for an answer or announce one; receipts, extensions, replies and results are owed whatever happens."""


class Standing(NamedTuple):
    """How a ticket stands: its cycle, and whether an answer is still owed."""

    cycle: int
    is_open: bool


class Standings(Protocol):
    """Knows how tickets stand."""

    async def standings(self, session: AsyncSession, ticket_ids: Collection[UUID]) -> Mapping[UUID, Standing]:
        """Ticket → how it stands in the present transaction; unknown ids are left out."""
        ...


def overtaken(notice: Notice, standing: Standing | None, now: datetime) -> str | None:
    """Why the notice need not leave any more; None where it has to.

    A cycle that is over counts as answered (B72, B73). A warning is pointless once the limit that it warns of is past.
    """
    over = standing is not None and (not standing.is_open or standing.cycle != notice.cycle)
    if over and notice.kind in OVERTAKEN_BY_ANSWER:
        return RESOLVED
    if notice.kind == NoticeKind.WARNING and now > _due(notice):
        return EXPIRED
    return None


def _due(notice: Notice) -> datetime:
    """When the limit ends that the warning names; far away where its facts do not say so."""
    try:
        return datetime.fromisoformat(notice.payload["promise_due"])
    except (KeyError, TypeError, ValueError):
        return datetime.max.replace(tzinfo=notice.created_at.tzinfo)
