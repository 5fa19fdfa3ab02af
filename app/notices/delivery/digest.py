"""Digests: several notices to one office in one mail, itself a numbered and immutable notice.

The bundled notices reference it (`digest_id`) and share its outcome. Second-level letters are never bundled: each is a
document of its own in the records system.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import ISTANBUL
from app.core.db import equals_any, next_values
from app.core.ids import new_id
from app.notices.kinds import Medium, NoticeKind, restore, snapshot
from app.notices.model import NOTICE_SEQUENCE, Notice
from app.notices.payloads import CasePayload, DigestLine, DigestPayload, OfficeFacts
from app.notices.queries import is_to_unit

BUNDLED_KINDS = frozenset({NoticeKind.WARNING, NoticeKind.ESCALATION_1, NoticeKind.REMINDER})


async def make_digest(session: AsyncSession, notices: Sequence[Notice], now: datetime) -> Notice:
    """Store a queued digest of notices to one recipient, and bind the notices to it.

    The locks on the notices keep each out of a second digest, so the dedupe key needs only the digest's id.
    """
    [running] = await next_values(session, NOTICE_SEQUENCE, 1)
    digest = _digest(notices, running, now)
    session.add(digest)
    await session.flush()  # the notices' foreign key needs the row
    for notice in notices:
        notice.digest_id, notice.state_reason = digest.id, None
    return digest


def _digest(notices: Sequence[Notice], running: int, now: datetime) -> Notice:
    first, digest_id = notices[0], new_id()
    return Notice(
        id=digest_id,
        running=running,
        dedupe_key=f"digest:{digest_id}:{first.recipient}:{Medium.EMAIL}",
        kind=NoticeKind.DIGEST.value,
        ticket_id=None,
        cycle=0,
        level=0,
        recipient=first.recipient,
        recipient_name=first.recipient_name,
        recipient_address=first.recipient_address,
        medium=Medium.EMAIL.value,
        payload=snapshot(_payload(notices, now)),
        created_at=now,
        state="queued",
        attempts=0,
        due_at=now,
    )


async def lock_digest_notices(session: AsyncSession, digests: Sequence[Notice]) -> dict[UUID, list[Notice]]:
    """Lock the notices of digests; return digest → notices, without digests of which another worker locks a notice."""
    bound = equals_any(Notice.digest_id, [digest.id for digest in digests])
    free = select(Notice).where(bound).order_by(Notice.running).with_for_update(skip_locked=True, key_share=True)
    found: dict[UUID, list[Notice]] = defaultdict(list)
    for notice in await session.scalars(free):
        if notice.digest_id is not None:
            found[notice.digest_id].append(notice)
    counts = await session.execute(select(Notice.digest_id, func.count()).where(bound).group_by(Notice.digest_id))
    return {digest: found[digest] for digest, count in counts if digest is not None and len(found[digest]) == count}


def split_digest(digest: Notice, notices: Sequence[Notice], reason: str, now: datetime) -> None:
    """Skip a digest whose content is out of date, and queue its notices on their own again."""
    digest.state, digest.state_reason = "skipped", reason
    for notice in notices:
        notice.digest_id, notice.state, notice.state_reason, notice.due_at = None, "queued", None, now


def _payload(notices: Iterable[Notice], now: datetime) -> DigestPayload:
    found = [(notice, _case(notice)) for notice in notices]
    office = next((facts for _, case in found if isinstance(facts := getattr(case, "office", None), OfficeFacts)), None)
    reader = found[0][0]
    return DigestPayload.of(
        (_line(notice, case, now) for notice, case in found),
        as_of=now,
        office=None if is_to_unit(reader) else office,
        unit_name=reader.recipient_name if is_to_unit(reader) else None,
    )


def _case(notice: Notice) -> CasePayload:
    payload = restore(NoticeKind(notice.kind), notice.payload)
    if not isinstance(payload, CasePayload):
        raise TypeError(f"{notice.kind} is not about an open application")
    return payload


def _line(notice: Notice, case: CasePayload, now: datetime) -> DigestLine:
    late = now.astimezone(ISTANBUL).date() - case.promise_due.astimezone(ISTANBUL).date()
    return DigestLine(
        number=case.number,
        service_name=case.service_name,
        unit_name=case.unit_name,
        due=case.promise_due,
        days_late=late.days,
        notice_number=notice.number,
    )
