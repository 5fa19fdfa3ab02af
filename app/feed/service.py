"""Changes of webhook subscriptions: create, change, rotate, test, redeliver, delete."""

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
from app.feed.cursor import LATEST, start_position
from app.feed.events import TEST_TYPE
from app.feed.guard import AddressGuard, RefusedAddress
from app.feed.model import WebhookDelivery, WebhookSubscription
from app.feed.queries import lock_delivery, subscriptions_of
from app.feed.schemas import WebhookBody, WebhookChange
from app.feed.sender import new_secret
from app.feed.watermark import Watermark
from app.notices.delivery.backoff import clock_duration
from app.people.vault import Vault

ROTATION_SECONDS = 86_400.0
"""Real seconds for which messages carry the signatures of the old secret and the new one."""


@dataclass(frozen=True, slots=True)
class WebhookService:
    """The subscriptions of an actor, changed in one transaction."""

    session: AsyncSession
    actor: Actor
    vault: Vault
    address_guard: AddressGuard
    watermark: Watermark
    clock: Clock

    async def subscribe(self, body: WebhookBody) -> tuple[WebhookSubscription, str]:
        """Create a subscription; return it with its secret, which is stored sealed only.

        Raises `Forbidden` if the client may see no tickets, and `Invalid` for a rejected address or cursor.
        """
        if not (self.actor.may(Scope.TICKETS_READ) or self.actor.may(Scope.TICKETS_READ_OWN)):
            raise Forbidden(scope=str(Scope.TICKETS_READ_OWN))
        await self._check_address(body.url)
        position = start_position(body.after or LATEST, await self.watermark.refresh())
        subscription_id, secret, now = new_id(), new_secret(), self.clock.now()
        subscription = WebhookSubscription(
            id=subscription_id,
            client_id=self.actor.client_id,
            url=body.url,
            events=[str(type_) for type_ in body.events],
            description=body.description,
            enabled=body.enabled,
            disabled_reason=None if body.enabled else "client",
            disabled_at=None if body.enabled else now,
            secret=self._seal(secret, "secret", subscription_id),
            position=position,
            failures=0,
            due_at=now,
            created_at=now,
        )
        self.session.add(subscription)
        return subscription, secret

    async def change(self, subscription_id: UUID, body: WebhookChange) -> WebhookSubscription:
        """Change a subscription; its client may change all of it, operators only `enabled`.

        A new address, other events or `enabled: true` clear the failures. The event that is due is then sent at once,
        and its retry delays start again.
        """
        if body.url is not None:
            await self._check_address(body.url)  # before the lock, because it asks a name server
        subscription = await self.lock(subscription_id)
        given = body.model_fields_set
        if given - {"enabled"}:
            self._require_owner(subscription)
        subscription.url = body.url or subscription.url
        if body.events is not None:
            subscription.events = [str(type_) for type_ in body.events]
        if "description" in given:
            subscription.description = body.description
        now = self.clock.now()
        if body.enabled or body.url or body.events is not None:
            await self._clear_failures(subscription, now)
        if body.enabled is True:
            subscription.enabled, subscription.disabled_reason, subscription.disabled_at = True, None, None
        elif body.enabled is False and subscription.enabled:
            subscription.enabled, subscription.disabled_reason, subscription.disabled_at = False, "client", now
        subscription.revision += 1
        return subscription

    async def rotate(self, subscription_id: UUID) -> tuple[WebhookSubscription, str]:
        """Replace the secret and return the new one; raise `NotOwner` for another client's subscription.

        For `ROTATION_SECONDS` messages carry the signatures of the two newest secrets.
        """
        subscription = await self.lock(subscription_id)
        self._require_owner(subscription)
        old = self.vault.open(
            subscription.secret, table="webhook_subscription", column="secret", row_id=subscription_id
        )
        secret = new_secret()
        subscription.previous_secret = self._seal(old, "previous_secret", subscription_id)
        subscription.previous_until = self.clock.now() + clock_duration(self.clock, ROTATION_SECONDS)
        subscription.secret = self._seal(secret, "secret", subscription_id)
        subscription.revision += 1
        return subscription, secret

    async def unsubscribe(self, subscription_id: UUID) -> None:
        """Delete a subscription with its deliveries; a message in transit may still arrive."""
        await self.session.delete(await self.lock(subscription_id))

    async def send_test(self, subscription_id: UUID) -> WebhookDelivery:
        """Queue one message of type `webhook.test`; it is sent even if the subscription is disabled."""
        subscription = await self.lock(subscription_id)
        delivery_id = new_id()
        delivery = WebhookDelivery(
            id=delivery_id,
            subscription_id=subscription.id,
            message_id=f"msg_{delivery_id.hex}",
            type=TEST_TYPE,
            state="queued",
            attempts=[],
            created_at=self.clock.now(),
        )
        self.session.add(delivery)
        return delivery

    async def redeliver(self, subscription_id: UUID, delivery_id: UUID) -> tuple[WebhookDelivery, str | None]:
        """Queue one more attempt under the same id; return the delivery with its ticket's number.

        A message that waits for its next attempt is sent now.
        """
        subscription = await self.lock(subscription_id)
        delivery, ticket = await lock_delivery(self.session, subscription_id, delivery_id)
        if delivery.state == "retrying" and subscription.enabled:
            subscription.due_at = self.clock.now()
        else:
            delivery.state = "queued"
        return delivery, ticket

    async def lock(self, subscription_id: UUID) -> WebhookSubscription:
        """Lock a visible subscription and return it; raise `NotFound`."""
        query = subscriptions_of(self.actor).where(WebhookSubscription.id == subscription_id)
        subscription: WebhookSubscription | None = await self.session.scalar(query.with_for_update())
        if subscription is None:
            raise NotFound
        return subscription

    async def _clear_failures(self, subscription: WebhookSubscription, now: datetime) -> None:
        """Make the event that is due ready to send, and mark deliveries of earlier failures as failed."""
        subscription.failures, subscription.failing_since, subscription.due_at = 0, None, now
        retrying = WebhookDelivery.subscription_id == subscription.id, WebhookDelivery.state == "retrying"
        await self.session.execute(update(WebhookDelivery).where(*retrying).values(state="failed"))

    def _require_owner(self, subscription: WebhookSubscription) -> None:
        if subscription.client_id != self.actor.client_id:
            raise NotOwner

    async def _check_address(self, url: str) -> None:
        try:
            await self.address_guard.check(url)
        except RefusedAddress as refused:
            raise Invalid([FieldError("/url", refused.code)]) from None

    def _seal(self, secret: str, column: str, subscription_id: UUID) -> bytes:
        return self.vault.seal(secret, table="webhook_subscription", column=column, row_id=subscription_id)
