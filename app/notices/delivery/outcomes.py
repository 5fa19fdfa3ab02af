"""After a hand-over: what became of it is written down, and a notice that can't arrive gives way to another medium.

A notice is immutable and its text belongs to its medium; so the next medium is a new notice, with the key that it would
have had from the start. The unique key keeps it from being written twice, and each medium has its own text.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Self
from uuid import UUID

import structlog
from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import Clock
from app.core.db import Database, bulk_update, equals_any, insert_new
from app.core.ids import new_id
from app.core.jobs import enqueue
from app.notices.delivery.adapters.registry import REPORTING
from app.notices.delivery.backoff import MAX_ATTEMPTS, on_clock, pause_after
from app.notices.kinds import Medium, NoticeKind
from app.notices.model import DeliveryAttempt, DeliveryReceipt, Notice
from app.notices.ports import PersonalFacts
from app.notices.rows import APPLICANT
from app.notices.service import address_of

log = structlog.get_logger(__name__)

Values = Mapping[str, str]
"""Personal words by reference, as a notice's reader may see them."""

FOLLOWING: Mapping[Medium, tuple[Medium, ...]] = {
    Medium.WEBHOOK: (Medium.SMS, Medium.EMAIL),
    Medium.SMS: (Medium.EMAIL,),
}
"""By what else an applicant may be reached, in order; offices have their mailbox only, and fail loudly."""


class AttemptOutcome(StrEnum):
    """What became of an attempt."""

    STARTED = "started"
    ACCEPTED = "accepted"
    LATER = "later"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class LeasedNotice:
    """A notice in our hands: as it was stored with the lease, the words its text refers to, and its attempt's row.

    `letter_source` is what its letter was first set from, where that is not today's.
    """

    notice: Notice
    values: Values | None
    attempt_id: UUID
    letter_source: bytes | None = None


@dataclass(frozen=True, slots=True)
class AttemptResult:
    """The outcome of one attempt. `retry_after` and `seconds` are real ones."""

    leased: LeasedNotice
    outcome: AttemptOutcome
    adapter: str
    code: str | None = None
    provider_id: str | None = None
    retry_after: float | None = None
    retried_at_once: bool = False
    seconds: float = 0.0

    def with_duration(self, seconds: float) -> Self:
        """The same outcome, after so long."""
        return dataclasses.replace(self, seconds=seconds)


async def record_outcomes(session: AsyncSession, results: Sequence[AttemptResult], *, clock: Clock) -> None:
    """Write down what became of the hand-overs; a lease that another process took over is left to it."""
    now = clock.now()
    await bulk_update(session, DeliveryAttempt, [_attempt(result) for result in results])
    ended = [result for result in results if _is_final(result)]
    marks = [_settled(result, clock, now) for result in results if not _is_final(result)]
    if marks:
        await (await session.connection()).execute(_MARK, marks)
    for result in ended:
        await _end(session, result, now)
    sent = [result.leased.notice.id for result in results if result.outcome is AttemptOutcome.ACCEPTED]
    digests = [n.id for r in results if (n := r.leased.notice).kind == NoticeKind.DIGEST and n.id in set(sent)]
    await _settle_lines(session, digests, {"state": "sent", "sent_at": now, "state_reason": None})


_MARK = (
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


def _attempt(result: AttemptResult) -> dict[str, Any]:
    return {
        "id": result.leased.attempt_id,
        "outcome": result.outcome.value,
        "code": result.code,
        "provider_id": result.provider_id,
        "duration_ms": round(result.seconds * 1000),
    }


def _is_final(result: AttemptResult) -> bool:
    spent = result.leased.notice.attempts >= MAX_ATTEMPTS and not result.retried_at_once
    return result.outcome is AttemptOutcome.REFUSED or (result.outcome is AttemptOutcome.LATER and spent)


def _settled(result: AttemptResult, clock: Clock, now: datetime) -> dict[str, Any]:
    notice, sent = result.leased.notice, result.outcome is AttemptOutcome.ACCEPTED
    row: dict[str, Any] = {
        "notice_id": notice.id,
        "attempt": notice.attempts,
        "new_state": "sent" if sent else "queued",
        "reason": result.code,
        "counted": notice.attempts - int(result.retried_at_once),
        "next_at": now,
        "delivered_at": now if sent else None,
    }
    if sent or result.retried_at_once:
        return row
    log.warning("notice_postponed", notice=notice.number, kind=notice.kind, code=result.code, attempts=notice.attempts)
    return {**row, "next_at": now + on_clock(clock, pause_after(notice.attempts, result.retry_after))}


async def _end(session: AsyncSession, result: AttemptResult, now: datetime) -> None:
    """A notice that will not arrive: said loudly, and told by another medium where there is one."""
    leased = result.leased
    ours = select(Notice).where(
        Notice.id == leased.notice.id, Notice.attempts == leased.notice.attempts, Notice.state == "sending"
    )
    notice = await session.scalar(ours.with_for_update(key_share=True).execution_options(populate_existing=True))
    if notice is not None:
        await give_up(session, notice, leased.values or {}, code=result.code or "refused", now=now)


async def give_up(session: AsyncSession, notice: Notice, values: Values, *, code: str, now: datetime) -> None:
    """Mark a locked notice as failed; an applicant is told by the next medium, once, with a notice of its own."""
    notice.state, notice.state_reason = "failed", code
    log.error("notice_given_up", notice=notice.number, kind=notice.kind, code=code, attempts=notice.attempts)
    if notice.kind == NoticeKind.DIGEST:
        await _settle_lines(session, [notice.id], {"state": "failed", "state_reason": code})
    medium = next_medium(notice, values)
    if medium is None:
        return
    row = _instead(notice, medium, now)
    if await insert_new(session, Notice, [row]):
        notice.instead_id = row["id"]
        enqueue(session, "deliver_notices", [row["id"]])


def next_medium(notice: Notice, values: Values) -> Medium | None:
    """The medium after this one by which an applicant has an address, and the kind a text."""
    if notice.recipient != APPLICANT.code:
        return None
    written = NoticeKind(notice.kind).spec.media if notice.kind in set(NoticeKind) else frozenset()
    following = FOLLOWING.get(Medium(notice.medium), ())
    return next((medium for medium in following if medium in written and address_of(medium, values)), None)


def _instead(notice: Notice, medium: Medium, now: datetime) -> dict[str, Any]:
    copied = ("kind", "ticket_id", "cycle", "level", "recipient", "recipient_name", "recipient_address", "payload")
    return {
        **{name: getattr(notice, name) for name in copied},
        "id": new_id(),
        "dedupe_key": f"{notice.dedupe_key.removesuffix(notice.medium)}{medium}",
        "medium": medium.value,
        "created_at": now,
        "state": "queued",
        "attempts": 0,
        "due_at": now,
    }


async def _settle_lines(session: AsyncSession, digests: Sequence[UUID], values: dict[str, Any]) -> None:
    """The notices in a digest share its fate."""
    if digests:
        lines = update(Notice).where(equals_any(Notice.digest_id, list(digests)), Notice.digest_id.is_not(None))
        await session.execute(lines.values(values), execution_options={"synchronize_session": False})


async def settle_early_receipts(
    database: Database, results: Sequence[AttemptResult], *, facts: PersonalFacts, now: datetime
) -> None:
    """Settle receipts that came before the mark.

    They are looked for after the mark's commit, as a receipt looks for its attempt after its own: so one of the two
    sees the other, whoever is first.
    """
    handed = [r for r in results if r.adapter in REPORTING and r.provider_id is not None]
    if handed:
        async with database.transaction() as session:
            await settle_receipts(session, [r.provider_id for r in handed if r.provider_id], facts=facts, now=now)


async def settle_receipts(
    session: AsyncSession, provider_ids: Sequence[str], *, facts: PersonalFacts, now: datetime
) -> int:
    """Bring open receipts to their notices: delivered, or failed and told otherwise; returns how many found one."""
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
    settled = 0
    for receipt, notice_id in (await session.execute(pairs)).all():
        locked = select(Notice).where(Notice.id == notice_id).with_for_update(key_share=True)
        notice = (await session.scalars(locked)).one()
        receipt.notice_id = notice.id
        settled += 1
        if receipt.delivered and notice.state in {"sent", "failed"}:
            notice.state, notice.state_reason = "delivered", None
        elif not receipt.delivered and notice.state == "sent":
            tickets = {notice.ticket_id} if notice.ticket_id else set()
            values = await facts.reference_values(session, tickets, masked=False, for_unit=False)
            words = next(iter(values.values()), {})
            await give_up(session, notice, words, code=receipt.code, now=now)
    return settled
