"""Kannel's `sendsms`: a GET with everything in its query, answered `0: Accepted for delivery` with 202.

Kannel gives no identity: the report's address, which we give it, carries our own key, the same on every attempt.
"""

from urllib.parse import quote

import httpx

from app.notices.delivery.adapters.base import (
    OutgoingMessage,
    PermanentFailure,
    SentMessage,
    TemporaryFailure,
)
from app.notices.delivery.adapters.http import exchange, open_client
from app.notices.delivery.adapters.sms import Report, SmsAccount, number_of
from app.notices.texts.sms_length import SmsEncoding, segments

DELIVERED, FAILED, REJECTED = 1, 2, 16
"""Bits of a report; 4 (buffered) and 8 (handed to the centre) are no verdict."""

MASK = DELIVERED | FAILED | REJECTED


class KannelAdapter:
    """Hands one SMS over a call."""

    def __init__(self, account: SmsAccount, *, seconds: float) -> None:
        self._account = account
        self._client = open_client(account.url, seconds)

    async def close(self) -> None:
        """End the connections."""
        await self._client.aclose()

    async def deliver(self, message: OutgoingMessage) -> SentMessage:
        """Send it. Raises `DeliveryError`."""
        account = self._account
        query = {
            "username": account.user,
            "password": account.password,
            "from": account.sender,
            "to": number_of(message)[1:],
            "text": message.body,
            "coding": "0" if segments(message.body).encoding is SmsEncoding.GSM7 else "2",
            "charset": "UTF-8",
        }
        if account.receipts_url is not None:
            query |= {"dlr-mask": str(MASK), "dlr-url": f"{account.receipts_url}?id={quote(message.key)}&status=%d"}
        answer = await exchange(self._client, "GET", "/cgi-bin/sendsms", params=query)
        words = answer.text[:100]
        if answer.status_code == 202 and words.startswith(("0:", "3:")):  # 3: queued for later
            return SentMessage(message.medium, message.key)
        if answer.status_code != httpx.codes.BAD_REQUEST:
            raise TemporaryFailure("unclear_answer", "Kannel answers with nothing that it documents")
        raise PermanentFailure("bad_request", "Kannel refuses the request's fields")


def reports(identity: str, status: str) -> list[Report]:
    """The verdict of one report, as its address carries it."""
    bits = int(status) if status.isdecimal() and len(status) <= 3 else 0
    if bits & DELIVERED:
        return [Report(identity, True, "kannel_delivered")]
    if bits & (FAILED | REJECTED):
        return [Report(identity, False, f"kannel_{bits & MASK}")]
    return []
