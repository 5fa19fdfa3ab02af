"""The change feed and the webhook subscriptions over HTTP."""

from collections.abc import Callable
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from app.access.actor import Actor
from app.access.dependencies import require_scope
from app.access.scopes import Scope
from app.core.dependencies import PageSize, PagingDep, ReadSessionDep, TransactionDep, problem_responses
from app.core.paging import MAX_PAGE_SIZE, link_header
from app.feed import service
from app.feed.cursor import FeedCursor, start_of
from app.feed.documentation import DOCUMENTED, example_of, example_of_test
from app.feed.events import TEST_TYPE, EventType
from app.feed.model import WebhookDelivery, WebhookSubscription
from app.feed.queries import list_deliveries, list_subscriptions, read_feed
from app.feed.schemas import (
    DeliveryOut,
    DeliveryPage,
    EventPage,
    FeedEventOut,
    WebhookBody,
    WebhookChange,
    WebhookMessage,
    WebhookOut,
    WebhookPage,
    WebhookSecretOut,
    WebhookTest,
)
from app.feed.service import Bureau, next_attempt
from app.people.dependencies import VaultDep
from app.tickets.dependencies import ReaderDep

router = APIRouter(prefix="/v1", tags=["feed"])
Manager = Annotated[Actor, Depends(require_scope(Scope.WEBHOOKS_MANAGE))]
_READ = problem_responses(401, 403, 404, 422, 503)


async def _bureau(request: Request, session: TransactionDep, actor: Manager, vault: VaultDep) -> Bureau:
    container = request.app.state.container
    return Bureau(session, actor, vault, container.address_guard, container.watermark, container.clock)


AtBureau = Annotated[Bureau, Depends(_bureau, scope="function")]


@router.get("/events", summary="What happened to tickets, in order", responses=problem_responses(401, 403, 422, 503))
async def read_events(
    request: Request,
    response: Response,
    actor: ReaderDep,
    session: ReadSessionDep,
    after: Annotated[
        str | None,
        Query(max_length=300, description="`next_cursor` of the last answer; `latest`: only what comes from now on"),
    ] = None,
    types: Annotated[list[EventType] | None, Query(max_length=40, description="Only these; may be repeated")] = None,
    limit: PageSize = MAX_PAGE_SIZE,
) -> EventPage:
    """Every event of the tickets that the key may see, oldest first, none missing and none twice.

    Keep `next_cursor` with what you did with the events, and send it as `after` next time, also after a year. While
    `has_more` is true there is more to read at once, even if this page is empty.
    """
    feed_range = await request.app.state.container.watermark.refresh()
    start = start_of(after, feed_range)
    page = await read_feed(session, actor, after=start, until=feed_range.settled, types=types or (), limit=limit)
    following = FeedCursor(feed_range.epoch, page.end).encode()
    query = request.query_params.multi_items()
    further = following if page.has_more else None
    response.headers.update(link_header(request.url.path, query, further, parameter="after"))
    items = [
        FeedEventOut(**event.to_json(FeedCursor(feed_range.epoch, event.position).encode())) for event in page.events
    ]
    return EventPage(items=items, next_cursor=following, has_more=page.has_more)


@router.post(
    "/webhooks",
    summary="Have events sent to an address",
    status_code=201,
    responses=problem_responses(401, 403, 422, 503),
)
async def create_webhook(bureau: AtBureau, body: WebhookBody) -> WebhookSecretOut:
    """Events of the tickets that this key may see, signed by Standard Webhooks 1.0. The secret is shown this once."""
    return _with_secret(*await service.subscribe(bureau, body))


@router.get("/webhooks", summary="Subscriptions, newest first", responses=problem_responses(401, 403, 422, 503))
async def read_webhooks(
    actor: Manager,
    session: ReadSessionDep,
    paging: PagingDep,
) -> WebhookPage:
    """The subscriptions of this key's client; operators see all."""
    page = await list_subscriptions(session, actor, cursor=paging.cursor, limit=paging.page_size)
    paging.set_next_link(page.next_cursor)
    return WebhookPage(items=[_answer(one) for one in page.items], next_cursor=page.next_cursor)


@router.get("/webhooks/{webhook_id}", summary="One subscription", responses=_READ)
async def read_webhook(webhook_id: UUID, bureau: AtBureau) -> WebhookOut:
    """How it fares: the last success, failures, why it was disabled."""
    return _answer(await service.find(bureau, webhook_id))


@router.patch("/webhooks/{webhook_id}", summary="Change a subscription", responses=_READ)
async def change_webhook(webhook_id: UUID, bureau: AtBureau, body: WebhookChange) -> WebhookOut:
    """Another address, other events and switching on take effect at once: it goes on with the event at which it stood.

    Operators may switch others' on and off only.
    """
    return _answer(await service.change(bureau, webhook_id, body))


@router.delete("/webhooks/{webhook_id}", summary="End a subscription", status_code=204, responses=_READ)
async def delete_webhook(webhook_id: UUID, bureau: AtBureau) -> None:
    """Nothing more is sent, and its deliveries are gone; a message that is on its way may still arrive."""
    await service.unsubscribe(bureau, webhook_id)


@router.post("/webhooks/{webhook_id}/rotate", summary="A new secret", responses=_READ)
async def rotate_webhook(webhook_id: UUID, bureau: AtBureau) -> WebhookSecretOut:
    """For a day messages carry two signatures, of the new secret and of the old one."""
    return _with_secret(*await service.rotate(bureau, webhook_id))


@router.post("/webhooks/{webhook_id}/test", summary="Send a test message", status_code=202, responses=_READ)
async def send_test_webhook(webhook_id: UUID, bureau: AtBureau) -> DeliveryOut:
    """One attempt, of type `webhook.test`, within a moment; the list of deliveries says how it went."""
    return _delivery(await service.send_test(bureau, webhook_id), None)


@router.get("/webhooks/{webhook_id}/deliveries", summary="What was sent, newest first", responses=_READ)
async def read_webhook_deliveries(
    webhook_id: UUID,
    bureau: AtBureau,
    paging: PagingDep,
    state: Annotated[
        Literal["queued", "retrying", "delivered", "failed"] | None, Query(description="One state")
    ] = None,
) -> DeliveryPage:
    """Each message with its attempts; kept for 30 days."""
    await service.find(bureau, webhook_id)
    page = await list_deliveries(bureau.session, webhook_id, state=state, cursor=paging.cursor, limit=paging.page_size)
    paging.set_next_link(page.next_cursor)
    return DeliveryPage(items=[_delivery(*one) for one in page.items], next_cursor=page.next_cursor)


@router.post(
    "/webhooks/{webhook_id}/deliveries/{delivery_id}/redeliver",
    summary="Send a message again",
    status_code=202,
    responses=_READ,
)
async def redeliver_webhook(webhook_id: UUID, delivery_id: UUID, bureau: AtBureau) -> DeliveryOut:
    """One more attempt under the same `webhook-id`; a message that is being retried is tried now."""
    delivery, ticket = await service.redeliver(bureau, webhook_id, delivery_id)
    return _delivery(delivery, ticket)


def document_webhooks(webhooks: APIRouter) -> None:
    """Put every type of event into the API docs as a webhook, with an example, and the test message."""
    for type_, (summary, _, _) in DOCUMENTED.items():
        _document(webhooks, type_.value, _received, summary, example_of(type_))
    _document(webhooks, TEST_TYPE, _tested, "Somebody tries the subscription out", example_of_test())


def _document(
    webhooks: APIRouter, type_: str, receiver: Callable[..., Any], summary: str, example: dict[str, Any]
) -> None:
    webhooks.add_api_route(
        type_,
        receiver,
        methods=["POST"],
        operation_id=type_.replace(".", "_"),
        summary=summary,
        tags=["feed"],
        status_code=204,
        response_description="The receiver has it",
        openapi_extra={"requestBody": {"content": {"application/json": {"example": example}}}},
    )


async def _received(body: WebhookMessage) -> None:
    """Sent to the address of a subscription, signed by Standard Webhooks 1.0; any 2xx within 15 s settles it."""


async def _tested(body: WebhookTest) -> None:
    """Sent once, when `POST /v1/webhooks/{webhook_id}/test` asks for it, whatever the subscription's `events` are."""


def _answer(subscription: WebhookSubscription) -> WebhookOut:
    return WebhookOut(**_facts(subscription))


def _with_secret(subscription: WebhookSubscription, secret: str) -> WebhookSecretOut:
    return WebhookSecretOut(**_facts(subscription), secret=secret)


def _facts(subscription: WebhookSubscription) -> dict[str, Any]:
    names = (
        *("id", "url", "events", "description", "enabled", "disabled_reason", "disabled_at", "created_at"),
        *("delivered_at", "failures", "failing_since"),
    )
    facts = {name: getattr(subscription, name) for name in names}
    return {
        **facts,
        "next_attempt_at": next_attempt(subscription),
        "rotation_until": subscription.previous_until,
    }


def _delivery(delivery: WebhookDelivery, ticket: str | None) -> DeliveryOut:
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
