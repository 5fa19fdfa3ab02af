"""Verimor, v2 `send.json`: credentials in the body; the response is a campaign id as text, or 400 and a code word.

`custom_id` stays the same on every attempt. Delivery is pushed to one address together with incoming messages.
"""

import httpx

from app.notices.delivery.adapters.base import (
    OutgoingMessage,
    PermanentFailure,
    SentMessage,
    TemporaryFailure,
)
from app.notices.delivery.adapters.http import exchange, open_client, provider_id
from app.notices.delivery.adapters.sms import HOME, Report, SmsAccount, phone_number, turkish_format
from app.notices.texts.sms_length import SmsEncoding, segments

ADDRESS = "https://sms.verimor.com.tr"

_DATACODING = {
    SmsEncoding.GSM7: "0",
    SmsEncoding.TURKISH_LOCKING: "1",
    SmsEncoding.TURKISH_SINGLE: "1",
    SmsEncoding.UCS2: "2",
}

ACCOUNT_ERRORS = {
    "INSUFFICIENT_CREDITS": "no_credit",
    "INVALID_SOURCE_ADDRESS": "sender_refused",
    "FORBIDDEN_SOURCE_ADDRESS": "sender_refused",
}
"""Code words about the account, not about the message."""

REFUSED = {
    "INVALID_DESTINATION_ADDRESS": "number_refused",
    "MISSING_DESTINATION_ADDRESS": "number_refused",
    "MISSING_MESSAGE": "bad_text",
    "MESSAGE_TOO_LONG": "bad_text",
    "FORBIDDEN_MESSAGE": "bad_text",
}
"""Code words about the recipient or the text; any other is about the form of the request."""

NO_VERDICT = frozenset({"SENDING", "WAITING", "SENT", "DOUBLE_SEND_ERROR"})
"""Statuses of a push that are no verdict; all but these and `DELIVERED` are failures.

Verimor drops a double because the same text left before: a notice sent again arrives once.
"""


class VerimorAdapter:
    """Adapter that sends one SMS per request."""

    def __init__(self, account: SmsAccount, *, seconds: float) -> None:
        self._account = account
        self._client = open_client(account.url, seconds)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def send(self, message: OutgoingMessage) -> SentMessage:
        """Send the SMS; reports name its campaign's id. Raises `DeliveryError`."""
        number = phone_number(message)
        content = {
            "username": self._account.user,
            "password": self._account.password,
            "source_addr": self._account.sender,
            "custom_id": message.key,
            "messages": [{"msg": message.body, "dest": turkish_format(number), "id": message.key}],
        }
        if number.startswith(HOME):  # must be absent for numbers abroad
            content["datacoding"] = _DATACODING[segments(message.body).encoding]
        response = await exchange(self._client, "POST", "/v2/send.json", json=content)
        text = response.text[:100].strip()
        campaign = provider_id(text)
        if response.is_success and campaign is not None and campaign.isdigit():
            return SentMessage(message.medium, campaign)
        if response.status_code != httpx.codes.BAD_REQUEST:
            raise TemporaryFailure("unclear_answer", "Verimor sends neither a campaign id nor a code word")
        if text in ACCOUNT_ERRORS:
            raise TemporaryFailure(ACCOUNT_ERRORS[text], "Verimor refuses the account's sender or credit")
        raise PermanentFailure(REFUSED.get(text, "bad_request"), "Verimor refuses the message")


def reports(content: object) -> list[Report]:
    """Return the verdicts of a push; skip incoming messages, which come to the same address."""
    found = []
    for entry in content if isinstance(content, list) else []:
        if not isinstance(entry, dict) or entry.get("type") != "outbound":
            continue
        identity, status = provider_id(entry.get("campaign_id")), provider_id(entry.get("status"))
        if identity is not None and status is not None and status not in NO_VERDICT:
            found.append(Report(identity, status == "DELIVERED", f"verimor_{status.lower()}"))
    return found
