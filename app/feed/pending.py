"""Messages that a subscription waits for: deliveries that users requested, then its next events."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.actor import Actor
from app.access.model import ApiClient
from app.access.service import actor_of
from app.feed.cursor import FeedCursor
from app.feed.events import TEST_TYPE, EventType, FeedEvent, message_id
from app.feed.model import WebhookDelivery, WebhookSubscription
from app.feed.queries import FeedPage, find_event, read_feed
from app.feed.sender import body_of
from app.feed.watermark import FeedRange

BATCH_SIZE = 50
"""Messages of one subscription that are read at a time."""

QUEUED = text("webhook_delivery.state = 'queued'")
"""Written out, so that PostgreSQL recognises the partial index."""


@dataclass(frozen=True, slots=True)
class PendingSend:
    """One message to send: the next event of a subscription, or a delivery that a user requested (no `event`).

    `next_position` is the subscription's position after the delivery of the event.
    """

    message_id: str
    type: str
    body: bytes
    event: FeedEvent | None = None
    next_position: int = 0


async def load_pending(
    session: AsyncSession, subscription: WebhookSubscription, feed_range: FeedRange, now: datetime
) -> tuple[list[PendingSend], bool]:
    """Return the next messages, requested ones first, and whether the feed has more.

    The subscription must be locked. If no event matches, its position advances.
    """
    client = (await session.execute(select(ApiClient).where(ApiClient.id == subscription.client_id))).scalar_one()
    actor = actor_of(client)
    pending = await _requested(session, actor, subscription, feed_range)
    if not subscription.enabled or subscription.due_at > now or subscription.position >= feed_range.settled:
        return pending, False
    page = await read_feed(
        session,
        actor,
        after=subscription.position,
        until=feed_range.settled,
        types=[EventType(name) for name in subscription.events],
        page_size=BATCH_SIZE,
    )
    if not page.events:
        subscription.position = page.end
    return [*pending, *_events(subscription, page, feed_range)], page.has_more


async def _requested(
    session: AsyncSession, actor: Actor, subscription: WebhookSubscription, feed_range: FeedRange
) -> list[PendingSend]:
    pending = []
    query = select(WebhookDelivery).where(WebhookDelivery.subscription_id == subscription.id, QUEUED)
    for delivery in await session.scalars(query.order_by(WebhookDelivery.created_at).limit(BATCH_SIZE)):
        event = None
        if delivery.ticket_id is not None and delivery.seq is not None:
            event = await find_event(session, actor, delivery.ticket_id, delivery.seq)
        if event is not None:
            body = _event_body(event, feed_range)
        elif delivery.type == TEST_TYPE:
            body = body_of(TEST_TYPE, delivery.created_at, {"subscription": str(delivery.subscription_id)})
        else:
            delivery.state = "failed"  # the client may not see the ticket any more
            continue
        pending.append(PendingSend(delivery.message_id, delivery.type, body))
    return pending


def _events(subscription: WebhookSubscription, page: FeedPage, feed_range: FeedRange) -> Iterator[PendingSend]:
    """Yield the events of a page; the last one advances the subscription to the end of the page."""
    for index, event in enumerate(page.events, 1):
        yield PendingSend(
            message_id(subscription.id, event.hash),
            event.type.value,
            _event_body(event, feed_range),
            event,
            page.end if index == len(page.events) else event.position,
        )


def _event_body(event: FeedEvent, feed_range: FeedRange) -> bytes:
    return body_of(event.type, event.at, event.to_json(FeedCursor(feed_range.epoch, event.position).encode()))
