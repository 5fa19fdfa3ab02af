"""How a notice leaves the container: leased, handed over outside any transaction, and marked; once, whatever crashes.

A process that dies between hand-over and mark leaves a lease behind. When it has run out the notice is handed over
again under the same number and identity, so that the recipient's side knows it for the same one.
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
from app.notices.delivery.adapters.registry import Adapters
from app.notices.delivery.attachment import LETTER_SECONDS, carries_letter, letter_attachments
from app.notices.delivery.backoff import MAX_ATTEMPTS, on_clock
from app.notices.delivery.outcomes import (
    AttemptOutcome,
    AttemptResult,
    LeasedNotice,
    Values,
    record_outcomes,
    settle_early_receipts,
)
from app.notices.delivery.triage import DeliveryTriage, recipient_key
from app.notices.kinds import Medium
from app.notices.model import DeliveryAttempt, Notice
from app.notices.ports import PersonalFacts
from app.notices.queries import to_unit
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
"""Real seconds after which a notice in a dead hand is taken up again."""

BATCH = 32

NO_NAME = "Başvuru sahibi"

_UNDELIVERED = text("notice.state IN ('queued', 'sending') AND notice.digest_id IS NULL")
"""Written out, not as parameters, so that PostgreSQL always recognises the partial index `ix_notice_undelivered`."""


@dataclass(slots=True)
class NoticeDispatcher:
    """Delivers notices; calls that come together share their transactions.

    `delivery_seconds` is what one hand-over may take; none begins that the lease might not outlast. `letter_seconds`
    is what setting a letter may take before it.
    """

    database: Database
    clock: Clock
    rulebooks: RulebookCache
    renderer: Renderer
    adapters: Adapters
    facts: PersonalFacts
    triage: DeliveryTriage
    delivery_seconds: float
    letter_seconds: float = LETTER_SECONDS
    _batcher: Batcher[UUID, bool] = field(init=False)

    def __post_init__(self) -> None:
        self._batcher = Batcher(self._deliver_batch, max_batch=BATCH, max_pending=20_000, isolate=())

    async def deliver(self, notice_ids: Sequence[UUID]) -> int:
        """Deliver those of the notices that are due and in nobody's hands; returns how many were.

        Safe to call twice. Raises what the database raises, and `Unavailable` where too much waits already; the
        notices are then still due.
        """
        taken = await asyncio.gather(
            *(self._batcher.submit(notice_id) for notice_id in dict.fromkeys(notice_ids)), return_exceptions=True
        )
        for outcome in taken:
            if isinstance(outcome, BaseException):
                raise outcome
        return sum(1 for outcome in taken if outcome is True)

    async def close(self) -> None:
        """Take nothing more; return when everything taken is marked."""
        await self._batcher.close()

    async def _deliver_batch(self, notice_ids: Sequence[UUID]) -> list[bool]:
        calendar = (await self.rulebooks.current()).calendars[OFFICE_HOURS]
        until = time.monotonic() + LEASE_SECONDS
        taken, leased = await self._lease(notice_ids, calendar)
        if leased:
            results = await asyncio.gather(*(self._hand_over(one, until) for one in leased))
            async with self.database.transaction() as session:
                await record_outcomes(session, results, clock=self.clock)
            await settle_early_receipts(self.database, results, facts=self.facts, now=self.clock.now())
        return [notice_id in taken for notice_id in notice_ids]

    async def _lease(self, notice_ids: Sequence[UUID], calendar: Calendar) -> tuple[set[UUID], list[LeasedNotice]]:
        """Take what is due, put it into words if it is not yet, and open the personal values its text refers to.

        The first of the two is everything that was due, sent now or not.
        """
        now = self.clock.now()
        async with self.database.transaction() as session:
            due = select(Notice).where(equals_any(Notice.id, notice_ids), _UNDELIVERED, Notice.due_at <= now)
            locked = due.order_by(Notice.due_at, Notice.id).with_for_update(skip_locked=True, key_share=True)
            found = list(await session.scalars(locked))
            alive = [notice for notice in found if not _gave_up(notice)]
            going = await self.triage.sort(session, alive, calendar=calendar, now=now)
            wordless = [notice for notice in going if notice.subject is None]
            await letter_sources.bind(session, wordless, self.renderer.letters, now=now)
            for notice in going:
                notice.state, notice.attempts = "sending", notice.attempts + 1
                notice.due_at = now + on_clock(self.clock, LEASE_SECONDS)
                _write(notice, self.renderer)
            values = await self._values(session, going)
            leased = [
                LeasedNotice(notice, values.get(notice.id), new_id(), await self._former_letter(session, notice))
                for notice in going
            ]
            await bulk_insert(session, DeliveryAttempt, [self._attempt(one, now) for one in leased])
        return {notice.id for notice in found}, leased

    async def _former_letter(self, session: AsyncSession, notice: Notice) -> bytes | None:
        if not carries_letter(notice):
            return None
        return await letter_sources.former_source(session, notice, self.renderer.letters)

    def _attempt(self, leased: LeasedNotice, now: datetime) -> dict[str, object]:
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

    async def _values(self, session: AsyncSession, going: Sequence[Notice]) -> dict[UUID, Values]:
        """Notice → the personal words of its ticket as its reader may see them; a digest refers to nobody."""
        found: dict[UUID, Values] = {notice.id: {} for notice in going if notice.ticket_id is None}
        for for_unit in (False, True):
            group = [n for n in going if n.ticket_id is not None and to_unit(n) is for_unit]
            tickets = {n.ticket_id for n in group if n.ticket_id is not None}
            values = await self.facts.reference_values(session, tickets, masked=False, for_unit=for_unit)
            found |= {n.id: values[n.ticket_id] for n in group if n.ticket_id is not None and n.ticket_id in values}
        return found

    async def _hand_over(self, leased: LeasedNotice, until: float) -> AttemptResult:
        """One delivery call, with no transaction open; every failure becomes an outcome and a code."""
        letter = await letter_attachments(leased, self.renderer.letters, seconds=self.letter_seconds)
        way = self.adapters.for_medium(Medium(leased.notice.medium))
        async with way.slots:
            began = time.monotonic()
            if began + self.delivery_seconds > until:
                return AttemptResult(leased, AttemptOutcome.LATER, way.name, "no_time", retried_at_once=True)
            try:
                message = _message(leased, letter)
                async with asyncio.timeout(self.delivery_seconds):
                    delivered = await way.delivery.deliver(message)
            except PermanentFailure as error:
                result = AttemptResult(leased, AttemptOutcome.REFUSED, way.name, error.code)
            except TemporaryFailure as error:
                result = AttemptResult(
                    leased, AttemptOutcome.LATER, way.name, error.code, retry_after=error.retry_after
                )
            except (DeliveryError, TimeoutError) as error:
                result = AttemptResult(leased, AttemptOutcome.LATER, way.name, getattr(error, "code", "timeout"))
            except Exception as error:  # noqa: BLE001 - must not hold up its neighbours
                log.error("delivery_broke", notice=leased.notice.number, **_place(error))  # noqa: TRY400 - a traceback ends in the error's own words
                result = AttemptResult(leased, AttemptOutcome.LATER, way.name, "unexpected")
            else:
                result = AttemptResult(leased, AttemptOutcome.ACCEPTED, way.name, provider_id=delivered.provider_id)
            return result.with_duration(time.monotonic() - began)


async def due_notices(session: AsyncSession, now: datetime, limit: int) -> list[UUID]:
    """Notices whose delivery may be tried at `now`, or whose lease has run out by then; oldest first."""
    due = select(Notice.id).where(_UNDELIVERED, Notice.due_at <= now).order_by(Notice.due_at, Notice.id)
    return list(await session.scalars(due.limit(limit)))


def _gave_up(notice: Notice) -> bool:
    """Close a notice whose last allowed attempt was never marked: something about it may be killing the process."""
    if notice.attempts < MAX_ATTEMPTS:
        return False
    notice.state, notice.state_reason = "failed", "abandoned"
    log.error("notice_given_up", notice=notice.number, kind=notice.kind, code="abandoned", attempts=notice.attempts)
    return True


def _write(notice: Notice, renderer: Renderer) -> None:
    """Put the notice into words, once."""
    if notice.subject is not None:
        return
    words = notice_text(notice, renderer)
    if words.fallback:
        log.error("notice_in_plain_words", notice=notice.number, template=words.template, problem=words.problem)
    notice.subject, notice.body = words.subject, words.body
    notice.template, notice.template_version = words.template, words.version


def _place(error: Exception) -> Mapping[str, str]:
    """What kind of error arose where; its own words stay out of the log, for they may name the recipient."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return {"error": type(error).__name__, "at": f"{frame.filename}:{frame.lineno}"}


def _message(leased: LeasedNotice, attachments: tuple[Attachment, ...] = ()) -> OutgoingMessage:
    """The notice with its references resolved; raises a `DeliveryError` where that can't be."""
    notice, values = leased.notice, leased.values
    if values is None:
        raise TemporaryFailure("facts_unreadable", "the personal words of the ticket do not open")
    name, address = notice.recipient_name, notice.recipient_address
    medium = Medium(notice.medium)
    if notice.recipient == APPLICANT.code:
        name, address = values.get("applicant.name"), address_of(medium, values)
        if address is None and medium is not Medium.WEBHOOK:
            raise PermanentFailure("no_address", "the applicant's address is not kept")
    return OutgoingMessage(
        notice_id=notice.id,
        number=notice.number,
        kind=notice.kind,
        ticket=notice.payload.get("ticket_number") or notice.payload.get("number"),
        dedupe_key=notice.dedupe_key,
        medium=medium,
        recipient_name=name or NO_NAME,
        recipient_address=address,
        subject=resolve(notice.subject or "", values),
        body=resolve(notice.body or "", values),
        at=notice.created_at,
        attachments=attachments,
    )
