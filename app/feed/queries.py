"""Queries of the feed and of subscriptions; an event is visible to those who may see its ticket."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.actor import Actor
from app.access.model import ApiClient
from app.access.scopes import Scope
from app.core.db import equals_any
from app.core.errors import NotFound
from app.core.paging import Cursor, Page
from app.feed.events import TYPE_BY_KIND, EventType, FeedEvent, kinds_of
from app.feed.model import WebhookDelivery, WebhookSubscription
from app.standards.values import PastChannel
from app.tickets.model import Ticket, TicketEvent
from app.tickets.queries import visible_to

WINDOW_SIZE, MAX_WINDOWS = 5_000, 4
"""Positions that one query covers, and queries in one read: a reader of few events must not scan all events."""


@dataclass(frozen=True, slots=True)
class FeedPage:
    """Some events in order; `end` is the position up to which the feed was scanned."""

    events: Sequence[FeedEvent]
    end: int
    has_more: bool


async def read_feed(
    session: AsyncSession, actor: Actor, *, after: int, until: int, types: Sequence[EventType], page_size: int
) -> FeedPage:
    """Return the visible events between two positions; maybe fewer than exist, or none, with `has_more`."""
    start = after
    for _ in range(MAX_WINDOWS):
        end = min(start + WINDOW_SIZE, until)
        if end <= start:
            break
        found = await _read_window(session, actor, start, end, types, page_size + 1)
        if len(found) > page_size:
            return FeedPage(found[:page_size], found[page_size - 1].position, has_more=True)
        if found:
            return FeedPage(found, end, has_more=end < until)
        start = end
    return FeedPage((), start, has_more=start < until)


async def find_event(session: AsyncSession, actor: Actor, ticket_id: UUID, seq: int) -> FeedEvent | None:
    """Return one event, or None if `actor` may not see it."""
    query = _events(actor).where(TicketEvent.ticket_id == ticket_id, TicketEvent.seq == seq)
    row = (await session.execute(query)).one_or_none()
    return None if row is None else FeedEvent(*row)


def subscriptions_of(actor: Actor) -> Select[WebhookSubscription]:
    """Return the query of the subscriptions that `actor` may see: its own, or all for operators."""
    query = select(WebhookSubscription)
    if actor.may(Scope.OPERATIONS_READ):
        return query
    return query.where(WebhookSubscription.client_id == actor.client_id)


async def list_subscriptions(
    session: AsyncSession, actor: Actor, *, cursor: Cursor | None, page_size: int
) -> Page[WebhookSubscription]:
    """Return a page of visible subscriptions, newest first."""
    query = subscriptions_of(actor)
    if cursor is not None:
        query = query.where(tuple_(WebhookSubscription.created_at, WebhookSubscription.id) < (cursor.at, cursor.id))
    order = WebhookSubscription.created_at.desc(), WebhookSubscription.id.desc()
    found = list(await session.scalars(query.order_by(*order).limit(page_size + 1)))
    return Page(found[:page_size], _next_cursor(found, page_size))


async def list_deliveries(
    session: AsyncSession, subscription_id: UUID, *, state: str | None, cursor: Cursor | None, page_size: int
) -> Page[tuple[WebhookDelivery, str | None]]:
    """Return a page of a subscription's deliveries, newest first, each with its ticket's number."""
    query = (
        select(WebhookDelivery, Ticket.number)
        .outerjoin(Ticket, Ticket.id == WebhookDelivery.ticket_id)
        .where(WebhookDelivery.subscription_id == subscription_id)
    )
    if state is not None:
        query = query.where(WebhookDelivery.state == state)
    if cursor is not None:
        query = query.where(tuple_(WebhookDelivery.created_at, WebhookDelivery.id) < (cursor.at, cursor.id))
    order = WebhookDelivery.created_at.desc(), WebhookDelivery.id.desc()
    found = [(row[0], row[1]) for row in await session.execute(query.order_by(*order).limit(page_size + 1))]
    return Page(found[:page_size], _next_cursor([delivery for delivery, _ in found], page_size))


async def lock_delivery(
    session: AsyncSession, subscription_id: UUID, delivery_id: UUID
) -> tuple[WebhookDelivery, str | None]:
    """Lock a delivery of the subscription; return it with its ticket's number; raise `NotFound`."""
    query = (
        select(WebhookDelivery, Ticket.number)
        .outerjoin(Ticket, Ticket.id == WebhookDelivery.ticket_id)
        .where(WebhookDelivery.id == delivery_id, WebhookDelivery.subscription_id == subscription_id)
        .with_for_update(of=WebhookDelivery)
    )
    row = (await session.execute(query)).one_or_none()
    if row is None:
        raise NotFound
    return row[0], row[1]


@dataclass(frozen=True, slots=True)
class StuckWebhook:
    """A subscription that gets nothing because its receiver fails.

    `disabled_reason` is None while attempts continue, `gone` after a 410, `failing` after the last retry.
    """

    id: UUID
    client: str
    url: str
    failing_since: datetime | None
    failures: int
    disabled_reason: str | None
    disabled_at: datetime | None


async def stuck_webhooks(session: AsyncSession) -> list[StuckWebhook]:
    """Return the subscriptions that fail or were disabled by failures, without those that the client disabled."""
    broken = or_(
        WebhookSubscription.disabled_reason.in_(("gone", "failing")),
        and_(WebhookSubscription.enabled, WebhookSubscription.failures > 0),
    )
    query = (
        select(
            WebhookSubscription.id,
            ApiClient.name,
            WebhookSubscription.url,
            WebhookSubscription.failing_since,
            WebhookSubscription.failures,
            WebhookSubscription.disabled_reason,
            WebhookSubscription.disabled_at,
        )
        .join(ApiClient, ApiClient.id == WebhookSubscription.client_id)
        .where(broken)
        .order_by(WebhookSubscription.failing_since, WebhookSubscription.id)
    )
    return [StuckWebhook(*row) for row in await session.execute(query)]


def _events(actor: Actor) -> Select[Any]:
    """Return the query of visible events, without those that old systems recorded before an import."""
    historical = and_(
        Ticket.channel.in_([channel.value for channel in PastChannel]),
        TicketEvent.actor.in_([channel.label for channel in PastChannel]),
    )
    return (
        visible_to(actor)
        .join(TicketEvent, TicketEvent.ticket_id == Ticket.id)
        .where(~historical)
        .with_only_columns(
            TicketEvent.position,
            TicketEvent.ticket_id,
            Ticket.number,
            TicketEvent.seq,
            TicketEvent.kind,
            TicketEvent.at,
            TicketEvent.data,
            TicketEvent.hash,
        )
    )


async def _read_window(
    session: AsyncSession, actor: Actor, after: int, until: int, types: Sequence[EventType], limit: int
) -> list[FeedEvent]:
    query = _events(actor).where(TicketEvent.position > after, TicketEvent.position <= until)
    if types:
        query = query.where(_has_type(types))
    return [FeedEvent(*row) for row in await session.execute(query.order_by(TicketEvent.position).limit(limit))]


def _has_type(types: Sequence[EventType]) -> ColumnElement[bool]:
    kinds, unnamed = kinds_of(types)
    wanted = equals_any(TicketEvent.kind, kinds)
    return or_(wanted, ~equals_any(TicketEvent.kind, [str(kind) for kind in TYPE_BY_KIND])) if unnamed else wanted


def _next_cursor(found: Sequence[WebhookSubscription | WebhookDelivery], page_size: int) -> str | None:
    return Cursor(found[page_size - 1].created_at, found[page_size - 1].id).encode() if len(found) > page_size else None
