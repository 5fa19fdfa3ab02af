"""Webhook to the mobile backend: signed so that the reference libraries verify them, under one identity."""

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
import standardwebhooks
import svix
from fastapi import Response

from app.notices.delivery.adapters.base import DeliveryError, PermanentFailure, TemporaryFailure
from app.notices.delivery.adapters.webhook import WebhookAdapter
from app.notices.kinds import Medium
from tests.notices.delivery.http_receiver import Receiver, receiving
from tests.notices.delivery.messages import SMS, failure_of

pytestmark = pytest.mark.server

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
PUSH = replace(SMS, medium=Medium.WEBHOOK, recipient_address=None)


@asynccontextmanager
async def backend(*answers: Response) -> AsyncIterator[tuple[WebhookAdapter, Receiver]]:
    async with receiving(*answers or (Response(),)) as receiver:
        adapter = WebhookAdapter(f"{receiver.url}/hook", SECRET, seconds=2.0)
        try:
            yield adapter, receiver
        finally:
            await adapter.close()


@pytest.mark.parametrize("verifier", [standardwebhooks.Webhook(SECRET), svix.Webhook(SECRET)])
async def test_the_signature_is_verified_by_others(verifier: Any) -> None:
    async with backend() as (adapter, receiver):
        delivered = await adapter.send(PUSH)
    [call] = receiver.calls
    verifier.verify(call.body.decode(), call.headers)
    assert call.headers["webhook-id"] == delivered.provider_id == f"msg_{PUSH.notice_id.hex}"
    assert call.json == {
        "type": "notice.receipt",
        "timestamp": "2026-06-01T21:00:05+00:00",
        "data": {
            "notice": PUSH.number,
            "ticket": PUSH.ticket,
            "dedupe_key": PUSH.key,
            "title": PUSH.subject,
            "text": PUSH.body,
        },
    }


async def test_a_repeated_message_has_the_same_id() -> None:
    async with backend() as (adapter, receiver):
        await adapter.send(PUSH)
        await adapter.send(PUSH)
    first, again = receiver.calls
    assert first.headers["webhook-id"] == again.headers["webhook-id"]
    assert first.body == again.body


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        (500, TemporaryFailure, "provider_error"),
        (429, TemporaryFailure, "rate_limited"),
        (301, TemporaryFailure, "redirected"),
        (401, TemporaryFailure, "auth_refused"),
        (404, PermanentFailure, "no_device"),
        (410, PermanentFailure, "no_device"),
        (422, PermanentFailure, "message_refused"),
    ],
)
async def test_a_response_has_its_outcome(status: int, kind: type[DeliveryError], code: str) -> None:
    async with backend(Response(status_code=status)) as (adapter, _):
        error = await failure_of(adapter, PUSH, kind)
    assert error.code == code
