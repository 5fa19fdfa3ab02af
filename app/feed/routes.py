"""Routes of the change feed and of webhook subscriptions, and the webhooks of the API docs."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from app.access.actor import Actor
from app.access.dependencies import require_scope
from app.access.scopes import Scope
from app.core.dependencies import PageSize, PagingDep, ReadSessionDep, TransactionDep, problem_responses
from app.core.paging import MAX_PAGE_SIZE, link_header
from app.feed.cursor import FeedCursor, start_position
from app.feed.documentation import EVENT_DOCS, example_of, example_of_test
from app.feed.events import TEST_TYPE, EventType
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
from app.feed.serializers import delivery_out, webhook_out, webhook_secret_out
from app.feed.service import WebhookService
from app.people.dependencies import VaultDep
from app.tickets.dependencies import ReaderDep

router = APIRouter(prefix="/v1", tags=["feed"])
WebhookManagerDep = Annotated[Actor, Depends(require_scope(Scope.WEBHOOKS_MANAGE))]
_READ = problem_responses(401, 403, 404, 422, 503)


async def _webhook_service(
    request: Request, session: TransactionDep, actor: WebhookManagerDep, vault: VaultDep
) -> WebhookService:
    container = request.app.state.container
    return WebhookService(session, actor, vault, container.address_guard, container.watermark, container.clock)


WebhookServiceDep = Annotated[WebhookService, Depends(_webhook_service, scope="function")]


@router.get("/events", summary="Events of tickets, in order", responses=problem_responses(401, 403, 422, 503))
async def read_events(
    request: Request,
    response: Response,
    actor: ReaderDep,
    session: ReadSessionDep,
    after: Annotated[
        str | None,
        Query(max_length=300, description="`next_cursor` of the last response; `latest`: only events from now on"),
    ] = None,
    types: Annotated[list[EventType] | None, Query(max_length=40, description="Only these types; repeatable")] = None,
    limit: PageSize = MAX_PAGE_SIZE,
) -> EventPage:
    """Return the events of the tickets that the key may see, oldest first, without gaps or repeats.

    Store `next_cursor` together with your work on the events, and send it as `after` next time, even after a year.
    While `has_more` is true there is more to read at once, even if this page is empty.
    """
    feed_range = await request.app.state.container.watermark.refresh()
    start = start_position(after, feed_range)
    page = await read_feed(session, actor, after=start, until=feed_range.settled, types=types or (), page_size=limit)
    next_cursor = FeedCursor(feed_range.epoch, page.end).encode()
    query = request.query_params.multi_items()
    following = next_cursor if page.has_more else None
    response.headers.update(link_header(request.url.path, query, following, parameter="after"))
    items = [
        FeedEventOut.model_validate(event.to_json(FeedCursor(feed_range.epoch, event.position).encode()))
        for event in page.events
    ]
    return EventPage(items=items, next_cursor=next_cursor, has_more=page.has_more)


@router.post(
    "/webhooks",
    summary="Subscribe an address to events",
    status_code=201,
    responses=problem_responses(401, 403, 422, 503),
)
async def create_webhook(webhooks: WebhookServiceDep, body: WebhookBody) -> WebhookSecretOut:
    """Send the events of the tickets that this key may see to an address, signed by Standard Webhooks 1.0.

    The secret is in this response only.
    """
    return webhook_secret_out(*await webhooks.subscribe(body))


@router.get("/webhooks", summary="Subscriptions, newest first", responses=problem_responses(401, 403, 422, 503))
async def read_webhooks(
    actor: WebhookManagerDep,
    session: ReadSessionDep,
    paging: PagingDep,
) -> WebhookPage:
    """Return the subscriptions of this key's client; operators get all."""
    page = await list_subscriptions(session, actor, cursor=paging.cursor, page_size=paging.page_size)
    paging.set_next_link(page.next_cursor)
    return WebhookPage(items=[webhook_out(one) for one in page.items], next_cursor=page.next_cursor)


@router.get("/webhooks/{webhook_id}", summary="One subscription", responses=_READ)
async def read_webhook(webhook_id: UUID, webhooks: WebhookServiceDep) -> WebhookOut:
    """Return a subscription with its last success, its failures and the reason if it is disabled."""
    return webhook_out(await webhooks.lock(webhook_id))


@router.patch("/webhooks/{webhook_id}", summary="Change a subscription", responses=_READ)
async def change_webhook(webhook_id: UUID, webhooks: WebhookServiceDep, body: WebhookChange) -> WebhookOut:
    """Change the address, the events, the description, or enable and disable it.

    A new address, other events and `enabled: true` take effect at once: sending continues with the event that is due.
    Operators may change only `enabled` of other clients' subscriptions.
    """
    return webhook_out(await webhooks.change(webhook_id, body))


@router.delete("/webhooks/{webhook_id}", summary="Delete a subscription", status_code=204, responses=_READ)
async def delete_webhook(webhook_id: UUID, webhooks: WebhookServiceDep) -> None:
    """Delete a subscription with its deliveries; a message in transit may still arrive."""
    await webhooks.unsubscribe(webhook_id)


@router.post("/webhooks/{webhook_id}/rotate", summary="Rotate the secret", responses=_READ)
async def rotate_webhook(webhook_id: UUID, webhooks: WebhookServiceDep) -> WebhookSecretOut:
    """Replace the secret; for a day messages carry two signatures, of the new secret and of the old one."""
    return webhook_secret_out(*await webhooks.rotate(webhook_id))


@router.post("/webhooks/{webhook_id}/test", summary="Send a test message", status_code=202, responses=_READ)
async def send_test_webhook(webhook_id: UUID, webhooks: WebhookServiceDep) -> DeliveryOut:
    """Send one message of type `webhook.test` within a moment; the list of deliveries has its outcome."""
    return delivery_out(await webhooks.send_test(webhook_id), None)


@router.get("/webhooks/{webhook_id}/deliveries", summary="Deliveries, newest first", responses=_READ)
async def read_webhook_deliveries(
    webhook_id: UUID,
    webhooks: WebhookServiceDep,
    paging: PagingDep,
    state: Annotated[
        Literal["queued", "retrying", "delivered", "failed"] | None, Query(description="One state")
    ] = None,
) -> DeliveryPage:
    """Return the messages of a subscription with their attempts; they are stored for 30 days."""
    await webhooks.lock(webhook_id)
    page = await list_deliveries(
        webhooks.session, webhook_id, state=state, cursor=paging.cursor, page_size=paging.page_size
    )
    paging.set_next_link(page.next_cursor)
    return DeliveryPage(items=[delivery_out(*one) for one in page.items], next_cursor=page.next_cursor)


@router.post(
    "/webhooks/{webhook_id}/deliveries/{delivery_id}/redeliver",
    summary="Send a message again",
    status_code=202,
    responses=_READ,
)
async def redeliver_webhook(webhook_id: UUID, delivery_id: UUID, webhooks: WebhookServiceDep) -> DeliveryOut:
    """Send a message once more under the same `webhook-id`; one that waits for its next attempt is sent now."""
    return delivery_out(*await webhooks.redeliver(webhook_id, delivery_id))


def document_webhooks(webhooks: APIRouter) -> None:
    """Add every type of event and the test message to the API docs as webhooks with examples."""
    for type_, doc in EVENT_DOCS.items():
        _document(webhooks, type_.value, _receive_event, doc.summary, example_of(type_))
    _document(webhooks, TEST_TYPE, _receive_test, "A test of the subscription", example_of_test())


def _document(
    webhooks: APIRouter, type_: str, receiver: Callable[..., Any], summary: str, example: Mapping[str, object]
) -> None:
    webhooks.add_api_route(
        type_,
        receiver,
        methods=["POST"],
        operation_id=type_.replace(".", "_"),
        summary=summary,
        tags=["feed"],
        status_code=204,
        response_description="The receiver accepted the message",
        openapi_extra={"requestBody": {"content": {"application/json": {"example": example}}}},
    )


async def _receive_event(body: WebhookMessage) -> None:
    """Receive an event, signed by Standard Webhooks 1.0; any 2xx within 15 s accepts it."""


async def _receive_test(body: WebhookTest) -> None:
    """Receive a message that `POST /v1/webhooks/{webhook_id}/test` requested, whatever the subscription's `events`."""
