"""Dispatcher of queued notices, at least once: lease → triage → render → send → outcomes, read downward.

Notices are leased, triaged and rendered in one transaction, sent outside any, and their outcomes recorded in another.
If the process dies before that, another worker sends the notice again after the lease. Number and identity stay the
same, so the recipient's side can drop the duplicate.
"""

import asyncio
import time
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.batching import Batcher
from app.core.clock import Clock
from app.core.db import Database, bulk_insert, equals_any
from app.core.ids import new_id
from app.notices.delivery.adapters.base import (
    Attachment,
    DeliveryError,
    OutgoingMessage,
    PermanentFailure,
    TemporaryFailure,
)
from app.notices.delivery.adapters.registry import Adapters, RegisteredAdapter
from app.notices.delivery.attachment import LETTER_SECONDS, has_letter_attachment, letter_attachment
from app.notices.delivery.backoff import MAX_ATTEMPTS, clock_duration
from app.notices.delivery.outcomes import (
    AttemptOutcome,
    AttemptResult,
    LeasedNotice,
    apply_early_receipts,
    record_outcomes,
)
from app.notices.delivery.triage import DeliveryTriage, recipient_key
from app.notices.kinds import Medium
from app.notices.model import DeliveryAttempt, Notice
from app.notices.ports import PersonalFacts, PersonalValues
from app.notices.queries import is_to_unit
from app.notices.rows import APPLICANT
from app.notices.service import address_of, notice_text
from app.notices.texts import letter_sources
from app.notices.texts.references import resolve
from app.notices.texts.render import Renderer
from app.sla.calendar import Calendar
from app.standards.rulebook import RulebookCache
from app.standards.values import OFFICE_HOURS

log = structlog.get_logger(__name__)

LEASE_SECONDS = 20.0
"""Lease length in real seconds; after it another worker may take over."""

BATCH_SIZE = 32

NO_NAME = "Başvuru sahibi"

_UNDELIVERED = text("notice.state IN ('queued', 'sending') AND notice.digest_id IS NULL")
"""Condition without parameters, so that PostgreSQL always recognises the partial index `ix_notice_undelivered`."""


@dataclass(slots=True)
class NoticeDispatcher:
    """Delivers notices; concurrent calls share their transactions.

    `delivery_seconds` is the timeout of one attempt; no attempt starts that could outlast the lease. `letter_seconds`
    is the timeout of typesetting a letter before it.
    """

    database: Database
    clock: Clock
    rulebooks: RulebookCache
    renderer: Renderer
    adapters: Adapters
    personal_facts: PersonalFacts
    triage: DeliveryTriage
    delivery_seconds: float
    letter_seconds: float = LETTER_SECONDS
    _batcher: Batcher[UUID, bool] = field(init=False)

    def __post_init__(self) -> None:
        self._batcher = Batcher(self._deliver_batch, max_batch=BATCH_SIZE, max_pending=20_000, isolate=())

    async def deliver(self, notice_ids: Sequence[UUID]) -> int:
        """Deliver the notices that are due and not leased; return the number of due notices.

        Safe to call twice. Raises the errors of the database, and `Unavailable` if too many calls wait; the notices
        then stay due.
        """
        outcomes = await asyncio.gather(
            *(self._batcher.submit(notice_id) for notice_id in dict.fromkeys(notice_ids)), return_exceptions=True
        )
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome
        return sum(1 for outcome in outcomes if outcome is True)

    async def close(self) -> None:
        """Accept no more calls; return when the outcomes of all accepted ones are recorded."""
        await self._batcher.close()

    async def _deliver_batch(self, notice_ids: Sequence[UUID]) -> list[bool]:
        calendar = (await self.rulebooks.current()).calendars[OFFICE_HOURS]
        lease_end = time.monotonic() + LEASE_SECONDS
        due, leased = await self._lease(notice_ids, calendar)
        if leased:
            results = await asyncio.gather(*(self._send(notice, lease_end) for notice in leased))
            async with self.database.transaction() as session:
                await record_outcomes(session, results, clock=self.clock)
            await apply_early_receipts(self.database, results, personal_facts=self.personal_facts, now=self.clock.now())
        return [notice_id in due for notice_id in notice_ids]

    async def _lease(self, notice_ids: Sequence[UUID], calendar: Calendar) -> tuple[set[UUID], list[LeasedNotice]]:
        """Lock due notices, triage them, and lease, render and return those to send now.

        The first value has the ids of all due notices, sent now or not.
        """
        now = self.clock.now()
        async with self.database.transaction() as session:
            due = await _lock_due(session, notice_ids, now)
            alive = [notice for notice in due if not _abandon_if_exhausted(notice)]
            ready = await self.triage.sort(session, alive, calendar=calendar, now=now)
            for notice in ready:
                notice.state, notice.attempts = "sending", notice.attempts + 1
                notice.due_at = now + clock_duration(self.clock, LEASE_SECONDS)
            await self._render(session, ready, now)
            leased = await self._with_values(session, ready)
            await bulk_insert(session, DeliveryAttempt, [self._attempt_row(notice, now) for notice in leased])
        return {notice.id for notice in due}, leased

    async def _render(self, session: AsyncSession, ready: Sequence[Notice], now: datetime) -> None:
        """Render the notices that have no text yet, and bind them to the present source of their letter."""
        unrendered = [notice for notice in ready if notice.subject is None]
        await letter_sources.bind(session, unrendered, self.renderer.letters, now=now)
        for notice in unrendered:
            _set_text(notice, self.renderer)

    async def _with_values(self, session: AsyncSession, ready: Sequence[Notice]) -> list[LeasedNotice]:
        values = await self._personal_values(session, ready)
        return [
            LeasedNotice(notice, values.get(notice.id), new_id(), await self._former_letter(session, notice))
            for notice in ready
        ]

    async def _personal_values(self, session: AsyncSession, ready: Sequence[Notice]) -> dict[UUID, PersonalValues]:
        """Return notice → personal values of its ticket as its reader may see them; none for a digest."""
        found: dict[UUID, PersonalValues] = {notice.id: {} for notice in ready if notice.ticket_id is None}
        for for_unit in (False, True):
            group = [n for n in ready if n.ticket_id is not None and is_to_unit(n) is for_unit]
            tickets = {n.ticket_id for n in group if n.ticket_id is not None}
            values = await self.personal_facts.reference_values(session, tickets, masked=False, for_unit=for_unit)
            found |= {n.id: values[n.ticket_id] for n in group if n.ticket_id is not None and n.ticket_id in values}
        return found

    async def _former_letter(self, session: AsyncSession, notice: Notice) -> bytes | None:
        if not has_letter_attachment(notice):
            return None
        return await letter_sources.former_source(session, notice, self.renderer.letters)

    def _attempt_row(self, leased: LeasedNotice, now: datetime) -> dict[str, object]:
        notice = leased.notice
        return {
            "id": leased.attempt_id,
            "notice_id": notice.id,
            "at": now,
            "recipient": recipient_key(notice),
            "medium": notice.medium,
            "adapter": self.adapters.for_medium(Medium(notice.medium)).name,
            "outcome": AttemptOutcome.STARTED.value,
        }

    async def _send(self, leased: LeasedNotice, lease_end: float) -> AttemptResult:
        """Send one notice with no transaction open; every failure becomes an outcome and a code.

        `lease_end` is a monotonic instant; an attempt that could outlast it is retried instead.
        """
        letter = await letter_attachment(leased, self.renderer.letters, seconds=self.letter_seconds)
        registered = self.adapters.for_medium(Medium(leased.notice.medium))
        async with registered.slots:
            started = time.monotonic()
            if started + self.delivery_seconds > lease_end:
                return AttemptResult(leased, AttemptOutcome.LATER, registered.name, "no_time", retry_now=True)
            result = await self._send_by(registered, leased, letter)
            return result.with_duration(time.monotonic() - started)

    async def _send_by(
        self, registered: RegisteredAdapter, leased: LeasedNotice, letter: tuple[Attachment, ...]
    ) -> AttemptResult:
        name = registered.name
        try:
            message = outgoing_message(leased, letter)
            async with asyncio.timeout(self.delivery_seconds):
                sent = await registered.adapter.send(message)
        except PermanentFailure as error:
            return AttemptResult(leased, AttemptOutcome.REFUSED, name, error.code)
        except TemporaryFailure as error:
            return AttemptResult(leased, AttemptOutcome.LATER, name, error.code, retry_after=error.retry_after)
        except (DeliveryError, TimeoutError) as error:
            return AttemptResult(leased, AttemptOutcome.LATER, name, getattr(error, "code", "timeout"))
        except Exception as error:  # noqa: BLE001 - must not stop the other notices of the batch
            log.error("delivery_broke", notice=leased.notice.number, **_origin(error))  # noqa: TRY400 - a traceback ends in the error's own message
            return AttemptResult(leased, AttemptOutcome.LATER, name, "unexpected")
        return AttemptResult(leased, AttemptOutcome.ACCEPTED, name, provider_id=sent.provider_id)


async def _lock_due(session: AsyncSession, notice_ids: Sequence[UUID], now: datetime) -> list[Notice]:
    due = select(Notice).where(equals_any(Notice.id, notice_ids), _UNDELIVERED, Notice.due_at <= now)
    locked = due.order_by(Notice.due_at, Notice.id).with_for_update(skip_locked=True, key_share=True)
    return list(await session.scalars(locked))


async def due_notices(session: AsyncSession, now: datetime, batch_size: int) -> list[UUID]:
    """Return the ids of notices that are due at `now` or whose lease has expired by then; oldest first."""
    due = select(Notice.id).where(_UNDELIVERED, Notice.due_at <= now).order_by(Notice.due_at, Notice.id)
    return list(await session.scalars(due.limit(batch_size)))


def _abandon_if_exhausted(notice: Notice) -> bool:
    """Fail a notice whose last attempt has no outcome, and return whether it did: it may be crashing the process."""
    if notice.attempts < MAX_ATTEMPTS:
        return False
    notice.state, notice.state_reason = "failed", "abandoned"
    log.error("notice_given_up", notice=notice.number, kind=notice.kind, code="abandoned", attempts=notice.attempts)
    return True


def _set_text(notice: Notice, renderer: Renderer) -> None:
    rendered = notice_text(notice, renderer)
    if rendered.fallback:
        log.error("notice_in_plain_words", notice=notice.number, template=rendered.template, problem=rendered.problem)
    notice.subject, notice.body = rendered.subject, rendered.body
    notice.template, notice.template_version = rendered.template, rendered.version


def _origin(error: Exception) -> Mapping[str, str]:
    """Return type and origin of an error for the log, without its message, which may name the recipient."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return {"error": type(error).__name__, "at": f"{frame.filename}:{frame.lineno}"}


def outgoing_message(leased: LeasedNotice, attachments: tuple[Attachment, ...] = ()) -> OutgoingMessage:
    """Return the message of a notice with its references resolved. Raises `DeliveryError`."""
    notice, values = leased.notice, leased.values
    if values is None:
        raise TemporaryFailure("facts_unreadable", "the personal values of the ticket can not be decrypted")
    name, address = notice.recipient_name, notice.recipient_address
    medium = Medium(notice.medium)
    if notice.recipient == APPLICANT.code:
        name, address = values.get("applicant.name"), address_of(medium, values)
        if address is None and medium is not Medium.WEBHOOK:
            raise PermanentFailure("no_address", "the applicant's address is not stored")
    return OutgoingMessage(
        notice_id=notice.id,
        number=notice.number,
        kind=notice.kind,
        ticket=notice.case_number,
        dedupe_key=notice.dedupe_key,
        medium=medium,
        recipient_name=name or NO_NAME,
        recipient_address=address,
        subject=resolve(notice.subject or "", values),
        body=resolve(notice.body or "", values),
        at=notice.created_at,
        attachments=attachments,
    )
