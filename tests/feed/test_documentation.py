"""Messages match the OpenAPI file: every type, its body, and the members of its data."""

import json
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from app.feed.dispatcher import WebhookDispatcher
from app.feed.documentation import example_of
from app.feed.events import TEST_TYPE, EventType
from app.feed.schemas import WebhookMessage, WebhookTest
from app.main import create_app
from config.settings import Settings
from tests.bugs.steps import leave_on
from tests.desk import ATTORNEY_VISIT, CALL, INFORMATION, REFUSAL, VISIT, Desk, end_of
from tests.escalation.offices import DUE
from tests.feed.receiver import Receiver, subscribed
from tests.feed.test_dispatcher import deliver
from tests.installation import START
from tests.tables import failing
from workers.timers import sweep

DOCUMENT = create_app(Settings()).openapi()
WEBHOOKS: Mapping[str, Any] = DOCUMENT["webhooks"]
SIGNED = DOCUMENT["components"]["parameters"].keys()

COMMANDS: Sequence[tuple[Mapping[str, Any], Sequence[str]]] = (
    (VISIT, ("register", "refer", "return", "comment", "override_due", "reclassify", "interim_reply", "withdraw")),
    (VISIT, ("refer", "accept", "pause", "resume", "propose", "reject", "resolve", "callback", "reopen")),
    (VISIT, ("resolve", "close")),
    (VISIT, ("request_documents",)),
    (ATTORNEY_VISIT, ("provide_documents",)),
    (INFORMATION, ("refer", "accept", "extend", "fee_notice", "fee_paid")),
    (INFORMATION, ("fee_notice",)),
)
OTHER_BODIES = {
    "resolve": REFUSAL,
    "callback": {"reached": True, "score": 5},
    "reclassify": {"service": "right-to-information", "reason": "Bilgi edinme başvurusudur."},
}
NOT_CAUSED = {EventType.IMPORTED, EventType.CHANGED}
"""Types that `cause_events` can't cause: they need records of an old system, or a later version."""


async def cause_events(desk: Desk) -> None:
    """Cause every type of event except `NOT_CAUSED`."""
    numbers = []
    for body, commands in COMMANDS:
        desk.clock.set(START)
        numbers.append(await desk.open(body))
        for command in commands:
            desk.clock.advance(days=6 if command == "resume" else 1)
            await desk.run(numbers[-1], command, OTHER_BODIES.get(command))
    desk.clock.set(START)
    await desk.run(await desk.open(VISIT), "link_duplicate", {"duplicate_of": numbers[0]})
    late = await desk.open(CALL)
    await desk.open(INFORMATION)
    async with leave_on(desk, "2026-05-21"):
        pass
    for day in (DUE, end_of(2026, 6, 30)):  # the promise of the call, and the unpaid fee
        desk.clock.set(day)
        await sweep(desk.container)
    [notice] = (await desk.client.get(f"/v1/notices?ticket={late}&kind=escalation_1")).json()["items"]
    [raised] = (await desk.client.get(f"/v1/escalations?ticket={late}&level=1")).json()["items"]
    posts: tuple[tuple[str, Mapping[str, Any] | None], ...] = (
        (f"notices/{notice['number']}/acknowledge", None),
        (f"escalations/{raised['id']}/respond", {"text": "Birime tekit edildi."}),
        ("complaints", {**CALL, "channel": "desk", "ground": "deadline_missed", "ticket": late}),
    )
    for address, sent in posts:
        response = await desk.client.post(f"/v1/{address}", json=sent)
        assert response.is_success, response.text


def members(data: Mapping[str, Any]) -> set[str]:
    """Return the names in an event's data, also within the moved dates."""
    return {*data, *(name for moved in data.get("moved", ()) for name in moved)}


def documented(type_: EventType) -> set[str]:
    """Return the members of the example, and those that the summary names in addition."""
    summary = WEBHOOKS[type_]["post"]["summary"]
    return members(example_of(type_)["data"]["data"]) | set(re.findall("`(.+?)`", summary))


async def test_messages_match_the_openapi_file(desk: Desk, receiver: Receiver, dispatcher: WebhookDispatcher) -> None:
    await subscribed(desk, receiver)
    await cause_events(desk)
    await deliver(dispatcher)
    seen: dict[EventType, set[str]] = defaultdict(set)
    for got in receiver.got:
        read = WebhookMessage.model_validate_json(got.body, extra="forbid")
        assert json.loads(read.model_dump_json()) == got.message
        assert SIGNED - got.headers.keys() == set()
        seen[read.type] |= members(read.data.data)
    assert seen == {type_: documented(type_) for type_ in set(EventType) - NOT_CAUSED}


async def test_a_test_message_matches_the_openapi_file(
    desk: Desk, receiver: Receiver, dispatcher: WebhookDispatcher
) -> None:
    made = await subscribed(desk, receiver)
    await desk.client.post(f"/v1/webhooks/{made['id']}/test")
    await deliver(dispatcher)
    [got] = receiver.got
    assert json.loads(WebhookTest.model_validate_json(got.body, extra="forbid").model_dump_json()) == got.message


def test_every_type_is_in_the_openapi_file_with_its_headers_and_an_example() -> None:
    def check(type_: str) -> None:
        webhook = WEBHOOKS[type_]["post"]
        assert webhook["parameters"] == [{"$ref": f"#/components/parameters/{name}"} for name in SIGNED]
        example = webhook["requestBody"]["content"]["application/json"]["example"]
        assert example["type"] == type_
        (WebhookTest if type_ == TEST_TYPE else WebhookMessage).model_validate(example)

    assert failing([*EventType, TEST_TYPE], check) == []
