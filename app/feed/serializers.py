"""Responses about subscriptions and deliveries, made from their rows."""

from app.feed.model import WebhookDelivery, WebhookSubscription
from app.feed.schemas import DeliveryOut, WebhookOut, WebhookSecretOut


def webhook_out(subscription: WebhookSubscription) -> WebhookOut:
    """Return a subscription for a response."""
    return WebhookOut(
        id=subscription.id,
        url=subscription.url,
        events=subscription.events,
        description=subscription.description,
        enabled=subscription.enabled,
        disabled_reason=subscription.disabled_reason,
        disabled_at=subscription.disabled_at,
        created_at=subscription.created_at,
        delivered_at=subscription.delivered_at,
        failures=subscription.failures,
        failing_since=subscription.failing_since,
        next_attempt_at=subscription.due_at if subscription.enabled and subscription.failures else None,
        rotation_until=subscription.previous_until,
    )


def webhook_secret_out(subscription: WebhookSubscription, secret: str) -> WebhookSecretOut:
    """Return a subscription with its new secret."""
    return WebhookSecretOut(**webhook_out(subscription).model_dump(), secret=secret)


def delivery_out(delivery: WebhookDelivery, ticket: str | None) -> DeliveryOut:
    """Return a delivery with its ticket's number, None for a test."""
    return DeliveryOut(
        id=delivery.id,
        message_id=delivery.message_id,
        type=delivery.type,
        ticket=ticket,
        seq=delivery.seq,
        state=delivery.state,
        created_at=delivery.created_at,
        attempts=delivery.attempts,
    )
