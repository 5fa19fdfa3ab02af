"""Webhook to the mobile backend, which shows notices on the citizen's phone: JSON, Standard Webhooks 1.0.

`webhook-id` is the notice's own id on every attempt, so the backend can drop duplicates.
"""

import json
from datetime import UTC, datetime

import httpx
from standardwebhooks import Webhook

from app.notices.delivery.adapters.base import OutgoingMessage, PermanentFailure, SentMessage
from app.notices.delivery.adapters.http import exchange, open_client


class WebhookAdapter:
    """Adapter that posts to one address."""

    def __init__(self, url: str, secret: str, *, seconds: float) -> None:
        self._url = url
        self._signer = Webhook(secret)
        self._client = open_client("", seconds)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def send(self, message: OutgoingMessage) -> SentMessage:
        """Post the message. Raises `DeliveryError`; 410 and other refusals of the content are final."""
        identity, now = f"msg_{message.notice_id.hex}", datetime.now(UTC)
        body = json.dumps(_content(message), ensure_ascii=False)
        headers = {
            "content-type": "application/json",
            "webhook-id": identity,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._signer.sign(identity, now, body),
        }
        response = await exchange(self._client, "POST", self._url, content=body.encode(), headers=headers)
        if response.is_success:
            return SentMessage(message.medium, identity)
        if response.status_code in {httpx.codes.NOT_FOUND, httpx.codes.GONE}:
            raise PermanentFailure("no_device", "the mobile backend does not know the ticket's owner")
        raise PermanentFailure("message_refused", "the mobile backend refuses the message")


def _content(message: OutgoingMessage) -> dict[str, object]:
    return {
        "type": f"notice.{message.kind}",
        "timestamp": message.at.astimezone(UTC).isoformat(),
        "data": {
            "notice": message.number,
            "ticket": message.ticket,
            "dedupe_key": message.key,
            "title": message.subject,
            "text": message.body,
        },
    }
