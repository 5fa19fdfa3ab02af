"""Carries events to subscriptions: in order, each until the receiver has it, under an id that never changes.

A subscription is leased, an event is sent outside any transaction, and what became of it is marked together with the
subscription's new position. A process that dies between sending and marking leaves the position behind: the event is
sent again under the same id. While one event fails the later ones wait; that is what “in order” costs.
"""

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, and_, delete, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.model import ApiClient
from app.access.service import actor_of
from app.core.clock import Clock
from app.core.db import Database
from app.feed.cursor import FeedCursor
from app.feed.events import TEST_TYPE, EventType, FeedEvent, message_id
from app.feed.model import WebhookDelivery, WebhookSubscription
from app.feed.queries import find_event, read_feed
from app.feed.sender import Attempt, Sender, SendOutcome, WebhookRequest, body_of
from app.feed.watermark import FeedRange, Watermark
from app.notices.delivery.backoff import on_clock
from app.people.vault import Vault

log = structlog.get_logger(__name__)

RETRY_DELAYS_SECONDS = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""Real seconds between attempts, as Standard Webhooks suggests: ten attempts over three days, then it is disabled."""

JITTER = 0.1
"""By how much of itself a pause may grow, so that retries do not come all at once."""

LEASE_SECONDS = 25.0
"""Real seconds after which a dead sender's subscription is taken up again; longer than one attempt can last."""

TURN_SECONDS = 5.0
"""Real seconds after which a subscription that has more to come waits again, behind those that have waited longer."""

BATCH = 50
"""Events that are read at a time for one subscription."""

RETENTION_SECONDS = 30 * 86_400.0
"""Real seconds for which deliveries can be looked at and sent again."""

MAX_RETENTION = timedelta(days=36_525)
"""On a clock that makes a day of a second, those would reach back before the calendar."""

_QUEUED = text("webhook_delivery.state = 'queued'")
"""Written out, so that PostgreSQL recognises the partial index."""


@dataclass(frozen=True, slots=True)
class _PendingSend:
    """One message to send: the next event of the subscription, or a delivery that somebody asked for by hand.

    `reached` is the position that the subscription has when the event was delivered.
    """

    message_id: str
    type: str
    body: bytes
    event: FeedEvent | None = None
    reached: int = 0


@dataclass(frozen=True, slots=True)
class _Batch:
    """A leased subscription as it was then, with the token of the lease and what is to be sent."""

    subscription: WebhookSubscription
    lease: int
    revision: int
    errands: Sequence[_PendingSend]


class WebhookDispatcher:
    """Sends what waits; any number of them may work beside each other, each subscription is served by one."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        vault: Vault,
        watermark: Watermark,
        sender: Sender,
        turn_seconds: float,
    ) -> None:
        self._database = database
        self._clock = clock
        self._vault = vault
        self._watermark = watermark
        self._sender = sender
        self._turn_seconds = turn_seconds

    async def waiting(self) -> list[UUID]:
        """The subscriptions for which there is something to look at now: first who has waited longest for a turn."""
        now = self._clock.now()
        of_it = select(WebhookDelivery.id).where(WebhookDelivery.subscription_id == WebhookSubscription.id, _QUEUED)
        asked, ready = of_it.exists(), and_(WebhookSubscription.enabled, WebhookSubscription.due_at <= now)
        query = (
            select(WebhookSubscription.id, WebhookSubscription.position, asked)
            .join(ApiClient, ApiClient.id == WebhookSubscription.client_id)
            .where(ApiClient.disabled_at.is_(None), _free(now), or_(ready, asked))
            .order_by(WebhookSubscription.due_at, WebhookSubscription.id)
        )
        async with self._database.reading() as session:
            found = list(await session.execute(query))
        if not found:
            return []
        feed_range = await self._watermark.refresh()
        return [one for one, position, is_asked in found if is_asked or position < feed_range.settled]

    async def serve(self, subscription_id: UUID) -> int:
        """Send what waits for one subscription until an event fails or its turn ends; returns how many messages.

        Each turn ends, so that many slow receivers with much to come can't keep all workers from the others.
        """
        sent, ends = 0, time.monotonic() + self._turn_seconds
        while (batch := await self._next(subscription_id)) is not None:
            try:
                done, goes_on = await self._send_all(batch, ends)
            except asyncio.CancelledError:
                await self._release(batch)
                raise
            sent += done
            if not goes_on:
                break
        return sent

    async def forget(self) -> int:
        """Delete deliveries that are settled and older than `RETENTION_SECONDS`; returns how many."""
        before = self._clock.now() - min(on_clock(self._clock, RETENTION_SECONDS), MAX_RETENTION)
        settled = WebhookDelivery.state.in_(("delivered", "failed"))
        async with self._database.transaction() as session:
            gone = await session.scalars(
                delete(WebhookDelivery)
                .where(WebhookDelivery.created_at < before, settled)
                .returning(WebhookDelivery.id)
            )
            return len(gone.all())

    async def _next(self, subscription_id: UUID) -> _Batch | None:
        """Lease the subscription with its next messages; None when there are none, or it is in other hands."""
        while True:
            feed_range = await self._watermark.refresh()
            async with self._database.transaction() as session:
                now = self._clock.now()
                query = select(WebhookSubscription).where(WebhookSubscription.id == subscription_id, _free(now))
                subscription = await session.scalar(query.with_for_update(skip_locked=True))
                if subscription is None:
                    return None
                errands, has_more = await self._errands(session, subscription, feed_range, now)
                if errands:
                    subscription.lease += 1
                    subscription.leased_until = now + on_clock(self._clock, LEASE_SECONDS)
                    return _Batch(subscription, subscription.lease, subscription.revision, errands)
            if not has_more:
                return None

    async def _errands(
        self, session: AsyncSession, subscription: WebhookSubscription, feed_range: FeedRange, now: datetime
    ) -> tuple[list[_PendingSend], bool]:
        """What is to be sent, the wishes of people first; where no event is for it the position moves on by itself."""
        client = (await session.execute(select(ApiClient).where(ApiClient.id == subscription.client_id))).scalar_one()
        actor = actor_of(client)
        errands = []
        query = select(WebhookDelivery).where(WebhookDelivery.subscription_id == subscription.id, _QUEUED)
        for delivery in await session.scalars(query.order_by(WebhookDelivery.created_at).limit(BATCH)):
            event = None
            if delivery.ticket_id is not None and delivery.seq is not None:
                event = await find_event(session, actor, delivery.ticket_id, delivery.seq)
            if event is None and delivery.type != TEST_TYPE:
                delivery.state = "failed"  # its ticket is not the client's any more
                continue
            errands.append(_PendingSend(delivery.message_id, delivery.type, _asked_body(delivery, event, feed_range)))
        if not subscription.enabled or subscription.due_at > now or subscription.position >= feed_range.settled:
            return errands, False
        types = [EventType(name) for name in subscription.events]
        page = await read_feed(
            session, actor, after=subscription.position, until=feed_range.settled, types=types, limit=BATCH
        )
        if not page.events:
            subscription.position = page.end
        errands += [_errand(subscription, event, feed_range, event.position) for event in page.events[:-1]]
        errands += [_errand(subscription, event, feed_range, page.end) for event in page.events[-1:]]
        return errands, page.has_more

    async def _send_all(self, batch: _Batch, ends: float) -> tuple[int, bool]:
        """How many messages were sent, and whether there may be more to send before the turn `ends`."""
        secrets = self._secrets(batch.subscription)  # under the lease: what does not open is not tried again at once
        for sent, errand in enumerate(batch.errands, 1):
            parcel = WebhookRequest(batch.subscription.url, errand.message_id, errand.body, secrets)
            attempt = await self._sender.send(parcel)
            over = time.monotonic() >= ends
            goes_on = await self._mark(batch, errand, attempt, last=over or sent == len(batch.errands))
            if over or not goes_on:
                return sent, False
        return len(batch.errands), True

    async def _release(self, batch: _Batch) -> None:
        """Give a lease back, so that the next worker need not wait for its end."""
        held = WebhookSubscription.id == batch.subscription.id, WebhookSubscription.lease == batch.lease
        async with self._database.transaction() as session:
            await session.execute(update(WebhookSubscription).where(*held).values(leased_until=None))

    def _secrets(self, subscription: WebhookSubscription) -> list[str]:
        """The secret, and while a rotation lasts the one before; raises `VaultError`."""
        sealed = {"secret": subscription.secret}
        previous, until = subscription.previous_secret, subscription.previous_until
        if previous is not None and until is not None and self._clock.now() < until:
            sealed["previous_secret"] = previous
        return [
            self._vault.open(blob, table="webhook_subscription", column=column, row_id=subscription.id)
            for column, blob in sealed.items()
        ]

    async def _mark(self, batch: _Batch, errand: _PendingSend, attempt: Attempt, *, last: bool) -> bool:
        """Write down how it went; whether the batch goes on: not after a failed event, a change or a lost lease.

        With the `last` message of a batch the lease is given back, and the answer is whether another batch may follow.
        A failure under what the client has changed since (another address, switched on again) is only written down.
        """
        now = self._clock.now()
        async with self._database.transaction() as session:
            held = select(WebhookSubscription).where(
                WebhookSubscription.id == batch.subscription.id, WebhookSubscription.lease == batch.lease
            )
            subscription = await session.scalar(held.with_for_update())
            if subscription is None:
                return False
            unchanged = subscription.revision == batch.revision
            delivery = await _delivery_of(session, subscription, errand, now)
            delivery.attempts = [*delivery.attempts, _attempt_row(attempt, now)][-20:]
            delivery.tried_at = now
            waits = errand.event is not None and unchanged
            delivery.state = "delivered" if attempt.delivered else "retrying" if waits else "failed"
            if attempt.delivered:
                subscription.delivered_at = now
            if errand.event is not None and (attempt.delivered or unchanged):
                self._settle(subscription, delivery, errand, attempt, now)
            if attempt.outcome is SendOutcome.GONE and subscription.enabled and unchanged:
                _disable(subscription, delivery, "gone", now)
            may_pass = attempt.delivered or errand.event is None
            goes_on = may_pass and not last and unchanged
            subscription.leased_until = now + on_clock(self._clock, LEASE_SECONDS) if goes_on else None
            return goes_on or (last and attempt.delivered)

    def _settle(
        self,
        subscription: WebhookSubscription,
        delivery: WebhookDelivery,
        errand: _PendingSend,
        attempt: Attempt,
        now: datetime,
    ) -> None:
        """Move the subscription on, or down the ladder."""
        if attempt.delivered:
            subscription.position = max(subscription.position, errand.reached)
            subscription.failures, subscription.failing_since, subscription.due_at = 0, None, now
            return
        subscription.failures += 1
        subscription.failing_since = subscription.failing_since or now
        log.warning(
            "webhook_postponed",
            subscription=str(subscription.id),
            outcome=attempt.outcome.value,
            status=attempt.status,
            failures=subscription.failures,
        )
        if subscription.failures > len(RETRY_DELAYS_SECONDS):
            _disable(subscription, delivery, "failing", now)
            return
        pause = RETRY_DELAYS_SECONDS[subscription.failures - 1] * random.uniform(1, 1 + JITTER)  # noqa: S311 - no secret
        subscription.due_at = now + on_clock(self._clock, max(pause, attempt.retry_after or 0))


def _free(now: datetime) -> ColumnElement[bool]:
    return or_(WebhookSubscription.leased_until.is_(None), WebhookSubscription.leased_until < now)


def _errand(subscription: WebhookSubscription, event: FeedEvent, feed_range: FeedRange, reached: int) -> _PendingSend:
    message = message_id(subscription.id, event.hash)
    return _PendingSend(message, event.type.value, _event_body(event, feed_range), event, reached)


def _event_body(event: FeedEvent, feed_range: FeedRange) -> bytes:
    return body_of(event.type, event.at, event.to_json(FeedCursor(feed_range.epoch, event.position).encode()))


def _asked_body(delivery: WebhookDelivery, event: FeedEvent | None, feed_range: FeedRange) -> bytes:
    if event is not None:
        return _event_body(event, feed_range)
    return body_of(TEST_TYPE, delivery.created_at, {"subscription": str(delivery.subscription_id)})


async def _delivery_of(
    session: AsyncSession, subscription: WebhookSubscription, errand: _PendingSend, now: datetime
) -> WebhookDelivery:
    """The row of a message; an event has none before its first attempt."""
    query = select(WebhookDelivery).where(
        WebhookDelivery.subscription_id == subscription.id, WebhookDelivery.message_id == errand.message_id
    )
    delivery: WebhookDelivery | None = await session.scalar(query)
    if delivery is None:
        event = errand.event
        delivery = WebhookDelivery(
            subscription_id=subscription.id,
            message_id=errand.message_id,
            type=errand.type,
            ticket_id=event.ticket_id if event else None,
            seq=event.seq if event else None,
            attempts=[],
            created_at=now,
        )
        session.add(delivery)
    return delivery


def _attempt_row(attempt: Attempt, now: datetime) -> dict[str, Any]:
    return {
        "at": now.isoformat(),
        "outcome": attempt.outcome.value,
        "status": attempt.status,
        "milliseconds": attempt.milliseconds,
    }


def _disable(subscription: WebhookSubscription, delivery: WebhookDelivery, reason: str, now: datetime) -> None:
    subscription.enabled, subscription.disabled_reason, subscription.disabled_at = False, reason, now
    subscription.revision += 1
    delivery.state = "failed"
    log.error("webhook_disabled", subscription=str(subscription.id), reason=reason, failures=subscription.failures)
