"""Outcomes of delivery attempts: record them, retry, fall back to another medium, apply receipts.

A notice is immutable and its text belongs to its medium, so the next medium is a new notice. Its dedupe key is the one
that it would have had from the start; the unique constraint prevents a second one.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Self
from uuid import UUID

import structlog
from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import Clock
from app.core.db import Database, bulk_update, equals_any, insert_new
from app.core.ids import new_id
from app.core.jobs import enqueue
from app.notices.delivery.adapters.registry import REPORTING
from app.notices.delivery.backoff import MAX_ATTEMPTS, backoff_seconds, clock_duration
from app.notices.kinds import Medium, NoticeKind
from app.notices.model import DeliveryAttempt, DeliveryReceipt, Notice
from app.notices.ports import PersonalFacts, PersonalValues
from app.notices.rows import APPLICANT, NoticeRow
from app.notices.service import address_of

log = structlog.get_logger(__name__)

FALLBACK_MEDIA: Mapping[Medium, tuple[Medium, ...]] = {
    Medium.WEBHOOK: (Medium.SMS, Medium.EMAIL),
    Medium.SMS: (Medium.EMAIL,),
}
"""Fallback media of an applicant, in order; offices have only their mailbox, so their failures are logged."""


class AttemptOutcome(StrEnum):
    """Outcome of a delivery attempt."""

    STARTED = "started"
    ACCEPTED = "accepted"
    LATER = "later"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class LeasedNotice:
    """Notice leased by this worker, with the personal values of its text and the id of its attempt.

    `letter_source` is the source of its first letter if today's source differs.
    """

    notice: Notice
    values: PersonalValues | None
    attempt_id: UUID
    letter_source: bytes | None = None


@dataclass(frozen=True, slots=True)
class AttemptResult:
    """Result of one attempt; `retry_after` and `seconds` are real seconds."""

    leased: LeasedNotice
    outcome: AttemptOutcome
    adapter: str
    code: str | None = None
    provider_id: str | None = None
    retry_after: float | None = None
    retry_now: bool = False
    seconds: float = 0.0

    def with_duration(self, seconds: float) -> Self:
        """Return a copy that took so many seconds."""
        return dataclasses.replace(self, seconds=seconds)


async def record_outcomes(session: AsyncSession, results: Sequence[AttemptResult], *, clock: Clock) -> None:
    """Record the results of attempts; notices whose lease another worker took over are left to it."""
    now = clock.now()
    await bulk_update(session, DeliveryAttempt, [_attempt_update(result) for result in results])
    updates = [_notice_update(result, clock, now) for result in results if not _is_final(result)]
    if updates:
        await (await session.connection()).execute(_UPDATE_LEASED, updates)
    for result in results:
        if _is_final(result):
            await _give_up_leased(session, result, now)
    sent = [result.leased.notice.id for result in results if result.outcome is AttemptOutcome.ACCEPTED]
    digests = [n.id for r in results if (n := r.leased.notice).kind == NoticeKind.DIGEST and n.id in set(sent)]
    await _update_digest_notices(session, digests, {"state": "sent", "sent_at": now, "state_reason": None})


_UPDATE_LEASED = (
    update(Notice)
    .where(Notice.id == bindparam("notice_id"), Notice.attempts == bindparam("attempt"), Notice.state == "sending")
    .values(
        state=bindparam("new_state"),
        state_reason=bindparam("reason"),
        attempts=bindparam("counted"),
        due_at=bindparam("next_at"),
        sent_at=bindparam("delivered_at"),
    )
)


def _attempt_update(result: AttemptResult) -> dict[str, object]:
    return {
        "id": result.leased.attempt_id,
        "outcome": result.outcome.value,
        "code": result.code,
        "provider_id": result.provider_id,
        "duration_ms": round(result.seconds * 1000),
    }


def _is_final(result: AttemptResult) -> bool:
    exhausted = result.leased.notice.attempts >= MAX_ATTEMPTS and not result.retry_now
    return result.outcome is AttemptOutcome.REFUSED or (result.outcome is AttemptOutcome.LATER and exhausted)


def _notice_update(result: AttemptResult, clock: Clock, now: datetime) -> dict[str, object]:
    notice, sent = result.leased.notice, result.outcome is AttemptOutcome.ACCEPTED
    row: dict[str, object] = {
        "notice_id": notice.id,
        "attempt": notice.attempts,
        "new_state": "sent" if sent else "queued",
        "reason": result.code,
        "counted": notice.attempts - int(result.retry_now),
        "next_at": now,
        "delivered_at": now if sent else None,
    }
    if sent or result.retry_now:
        return row
    log.warning("notice_postponed", notice=notice.number, kind=notice.kind, code=result.code, attempts=notice.attempts)
    return {**row, "next_at": now + clock_duration(clock, backoff_seconds(notice.attempts, result.retry_after))}


async def _give_up_leased(session: AsyncSession, result: AttemptResult, now: datetime) -> None:
    """Give up the notice of a final result unless another worker has taken over its lease."""
    leased = result.leased
    still_leased = select(Notice).where(
        Notice.id == leased.notice.id, Notice.attempts == leased.notice.attempts, Notice.state == "sending"
    )
    notice = await session.scalar(
        still_leased.with_for_update(key_share=True).execution_options(populate_existing=True)
    )
    if notice is not None:
        await give_up(session, notice, leased.values or {}, code=result.code or "refused", now=now)


async def give_up(session: AsyncSession, notice: Notice, values: PersonalValues, *, code: str, now: datetime) -> None:
    """Mark a locked notice as failed, and queue one notice to the applicant by the next medium."""
    notice.state, notice.state_reason = "failed", code
    log.error("notice_given_up", notice=notice.number, kind=notice.kind, code=code, attempts=notice.attempts)
    if notice.kind == NoticeKind.DIGEST:
        await _update_digest_notices(session, [notice.id], {"state": "failed", "state_reason": code})
    medium = next_medium(notice, values)
    if medium is None:
        return
    row = _replacement_row(notice, medium, now)
    if await insert_new(session, Notice, [row]):
        notice.instead_id = row["id"]
        enqueue(session, "deliver_notices", [row["id"]])


def next_medium(notice: Notice, values: PersonalValues) -> Medium | None:
    """Return the next medium with an address of the applicant and a text of the kind, or None."""
    if notice.recipient != APPLICANT.code:
        return None
    available = NoticeKind(notice.kind).spec.media if notice.kind in set(NoticeKind) else frozenset()
    following = FALLBACK_MEDIA.get(Medium(notice.medium), ())
    return next((medium for medium in following if medium in available and address_of(medium, values)), None)


def _replacement_row(notice: Notice, medium: Medium, now: datetime) -> NoticeRow:
    return {
        "id": new_id(),
        "dedupe_key": f"{notice.dedupe_key.removesuffix(notice.medium)}{medium}",
        "kind": notice.kind,
        "ticket_id": notice.ticket_id,
        "cycle": notice.cycle,
        "level": notice.level,
        "recipient": notice.recipient,
        "recipient_name": notice.recipient_name,
        "recipient_address": notice.recipient_address,
        "medium": medium.value,
        "payload": notice.payload,
        "created_at": now,
        "state": "queued",
        "attempts": 0,
        "due_at": now,
    }


async def _update_digest_notices(session: AsyncSession, digests: Sequence[UUID], values: dict[str, object]) -> None:
    """Set columns of the notices in digests."""
    if digests:
        lines = update(Notice).where(equals_any(Notice.digest_id, list(digests)), Notice.digest_id.is_not(None))
        await session.execute(lines.values(values), execution_options={"synchronize_session": False})


async def apply_early_receipts(
    database: Database, results: Sequence[AttemptResult], *, personal_facts: PersonalFacts, now: datetime
) -> None:
    """Apply receipts that came before the outcomes were recorded.

    This runs after the commit of the outcomes, as `apply_receipts` runs after the commit of the receipts. So one of
    the two sees the other, in either order.
    """
    sent = [r.provider_id for r in results if r.adapter in REPORTING and r.provider_id]
    if sent:
        async with database.transaction() as session:
            await apply_receipts(session, sent, personal_facts=personal_facts, now=now)


async def apply_receipts(
    session: AsyncSession, provider_ids: Sequence[str], *, personal_facts: PersonalFacts, now: datetime
) -> int:
    """Apply open receipts to their notices (delivered, or given up); return the number of receipts applied."""
    pairs = (
        select(DeliveryReceipt, DeliveryAttempt.notice_id)
        .join(
            DeliveryAttempt,
            (DeliveryAttempt.adapter == DeliveryReceipt.adapter)
            & (DeliveryAttempt.provider_id == DeliveryReceipt.provider_id),
        )
        .where(equals_any(DeliveryReceipt.provider_id, sorted(set(provider_ids))), DeliveryReceipt.notice_id.is_(None))
        .order_by(DeliveryReceipt.id)
        .with_for_update(of=DeliveryReceipt, skip_locked=True)
    )
    applied = 0
    for receipt, notice_id in (await session.execute(pairs)).all():
        locked = select(Notice).where(Notice.id == notice_id).with_for_update(key_share=True)
        notice = (await session.scalars(locked)).one()
        receipt.notice_id = notice.id
        applied += 1
        if receipt.delivered and notice.state in {"sent", "failed"}:
            notice.state, notice.state_reason = "delivered", None
        elif not receipt.delivered and notice.state == "sent":
            tickets = {notice.ticket_id} if notice.ticket_id else set()
            values = await personal_facts.reference_values(session, tickets, masked=False, for_unit=False)
            await give_up(session, notice, next(iter(values.values()), {}), code=receipt.code, now=now)
    return applied
