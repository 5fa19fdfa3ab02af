"""The verification code of the guide works as printed on real messages."""

import re
import time
from collections.abc import Callable

import pytest

from app.feed.dispatcher import WebhookDispatcher
from app.feed.outcomes import RETRY_DELAYS_SECONDS
from tests.desk import Desk
from tests.feed.receiver import Receiver, subscribed
from tests.feed.test_dispatcher import deliver
from tests.installation import ROOT

GUIDE = (ROOT / "docs/integration-events.md").read_text()
Verify = Callable[[str, dict[str, str], bytes], bool]


def printed() -> Verify:
    [source] = re.findall(r"```python\n(.*?)```", GUIDE, flags=re.DOTALL)
    names: dict[str, Verify] = {}
    exec(source, names)  # noqa: S102 - the code that a reader copies
    return names["verified"]


async def test_the_printed_code_verifies_messages_and_rejects_altered_ones(
    desk: Desk, receiver: Receiver, dispatcher: WebhookDispatcher
) -> None:
    verified = printed()
    old = (await subscribed(desk, receiver))["secret"]
    [webhook] = (await desk.client.get("/v1/webhooks")).json()["items"]
    new = (await desk.client.post(f"/v1/webhooks/{webhook['id']}/rotate")).json()["secret"]
    await desk.open()
    await deliver(dispatcher)
    [got] = receiver.got
    headers = dict(got.headers)
    assert verified(old, headers, got.body)
    assert verified(new, headers, got.body)
    assert not verified(new, headers, got.body + b" ")
    assert not verified("whsec_" + "A" * 44, headers, got.body)
    assert not verified(new, {**headers, "webhook-timestamp": "1"}, got.body)


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
@pytest.mark.parametrize("value", [None, "", "é", "v1,é", "-1", "1e9", "٣", "1" * 400, "\ud800", "v1", "v1, ,"])
def test_the_printed_code_rejects_a_malformed_message_without_an_exception(name: str, value: str | None) -> None:
    headers = {"webhook-id": "1", "webhook-timestamp": str(int(time.time())), "webhook-signature": "v1,AAAA"}
    headers.pop(name)
    if value is not None:
        headers[name] = value

    assert printed()("whsec_" + "A" * 44, headers, b"{}") is False


def test_the_guide_names_every_retry_delay() -> None:
    assert "5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h,\n20 h and 24 h" in GUIDE
    assert RETRY_DELAYS_SECONDS == (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)
