"""How a notice leaves the house: leased, handed over outside any transaction, and marked; once, whatever crashes.

A process that dies between hand-over and mark leaves a lease behind. When it has run out the notice is handed over
again under the same number and identity, so that the recipient's side knows it for the same one.
"""

import asyncio
import random
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import bindparam, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.batching import Batcher
from app.core.clock import Clock
from app.core.db import Database, among
from app.notices.compose import APPLICANT
from app.notices.delivery import Delivery, DeliveryError, OutgoingMessage, PermanentFailure, TemporaryFailure
from app.notices.facts import PersonalFacts
from app.notices.kinds import Medium
from app.notices.model import Notice
from app.notices.queries import to_unit
from app.notices.references import resolve
from app.notices.render import Renderer
from app.notices.service import address_of, words_of

log = structlog.get_logger(__name__)

LEASE_SECONDS = 20.0
"""Real seconds after which a notice in a dead hand is taken up again; longer than a whole batch can last."""

DELIVERY_SECONDS = 4.0
"""Real seconds that one hand-over may take."""

MAX_ATTEMPTS = 30
"""With the pauses below a recipient's server may be away for half a day."""

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 5.0, 1800.0

BATCH = 32
CONCURRENT = 8
"""Hand-overs at a time within a batch: four rounds of at most `DELIVERY_SECONDS` fit into a lease."""

NO_NAME = "Başvuru sahibi"

_UNDELIVERED = text("notice.state IN ('queued', 'sending')")
"""Written out, not as parameters, so that PostgreSQL always recognises the partial index `ix_notice_undelivered`."""


@dataclass(frozen=True, slots=True)
class _Leased:
    """A notice in our hands: as it was stored with the lease, and the personal words that its text refers to."""

    notice: Notice
    values: Mapping[str, str] | None


@dataclass(frozen=True, slots=True)
class _Result:
    """What became of a hand-over; `code` is None where it went well."""

    notice: Notice
    code: str | None = None
    final: bool = False


@dataclass(slots=True)
class Postroom:
    """Delivers notices; calls that come together share their transactions."""

    database: Database
    clock: Clock
    renderer: Renderer
    delivery: Delivery
    facts: PersonalFacts
    _batcher: Batcher[UUID, bool] = field(init=False)

    def __post_init__(self) -> None:
        self._batcher = Batcher(self._deliver_batch, max_batch=BATCH, max_waiting=20_000, isolate=())

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
        leased = await self._lease(notice_ids)
        if leased:
            limit = asyncio.Semaphore(CONCURRENT)
            await self._mark(await asyncio.gather(*(self._hand_over(one, limit) for one in leased)))
        ours = {one.notice.id for one in leased}
        return [notice_id in ours for notice_id in notice_ids]

    async def _lease(self, notice_ids: Sequence[UUID]) -> list[_Leased]:
        """Take what is due, put it into words if it is not yet, and open the personal values its text refers to."""
        now = self.clock.now()
        async with self.database.transaction() as session:
            due = select(Notice).where(among(Notice.id, notice_ids), _UNDELIVERED, Notice.due_at <= now)
            locked = due.order_by(Notice.due_at, Notice.id).with_for_update(skip_locked=True, key_share=True)
            taken = [notice for notice in await session.scalars(locked) if not _gave_up(notice)]
            for notice in taken:
                notice.state, notice.attempts = "sending", notice.attempts + 1
                notice.due_at = now + on_clock(self.clock, LEASE_SECONDS)
                _write(notice, self.renderer)
            for_offices = await self._values(session, [n for n in taken if not to_unit(n)], for_unit=False)
            for_units = await self._values(session, [n for n in taken if to_unit(n)], for_unit=True)
        return [_Leased(n, (for_units if to_unit(n) else for_offices).get(n.ticket_id)) for n in taken]

    async def _values(
        self, session: AsyncSession, notices: Sequence[Notice], *, for_unit: bool
    ) -> Mapping[UUID, Mapping[str, str]]:
        tickets = {notice.ticket_id for notice in notices}
        return await self.facts.reference_values(session, tickets, masked=False, for_unit=for_unit)

    async def _hand_over(self, leased: _Leased, limit: asyncio.Semaphore) -> _Result:
        """One delivery call, with no transaction open; every failure becomes a code."""
        notice = leased.notice
        async with limit:
            try:
                async with asyncio.timeout(DELIVERY_SECONDS):
                    await self.delivery.deliver(_message(leased))
            except DeliveryError as error:
                return _Result(notice, error.code, final=isinstance(error, PermanentFailure))
            except TimeoutError:
                return _Result(notice, "timeout")
            except Exception as error:  # noqa: BLE001 - must not hold up its neighbours
                log.error("delivery_broke", notice=notice.number, **_place(error))  # noqa: TRY400 - a traceback ends in the error's own words
                return _Result(notice, "unexpected")
        return _Result(notice)

    async def _mark(self, results: Sequence[_Result]) -> None:
        """Write down what became of the hand-overs; a lease that another process took over is left to it."""
        now = self.clock.now()
        marks = [self._settled(result, now) for result in results]
        statement = (
            update(Notice)
            .where(
                Notice.id == bindparam("notice_id"),
                Notice.attempts == bindparam("attempt"),
                Notice.state == "sending",
            )
            .values(
                state=bindparam("new_state"),
                state_reason=bindparam("reason"),
                due_at=bindparam("next_at"),
                sent_at=bindparam("delivered_at"),
            )
        )
        async with self.database.transaction() as session:
            connection = await session.connection()
            await connection.execute(statement, marks)

    def _settled(self, result: _Result, now: datetime) -> dict[str, Any]:
        notice, code = result.notice, result.code
        mark: dict[str, Any] = {
            "notice_id": notice.id,
            "attempt": notice.attempts,
            "new_state": "sent",
            "reason": code,
            "next_at": now,
            "delivered_at": now if code is None else None,
        }
        if code is None:
            return mark
        if result.final or notice.attempts >= MAX_ATTEMPTS:
            log.error("notice_given_up", notice=notice.number, kind=notice.kind, code=code, attempts=notice.attempts)
            return {**mark, "new_state": "failed"}
        log.warning("notice_postponed", notice=notice.number, kind=notice.kind, code=code, attempts=notice.attempts)
        return {**mark, "new_state": "queued", "next_at": now + on_clock(self.clock, pause_after(notice.attempts))}


async def due_notices(session: AsyncSession, now: datetime, limit: int) -> list[UUID]:
    """Notices whose delivery may be tried at `now`, or whose lease has run out by then; oldest first."""
    due = select(Notice.id).where(_UNDELIVERED, Notice.due_at <= now).order_by(Notice.due_at, Notice.id)
    return list(await session.scalars(due.limit(limit)))


def pause_after(attempts: int) -> float:
    """Real seconds until the next attempt: doubling up to half an hour, spread so that retries do not come at once."""
    longest = min(FIRST_PAUSE_SECONDS * 2.0 ** (attempts - 1), LONGEST_PAUSE_SECONDS)
    return longest * random.uniform(0.5, 1.0)  # noqa: S311 - spreading load, not a secret


def on_clock(clock: Clock, seconds: float) -> timedelta:
    """What passes on the installation's clock in so many real seconds: servers do not run faster in a demonstration."""
    return timedelta(seconds=seconds / clock.real_seconds(timedelta(seconds=1)))


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
    words = words_of(notice, renderer)
    if words.fallback:
        log.error("notice_in_plain_words", notice=notice.number, template=words.template, problem=words.problem)
    notice.subject, notice.body = words.subject, words.body
    notice.template, notice.template_version = words.template, words.version


def _place(error: Exception) -> dict[str, str]:
    """What kind of error arose where; its own words stay out of the log, for they may name the recipient."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return {"error": type(error).__name__, "at": f"{frame.filename}:{frame.lineno}"}


def _message(leased: _Leased) -> OutgoingMessage:
    """The notice with its references resolved; raises a `DeliveryError` where that can't be."""
    notice, values = leased.notice, leased.values
    if values is None:
        raise TemporaryFailure("facts_unreadable", "the personal words of the ticket do not open")
    name, address = notice.recipient_name, notice.recipient_address
    medium = Medium(notice.medium)
    if notice.recipient == APPLICANT.code:
        name, address = values.get("applicant.name"), address_of(medium, values)
        if address is None:
            raise PermanentFailure("no_address", "the applicant's address is not kept")
    return OutgoingMessage(
        notice_id=notice.id,
        number=notice.number,
        dedupe_key=notice.dedupe_key,
        medium=medium,
        recipient_name=name or NO_NAME,
        recipient_address=address,
        subject=resolve(notice.subject or "", values),
        body=resolve(notice.body or "", values),
        at=notice.created_at,
    )
