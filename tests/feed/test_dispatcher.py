"""Delivery of events to a receiver: in order, repeated until accepted, always under the same id."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from app.access.model import ApiClient
from app.core.clock import VirtualClock
from app.feed.dispatcher import LEASE_SECONDS, RETENTION_SECONDS, WebhookDispatcher
from app.feed.model import WebhookSubscription
from app.feed.outcomes import JITTER, RETRY_DELAYS_SECONDS
from app.feed.queries import stuck_webhooks
from app.feed.sender import Sender
from app.notices.delivery.backoff import clock_duration
from tests.desk import ANSWER, VISIT, Desk
from tests.feed.receiver import Receiver, opened_receiver, subscribed
from tests.installation import new_key, opened_client
from workers.feed import open_webhook_dispatcher

DOWN = b"503 Service Unavailable"
MOBILE = {"channel": "mobile", "description": "Sokak lambası yanmıyor", "kind": "request"}


async def deliver(dispatcher: WebhookDispatcher) -> int:
    """Serve every waiting subscription, one after the other; return the number of messages sent."""
    return sum([await dispatcher.serve(one) for one in await dispatcher.list_waiting()])


def later(desk: Desk, seconds: float) -> None:
    """Advance the clock by real seconds."""
    desk.clock.advance(clock_duration(desk.clock, seconds))


async def state_of(desk: Desk, webhook: dict[str, Any]) -> dict[str, Any]:
    response = await desk.client.get(f"/v1/webhooks/{webhook['id']}")
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


async def deliveries(desk: Desk, webhook: dict[str, Any], **wanted: Any) -> list[dict[str, Any]]:
    response = await desk.client.get(f"/v1/webhooks/{webhook['id']}/deliveries", params=wanted)
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = response.json()["items"]
    return found


async def test_events_arrive_in_the_order_of_the_feed(
    desk: Desk, receiver: Receiver, dispatcher: WebhookDispatcher
) -> None:
    await desk.open()
    await subscribed(desk, receiver)
    number = await desk.open(VISIT)
    await desk.run(number, "refer", {"unit": "public-works", "note": "Örnek not"})
    other = await desk.open(VISIT)
    await desk.run(number, "resolve", ANSWER)
    assert await deliver(dispatcher) == 4
    assert receiver.seqs == [(number, 1), (number, 2), (other, 1), (number, 3)]
    items = (await desk.client.get("/v1/events")).json()["items"]
    assert [got.message["data"] for got in receiver.got] == items[1:]
    assert [(got.message["type"], got.message["timestamp"]) for got in receiver.got] == [
        (item["type"], item["at"]) for item in items[1:]
    ]
    assert len({got.id for got in receiver.got}) == 4
    assert await deliver(dispatcher) == 0


async def test_a_subscription_may_begin_at_a_cursor_and_filter_types(
    desk: Desk, receiver: Receiver, dispatcher: WebhookDispatcher
) -> None:
    first = await desk.open(VISIT)
    cursor = (await desk.client.get("/v1/events")).json()["next_cursor"]
    await desk.run(first, "register")
    await desk.run(first, "resolve", ANSWER)
    await subscribed(desk, receiver, after=cursor, events=["ticket.resolved"])
    await desk.open()
    assert await deliver(dispatcher) == 1
    assert receiver.seqs == [(first, 3)]
    assert await dispatcher.list_waiting() == [], "events of other types are skipped"


async def test_a_receiver_that_is_down_for_an_hour_gets_everything_once_and_in_order(
    desk: Desk, receiver: Receiver, dispatcher: WebhookDispatcher
) -> None:
    webhook = await subscribed(desk, receiver)
    receiver.always = DOWN
    numbers, passed = [await desk.open()], 0.0
    while passed < 3600:
        await deliver(dispatcher)
        numbers.append(await desk.open())
        later(desk, 120)
        passed += 120
    refused = len(receiver.got)
    assert 3 <= refused <= 5, "attempts follow the retry delays, not the events"
    assert {got.id for got in receiver.got} == {receiver.got[0].id}, "no event overtakes the one that failed"
    receiver.always, receiver.got[:] = b"204 No Content", []
    later(desk, RETRY_DELAYS_SECONDS[3] * (1 + JITTER))
    await deliver(dispatcher)
    assert receiver.seqs == [(number, 1) for number in numbers]
    assert (await state_of(desk, webhook))["failures"] == 0
    assert [item["state"] for item in await deliveries(desk, webhook, limit=100)] == ["delivered"] * len(numbers)


async def test_attempts_follow_the_retry_delays_until_the_subscription_is_disabled(
    desk: Desk, receiver: Receiver, dispatcher: WebhookDispatcher
) -> None:
    webhook = await subscribed(desk, receiver)
    receiver.always = DOWN
    await desk.open()
    assert await deliver(dispatcher) == 1
    for failures, seconds in enumerate(RETRY_DELAYS_SECONDS, 1):
        failing = await state_of(desk, webhook)
        assert (failing["enabled"], failing["failures"]) == (True, failures)
        later(desk, seconds - 0.01)
        assert await deliver(dispatcher) == 0
        later(desk, seconds * JITTER + 0.02)
        assert await deliver(dispatcher) == 1
    disabled = await state_of(desk, webhook)
    assert (disabled["enabled"], disabled["disabled_reason"]) == (False, "failing")
    later(desk, 10 * RETRY_DELAYS_SECONDS[-1])
    assert await deliver(dispatcher) == 0
    [delivery] = await deliveries(desk, webhook)
    assert (delivery["state"], len(delivery["attempts"])) == ("failed", len(RETRY_DELAYS_SECONDS) + 1)
    assert {(attempt["outcome"], attempt["status"]) for attempt in delivery["attempts"]} == {("refused", 503)}
    assert [got.id for got in receiver.got] == [delivery["message_id"]] * (len(RETRY_DELAYS_SECONDS) + 1)


async def test_no_event_is_lost_while_a_failing_subscription_is_disabled(
    desk: Desk, receiver: Receiver, dispatcher: WebhookDispatcher
) -> None:
    webhook = await subscribed(desk, receiver)
    receiver.always = DOWN
    number = await desk.open()
    for seconds in (*RETRY_DELAYS_SECONDS, 0):
        assert await deliver(dispatcher) == 1
        later(desk, seconds * (1 + JITTER) + 0.02)
    assert (await state_of(desk, webhook))["enabled"] is False

    receiver.always = b"204 No Content"
    await desk.client.patch(f"/v1/webhooks/{webhook['id']}", json={"enabled": True})
    later_number = await desk.open()
    assert await deliver(dispatcher) == 2
    assert receiver.seqs[-2:] == [(number, 1), (later_number, 1)], "the events of the time without a receiver"


async def test_an_event_that_replaces_a_lost_one_after_a_restore_has_another_id(
    desk: Desk, receiver: Receiver, dispatcher: WebhookDispatcher
) -> None:
    """Readers drop known ids, and after the restore of an older backup a ticket's second event may be another one."""
    number = await desk.open(VISIT)
    cursor = (await desk.client.get("/v1/events")).json()["next_cursor"]
    await subscribed(desk, receiver, after=cursor)
    await desk.run(number, "register")
    await deliver(dispatcher)
    head = (
        "UPDATE ticket SET state = 'received', event_seq = 1, event_hash = e.hash FROM ticket_event e WHERE e.seq = 1"
    )
    async with desk.container.database.transaction() as session:
        for change in (head, "DELETE FROM ticket_event WHERE seq = 2", "DELETE FROM webhook_delivery"):
            await session.execute(text(change))
    await desk.run(number, "refer")
    await deliver(dispatcher)
    assert [got.message["type"] for got in receiver.got] == ["ticket.registered", "ticket.referred"]
    assert receiver.seqs == [(number, 2), (number, 2)]
    assert receiver.got[0].id != receiver.got[1].id
    assert receiver.got[0].message["data"]["id"] != receiver.got[1].message["data"]["id"]


@pytest.mark.parametrize("response", [b"410 Gone", DOWN])
async def test_a_failure_under_the_old_address_does_not_count_after_a_change(
    desk: Desk, receiver: Receiver, dispatcher: WebhookDispatcher, response: bytes
) -> None:
    """A client changes the address because the old one is about to fail."""
    webhook = await subscribed(desk, receiver)
    number = await desk.open()
    receiver.unblocked.clear()
    under_way = asyncio.create_task(deliver(dispatcher))
    await receiver.arrived.wait()
    receiver.responses.append(response)
    await desk.client.patch(f"/v1/webhooks/{webhook['id']}", json={"url": f"{receiver.url}/new"})
    receiver.unblocked.set()
    await under_way
    after = await state_of(desk, webhook)
    assert (after["enabled"], after["failures"]) == (True, 0)
    await deliver(dispatcher)
    assert receiver.seqs[-1:] == [(number, 1)]
    [delivery] = await deliveries(desk, webhook)
    assert delivery["state"] == "delivered"


async def test_a_new_address_is_tried_at_once(desk: Desk, receiver: Receiver, dispatcher: WebhookDispatcher) -> None:
    """The delay of the old address, twenty hours, does not apply to the new one."""
    webhook = await subscribed(desk, receiver)
    receiver.always = DOWN
    number = await desk.open()
    for seconds in (0, *RETRY_DELAYS_SECONDS[:-2]):
        later(desk, seconds * (1 + JITTER))
        assert await deliver(dispatcher) == 1
    async with opened_receiver() as elsewhere:
        await desk.client.patch(f"/v1/webhooks/{webhook['id']}", json={"url": elsewhere.url})
        assert await deliver(dispatcher) == 1
        assert elsewhere.seqs == [(number, 1)]
    assert [item["state"] for item in await deliveries(desk, webhook)] == ["delivered"]


async def test_no_event_waits_for_one_that_is_no_longer_subscribed(
    desk: Desk, receiver: Receiver, dispatcher: WebhookDispatcher
) -> None:
    """A receiver that fails on one type of event may unsubscribe from it."""
    webhook = await subscribed(desk, receiver)
    receiver.responses = [DOWN]
    number = await desk.open()
    await desk.run(number, "register")
    assert await deliver(dispatcher) == 1
    await desk.client.patch(f"/v1/webhooks/{webhook['id']}", json={"events": ["ticket.registered"]})
    assert await deliver(dispatcher) == 1
    assert receiver.seqs == [(number, 1), (number, 2)]
    assert (await state_of(desk, webhook))["failures"] == 0
    found = {item["type"]: item["state"] for item in await deliveries(desk, webhook)}
    assert found == {"ticket.received": "failed", "ticket.registered": "delivered"}


async def test_gone_disables_at_once(desk: Desk, receiver: Receiver, dispatcher: WebhookDispatcher) -> None:
    webhook = await subscribed(desk, receiver)
    receiver.always = b"410 Gone"
    await desk.open()
    await desk.open()
    assert await deliver(dispatcher) == 1
    gone = await state_of(desk, webhook)
    assert (gone["enabled"], gone["disabled_reason"], gone["next_attempt_at"]) == (False, "gone", None)
    later(desk, RETRY_DELAYS_SECONDS[-1])
    assert await deliver(dispatcher) == 0


async def test_retry_after_of_a_receiver_is_respected(
    desk: Desk, receiver: Receiver, dispatcher: WebhookDispatcher
) -> None:
    await subscribed(desk, receiver)
    receiver.responses = [b"429 Slow down\r\nRetry-After: 7200\r\nContent-Length: 0\r\n\r\n"]
    number = await desk.open()
    await deliver(dispatcher)
    later(desk, 7190)
    assert await deliver(dispatcher) == 0
    later(desk, 20)
    assert await deliver(dispatcher) == 1
    assert receiver.seqs == [(number, 1), (number, 1)]


async def test_a_redirect_is_a_failure_and_retried(
    desk: Desk, receiver: Receiver, dispatcher: WebhookDispatcher
) -> None:
    webhook = await subscribed(desk, receiver)
    await desk.open()
    async with opened_receiver() as elsewhere:
        receiver.responses = [b"302 Found\r\nLocation: " + elsewhere.url.encode() + b"\r\nContent-Length: 0\r\n\r\n"]
        await deliver(dispatcher)
        assert elsewhere.got == []
    [delivery] = await deliveries(desk, webhook)
    assert (delivery["state"], delivery["attempts"][0]["outcome"]) == ("retrying", "redirected")


async def test_a_stored_address_is_checked_again_before_each_connection(
    desk: Desk, receiver: Receiver, dispatcher: WebhookDispatcher
) -> None:
    """The guard checks the address of every connection, not only of a new subscription."""
    webhook = await subscribed(desk, receiver)
    async with desk.container.database.transaction() as session:
        await session.execute(text("UPDATE webhook_subscription SET url = 'http://10.0.0.7/'"))
    await desk.open()
    await deliver(dispatcher)
    [delivery] = await deliveries(desk, webhook)
    assert delivery["attempts"][0]["outcome"] == "address_closed"


async def test_a_subscription_of_an_app_never_sees_others_tickets(
    desk: Desk, receiver: Receiver, dispatcher: WebhookDispatcher
) -> None:
    async with opened_client(desk.app, await new_key(desk.container, "mobile-app")) as app:
        response = await app.post("/v1/webhooks", json={"url": receiver.url})
        assert response.status_code == 201, response.text
        await desk.open()
        mine = (await app.post("/v1/tickets", json=MOBILE)).json()["number"]
        await desk.open()
        await desk.run(mine, "register")
    await deliver(dispatcher)
    assert receiver.seqs == [(mine, 1), (mine, 2)]
    assert await dispatcher.list_waiting() == []


async def test_a_disabled_client_gets_nothing(desk: Desk, receiver: Receiver, dispatcher: WebhookDispatcher) -> None:
    async with opened_client(desk.app, await new_key(desk.container, "desk")) as other_desk:
        assert (await other_desk.post("/v1/webhooks", json={"url": receiver.url})).status_code == 403
    await subscribed(desk, receiver)
    await desk.open()
    async with desk.container.database.transaction() as session:
        client = await session.scalar(select(ApiClient).join(WebhookSubscription))
        assert client is not None
        client.disabled_at = desk.clock.now()
    try:
        assert await deliver(dispatcher) == 0
    finally:
        async with desk.container.database.transaction() as session:
            await session.execute(text("UPDATE api_client SET disabled_at = NULL"))


async def test_a_subscription_deleted_during_a_send_stops(
    desk: Desk, receiver: Receiver, dispatcher: WebhookDispatcher
) -> None:
    webhook = await subscribed(desk, receiver)
    await desk.open()
    await desk.open()
    receiver.unblocked.clear()
    sending = asyncio.create_task(deliver(dispatcher))
    await receiver.arrived.wait()
    assert (await desk.client.delete(f"/v1/webhooks/{webhook['id']}")).status_code == 204
    receiver.unblocked.set()
    assert await sending == 1
    assert await deliver(dispatcher) == 0
    assert len(receiver.got) == 1


async def test_a_change_applies_from_the_next_message_on(
    desk: Desk, receiver: Receiver, dispatcher: WebhookDispatcher
) -> None:
    webhook = await subscribed(desk, receiver)
    numbers = [await desk.open() for _ in range(3)]
    receiver.unblocked.clear()
    sending = asyncio.create_task(deliver(dispatcher))
    await receiver.arrived.wait()
    async with opened_receiver() as elsewhere:
        changed = await desk.client.patch(f"/v1/webhooks/{webhook['id']}", json={"url": elsewhere.url})
        assert changed.status_code == 200, changed.text
        receiver.unblocked.set()
        await sending
        await deliver(dispatcher)
        assert receiver.seqs == [(numbers[0], 1)]
        assert elsewhere.seqs == [(numbers[1], 1), (numbers[2], 1)]


async def test_two_workers_do_not_serve_one_subscription_at_once(
    desk: Desk, receiver: Receiver, dispatcher: WebhookDispatcher
) -> None:
    await subscribed(desk, receiver)
    numbers = [await desk.open() for _ in range(20)]
    served = await asyncio.gather(*(deliver(dispatcher) for _ in range(4)))
    assert sum(served) == 20
    assert receiver.seqs == [(number, 1) for number in numbers]


async def test_subscriptions_with_many_events_take_turns(desk: Desk, receiver: Receiver) -> None:
    """Without turns a few slow receivers would occupy all of a worker's tasks."""
    first = await subscribed(desk, receiver)
    await subscribed(desk, receiver)
    for _ in range(3):
        await desk.open()
    sender = Sender(desk.container.address_guard)
    hurried, served = open_webhook_dispatcher(desk.container, sender, turn_seconds=0), []
    while waiting := await hurried.list_waiting():
        later(desk, 1)
        assert await hurried.serve(waiting[0]) == 1
        served.append(str(waiting[0]) == first["id"])
    await sender.close()
    assert served == [True, False] * 3
    assert len({got.id for got in receiver.got}) == 6


async def test_a_worker_that_stops_releases_its_lease(
    desk: Desk, receiver: Receiver, dispatcher: WebhookDispatcher
) -> None:
    await subscribed(desk, receiver)
    await desk.open()
    receiver.unblocked.clear()
    sending = asyncio.create_task(deliver(dispatcher))
    await receiver.arrived.wait()
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    receiver.unblocked.set()
    assert await deliver(dispatcher) == 1
    assert receiver.got[0].id == receiver.got[1].id, "it may have been accepted before, so it has the same id"


async def test_a_sender_that_lost_its_lease_records_nothing(
    desk: Desk, receiver: Receiver, dispatcher: WebhookDispatcher
) -> None:
    """It hung for longer than its lease; only the outcome of the sender that took over counts."""
    webhook = await subscribed(desk, receiver)
    await desk.open()
    receiver.unblocked.clear()
    receiver.responses = [b"204 No Content", DOWN]
    slow = asyncio.create_task(deliver(dispatcher))
    await receiver.arrived.wait()
    later(desk, LEASE_SECONDS + 1)
    receiver.arrived.clear()
    quick = asyncio.create_task(deliver(dispatcher))
    await receiver.arrived.wait()
    receiver.unblocked.set()
    await asyncio.gather(slow, quick)
    [delivery] = await deliveries(desk, webhook)
    assert len(delivery["attempts"]) == 1
    assert len({got.id for got in receiver.got}) == 1


async def test_failing_subscriptions_are_listed_and_disabled_ones_are_not(
    desk: Desk, receiver: Receiver, dispatcher: WebhookDispatcher
) -> None:
    await subscribed(desk, receiver)
    off = await subscribed(desk, receiver)
    await desk.client.patch(f"/v1/webhooks/{off['id']}", json={"enabled": False})
    receiver.always = b"410 Gone"
    await desk.open()
    async with desk.container.database.reading() as session:
        assert await stuck_webhooks(session) == []
    await deliver(dispatcher)
    async with desk.container.database.reading() as session:
        [stuck] = await stuck_webhooks(session)
    assert (stuck.client, stuck.url, stuck.disabled_reason) == ("developer (test)", receiver.url, "gone")


async def test_only_old_settled_deliveries_are_deleted(
    desk: Desk, receiver: Receiver, dispatcher: WebhookDispatcher
) -> None:
    webhook = await subscribed(desk, receiver)
    await desk.open()
    await deliver(dispatcher)
    receiver.always = DOWN
    await desk.open()
    await deliver(dispatcher)
    later(desk, RETENTION_SECONDS)
    assert await dispatcher.delete_old_deliveries() == 0
    desk.clock.advance(timedelta(seconds=1))
    assert await dispatcher.delete_old_deliveries() == 1
    assert [item["state"] for item in await deliveries(desk, webhook)] == ["retrying"]


async def test_deliveries_are_stored_on_a_fast_clock(desk: Desk) -> None:
    """With a day per second, thirty real days are seven thousand years, before the year 1 of the calendar."""
    container, fast = desk.container, VirtualClock(desk.clock.now(), datetime.now(UTC), speed=86_400)
    sender = Sender(container.address_guard)
    dispatcher = open_webhook_dispatcher(replace(container, clock=fast), sender)
    assert await dispatcher.delete_old_deliveries() == 0
    await sender.close()
