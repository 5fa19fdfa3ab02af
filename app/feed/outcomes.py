"""Outcomes of attempts, recorded in the delivery and its subscription: advance, retry later, or disable."""

import random
from datetime import datetime

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import Clock
from app.feed.model import AttemptRow, WebhookDelivery, WebhookSubscription
from app.feed.pending import PendingSend
from app.feed.sender import Attempt, SendOutcome
from app.notices.delivery.backoff import clock_duration

log = structlog.get_logger(__name__)

RETRY_DELAYS_SECONDS = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""Real seconds between attempts, as Standard Webhooks suggests: ten attempts in three days, then it is disabled."""

JITTER = 0.1
"""The most that a delay may grow, as a fraction of itself, so that retries do not come at the same time."""

MAX_ATTEMPT_ROWS = 20
"""Attempts that a delivery stores; older ones are dropped."""


async def record_attempt(
    session: AsyncSession,
    subscription: WebhookSubscription,
    send: PendingSend,
    attempt: Attempt,
    *,
    unchanged: bool,
    clock: Clock,
    now: datetime,
) -> None:
    """Record an attempt in its delivery, and advance, postpone or disable the subscription.

    `unchanged` is false if the client has changed the subscription since the attempt began (another address, enabled
    again). A failure is then recorded in the delivery only. The subscription must be locked.
    """
    delivery = await _get_or_create_delivery(session, subscription, send, now)
    delivery.attempts = [*delivery.attempts, _attempt_row(attempt, now)][-MAX_ATTEMPT_ROWS:]
    delivery.tried_at = now
    retries = send.event is not None and unchanged
    delivery.state = "delivered" if attempt.delivered else "retrying" if retries else "failed"
    if attempt.delivered:
        subscription.delivered_at = now
        if send.event is not None:
            subscription.position = max(subscription.position, send.next_position)
            subscription.failures, subscription.failing_since, subscription.due_at = 0, None, now
    elif retries:
        _postpone(subscription, delivery, attempt, clock, now)
    if attempt.outcome is SendOutcome.GONE and subscription.enabled and unchanged:
        _disable(subscription, delivery, "gone", now)


def _postpone(
    subscription: WebhookSubscription, delivery: WebhookDelivery, attempt: Attempt, clock: Clock, now: datetime
) -> None:
    """Schedule the next attempt; disable the subscription after the last one."""
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
    delay = RETRY_DELAYS_SECONDS[subscription.failures - 1] * random.uniform(1, 1 + JITTER)  # noqa: S311 - no secret
    subscription.due_at = now + clock_duration(clock, max(delay, attempt.retry_after or 0))


def _disable(subscription: WebhookSubscription, delivery: WebhookDelivery, reason: str, now: datetime) -> None:
    subscription.enabled, subscription.disabled_reason, subscription.disabled_at = False, reason, now
    subscription.revision += 1
    delivery.state = "failed"
    log.error("webhook_disabled", subscription=str(subscription.id), reason=reason, failures=subscription.failures)


async def _get_or_create_delivery(
    session: AsyncSession, subscription: WebhookSubscription, send: PendingSend, now: datetime
) -> WebhookDelivery:
    """Return the delivery of a message; an event has none before its first attempt."""
    query = select(WebhookDelivery).where(
        WebhookDelivery.subscription_id == subscription.id, WebhookDelivery.message_id == send.message_id
    )
    delivery: WebhookDelivery | None = await session.scalar(query)
    if delivery is None:
        event = send.event
        delivery = WebhookDelivery(
            subscription_id=subscription.id,
            message_id=send.message_id,
            type=send.type,
            ticket_id=event.ticket_id if event else None,
            seq=event.seq if event else None,
            attempts=[],
            created_at=now,
        )
        session.add(delivery)
    return delivery


def _attempt_row(attempt: Attempt, now: datetime) -> AttemptRow:
    return {
        "at": now.isoformat(),
        "outcome": attempt.outcome.value,
        "status": attempt.status,
        "milliseconds": attempt.milliseconds,
    }
