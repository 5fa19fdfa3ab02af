"""NetGSM, REST v2: HTTP Basic, JSON, a two-digit code in every response.

Reports repeat our `referansID`. NetGSM does not promise to drop a repeated one: a message whose request timed out may
arrive twice.
"""

from collections.abc import Mapping
from types import MappingProxyType

from app.notices.delivery.adapters.base import (
    DeliveryError,
    OutgoingMessage,
    PermanentFailure,
    SentMessage,
    TemporaryFailure,
)
from app.notices.delivery.adapters.http import exchange, json_object, open_client, provider_id
from app.notices.delivery.adapters.sms import HOME, Report, SmsAccount, phone_number
from app.notices.texts.sms_length import SmsEncoding, segments

ADDRESS = "https://api.netgsm.com.tr"

ACCEPTED = frozenset({"00", "01", "02"})
"""Codes of success; 01 and 02 are 00 with a start or end date that NetGSM set itself."""

REFUSED: Mapping[str, DeliveryError] = MappingProxyType(
    {
        "20": PermanentFailure("bad_text", "NetGSM refuses the text or its length (20)"),
        "30": TemporaryFailure("auth_refused", "NetGSM refuses the account or this machine's address (30)"),
        "40": TemporaryFailure("sender_refused", "NetGSM does not know the sender's name (40)"),
        "50": PermanentFailure("consent_refused", "NetGSM refuses by İYS (50)"),
        "51": PermanentFailure("consent_refused", "NetGSM refuses by İYS (51)"),
        "70": PermanentFailure("bad_request", "NetGSM refuses the request's fields (70)"),
        "80": TemporaryFailure("rate_limited", "NetGSM asks for a pause (80)"),
        "85": TemporaryFailure("rate_limited", "too many to one number within a minute (85)"),
        "100": TemporaryFailure("provider_error", "NetGSM has an error of its own (100)"),
        "101": TemporaryFailure("provider_error", "NetGSM has an error of its own (101)"),
    }
)


class NetgsmAdapter:
    """Adapter that sends one SMS per request."""

    def __init__(self, account: SmsAccount, *, seconds: float) -> None:
        self._sender = account.sender
        self._client = open_client(account.url, seconds, auth=(account.user, account.password))

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def send(self, message: OutgoingMessage) -> SentMessage:
        """Send the SMS; reports name its job's id. Raises `DeliveryError`."""
        number = phone_number(message)
        content: dict[str, object] = {
            "msgheader": self._sender,
            "messages": [
                {"msg": message.body, "no": number.removeprefix(HOME) if HOME in number else "00" + number[1:]}
            ],
            "iysfilter": "0",
            "referansID": message.key,
        }
        if segments(message.body).encoding is not SmsEncoding.GSM7:
            content["encoding"] = "tr"
        response = json_object(await exchange(self._client, "POST", "/sms/rest/v2/send", json=content))
        code, job = str(response.get("code", "")), provider_id(response.get("jobid"))
        if code in ACCEPTED and job is not None:
            return SentMessage(message.medium, job)
        refusal = REFUSED.get(code)
        if refusal is None:
            raise TemporaryFailure("unclear_answer", "NetGSM sends an undocumented response")
        raise type(refusal)(refusal.code, refusal.detail)


def reports(content: object, meanings: Mapping[str, str]) -> list[Report]:
    """Return the verdicts of a report, `{"jobs": [{"jobid", "status"}]}`.

    `meanings` maps a status to `delivered` or `failed`: NetGSM's own clients disagree, so it is a setting.
    """
    jobs = content.get("jobs") if isinstance(content, dict) else content
    found = []
    for job in jobs if isinstance(jobs, list) else []:
        identity = provider_id(job.get("jobid")) if isinstance(job, dict) else None
        status = str(job.get("status", "")) if isinstance(job, dict) else ""
        if identity is not None and status in meanings:
            found.append(Report(identity, meanings[status] == "delivered", f"netgsm_{status}"))
    return found
