"""Subscriptions over HTTP: permissions, validation, secrets, tests and redelivery."""

from typing import Any
from uuid import UUID

import pytest
import standardwebhooks
from httpx import AsyncClient
from sqlalchemy import select

from app.core.ids import new_id
from app.feed.dispatcher import WebhookDispatcher
from app.feed.model import WebhookSubscription
from app.feed.service import ROTATION_SECONDS
from app.notices.delivery.backoff import clock_duration
from tests.desk import Desk
from tests.feed.receiver import Receiver, subscribed
from tests.feed.test_dispatcher import DOWN, deliver, deliveries, later, state_of
from tests.installation import new_key, opened_client

PUBLIC = "https://8.8.8.8/hook"


async def sent(client: AsyncClient, method: str, path: str, status: int, **json: Any) -> dict[str, Any]:
    response = await client.request(method, f"/v1/webhooks{path}", json=json or None)
    assert response.status_code == status, response.text
    found: dict[str, Any] = response.json() if response.content else {}
    return found


async def refused(client: AsyncClient, **body: Any) -> list[tuple[str, str]]:
    found = await sent(client, "POST", "", 422, **body)
    return [(error["pointer"], error["code"]) for error in found["errors"]]


async def test_the_secret_is_returned_once_and_stored_sealed(desk: Desk) -> None:
    made = await sent(desk.client, "POST", "", 201, url=PUBLIC, description="Örnek uygulama")
    assert made["secret"].startswith("whsec_")
    read = await sent(desk.client, "GET", f"/{made['id']}", 200)
    assert read == {name: value for name, value in made.items() if name != "secret"}
    assert (read["url"], read["events"], read["enabled"]) == (PUBLIC, [], True)
    async with desk.container.database.reading() as session:
        row = (await session.execute(select(WebhookSubscription))).scalar_one()
    assert made["secret"].encode() not in row.secret
    place = {"table": "webhook_subscription", "column": "secret"}
    assert desk.container.vault.open(row.secret, **place, row_id=UUID(made["id"])) == made["secret"]


async def test_a_subscription_can_be_changed_in_parts_and_deleted(desk: Desk) -> None:
    made = await sent(desk.client, "POST", "", 201, url=PUBLIC, events=["ticket.resolved"], description="Örnek")
    path = f"/{made['id']}"
    changed = await sent(desk.client, "PATCH", path, 200, events=["ticket.breached", "ticket.resolved"])
    assert changed["events"] == ["ticket.breached", "ticket.resolved"]
    assert (changed["url"], changed["description"], changed["enabled"]) == (PUBLIC, "Örnek", True)
    off = await sent(desk.client, "PATCH", path, 200, enabled=False, description=None)
    assert (off["enabled"], off["disabled_reason"], off["description"]) == (False, "client", None)
    on = await sent(desk.client, "PATCH", path, 200, enabled=True)
    assert (on["enabled"], on["disabled_reason"], on["disabled_at"]) == (True, None, None)
    await sent(desk.client, "DELETE", path, 204)
    await sent(desk.client, "GET", path, 404)


async def test_subscriptions_are_listed_in_pages_newest_first(desk: Desk) -> None:
    made = [(await sent(desk.client, "POST", "", 201, url=PUBLIC))["id"] for _ in range(3)]
    found, address = [], "/v1/webhooks?limit=2"
    while address:
        response = await desk.client.get(address)
        found += [item["id"] for item in response.json()["items"]]
        assert all("secret" not in item for item in response.json()["items"])
        address = response.links.get("next", {}).get("url", "")
    assert found == made[::-1]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"url": "https://10.0.0.7/hook"}, ("/url", "webhook_private_address")),
        ({"url": "https://169.254.169.254/latest/meta-data/"}, ("/url", "webhook_private_address")),
        ({"url": "https://[::ffff:10.0.0.7]/"}, ("/url", "webhook_private_address")),
        ({"url": "https://2130706433/hook"}, ("/url", "webhook_url")),
        ({"url": "https://user@8.8.8.8/"}, ("/url", "webhook_url")),
        ({"url": "ftp://8.8.8.8/hook"}, ("/url", "characters")),
        ({"url": "https://8.8.8.8/\r\nX: y"}, ("/url", "characters")),
        ({"url": "https://8.8.8.8/" + "a" * 2000}, ("/url", "too_long")),
        ({}, ("/url", "missing")),
        ({"url": PUBLIC, "events": ["ticket.eaten"]}, ("/events/0", "choice")),
        ({"url": PUBLIC, "events": ["ticket.closed", "ticket.closed"]}, ("/events", "value")),
        ({"url": PUBLIC, "after": "x"}, ("/after", "cursor")),
        ({"url": PUBLIC, "secret": "whsec_mine"}, ("/secret", "unknown_field")),
        ({"url": PUBLIC, "description": "\x00"}, ("/description", "control_character")),
    ],
)
async def test_an_invalid_field_is_rejected_by_name(desk: Desk, body: dict[str, Any], error: tuple[str, str]) -> None:
    response = await desk.client.post("/v1/webhooks", json=body)
    assert response.status_code == 422, response.text
    assert [(each["pointer"], each["code"]) for each in response.json()["errors"]] == [error]
    assert (await desk.client.get("/v1/webhooks")).json()["items"] == []


async def test_a_change_is_validated_like_a_new_subscription(desk: Desk) -> None:
    made = await sent(desk.client, "POST", "", 201, url=PUBLIC)
    response = await desk.client.patch(f"/v1/webhooks/{made['id']}", json={"url": "https://10.0.0.7/"})
    assert response.status_code == 422
    assert (await state_of(desk, made))["url"] == PUBLIC


async def test_http_and_private_addresses_are_rejected_by_default(client_as: Any) -> None:
    """Other tests of this folder use settings that allow them."""
    app = await client_as("mobile-app")
    assert await refused(app, url="http://8.8.8.8/hook") == [("/url", "webhook_https")]
    assert await refused(app, url="https://localhost/hook") == [("/url", "webhook_private_address")]


@pytest.mark.parametrize("role", ["desk", "unit-officer", "field-team", "sms-gateway", "pr-director"])
async def test_subscriptions_require_the_scope(desk: Desk, role: str) -> None:
    async with opened_client(desk.app, await new_key(desk.container, role)) as client:
        response = await client.get("/v1/webhooks")
    assert (response.status_code, response.json()["code"]) == (403, "forbidden")


async def test_a_client_does_not_see_anothers_subscriptions(desk: Desk) -> None:
    made = await sent(desk.client, "POST", "", 201, url=PUBLIC)
    async with opened_client(desk.app, await new_key(desk.container, "mobile-app")) as other:
        assert (await sent(other, "GET", "", 200))["items"] == []
        for method, path in (
            ("GET", ""),
            ("PATCH", ""),
            ("DELETE", ""),
            ("POST", "/rotate"),
            ("POST", "/test"),
            ("GET", "/deliveries"),
            ("POST", f"/deliveries/{new_id()}/redeliver"),
        ):
            body = {"enabled": False} if method == "PATCH" else {}
            await sent(other, method, f"/{made['id']}{path}", 404, **body)


async def test_operators_see_all_subscriptions_but_may_only_enable_and_disable_them(desk: Desk) -> None:
    """A new address or secret would give them events that they may not see."""
    made = await sent(desk.client, "POST", "", 201, url=PUBLIC)
    path = f"/{made['id']}"
    async with opened_client(desk.app, await new_key(desk.container, "ops")) as ops:
        assert [item["id"] for item in (await sent(ops, "GET", "", 200))["items"]] == [made["id"]]
        assert (await sent(ops, "PATCH", path, 200, enabled=False))["enabled"] is False
        assert (await sent(ops, "PATCH", path, 403, url="https://1.1.1.1/"))["code"] == "not_owner"
        assert (await sent(ops, "POST", f"{path}/rotate", 403))["code"] == "not_owner"
        assert (await sent(ops, "POST", "", 403, url=PUBLIC))["code"] == "forbidden"
    assert (await state_of(desk, made))["url"] == PUBLIC


async def test_both_secrets_verify_for_a_day_after_a_rotation(
    desk: Desk, receiver: Receiver, dispatcher: WebhookDispatcher
) -> None:
    made = await subscribed(desk, receiver)
    rotated = await sent(desk.client, "POST", f"/{made['id']}/rotate", 200)
    old, new = made["secret"], rotated["secret"]
    assert old != new
    assert rotated["rotation_until"] is not None
    await desk.open()
    await deliver(dispatcher)
    for secret in (old, new):
        standardwebhooks.Webhook(secret).verify(receiver.got[0].body, dict(receiver.got[0].headers))
    desk.clock.advance(clock_duration(desk.clock, ROTATION_SECONDS))
    await desk.open()
    await deliver(dispatcher)
    last = receiver.got[-1]
    standardwebhooks.Webhook(new).verify(last.body, dict(last.headers))
    with pytest.raises(standardwebhooks.webhooks.WebhookVerificationError):
        standardwebhooks.Webhook(old).verify(last.body, dict(last.headers))


async def test_after_two_rotations_the_two_newest_secrets_verify(
    desk: Desk, receiver: Receiver, dispatcher: WebhookDispatcher
) -> None:
    made = await subscribed(desk, receiver)
    rotated = [await sent(desk.client, "POST", f"/{made['id']}/rotate", 200) for _ in range(2)]
    await desk.open()
    await deliver(dispatcher)
    [got] = receiver.got
    for secret in (each["secret"] for each in rotated):
        standardwebhooks.Webhook(secret).verify(got.body, dict(got.headers))
    with pytest.raises(standardwebhooks.webhooks.WebhookVerificationError):
        standardwebhooks.Webhook(made["secret"]).verify(got.body, dict(got.headers))


async def test_a_test_message_is_sent_even_while_disabled(
    desk: Desk, receiver: Receiver, dispatcher: WebhookDispatcher
) -> None:
    made = await subscribed(desk, receiver, enabled=False)
    await desk.open()
    asked = await sent(desk.client, "POST", f"/{made['id']}/test", 202)
    assert (asked["type"], asked["state"], asked["ticket"]) == ("webhook.test", "queued", None)
    assert await deliver(dispatcher) == 1
    assert receiver.got[0].id == asked["message_id"]
    assert receiver.got[0].message["type"] == "webhook.test"
    assert receiver.got[0].message["data"] == {"subscription": made["id"]}
    [shown] = await deliveries(desk, made)
    assert (shown["state"], shown["attempts"][0]["status"]) == ("delivered", 204)


async def test_a_failed_test_is_not_repeated_and_delays_nothing(
    desk: Desk, receiver: Receiver, dispatcher: WebhookDispatcher
) -> None:
    made = await subscribed(desk, receiver)
    receiver.responses = [DOWN]
    number = await desk.open()
    await sent(desk.client, "POST", f"/{made['id']}/test", 202)
    while await deliver(dispatcher):
        pass
    assert [got.message["type"] for got in receiver.got] == ["webhook.test", "ticket.received"]
    assert receiver.got[1].message["data"]["ticket"] == number
    assert {item["state"] for item in await deliveries(desk, made)} == {"failed", "delivered"}
    assert (await state_of(desk, made))["failures"] == 0


async def test_a_message_is_sent_again_under_the_same_id(
    desk: Desk, receiver: Receiver, dispatcher: WebhookDispatcher
) -> None:
    made = await subscribed(desk, receiver)
    number = await desk.open()
    await deliver(dispatcher)
    [first] = await deliveries(desk, made)
    path = f"/{made['id']}/deliveries/{first['id']}/redeliver"
    assert (await sent(desk.client, "POST", path, 202))["state"] == "queued"
    await deliver(dispatcher)
    assert receiver.seqs == [(number, 1), (number, 1)]
    assert receiver.got[0].id == receiver.got[1].id
    assert receiver.got[0].body == receiver.got[1].body
    [again] = await deliveries(desk, made)
    assert (again["id"], again["state"], len(again["attempts"])) == (first["id"], "delivered", 2)


async def test_a_message_that_waits_for_its_next_attempt_is_sent_now(
    desk: Desk, receiver: Receiver, dispatcher: WebhookDispatcher
) -> None:
    made = await subscribed(desk, receiver)
    receiver.responses = [DOWN, DOWN]
    await desk.open()
    await deliver(dispatcher)
    later(desk, 10)
    await deliver(dispatcher)
    [failing] = await deliveries(desk, made, state="retrying")
    assert await deliver(dispatcher) == 0
    await sent(desk.client, "POST", f"/{made['id']}/deliveries/{failing['id']}/redeliver", 202)
    assert await deliver(dispatcher) == 1
    assert [item["state"] for item in await deliveries(desk, made)] == ["delivered"]


async def test_the_delivery_of_another_subscription_is_not_found(
    desk: Desk, receiver: Receiver, dispatcher: WebhookDispatcher
) -> None:
    one, other = await subscribed(desk, receiver), await subscribed(desk, receiver)
    await desk.open()
    await deliver(dispatcher)
    [delivery] = await deliveries(desk, one)
    await sent(desk.client, "POST", f"/{other['id']}/deliveries/{delivery['id']}/redeliver", 404)
