"""Twilio's Messages resource: HTTP Basic with the account's SID, a form in, JSON out, signed status callbacks.

Twilio accepts no idempotency key. Ours is in the callback's address, so that two attempts of one notice can be matched.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable, Mapping

import httpx

from app.notices.delivery.adapters.base import (
    OutgoingMessage,
    PermanentFailure,
    SentMessage,
    TemporaryFailure,
)
from app.notices.delivery.adapters.http import exchange, json_object, open_client, provider_id
from app.notices.delivery.adapters.sms import Report, SmsAccount, phone_number

ADDRESS = "https://api.twilio.com"

ACCOUNT_ERRORS = frozenset({20003, 20005, 21212, 21606, 21659, 21660, 21703, 30001, 30002})
"""Errors about the account or its sender, not about the message."""

VERDICTS: Mapping[str, bool] = {
    "delivered": True,
    "read": True,
    "undelivered": False,
    "failed": False,
    "canceled": False,
}


class TwilioAdapter:
    """Adapter that sends one SMS per request."""

    def __init__(self, account: SmsAccount, *, seconds: float) -> None:
        self._account = account
        self._path = f"/2010-04-01/Accounts/{account.user}/Messages.json"
        self._client = open_client(account.url, seconds, auth=(account.user, account.password))

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def send(self, message: OutgoingMessage) -> SentMessage:
        """Send the SMS; callbacks name the message's SID. Raises `DeliveryError`."""
        form = {"To": phone_number(message), "From": self._account.sender, "Body": message.body}
        if self._account.receipts_url is not None:
            form["StatusCallback"] = f"{self._account.receipts_url}?key={message.key}"
        response = await exchange(self._client, "POST", self._path, data=form)
        content = json_object(response)
        identity = provider_id(content.get("sid"))
        if response.is_success and identity is not None:
            return SentMessage(message.medium, identity)
        if response.status_code != httpx.codes.BAD_REQUEST:
            raise TemporaryFailure("unclear_answer", "Twilio sends neither a message's SID nor an error about it")
        if content.get("code") in ACCOUNT_ERRORS:
            raise TemporaryFailure("sender_refused", "Twilio refuses the account or its sender")
        raise PermanentFailure("number_refused", "Twilio refuses the number or the text")


def reports(form: Mapping[str, str]) -> list[Report]:
    """Return the verdict of a status callback; intermediate states have none."""
    identity, status = provider_id(form.get("MessageSid")), form.get("MessageStatus", "")
    if identity is None or status not in VERDICTS:
        return []
    return [Report(identity, VERDICTS[status], f"twilio_{status}")]


def signature(token: str, url: str, form: Iterable[tuple[str, str]], digest: str = "sha1") -> str:
    """Return the `X-Twilio-Signature` of a callback: a digest of the called address and the sorted fields."""
    content = url + "".join(name + value for name, value in sorted(set(form)))
    return base64.b64encode(hmac.new(token.encode(), content.encode(), getattr(hashlib, digest)).digest()).decode()
