"""What clients do with their subscriptions: make, change, rotate, try out, send again, delete."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.actor import Actor
from app.access.scopes import Scope
from app.core.clock import Clock
from app.core.errors import FieldError, Forbidden, Invalid, NotFound, NotOwner
from app.core.ids import new_id
from app.feed.cursor import LATEST, start_of
from app.feed.events import TEST_TYPE
from app.feed.guard import AddressGuard, RefusedAddress
from app.feed.model import WebhookDelivery, WebhookSubscription
from app.feed.queries import find_delivery, subscriptions_of
from app.feed.schemas import WebhookBody, WebhookChange
from app.feed.sender import new_secret
from app.feed.watermark import Watermark
from app.notices.delivery.backoff import on_clock
from app.people.vault import Vault

ROTATION_SECONDS = 86_400.0
"""Real seconds for which a message carries the signature of the old secret beside that of the new one."""


@dataclass(frozen=True, slots=True)
class Bureau:
    """What changes of subscriptions work with."""

    session: AsyncSession
    actor: Actor
    vault: Vault
    guard: AddressGuard
    watermark: Watermark
    clock: Clock


async def subscribe(bureau: Bureau, body: WebhookBody) -> tuple[WebhookSubscription, str]:
    """Make a subscription; returns it with its secret, which is stored sealed only.

    Raises `Forbidden` for a client that may see no tickets, and `Invalid` for an address or cursor that is refused.
    """
    if not (bureau.actor.may(Scope.TICKETS_READ) or bureau.actor.may(Scope.TICKETS_READ_OWN)):
        raise Forbidden(scope=str(Scope.TICKETS_READ_OWN))
    await _check(bureau, body.url)
    start = start_of(body.after or LATEST, await bureau.watermark.refresh())
    subscription_id, secret, now = new_id(), new_secret(), bureau.clock.now()
    subscription = WebhookSubscription(
        id=subscription_id,
        client_id=bureau.actor.client_id,
        url=body.url,
        events=[str(one) for one in body.events],
        description=body.description,
        enabled=body.enabled,
        disabled_reason=None if body.enabled else "client",
        disabled_at=None if body.enabled else now,
        secret=_seal(bureau.vault, secret, "secret", subscription_id),
        position=start,
        failures=0,
        due_at=now,
        created_at=now,
    )
    bureau.session.add(subscription)
    return subscription, secret


async def change(bureau: Bureau, subscription_id: UUID, body: WebhookChange) -> WebhookSubscription:
    """Change a subscription; operators may switch any on and off, the rest is its client's own.

    Switched on again, or with another address or other events, it goes on at once with the event at which it stood, at
    the first take_enqueued of the ladder.
    """
    if body.url is not None:
        await _check(bureau, body.url)  # asks a name server, so before anything is locked
    subscription = await find(bureau, subscription_id)
    given = body.model_fields_set
    if given - {"enabled"}:
        _refuse_others(bureau.actor, subscription)
    subscription.url = body.url or subscription.url
    if body.events is not None:
        subscription.events = [str(one) for one in body.events]
    if "description" in given:
        subscription.description = body.description
    now = bureau.clock.now()
    if body.enabled or body.url or body.events is not None:
        await _begin_anew(bureau.session, subscription, now)
    if body.enabled is True:
        subscription.enabled, subscription.disabled_reason, subscription.disabled_at = True, None, None
    elif body.enabled is False and subscription.enabled:
        subscription.enabled, subscription.disabled_reason, subscription.disabled_at = False, "client", now
    subscription.revision += 1
    return subscription


async def rotate(bureau: Bureau, subscription_id: UUID) -> tuple[WebhookSubscription, str]:
    """A new secret; for `ROTATION_SECONDS` messages carry the signatures of the two newest. Raises `NotOwner`."""
    subscription = await find(bureau, subscription_id)
    _refuse_others(bureau.actor, subscription)
    old = bureau.vault.open(subscription.secret, table="webhook_subscription", column="secret", row_id=subscription_id)
    secret = new_secret()
    subscription.previous_secret = _seal(bureau.vault, old, "previous_secret", subscription_id)
    subscription.previous_until = bureau.clock.now() + on_clock(bureau.clock, ROTATION_SECONDS)
    subscription.secret = _seal(bureau.vault, secret, "secret", subscription_id)
    subscription.revision += 1
    return subscription, secret


async def unsubscribe(bureau: Bureau, subscription_id: UUID) -> None:
    """Delete a subscription with its deliveries; a message that is on its way may still arrive."""
    await bureau.session.delete(await find(bureau, subscription_id))


async def send_test(bureau: Bureau, subscription_id: UUID) -> WebhookDelivery:
    """Ask for one message of the type `webhook.test`; it goes out also while the subscription is switched off."""
    subscription = await find(bureau, subscription_id)
    delivery_id = new_id()
    delivery = WebhookDelivery(
        id=delivery_id,
        subscription_id=subscription.id,
        message_id=f"msg_{delivery_id.hex}",
        type=TEST_TYPE,
        state="queued",
        attempts=[],
        created_at=bureau.clock.now(),
    )
    bureau.session.add(delivery)
    return delivery


async def redeliver(bureau: Bureau, subscription_id: UUID, delivery_id: UUID) -> tuple[WebhookDelivery, str | None]:
    """Ask for one more attempt under the same id; one that is being retried anyway is tried now."""
    subscription = await find(bureau, subscription_id)
    delivery, ticket = await find_delivery(bureau.session, subscription_id, delivery_id)
    if delivery.state == "retrying" and subscription.enabled:
        subscription.due_at = bureau.clock.now()
    else:
        delivery.state = "queued"
    return delivery, ticket


async def find(bureau: Bureau, subscription_id: UUID) -> WebhookSubscription:
    """A visible subscription, locked; raises `NotFound`."""
    query = subscriptions_of(bureau.actor).where(WebhookSubscription.id == subscription_id)
    subscription: WebhookSubscription | None = await bureau.session.scalar(query.with_for_update())
    if subscription is None:
        raise NotFound
    return subscription


def next_attempt(subscription: WebhookSubscription) -> datetime | None:
    """When the failed event is tried again; None while nothing has failed, or nothing is tried any more."""
    return subscription.due_at if subscription.enabled and subscription.failures else None


async def _begin_anew(session: AsyncSession, subscription: WebhookSubscription, now: datetime) -> None:
    """Forget what failed: it is tried at once if it is still wanted, and otherwise nothing waits for it."""
    subscription.failures, subscription.failing_since, subscription.due_at = 0, None, now
    failing = WebhookDelivery.subscription_id == subscription.id, WebhookDelivery.state == "retrying"
    await session.execute(update(WebhookDelivery).where(*failing).values(state="failed"))


def _refuse_others(actor: Actor, subscription: WebhookSubscription) -> None:
    if subscription.client_id != actor.client_id:
        raise NotOwner


async def _check(bureau: Bureau, url: str) -> None:
    try:
        await bureau.guard.check(url)
    except RefusedAddress as refused:
        raise Invalid([FieldError("/url", refused.code)]) from None


def _seal(vault: Vault, secret: str, column: str, subscription_id: UUID) -> bytes:
    return vault.seal(secret, table="webhook_subscription", column=column, row_id=subscription_id)
