"""Request and response bodies of the feed and of webhook subscriptions."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, Field

from app.core.schema import RequestModel, ResponseModel, ShortText, validation_error
from app.feed.events import EventType

_EVENT_ID = "evt_5ce7f74e2f66a8341382fa57760763cb"
_CURSOR = "WyJmZWVkIiwiNmYxYzJhOTAiLDQxXQ"


def _without_repeats(types: list[EventType]) -> list[EventType]:
    if len(set(types)) < len(types):
        raise validation_error("value")
    return types


Url = Annotated[str, Field(min_length=10, max_length=2000, pattern=r"^https?://[!-~]+$")]
Types = Annotated[list[EventType], Field(max_length=len(EventType)), AfterValidator(_without_repeats)]


class FeedEventOut(ResponseModel):
    """One event of a ticket; a webhook contains the same object as its `data`."""

    id: str = Field(examples=[_EVENT_ID], description="Never changes; it identifies a repeated event")
    type: EventType
    at: datetime = Field(description="Instant of the event")
    ticket: str = Field(examples=["2600012349"], description="Number of the ticket")
    seq: int = Field(examples=[2], description="The ticket's events are numbered from 1 without a gap")
    data: dict[str, Any] = Field(
        examples=[{"from": "received", "to": "referred", "unit": "public-works"}],
        description="Codes, numbers and instants only, never personal data; the members depend on the type",
    )
    cursor: str = Field(examples=[_CURSOR], description="Cursor to continue after this event")


class EventPage(ResponseModel):
    """A page of events, oldest first."""

    items: list[FeedEventOut]
    next_cursor: str = Field(examples=[_CURSOR], description="Send it as `after` next time, even if the page is empty")
    has_more: bool = Field(examples=[False], description="True if more events can be read at once")


class WebhookMessage(ResponseModel):
    """The body of a webhook (Standard Webhooks 1.0)."""

    type: EventType
    timestamp: datetime = Field(description="Instant of the event; `webhook-timestamp` is the instant of sending")
    data: FeedEventOut


class WebhookTestData(ResponseModel):
    """The subscription under test."""

    subscription: UUID


class WebhookTest(ResponseModel):
    """The body of a test message, which belongs to no ticket."""

    type: Literal["webhook.test"]
    timestamp: datetime = Field(description="Instant of the request")
    data: WebhookTestData


class WebhookBody(RequestModel):
    """A new subscription: the address, and the types of events."""

    url: Url = Field(examples=["https://app.example.org/hooks/estim"], description="HTTPS, on the public internet")
    events: Types = Field(
        default_factory=list, examples=[["ticket.resolved", "ticket.breached"]], description="Empty: every type"
    )
    description: ShortText | None = Field(None, examples=["Mobil uygulama, bildirimler"])
    enabled: bool = Field(True, examples=[True])
    after: str | None = Field(
        None,
        max_length=300,
        examples=["latest"],
        description="Cursor of the feed to begin after; without it, only events from now on",
    )


class WebhookChange(RequestModel):
    """The fields to change; a field that is left out stays unchanged."""

    url: Url | None = Field(None, examples=["https://app.example.org/hooks/estim"])
    events: Types | None = Field(None, examples=[["ticket.resolved"]])
    description: ShortText | None = Field(None, examples=["Mobil uygulama, bildirimler"])
    enabled: bool | None = Field(
        None,
        examples=[True],
        description="true enables it again; sending continues with the event that is due, and nothing is lost",
    )


class WebhookOut(ResponseModel):
    """A subscription and the state of its delivery."""

    id: UUID
    url: str = Field(examples=["https://app.example.org/hooks/estim"])
    events: list[EventType] = Field(description="Empty: every type")
    description: str | None = Field(examples=["Mobil uygulama, bildirimler"])
    enabled: bool = Field(examples=[True])
    disabled_reason: Literal["client", "gone", "failing"] | None = Field(
        description="client: disabled by a user; gone: the receiver returned 410; failing: ten attempts failed"
    )
    disabled_at: datetime | None
    created_at: datetime
    delivered_at: datetime | None = Field(description="Instant of the last success")
    failures: int = Field(
        examples=[0], description="Failed attempts of the event that is due; later events wait for it"
    )
    failing_since: datetime | None
    next_attempt_at: datetime | None = Field(description="Null unless an attempt has failed")
    rotation_until: datetime | None = Field(
        description="End of the rotation, until which messages also carry the old signature"
    )


class WebhookSecretOut(WebhookOut):
    """A subscription with its secret, which no later response contains."""

    secret: str = Field(examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="])


class WebhookPage(ResponseModel):
    """A page of subscriptions, newest first."""

    items: list[WebhookOut]
    next_cursor: str | None = Field(examples=[None], description="Null on the last page")


class AttemptOut(ResponseModel):
    """One attempt to send a message."""

    at: datetime
    outcome: str = Field(
        examples=["delivered"],
        description="delivered, gone, refused, redirected, timed_out, unreachable or address_closed",
    )
    status: int | None = Field(examples=[204], description="HTTP status of the receiver's response")
    milliseconds: int = Field(examples=[83])


class DeliveryOut(ResponseModel):
    """One message to a subscription, with its last twenty attempts."""

    id: UUID
    message_id: str = Field(examples=["msg_6f1c2a90d1d34c41a50e0a6ba2f7a6b1"], description="The header `webhook-id`")
    type: str = Field(examples=["ticket.resolved"], description="Type of the event, or `webhook.test`")
    ticket: str | None = Field(examples=["2600012349"])
    seq: int | None = Field(examples=[4])
    state: Literal["queued", "retrying", "delivered", "failed"] = Field(
        description="queued: requested by a user; retrying: later events wait for it"
    )
    created_at: datetime
    attempts: list[AttemptOut]


class DeliveryPage(ResponseModel):
    """A page of deliveries, newest first; they are stored for 30 days."""

    items: list[DeliveryOut]
    next_cursor: str | None = Field(examples=[None], description="Null on the last page")
