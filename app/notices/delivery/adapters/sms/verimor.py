"""Verimor, v2 `send.json`: credentials in the body, the campaign's id as plain text, 400 with a code word.

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
from app.notices.delivery.adapters.sms import HOME, Report, SmsAccount, abroad_with_zeros, number_of
from app.notices.texts.sms_length import SmsEncoding, segments

ADDRESS = "https://sms.verimor.com.tr"

_DATACODING = {
    SmsEncoding.GSM7: "0",
    SmsEncoding.TURKISH_LOCKING: "1",
    SmsEncoding.TURKISH_SINGLE: "1",
    SmsEncoding.UCS2: "2",
}

MENDED_BY_PEOPLE = {
    "INSUFFICIENT_CREDITS": "no_credit",
    "INVALID_SOURCE_ADDRESS": "sender_refused",
    "FORBIDDEN_SOURCE_ADDRESS": "sender_refused",
}
"""Code words that are about the account, not about the message."""

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

A double was held back because the same words left before: a notice handed over again arrives once.
"""


class VerimorAdapter:
    """Hands one SMS over a call."""

    def __init__(self, account: SmsAccount, *, seconds: float) -> None:
        self._account = account
        self._client = open_client(account.url, seconds)

    async def close(self) -> None:
        """End the connections."""
        await self._client.aclose()

    async def deliver(self, message: OutgoingMessage) -> SentMessage:
        """Send it; the campaign's id is what reports name. Raises `DeliveryError`."""
        number = number_of(message)
        content = {
            "username": self._account.user,
            "password": self._account.password,
            "source_addr": self._account.sender,
            "custom_id": message.key,
            "messages": [{"msg": message.body, "dest": abroad_with_zeros(number), "id": message.key}],
        }
        if number.startswith(HOME):  # abroad the provider wants it left out
            content["datacoding"] = _DATACODING[segments(message.body).encoding]
        answer = await exchange(self._client, "POST", "/v2/send.json", json=content)
        words = answer.text[:100].strip()
        campaign = provider_id(words)
        if answer.is_success and campaign is not None and campaign.isdigit():
            return SentMessage(message.medium, campaign)
        if answer.status_code != httpx.codes.BAD_REQUEST:
            raise TemporaryFailure("unclear_answer", "Verimor answers without a campaign id or a code word")
        if words in MENDED_BY_PEOPLE:
            raise TemporaryFailure(MENDED_BY_PEOPLE[words], "Verimor refuses the account's sender or credit")
        raise PermanentFailure(REFUSED.get(words, "bad_request"), "Verimor refuses the message")


def reports(content: object) -> list[Report]:
    """The verdicts of a push; incoming messages, which come to the same address, are none."""
    found = []
    for one in content if isinstance(content, list) else []:
        if not isinstance(one, dict) or one.get("type") != "outbound":
            continue
        identity, status = provider_id(one.get("campaign_id")), provider_id(one.get("status"))
        if identity is not None and status is not None and status not in NO_VERDICT:
            found.append(Report(identity, status == "DELIVERED", f"verimor_{status.lower()}"))
    return found
