"""Triage of due notices: skip, postpone, bundle into a digest, or send now."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import equals_any
from app.notices.delivery.digest import BUNDLED_KINDS, lock_digest_notices, make_digest, split_digest
from app.notices.delivery.quiet_hours import Hours, send_at
from app.notices.delivery.relevance import skip_reason
from app.notices.kinds import Audience, Medium, NoticeKind
from app.notices.model import DeliveryAttempt, Notice
from app.notices.payloads import MAX_DIGEST_LINES
from app.notices.ports import TicketStatuses
from app.notices.queries import is_to_unit
from app.notices.rows import APPLICANT
from app.sla.calendar import Calendar

WAITS_FOR_HOURS, WAITS_FOR_RATE = "quiet_hours", "recipient_rate"

MAY_HAVE_LEFT = frozenset({"timeout", "disconnected"})
"""Failure codes after which the mail server may have accepted the message."""

HOUR = timedelta(hours=1)

_LOCK_SPACE = 0x504143  # "PAC"
_LOCK_RECIPIENTS = text(
    "SELECT pg_advisory_xact_lock(:space, hash) FROM (SELECT DISTINCT hashtext(recipient) AS hash"
    " FROM unnest(CAST(:recipients AS text[])) AS recipient ORDER BY hash) AS hashes"
)

Addressee = tuple[str, str | None]
"""Recipient code and address; notices are bundled only if both are equal."""


@dataclass(frozen=True, slots=True)
class TriageRules:
    """Settings of triage: `sms_hours` None turns quiet hours off, `digest_from` 0 turns digests off."""

    sms_hours: Hours | None = field(default_factory=lambda: Hours.parse("08:00-21:00"))
    digest_from: int = 3
    recipient_per_hour: int = 30


@dataclass(frozen=True, slots=True)
class DeliveryTriage:
    """Sorts due notices, within the transaction that leases them."""

    rules: TriageRules
    statuses: TicketStatuses

    async def sort(
        self, session: AsyncSession, due: Sequence[Notice], *, calendar: Calendar, now: datetime
    ) -> list[Notice]:
        """Return the notices to send now, digests included; the others get a state and reason or a later `due_at`.

        `due` are locked rows. If several of them are for one office, its other waiting notices are locked and join.
        """
        due = await self._split_stale_digests(session, due, now)
        waiting = [*due, *await self._lock_companions(session, due, now)]
        relevant = await self._skip_moot(session, waiting, now)
        sendable = [notice for notice in relevant if not self._postpone_for_hours(notice, calendar, now)]
        ready = await self._bundle(session, sendable, {notice.id for notice in due}, now)
        return await self._postpone_over_rate(session, ready, now)

    async def _skip_moot(self, session: AsyncSession, waiting: Sequence[Notice], now: datetime) -> list[Notice]:
        """Skip notices that events have made moot; return the others."""
        reasons = await self._skip_reasons(session, waiting, now)
        for notice in waiting:
            if notice.id in reasons:
                notice.state, notice.state_reason = "skipped", reasons[notice.id]
        return [notice for notice in waiting if notice.id not in reasons]

    async def _skip_reasons(self, session: AsyncSession, waiting: Sequence[Notice], now: datetime) -> dict[UUID, str]:
        """Return notice → reason, for the notices to skip."""
        tickets = {notice.ticket_id for notice in waiting if notice.ticket_id is not None}
        statuses = await self.statuses.statuses(session, tickets)
        found = ((n.id, skip_reason(n, statuses.get(n.ticket_id) if n.ticket_id else None, now)) for n in waiting)
        return {notice_id: reason for notice_id, reason in found if reason is not None}

    async def _split_stale_digests(
        self, session: AsyncSession, due: Sequence[Notice], now: datetime
    ) -> Sequence[Notice]:
        """Split digests of which a notice became moot while they waited, and return `due` with their notices (B72)."""
        digests = [notice for notice in due if notice.kind == NoticeKind.DIGEST and not may_have_left(notice)]
        if not digests:
            return due
        lines = await lock_digest_notices(session, digests)
        reasons = await self._skip_reasons(session, [line for group in lines.values() for line in group], now)
        released: list[Notice] = []
        for digest in digests:
            group = lines.get(digest.id, [])
            reason = next((reasons[line.id] for line in group if line.id in reasons), None)
            if reason is not None:
                split_digest(digest, group, reason, now)
                released += group
        return [notice for notice in due if notice.state != "skipped"] + released

    def _postpone_for_hours(self, notice: Notice, calendar: Calendar, now: datetime) -> bool:
        """Postpone a notice to its recipient's hours; return whether it waits. A digest's notices waited before it."""
        if self.rules.sms_hours is None or notice.kind not in set(NoticeKind):
            return False
        at = send_at(
            NoticeKind(notice.kind),
            audience_of(notice),
            Medium(notice.medium),
            under_a_day=notice.under_a_day,
            created_at=notice.created_at,
            now=now,
            calendar=calendar,
            sms_hours=self.rules.sms_hours,
        )
        if at > now:
            _postpone(notice, at, WAITS_FOR_HOURS)
        return at > now

    async def _lock_companions(self, session: AsyncSession, due: Sequence[Notice], now: datetime) -> list[Notice]:
        """Lock the other waiting notices, retries included, of offices that several of `due` are for."""
        several = [group for group in _by_addressee(due).values() if self._is_bundle(group)]
        found: list[Notice] = []
        for group in several:
            query = (
                select(Notice)
                .where(
                    Notice.state == "queued",
                    Notice.digest_id.is_(None),
                    Notice.recipient == group[0].recipient,
                    Notice.recipient_address == group[0].recipient_address,
                    Notice.kind.in_(BUNDLED_KINDS),
                    func.coalesce(Notice.state_reason, "").not_in(MAY_HAVE_LEFT),
                    or_(Notice.due_at <= now, Notice.attempts > 0),
                    Notice.id.not_in([notice.id for notice in due]),
                )
                .order_by(Notice.due_at, Notice.id)
                .limit(MAX_DIGEST_LINES - len(group))
            )
            found += await session.scalars(query.with_for_update(skip_locked=True, key_share=True))
        return found

    async def _bundle(
        self, session: AsyncSession, sendable: Sequence[Notice], due_ids: set[UUID], now: datetime
    ) -> list[Notice]:
        """Replace the notices to one office by one digest; companions that join no digest stay unchanged."""
        bundled: dict[UUID, Notice] = {}
        for group in _by_addressee(sendable).values():
            if self._is_bundle(group):
                digest = await make_digest(session, group, now)
                bundled |= {notice.id: digest for notice in group if notice.digest_id == digest.id}
        ready = [bundled.get(notice.id, notice) for notice in sendable if notice.id in bundled or notice.id in due_ids]
        return list({notice.id: notice for notice in ready}.values())

    def _is_bundle(self, group: Sequence[Notice]) -> bool:
        return 0 < self.rules.digest_from <= len(group) and len(group) > 1

    async def _postpone_over_rate(self, session: AsyncSession, ready: Sequence[Notice], now: datetime) -> list[Notice]:
        """Postpone notices above a recipient's hourly maximum; return the others (B55)."""
        recent = await _count_recent(session, {recipient_key(notice) for notice in ready}, now) if ready else {}
        granted: dict[str, int] = defaultdict(int)
        to_send = []
        for notice in ready:
            key = recipient_key(notice)
            count, oldest = recent.get(key, (0, now))
            if count + granted[key] >= self.rules.recipient_per_hour:
                _postpone(notice, oldest + HOUR, WAITS_FOR_RATE)
            else:
                granted[key] += 1
                to_send.append(notice)
        return to_send


async def _count_recent(session: AsyncSession, recipients: set[str], now: datetime) -> dict[str, tuple[int, datetime]]:
    """Lock recipients and return recipient → (attempts of the last hour, instant of the first).

    The locks last until the commit and are taken in one order. Without them two workers could both use up the hour.
    """
    await session.execute(_LOCK_RECIPIENTS, {"space": _LOCK_SPACE, "recipients": list(recipients)})
    sent = (
        select(DeliveryAttempt.recipient, func.count(), func.min(DeliveryAttempt.at))
        .where(
            equals_any(DeliveryAttempt.recipient, sorted(recipients)),
            DeliveryAttempt.at > now - HOUR,
            DeliveryAttempt.outcome.in_(("started", "accepted")),
        )
        .group_by(DeliveryAttempt.recipient)
    )
    return {recipient: (count, first) for recipient, count, first in await session.execute(sent)}


def audience_of(notice: Notice) -> Audience:
    """Return the audience of a notice, by its recipient's code."""
    if notice.recipient == APPLICANT.code:
        return Audience.CITIZEN
    return Audience.UNIT if is_to_unit(notice) else Audience.OFFICE


def recipient_key(notice: Notice) -> str:
    """Return the key of the hourly rate: the code of an office, or code and ticket of an applicant."""
    return f"{notice.recipient}:{notice.ticket_id}" if notice.recipient == APPLICANT.code else notice.recipient


def may_have_left(notice: Notice) -> bool:
    """Return whether a waiting notice was sent before with an unknown result.

    It keeps its own number: in a digest it would arrive as another message.
    """
    return notice.state == "sending" or notice.state_reason in MAY_HAVE_LEFT


def _postpone(notice: Notice, until: datetime, reason: str) -> None:
    """Postpone a notice; the reason of one that may have left stays unchanged."""
    notice.due_at = until
    if not may_have_left(notice):
        notice.state_reason = reason


def _by_addressee(notices: Sequence[Notice]) -> dict[Addressee, list[Notice]]:
    """Return the notices that may be bundled, by addressee."""
    groups: dict[Addressee, list[Notice]] = defaultdict(list)
    for notice in notices:
        if notice.kind in BUNDLED_KINDS and not may_have_left(notice):
            groups[(notice.recipient, notice.recipient_address)].append(notice)
    return groups
