"""What is sent is what the OpenAPI file says: every type, its body, and the members of its data."""

import json
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

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
from workers.timers import sweep

DOCUMENT = create_app(Settings()).openapi()
WEBHOOKS: Mapping[str, Any] = DOCUMENT["webhooks"]
SIGNED = DOCUMENT["components"]["parameters"].keys()

LIVES: Sequence[tuple[Mapping[str, Any], Sequence[str]]] = (
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
NOT_LIVED = {EventType.IMPORTED, EventType.CHANGED}
"""The one needs an old system's records, the other a later version."""


async def live(desk: Desk) -> None:
    """Let everything happen that can happen to tickets."""
    numbers = []
    for body, commands in LIVES:
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
    for day in (DUE, end_of(2026, 6, 30)):  # the promise of the call, and the fee that nobody paid
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
        answer = await desk.client.post(f"/v1/{address}", json=sent)
        assert answer.is_success, answer.text


def members(data: Mapping[str, Any]) -> set[str]:
    """The names in an event's data, also within the dates that moved."""
    return {*data, *(name for moved in data.get("moved", ()) for name in moved)}


def documented(type_: EventType) -> set[str]:
    """The members of the example, and those that the summary names beside them."""
    summary = WEBHOOKS[type_]["post"]["summary"]
    return members(example_of(type_)["data"]["data"]) | set(re.findall("`(.+?)`", summary))


async def test_what_is_sent_is_as_the_openapi_file_says(
    desk: Desk, receiver: Receiver, dispatcher: WebhookDispatcher
) -> None:
    await subscribed(desk, receiver)
    await live(desk)
    await deliver(dispatcher)
    seen: dict[EventType, set[str]] = defaultdict(set)
    for got in receiver.got:
        read = WebhookMessage.model_validate_json(got.body, extra="forbid")
        assert json.loads(read.model_dump_json()) == got.message
        assert SIGNED - got.headers.keys() == set()
        seen[read.type] |= members(read.data.data)
    assert seen == {type_: documented(type_) for type_ in set(EventType) - NOT_LIVED}


async def test_a_test_message_is_as_the_openapi_file_says(
    desk: Desk, receiver: Receiver, dispatcher: WebhookDispatcher
) -> None:
    made = await subscribed(desk, receiver)
    await desk.client.post(f"/v1/webhooks/{made['id']}/test")
    await deliver(dispatcher)
    [got] = receiver.got
    assert json.loads(WebhookTest.model_validate_json(got.body, extra="forbid").model_dump_json()) == got.message


@pytest.mark.parametrize("type_", [*EventType, TEST_TYPE])
def test_every_type_is_in_the_openapi_file_with_its_headers_and_an_example(type_: str) -> None:
    webhook = WEBHOOKS[type_]["post"]
    assert webhook["parameters"] == [{"$ref": f"#/components/parameters/{name}"} for name in SIGNED]
    example = webhook["requestBody"]["content"]["application/json"]["example"]
    assert example["type"] == type_
    (WebhookTest if type_ == TEST_TYPE else WebhookMessage).model_validate(example)
