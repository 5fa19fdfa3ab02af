"""Kannel's `sendsms`: a GET with all fields in its query; success is 202 with `0: Accepted for delivery`.

Kannel returns no id: the address for its report carries our own key, the same on every attempt.
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
from app.notices.delivery.adapters.sms import Report, SmsAccount, phone_number
from app.notices.texts.sms_length import SmsEncoding, segments

DELIVERED, FAILED, REJECTED = 1, 2, 16
"""Bits of a report; 4 (buffered) and 8 (accepted by the centre) are no verdict."""

MASK = DELIVERED | FAILED | REJECTED


class KannelAdapter:
    """Adapter that sends one SMS per request."""

    def __init__(self, account: SmsAccount, *, seconds: float) -> None:
        self._account = account
        self._client = open_client(account.url, seconds)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def send(self, message: OutgoingMessage) -> SentMessage:
        """Send the SMS. Raises `DeliveryError`."""
        account = self._account
        query = {
            "username": account.user,
            "password": account.password,
            "from": account.sender,
            "to": phone_number(message)[1:],
            "text": message.body,
            "coding": "0" if segments(message.body).encoding is SmsEncoding.GSM7 else "2",
            "charset": "UTF-8",
        }
        if account.receipts_url is not None:
            query |= {"dlr-mask": str(MASK), "dlr-url": f"{account.receipts_url}?id={quote(message.key)}&status=%d"}
        response = await exchange(self._client, "GET", "/cgi-bin/sendsms", params=query)
        text = response.text[:100]
        if response.status_code == 202 and text.startswith(("0:", "3:")):  # 3: queued for later
            return SentMessage(message.medium, message.key)
        if response.status_code != httpx.codes.BAD_REQUEST:
            raise TemporaryFailure("unclear_answer", "Kannel sends an undocumented response")
        raise PermanentFailure("bad_request", "Kannel refuses the request's fields")


def reports(identity: str, status: str) -> list[Report]:
    """Return the verdict of one report, from the query of its address."""
    bits = int(status) if status.isdecimal() and len(status) <= 3 else 0
    if bits & DELIVERED:
        return [Report(identity, True, "kannel_delivered")]
    if bits & (FAILED | REJECTED):
        return [Report(identity, False, f"kannel_{bits & MASK}")]
    return []
