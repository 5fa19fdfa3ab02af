"""Delivery of events to webhook subscriptions: in order, at least once, each under an id that never changes.

A subscription is leased, a message is sent outside any transaction, and its outcome is recorded together with the
subscription's new position. A process that crashes in between leaves the old position: the message is sent again under
the same id. While one event fails, the later ones wait, which is the price of the order.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, or_, select, update

from app.access.model import ApiClient
from app.core.clock import Clock
from app.core.db import Database
from app.feed.model import WebhookDelivery, WebhookSubscription
from app.feed.outcomes import record_attempt
from app.feed.pending import QUEUED, PendingSend, load_pending
from app.feed.sender import Attempt, Sender, WebhookRequest
from app.feed.watermark import Watermark
from app.notices.delivery.backoff import clock_duration
from app.people.vault import Vault

LEASE_SECONDS = 25.0
"""Lease length in real seconds; after it another worker may take over. Longer than one attempt can last."""

TURN_SECONDS = 5.0
"""Real seconds after which a subscription with more messages goes back behind those that have waited longer."""

RETENTION_SECONDS = 30 * 86_400.0
"""Real seconds for which deliveries can be read and sent again."""

MAX_RETENTION = timedelta(days=36_525)
"""Cap of the retention on a fast clock, where it would reach back before the calendar."""


@dataclass(frozen=True, slots=True)
class _LeasedBatch:
    """A leased subscription with its revision and lease token at that time, and the messages to send."""

    subscription: WebhookSubscription
    lease: int
    revision: int
    pending: Sequence[PendingSend]


class WebhookDispatcher:
    """Sender of pending messages; several dispatchers may run, but each subscription is served by one at a time."""

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

    async def list_waiting(self) -> list[UUID]:
        """Return the subscriptions with messages to send now, those that have waited longest first."""
        now = self._clock.now()
        deliveries = select(WebhookDelivery.id).where(WebhookDelivery.subscription_id == WebhookSubscription.id, QUEUED)
        requested, due = deliveries.exists(), and_(WebhookSubscription.enabled, WebhookSubscription.due_at <= now)
        query = (
            select(WebhookSubscription.id, WebhookSubscription.position, requested)
            .join(ApiClient, ApiClient.id == WebhookSubscription.client_id)
            .where(ApiClient.disabled_at.is_(None), _not_leased(now), or_(due, requested))
            .order_by(WebhookSubscription.due_at, WebhookSubscription.id)
        )
        async with self._database.reading() as session:
            found = list(await session.execute(query))
        if not found:
            return []
        feed_range = await self._watermark.refresh()
        return [id_ for id_, position, is_requested in found if is_requested or position < feed_range.settled]

    async def serve(self, subscription_id: UUID) -> int:
        """Send the messages of one subscription until an event fails or the turn ends; return their number.

        A turn has an end, so that many slow receivers with many events do not block all workers.
        """
        sent, turn_ends = 0, time.monotonic() + self._turn_seconds
        while (batch := await self._lease_batch(subscription_id)) is not None:
            try:
                count, has_more = await self._send_batch(batch, turn_ends)
            except asyncio.CancelledError:
                await self._release(batch)
                raise
            sent += count
            if not has_more:
                break
        return sent

    async def delete_old_deliveries(self) -> int:
        """Delete settled deliveries that are older than `RETENTION_SECONDS`; return their number."""
        before = self._clock.now() - min(clock_duration(self._clock, RETENTION_SECONDS), MAX_RETENTION)
        settled = WebhookDelivery.state.in_(("delivered", "failed"))
        async with self._database.transaction() as session:
            deleted = await session.scalars(
                delete(WebhookDelivery)
                .where(WebhookDelivery.created_at < before, settled)
                .returning(WebhookDelivery.id)
            )
            return len(deleted.all())

    async def _lease_batch(self, subscription_id: UUID) -> _LeasedBatch | None:
        """Lease the subscription with its next messages; return None if it has none or another worker has it."""
        while True:
            feed_range = await self._watermark.refresh()
            async with self._database.transaction() as session:
                now = self._clock.now()
                query = select(WebhookSubscription).where(WebhookSubscription.id == subscription_id, _not_leased(now))
                subscription = await session.scalar(query.with_for_update(skip_locked=True))
                if subscription is None:
                    return None
                pending, has_more = await load_pending(session, subscription, feed_range, now)
                if pending:
                    subscription.lease += 1
                    subscription.leased_until = now + clock_duration(self._clock, LEASE_SECONDS)
                    return _LeasedBatch(subscription, subscription.lease, subscription.revision, pending)
            if not has_more:
                return None

    async def _send_batch(self, batch: _LeasedBatch, turn_ends: float) -> tuple[int, bool]:
        """Send the messages in order; return how many, and whether another batch may follow in this turn."""
        secrets = self._open_secrets(batch.subscription)  # within the lease, so that an error is not repeated at once
        for sent, send in enumerate(batch.pending, 1):
            attempt = await self._sender.send(
                WebhookRequest(batch.subscription.url, send.message_id, send.body, secrets)
            )
            turn_over = time.monotonic() >= turn_ends
            may_continue = await self._record(batch, send, attempt, last=turn_over or sent == len(batch.pending))
            if turn_over or not may_continue:
                return sent, False
        return len(batch.pending), True

    def _open_secrets(self, subscription: WebhookSubscription) -> list[str]:
        """Return the secret and, during a rotation, the previous one; raise `VaultError`."""
        sealed = {"secret": subscription.secret}
        previous, until = subscription.previous_secret, subscription.previous_until
        if previous is not None and until is not None and self._clock.now() < until:
            sealed["previous_secret"] = previous
        return [
            self._vault.open(blob, table="webhook_subscription", column=column, row_id=subscription.id)
            for column, blob in sealed.items()
        ]

    async def _record(self, batch: _LeasedBatch, send: PendingSend, attempt: Attempt, *, last: bool) -> bool:
        """Record an attempt; return whether more messages may be sent.

        None may follow a failed event, a change by the client or a lost lease. The `last` message of a batch releases
        the lease; the result then says whether another batch may follow.
        """
        now = self._clock.now()
        async with self._database.transaction() as session:
            query = select(WebhookSubscription).where(*_leased_as(batch))
            subscription = await session.scalar(query.with_for_update())
            if subscription is None:
                return False
            unchanged = subscription.revision == batch.revision
            await record_attempt(session, subscription, send, attempt, unchanged=unchanged, clock=self._clock, now=now)
            passed = attempt.delivered or send.event is None
            continues = passed and unchanged and not last
            subscription.leased_until = now + clock_duration(self._clock, LEASE_SECONDS) if continues else None
            return continues or (last and attempt.delivered)

    async def _release(self, batch: _LeasedBatch) -> None:
        """Release the lease, so that the next worker need not wait for its end."""
        async with self._database.transaction() as session:
            await session.execute(update(WebhookSubscription).where(*_leased_as(batch)).values(leased_until=None))


def _not_leased(now: datetime) -> ColumnElement[bool]:
    return or_(WebhookSubscription.leased_until.is_(None), WebhookSubscription.leased_until < now)


def _leased_as(batch: _LeasedBatch) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return WebhookSubscription.id == batch.subscription.id, WebhookSubscription.lease == batch.lease
