"""What readers of the feed are answered, and what clients send and read of their subscriptions."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, Field

from app.core.schema import RequestModel, ResponseModel, ShortText, validation_error
from app.feed.events import EventType

_EVENT_ID = "evt_5ce7f74e2f66a8341382fa57760763cb"
_CURSOR = "WyJmZWVkIiwiNmYxYzJhOTAiLDQxXQ"


def _once(types: list[EventType]) -> list[EventType]:
    if len(set(types)) < len(types):
        raise validation_error("value")
    return types


Url = Annotated[str, Field(min_length=10, max_length=2000, pattern=r"^https?://[!-~]+$")]
Types = Annotated[list[EventType], Field(max_length=len(EventType)), AfterValidator(_once)]


class FeedEventOut(ResponseModel):
    """One thing that happened to a ticket; a webhook carries the same object as its `data`."""

    id: str = Field(examples=[_EVENT_ID], description="Never changes: by it a repeated event is known")
    type: EventType
    at: datetime = Field(description="When it happened")
    ticket: str = Field(examples=["2600012349"], description="Number of the ticket")
    seq: int = Field(examples=[2], description="The ticket's events are numbered from 1 without a gap")
    data: dict[str, Any] = Field(
        examples=[{"from": "received", "to": "referred", "unit": "public-works"}],
        description="Codes, numbers and instants only, never personal data; members depend on the type",
    )
    cursor: str = Field(examples=[_CURSOR], description="To go on after this event")


class EventPage(ResponseModel):
    """Some events, oldest first."""

    items: list[FeedEventOut]
    next_cursor: str = Field(
        examples=[_CURSOR], description="Send it as `after` next time, also when there was nothing"
    )
    has_more: bool = Field(examples=[False], description="There is more to read at once")


class WebhookMessage(ResponseModel):
    """The body of a webhook (Standard Webhooks 1.0)."""

    type: EventType
    timestamp: datetime = Field(description="When it happened; `webhook-timestamp` is when it was sent")
    data: FeedEventOut


class WebhookTestData(ResponseModel):
    """Which subscription is tried out."""

    subscription: UUID


class WebhookTest(ResponseModel):
    """The body of a test message, which tells of no ticket."""

    type: Literal["webhook.test"]
    timestamp: datetime = Field(description="When it was asked for")
    data: WebhookTestData


class WebhookBody(RequestModel):
    """Where events are to be sent, and which."""

    url: Url = Field(examples=["https://app.example.org/hooks/estim"], description="HTTPS, on the public internet")
    events: Types = Field(
        default_factory=list, examples=[["ticket.resolved", "ticket.breached"]], description="Empty: every type"
    )
    description: ShortText | None = Field(None, examples=["Mobil uygulama, bildirimler"])
    enabled: bool = Field(True, examples=[True])
    after: str | None = Field(
        None, max_length=300, examples=["latest"], description="A cursor of the feed; without it, from now on"
    )


class WebhookChange(RequestModel):
    """What is to change; what is left out stays."""

    url: Url | None = Field(None, examples=["https://app.example.org/hooks/estim"])
    events: Types | None = Field(None, examples=[["ticket.resolved"]])
    description: ShortText | None = Field(None, examples=["Mobil uygulama, bildirimler"])
    enabled: bool | None = Field(
        None, examples=[True], description="true also after it was disabled: it goes on where it stood, nothing is lost"
    )


class WebhookOut(ResponseModel):
    """A subscription and how it fares."""

    id: UUID
    url: str = Field(examples=["https://app.example.org/hooks/estim"])
    events: list[EventType] = Field(description="Empty: every type")
    description: str | None = Field(examples=["Mobil uygulama, bildirimler"])
    enabled: bool = Field(examples=[True])
    disabled_reason: Literal["client", "gone", "failing"] | None = Field(
        description="client: switched off; gone: the receiver answered 410; failing: ten attempts in three days failed"
    )
    disabled_at: datetime | None
    created_at: datetime
    delivered_at: datetime | None = Field(description="The last success")
    failures: int = Field(examples=[0], description="Failed attempts of the event that is due; later ones wait for it")
    failing_since: datetime | None
    next_attempt_at: datetime | None = Field(description="Null unless an attempt has failed")
    rotation_until: datetime | None = Field(description="Until when messages carry the old signature too")


class WebhookSecretOut(WebhookOut):
    """A subscription with its secret, which is shown this once only."""

    secret: str = Field(examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="])


class WebhookPage(ResponseModel):
    """Some subscriptions, newest first."""

    items: list[WebhookOut]
    next_cursor: str | None = Field(examples=[None], description="Null on the last page")


class AttemptOut(ResponseModel):
    """One attempt."""

    at: datetime
    outcome: str = Field(
        examples=["delivered"],
        description="delivered, gone, refused, redirected, timed_out, unreachable or address_closed",
    )
    status: int | None = Field(examples=[204], description="What the receiver answered")
    milliseconds: int = Field(examples=[83])


class DeliveryOut(ResponseModel):
    """One message to a subscription, with its attempts (the last twenty)."""

    id: UUID
    message_id: str = Field(examples=["msg_6f1c2a90d1d34c41a50e0a6ba2f7a6b1"], description="The header `webhook-id`")
    type: str = Field(examples=["ticket.resolved"], description="Of an event, or `webhook.test`")
    ticket: str | None = Field(examples=["2600012349"])
    seq: int | None = Field(examples=[4])
    state: Literal["queued", "retrying", "delivered", "failed"] = Field(
        description="queued: asked for by hand; retrying: later events wait for it"
    )
    created_at: datetime
    attempts: list[AttemptOut]


class DeliveryPage(ResponseModel):
    """Some deliveries, newest first; they are kept for 30 days."""

    items: list[DeliveryOut]
    next_cursor: str | None = Field(examples=[None], description="Null on the last page")
