"""What becomes of due notices before they leave: skipped, held for the night, bundled, or let through."""

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
from app.notices.delivery.relevance import Standings, overtaken
from app.notices.kinds import Audience, Medium, NoticeKind
from app.notices.model import DeliveryAttempt, Notice
from app.notices.payloads import MOST_DIGEST_LINES
from app.notices.queries import to_unit
from app.notices.rows import APPLICANT
from app.sla.calendar import Calendar

WAITS_FOR_HOURS, WAITS_FOR_RATE = "quiet_hours", "recipient_rate"

MAY_HAVE_LEFT = frozenset({"timeout", "disconnected"})
"""Outcomes of an attempt that leave open whether the mail server took the message."""

HOUR = timedelta(hours=1)

_LOCK = 0x504143  # "PAC"
_LOCK_RECIPIENTS = text(
    "SELECT pg_advisory_xact_lock(:space, hash) FROM (SELECT DISTINCT hashtext(one) AS hash"
    " FROM unnest(CAST(:recipients AS text[])) AS one ORDER BY hash) AS hashes"
)

Addressee = tuple[str, str | None]
"""A recipient's code and address: what is bundled into one mail has both in common."""


@dataclass(frozen=True, slots=True)
class TriageRules:
    """The settings of delivery: `sms_hours` None holds nothing back, `digest_from` 0 bundles nothing."""

    sms_hours: Hours | None = field(default_factory=lambda: Hours.parse("08:00-21:00"))
    digest_from: int = 3
    recipient_per_hour: int = 30


@dataclass(frozen=True, slots=True)
class DeliveryTriage:
    """Sorts what is due, within the transaction that leases it."""

    rules: TriageRules
    standings: Standings

    async def sort(
        self, session: AsyncSession, due: Sequence[Notice], *, calendar: Calendar, now: datetime
    ) -> list[Notice]:
        """The notices to send now, digests among them; the state of all others says what became of them.

        `due` are locked rows. Waiting notices to an office that `due` has several of are drawn in, and locked too.
        """
        due = await self._without_stale_digests(session, due, now)
        waiting = [*due, *await self._companions(session, due, now)]
        kept = await self._asked_again(session, waiting, now)
        awake = [notice for notice in kept if not self._held(notice, calendar, now)]
        ours = {notice.id for notice in due}
        going = await self._bundled(session, awake, ours, now)
        return await self._paced(session, going, now)

    async def _asked_again(self, session: AsyncSession, waiting: Sequence[Notice], now: datetime) -> list[Notice]:
        """Those that events have not overtaken."""
        reasons = await self._overtaken(session, waiting, now)
        for notice in waiting:
            if notice.id in reasons:
                notice.state, notice.state_reason = "skipped", reasons[notice.id]
        return [notice for notice in waiting if notice.id not in reasons]

    async def _overtaken(self, session: AsyncSession, waiting: Sequence[Notice], now: datetime) -> dict[UUID, str]:
        """Notice → why it need not leave any more."""
        tickets = {notice.ticket_id for notice in waiting if notice.ticket_id is not None}
        standing = await self.standings.standings(session, tickets)
        found = ((n.id, overtaken(n, standing.get(n.ticket_id) if n.ticket_id else None, now)) for n in waiting)
        return {identity: reason for identity, reason in found if reason is not None}

    async def _without_stale_digests(
        self, session: AsyncSession, due: Sequence[Notice], now: datetime
    ) -> Sequence[Notice]:
        """`due`, with its notices in the place of a digest that waited while events overtook one of them (B72)."""
        digests = [notice for notice in due if notice.kind == NoticeKind.DIGEST and not may_have_left(notice)]
        if not digests:
            return due
        lines = await lock_digest_notices(session, digests)
        reasons = await self._overtaken(session, [line for group in lines.values() for line in group], now)
        freed: list[Notice] = []
        for digest in digests:
            group = lines.get(digest.id, [])
            reason = next((reasons[line.id] for line in group if line.id in reasons), None)
            if reason is not None:
                split_digest(digest, group, reason, now)
                freed += group
        return [notice for notice in due if notice.state != "skipped"] + freed

    def _held(self, notice: Notice, calendar: Calendar, now: datetime) -> bool:
        """Hold a notice until its recipient may be reached; a digest's lines were held before it."""
        if self.rules.sms_hours is None or notice.kind not in set(NoticeKind):
            return False
        at = send_at(
            NoticeKind(notice.kind),
            audience_of(notice),
            Medium(notice.medium),
            under_a_day=notice.payload.get("under_a_day") is True,
            created_at=notice.created_at,
            now=now,
            calendar=calendar,
            sms_hours=self.rules.sms_hours,
        )
        if at > now:
            _hold(notice, at, WAITS_FOR_HOURS)
        return at > now

    async def _companions(self, session: AsyncSession, due: Sequence[Notice], now: datetime) -> list[Notice]:
        """What else waits for the offices that several of `due` are for, also what failed before and pauses."""
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
                .limit(MOST_DIGEST_LINES - len(group))
            )
            found += await session.scalars(query.with_for_update(skip_locked=True, key_share=True))
        return found

    async def _bundled(
        self, session: AsyncSession, awake: Sequence[Notice], ours: set[UUID], now: datetime
    ) -> list[Notice]:
        """The notices with those for one office in one digest; what was drawn in for nothing stays as it was."""
        bundled: dict[UUID, Notice] = {}
        for group in _by_addressee(awake).values():
            if self._is_bundle(group):
                digest = await make_digest(session, group, now)
                bundled |= {notice.id: digest for notice in group if notice.digest_id == digest.id}
        going = [bundled.get(notice.id, notice) for notice in awake if notice.id in bundled or notice.id in ours]
        return list({notice.id: notice for notice in going}.values())

    def _is_bundle(self, group: Sequence[Notice]) -> bool:
        return 0 < self.rules.digest_from <= len(group) and len(group) > 1

    async def _paced(self, session: AsyncSession, going: Sequence[Notice], now: datetime) -> list[Notice]:
        """Hold what would be more than a recipient is to get in an hour (B55)."""
        past = await _sent_lately(session, {recipient_key(notice) for notice in going}, now) if going else {}
        granted: dict[str, int] = defaultdict(int)
        passed = []
        for notice in going:
            key = recipient_key(notice)
            count, oldest = past.get(key, (0, now))
            if count + granted[key] >= self.rules.recipient_per_hour:
                _hold(notice, oldest + HOUR, WAITS_FOR_RATE)
            else:
                granted[key] += 1
                passed.append(notice)
        return passed


async def _sent_lately(session: AsyncSession, recipients: set[str], now: datetime) -> dict[str, tuple[int, datetime]]:
    """Recipient → how many hand-overs in the last hour, and when the first was.

    Locks the recipients until the commit, in one order: two workers that count at once would both fill the hour.
    """
    await session.execute(_LOCK_RECIPIENTS, {"space": _LOCK, "recipients": list(recipients)})
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
    """Who reads a notice, by its recipient's code."""
    if notice.recipient == APPLICANT.code:
        return Audience.CITIZEN
    return Audience.UNIT if to_unit(notice) else Audience.OFFICE


def recipient_key(notice: Notice) -> str:
    """By what a recipient's messages are counted: an office by its code, an applicant by the ticket."""
    return f"{notice.recipient}:{notice.ticket_id}" if notice.recipient == APPLICANT.code else notice.recipient


def may_have_left(notice: Notice) -> bool:
    """Whether a waiting notice was handed over before, and nobody knows with what result.

    It goes on under its own number only: in a digest it would arrive as another message.
    """
    return notice.state == "sending" or notice.state_reason in MAY_HAVE_LEFT


def _hold(notice: Notice, until: datetime, reason: str) -> None:
    """Let a notice wait; of one that may have left that stays known until it does."""
    notice.due_at = until
    if not may_have_left(notice):
        notice.state_reason = reason


def _by_addressee(notices: Sequence[Notice]) -> dict[Addressee, list[Notice]]:
    """What may be bundled, by addressee."""
    groups: dict[Addressee, list[Notice]] = defaultdict(list)
    for notice in notices:
        if notice.kind in BUNDLED_KINDS and not may_have_left(notice):
            groups[(notice.recipient, notice.recipient_address)].append(notice)
    return groups
