"""Each provider's own wire format, against a real HTTP server: what is asked, and what its answers mean."""

from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from fastapi import Response
from fastapi.responses import JSONResponse, PlainTextResponse

from app.notices.delivery.adapters.base import DeliveryError, PermanentFailure, TemporaryFailure
from app.notices.delivery.adapters.http import MAX_RETRY_AFTER_SECONDS
from app.notices.delivery.adapters.sms import Report, SmsAccount, kannel, netgsm, twilio, verimor
from config.settings import Settings
from tests.notices.delivery.http_receiver import Receiver, receiving
from tests.notices.delivery.messages import SMS, failure_of

pytestmark = pytest.mark.server

RECEIPTS = "https://estim.example/v1/receipts/x"
MAKERS: dict[str, Any] = {
    "netgsm": netgsm.NetgsmAdapter,
    "verimor": verimor.VerimorAdapter,
    "kannel": kannel.KannelAdapter,
    "twilio": twilio.TwilioAdapter,
}
GOOD: dict[str, Response] = {
    "netgsm": JSONResponse({"code": "00", "jobid": "17377215342605050417149344", "description": "queued"}),
    "verimor": PlainTextResponse("20212"),
    "kannel": PlainTextResponse("0: Accepted for delivery", status_code=202),
    "twilio": JSONResponse({"sid": "SM0123456789abcdef", "status": "queued"}, status_code=201),
}


@asynccontextmanager
async def provider(name: str, *answers: Response | None, seconds: float = 2.0) -> AsyncIterator[tuple[Any, Receiver]]:
    """Open the adapter with a receiver in place of the provider."""
    async with receiving(*answers or (GOOD[name],)) as receiver:
        account = SmsAccount(
            url=receiver.url, user="hesap", password="parola", sender="ESENLERBLD", receipts_url=RECEIPTS
        )
        adapter = MAKERS[name](account, seconds=seconds)
        try:
            yield adapter, receiver
        finally:
            await adapter.close()


async def test_netgsm_is_asked_with_basic_auth_and_the_turkish_encoding() -> None:
    async with provider("netgsm") as (adapter, receiver):
        delivered = await adapter.send(SMS)
    [call] = receiver.calls
    assert (call.method, call.path) == ("POST", "/sms/rest/v2/send")
    assert call.headers["authorization"] == "Basic " + b64encode(b"hesap:parola").decode()
    assert call.json == {
        "msgheader": "ESENLERBLD",
        "messages": [{"msg": SMS.body, "no": "5321234567"}],
        "encoding": "tr",
        "iysfilter": "0",
        "referansID": SMS.key,
    }
    assert delivered.provider_id == "17377215342605050417149344"


async def test_verimor_is_asked_with_the_key_as_custom_id() -> None:
    async with provider("verimor") as (adapter, receiver):
        delivered = await adapter.send(SMS)
    [call] = receiver.calls
    assert (call.method, call.path) == ("POST", "/v2/send.json")
    assert call.json == {
        "username": "hesap",
        "password": "parola",
        "source_addr": "ESENLERBLD",
        "custom_id": SMS.key,
        "datacoding": "1",
        "messages": [{"msg": SMS.body, "dest": "905321234567", "id": SMS.key}],
    }
    assert delivered.provider_id == "20212"


async def test_kannel_gets_the_message_and_the_address_for_reports_by_get() -> None:
    async with provider("kannel") as (adapter, receiver):
        delivered = await adapter.send(SMS)
    [call] = receiver.calls
    assert (call.method, call.path) == ("GET", "/cgi-bin/sendsms")
    assert call.query == {
        "username": "hesap",
        "password": "parola",
        "from": "ESENLERBLD",
        "to": "905321234567",
        "text": SMS.body,
        "coding": "2",
        "charset": "UTF-8",
        "dlr-mask": "19",
        "dlr-url": f"{RECEIPTS}?id={SMS.key}&status=%d",
    }
    assert delivered.provider_id == SMS.key


async def test_twilio_gets_the_message_and_the_address_for_reports_by_form() -> None:
    async with provider("twilio") as (adapter, receiver):
        delivered = await adapter.send(SMS)
    [call] = receiver.calls
    assert (call.method, call.path) == ("POST", "/2010-04-01/Accounts/hesap/Messages.json")
    assert call.headers["authorization"] == "Basic " + b64encode(b"hesap:parola").decode()
    assert call.form == {
        "To": "+905321234567",
        "From": "ESENLERBLD",
        "Body": SMS.body,
        "StatusCallback": f"{RECEIPTS}?key={SMS.key}",
    }
    assert delivered.provider_id == "SM0123456789abcdef"


@pytest.mark.parametrize(
    ("text", "encoding", "datacoding", "coding"),
    [("Basvurunuz alindi.", None, "0", "0"), ("Ğ", "tr", "1", "2"), ("Başvurunuz ☎", "tr", "2", "2")],
)
async def test_the_text_decides_the_encoding(text: str, encoding: str | None, datacoding: str, coding: str) -> None:
    message = replace(SMS, body=text)
    async with provider("netgsm") as (adapter, receiver):
        await adapter.send(message)
        assert receiver.calls[0].json.get("encoding") == encoding
    async with provider("verimor") as (adapter, receiver):
        await adapter.send(message)
        assert receiver.calls[0].json["datacoding"] == datacoding
    async with provider("kannel") as (adapter, receiver):
        await adapter.send(message)
        assert receiver.calls[0].query["coding"] == coding


async def test_a_number_abroad_is_written_as_the_provider_wants_it() -> None:
    abroad = replace(SMS, recipient_address="+4915112345678")
    async with provider("netgsm") as (adapter, receiver):
        await adapter.send(abroad)
        assert receiver.calls[0].json["messages"][0]["no"] == "004915112345678"
    async with provider("verimor") as (adapter, receiver):
        await adapter.send(abroad)
        assert receiver.calls[0].json["messages"][0]["dest"] == "004915112345678"
        assert "datacoding" not in receiver.calls[0].json


@pytest.mark.parametrize("name", MAKERS)
async def test_a_message_sent_again_carries_the_same_identity(name: str) -> None:
    async with provider(name) as (adapter, receiver):
        await adapter.send(SMS)
        await adapter.send(SMS)
    first, again = receiver.calls
    assert (first.body, first.query) == (again.body, again.query)
    assert SMS.key in f"{first.body!r}{first.query}"


@pytest.mark.parametrize("name", MAKERS)
async def test_without_a_number_no_request_is_sent(name: str) -> None:
    async with provider(name) as (adapter, receiver):
        error = await failure_of(adapter, replace(SMS, recipient_address=None), PermanentFailure)
    assert (error.code, receiver.calls) == ("no_address", [])


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize(
    ("answer", "code", "wait"),
    [
        (Response(status_code=500), "provider_error", None),
        (Response(status_code=503, headers={"Retry-After": "120"}), "provider_error", 120.0),
        (Response(status_code=429, headers={"Retry-After": "7"}), "rate_limited", 7.0),
        (Response(status_code=429, headers={"Retry-After": "86400"}), "rate_limited", MAX_RETRY_AFTER_SECONDS),
        (Response(status_code=401), "auth_refused", None),
        (Response(status_code=302, headers={"Location": "http://127.0.0.1:1/"}), "redirected", None),
        (Response(status_code=200, content="<html>bakım</html>"), "unclear_answer", None),
        (Response(status_code=404, content="Not Found"), "unclear_answer", None),
        (Response(status_code=413), "unclear_answer", None),
    ],
)
async def test_a_failure_not_about_the_message_is_temporary(
    name: str, answer: Response, code: str, wait: float | None
) -> None:
    async with provider(name, answer) as (adapter, receiver):
        error = await failure_of(adapter, SMS, TemporaryFailure)
    assert (error.code, error.retry_after, len(receiver.calls)) == (code, wait, 1)


@pytest.mark.parametrize("name", MAKERS)
async def test_a_silent_or_unreachable_provider_is_a_temporary_failure(name: str) -> None:
    async with provider(name, None, seconds=0.2) as (adapter, _):
        error = await failure_of(adapter, SMS, TemporaryFailure)
    assert error.code == "timeout"
    away = MAKERS[name](SmsAccount(url="http://127.0.0.1:9", user="u", password="p", sender="s"), seconds=1.0)
    error = await failure_of(away, SMS, TemporaryFailure)
    await away.close()
    assert error.code == "unreachable"


@pytest.mark.parametrize(
    ("name", "answer", "kind", "code"),
    [
        ("netgsm", JSONResponse({"code": "20"}), PermanentFailure, "bad_text"),
        ("netgsm", JSONResponse({"code": "30"}), TemporaryFailure, "auth_refused"),
        ("netgsm", JSONResponse({"code": "40"}), TemporaryFailure, "sender_refused"),
        ("netgsm", JSONResponse({"code": "50"}), PermanentFailure, "consent_refused"),
        ("netgsm", JSONResponse({"code": "51"}), PermanentFailure, "consent_refused"),
        ("netgsm", JSONResponse({"code": "70"}), PermanentFailure, "bad_request"),
        ("netgsm", JSONResponse({"code": "80"}), TemporaryFailure, "rate_limited"),
        ("netgsm", JSONResponse({"code": "85"}, status_code=406), TemporaryFailure, "rate_limited"),
        ("netgsm", JSONResponse({"code": "100"}), TemporaryFailure, "provider_error"),
        ("netgsm", JSONResponse({"code": "101"}), TemporaryFailure, "provider_error"),
        ("netgsm", JSONResponse({"code": "00"}), TemporaryFailure, "unclear_answer"),
        ("verimor", PlainTextResponse("INSUFFICIENT_CREDITS", 400), TemporaryFailure, "no_credit"),
        ("verimor", PlainTextResponse("INVALID_SOURCE_ADDRESS", 400), TemporaryFailure, "sender_refused"),
        ("verimor", PlainTextResponse("INVALID_DESTINATION_ADDRESS", 400), PermanentFailure, "number_refused"),
        ("verimor", PlainTextResponse("MISSING_DESTINATION_ADDRESS", 400), PermanentFailure, "number_refused"),
        ("verimor", PlainTextResponse("MESSAGE_TOO_LONG", 400), PermanentFailure, "bad_text"),
        ("verimor", PlainTextResponse("MISSING_MESSAGE", 400), PermanentFailure, "bad_text"),
        ("verimor", PlainTextResponse("FORBIDDEN_MESSAGE", 400), PermanentFailure, "bad_text"),
        ("verimor", PlainTextResponse("INVALID_DATACODING", 400), PermanentFailure, "bad_request"),
        ("verimor", PlainTextResponse("+905321234567 geçersiz", 400), PermanentFailure, "bad_request"),
        ("kannel", PlainTextResponse("Sender missing and no global set", 400), PermanentFailure, "bad_request"),
        ("kannel", PlainTextResponse("Authorization failed for sendsms", 403), TemporaryFailure, "auth_refused"),
        ("kannel", PlainTextResponse("Temporal failure, try again later.", 503), TemporaryFailure, "provider_error"),
        ("twilio", JSONResponse({"code": 21211}, 400), PermanentFailure, "number_refused"),
        ("twilio", JSONResponse({"code": 21606}, 400), TemporaryFailure, "sender_refused"),
    ],
)
async def test_a_provider_code_has_its_outcome(
    name: str, answer: Response, kind: type[DeliveryError], code: str
) -> None:
    async with provider(name, answer) as (adapter, _):
        error = await failure_of(adapter, SMS, kind)
    assert error.code == code
    assert "905321234567" not in str(error)


def test_verimor_reports_end_in_verdicts_and_incoming_messages_in_none() -> None:
    pushed = [
        {"type": "outbound", "campaign_id": 20121, "status": "DELIVERED", "dest": "905319876543"},
        {"type": "outbound", "campaign_id": 20122, "status": "INVALID_DESTINATION_ADDRESS"},
        {"type": "outbound", "campaign_id": 20123, "status": "WAITING"},
        {"type": "outbound", "campaign_id": 20124, "status": "DOUBLE_SEND_ERROR"},
        {"type": "inbound", "message_id": 1, "content": "merhaba"},
        {"type": "outbound", "status": "DELIVERED"},
        "no object",
    ]
    assert verimor.reports(pushed) == [
        Report("20121", delivered=True, code="verimor_delivered"),
        Report("20122", delivered=False, code="verimor_invalid_destination_address"),
    ]


def test_a_duplicate_dropped_by_netgsm_is_no_failure() -> None:
    """The first one has left: a fallback e-mail would be a third message."""
    jobs = {"jobs": [{"jobid": "1", "status": 13}, {"jobid": "2", "status": 3}]}
    assert netgsm.reports(jobs, Settings().netgsm_status) == [Report("2", delivered=False, code="netgsm_3")]


def test_netgsm_statuses_mean_what_the_setting_says() -> None:
    jobs = {"jobs": [{"jobid": "1", "status": 1}, {"jobid": "2", "status": 0}, {"jobid": "3", "status": "3"}]}
    assert netgsm.reports(jobs, {"1": "delivered", "3": "failed"}) == [
        Report("1", delivered=True, code="netgsm_1"),
        Report("3", delivered=False, code="netgsm_3"),
    ]
    assert netgsm.reports("nonsense", {"1": "delivered"}) == []


@pytest.mark.parametrize(
    ("status", "verdict"),
    [("1", True), ("2", False), ("16", False), ("4", None), ("8", None), ("x", None), ("²", None), ("", None)],
)
def test_kannel_reports_by_bits(status: str, verdict: bool | None) -> None:
    assert [one.delivered for one in kannel.reports("key", status)] == ([] if verdict is None else [verdict])


def test_twilio_signs_the_address_and_the_sorted_form() -> None:
    """Example of Twilio's own documentation."""
    form = [
        ("CallSid", "CA1234567890ABCDE"),
        ("Caller", "+14158675309"),
        ("Digits", "1234"),
        ("From", "+14158675309"),
        ("To", "+18005551212"),
    ]
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    assert twilio.signature("12345", url, form) == "RSOYDt4T1cUTdK1PDd93/VVr8B8="
