"""Delivery receipts: authenticated, stored once, applied to their notice in any order, never an error."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import select
from structlog.testing import capture_logs

from app.container import Container
from app.notices.delivery.adapters.base import OutgoingMessage, SentMessage
from app.notices.delivery.adapters.registry import Adapters
from app.notices.delivery.adapters.sms import twilio
from app.notices.model import DeliveryReceipt
from config.settings import Settings
from tests.installation import SettableClock, opened_app, opened_client
from tests.notices.cases import CALLER, WRITER, Recorder, actor_of, dispatcher_with, open_ticket
from tests.notices.delivery.cases import all_notices, drain, states
from workers.delivery import open_notice_dispatcher

SECRET = "nur-der-anbieter-kennt-ihn"
ACCOUNT = {"sms_url": "http://127.0.0.1:9", "sms_user": "AC1", "sms_password": "12345", "sms_sender": "ESENLERBLD"}


class Provider:
    """Provider that returns the same id for every message; `meanwhile` runs before its response."""

    def __init__(self, identity: str = "20212", meanwhile: Any = None) -> None:
        self._identity = identity
        self._meanwhile = meanwhile

    async def send(self, message: OutgoingMessage) -> SentMessage:
        """Return the id."""
        if self._meanwhile is not None:
            await self._meanwhile()
        return SentMessage(message.medium, self._identity)


@asynccontextmanager
async def desk(
    settings: Settings, clock: SettableClock, sms: str = "verimor"
) -> AsyncIterator[tuple[Container, AsyncClient]]:
    """Open the API with that provider and a caller without a key."""
    given = {name: getattr(settings, name) for name in settings.model_fields_set}
    chosen = Settings(**given | {"sms": sms, "receipts_secret": SECRET, **ACCOUNT})
    async with opened_app(chosen, clock) as app, opened_client(app) as caller:
        yield app.state.container, caller


async def sent_by(container: Container, provider: Provider, name: str = "verimor", applicant: Any = CALLER) -> None:
    """Send a receipt to an applicant by the provider."""
    await open_ticket(container, await actor_of(container), applicant)
    dispatcher = open_notice_dispatcher(container)
    dispatcher.adapters = Adapters.only(provider, name=name)
    await drain(container, dispatcher)


def pushed(status: str, campaign: int = 20212) -> list[dict[str, Any]]:
    return [{"type": "outbound", "campaign_id": campaign, "status": status, "dest": "905321234567"}]


async def test_a_report_of_arrival_makes_the_notice_delivered(settings: Settings, clock: SettableClock) -> None:
    async with desk(settings, clock) as (container, caller):
        await sent_by(container, Provider())
        for _ in range(2):
            answer = await caller.post(f"/v1/receipts/verimor/{SECRET}", json=pushed("DELIVERED"))
            assert answer.status_code == 200
        assert await states(container) == {("delivered", None): 1}
        async with container.database.reading() as session:
            [receipt] = await session.scalars(select(DeliveryReceipt))
    assert (receipt.code, receipt.delivered) == ("verimor_delivered", True)


async def test_a_report_of_failure_gives_way_to_e_mail(settings: Settings, clock: SettableClock) -> None:
    """B63: one replacement notice, none about the failure; a repeated report changes nothing."""
    reachable = CALLER.model_copy(update={"email": WRITER.email})
    async with desk(settings, clock) as (container, caller):
        await sent_by(container, Provider(), applicant=reachable)
        for _ in range(3):
            await caller.post(f"/v1/receipts/verimor/{SECRET}", json=pushed("NOT_DELIVERED"))
        await drain(container, dispatcher_with(container, Recorder()))
        found = [(one.medium, one.state, one.state_reason) for one in await all_notices(container)]
    assert found == [("sms", "failed", "verimor_not_delivered"), ("email", "sent", None)]


async def test_a_report_that_precedes_the_outcome_is_not_lost(settings: Settings, clock: SettableClock) -> None:
    async with desk(settings, clock) as (container, caller):

        async def report() -> None:
            await caller.post(f"/v1/receipts/verimor/{SECRET}", json=pushed("DELIVERED"))

        await sent_by(container, Provider(meanwhile=report))
        assert await states(container) == {("delivered", None): 1}


async def test_reports_about_unknown_messages_are_answered_and_counted(
    settings: Settings, clock: SettableClock
) -> None:
    async with desk(settings, clock) as (container, caller):
        with capture_logs() as logs:
            answer = await caller.post(f"/v1/receipts/verimor/{SECRET}", json=pushed("DELIVERED", 1))
        assert (answer.status_code, answer.json()) == (200, {"known": 0})
        assert [entry["count"] for entry in logs if entry["event"] == "receipts_unknown"] == [1]
        assert await all_notices(container) == []


@pytest.mark.parametrize("body", [b"", b"{", b"null", b'[[[["', b'{"jobs": 7}', b"\xff\xfe", b'[{"type": "outbound"}]'])
@pytest.mark.parametrize("provider", ["verimor", "netgsm"])
async def test_nonsense_is_answered_with_success(
    settings: Settings, clock: SettableClock, provider: str, body: bytes
) -> None:
    async with desk(settings, clock) as (_, caller):
        answer = await caller.post(f"/v1/receipts/{provider}/{SECRET}", content=body)
    assert (answer.status_code, answer.json()) == (200, {"known": 0})


async def test_a_form_of_a_thousand_fields_is_none_that_twilio_signed(settings: Settings, clock: SettableClock) -> None:
    async with desk(settings, clock, "twilio") as (_, caller):
        answer = await caller.post("/v1/receipts/twilio", content="a=1&" * 1000)
    assert answer.status_code == 401


@pytest.mark.parametrize("path", ["verimor/falsch", "nobody/" + SECRET, "kannel/", "verimor/" + SECRET.upper()])
async def test_without_the_secret_there_is_no_such_address(settings: Settings, clock: SettableClock, path: str) -> None:
    async with desk(settings, clock) as (container, caller):
        await sent_by(container, Provider())
        answer = await caller.post(f"/v1/receipts/{path}", json=pushed("DELIVERED"))
        assert answer.status_code == 404
        assert await states(container) == {("sent", None): 1}


async def test_without_a_configured_secret_no_report_is_accepted(settings: Settings, clock: SettableClock) -> None:
    async with opened_app(settings, clock) as app, opened_client(app) as caller:
        assert (await caller.post("/v1/receipts/verimor/None", json=[])).status_code == 404


async def test_kannel_reports_by_get(settings: Settings, clock: SettableClock) -> None:
    async with desk(settings, clock, "kannel") as (container, caller):
        await sent_by(container, Provider("0123abcd"), "kannel")
        for status in ("8", "1"):
            answer = await caller.get(f"/v1/receipts/kannel/{SECRET}", params={"id": "0123abcd", "status": status})
            assert answer.status_code == 200
        assert await states(container) == {("delivered", None): 1}


async def test_netgsm_reports_by_jobs(settings: Settings, clock: SettableClock) -> None:
    async with desk(settings, clock, "netgsm") as (container, caller):
        await sent_by(container, Provider("777"), "netgsm")
        jobs = {"jobs": [{"jobid": "777", "status": 1, "number": "5321234567"}]}
        await caller.post(f"/v1/receipts/netgsm/{SECRET}", json=jobs)
        assert await states(container) == {("delivered", None): 1}


@pytest.mark.parametrize("digest", ["sha1", "sha256"])
async def test_twilio_signs_its_callbacks(settings: Settings, clock: SettableClock, digest: str) -> None:
    form = {"MessageSid": "SM1", "MessageStatus": "delivered", "To": "+905321234567"}
    url = "https://estim.example/v1/receipts/twilio?key=abc"
    headers = {"X-Twilio-Signature": twilio.signature("12345", url, form.items(), digest)}
    if digest == "sha256":
        headers["X-Twilio-Webhooks-Signature-Settings"] = "key=K1,algorithm=HMAC_SHA256"
    async with desk(settings, clock, "twilio") as (container, caller):
        await sent_by(container, Provider("SM1"), "twilio")
        forged = await caller.post("/v1/receipts/twilio?key=abd", data=form, headers=headers)
        altered = await caller.post("/v1/receipts/twilio?key=abc", data=form | {"To": "+1"}, headers=headers)
        bare = await caller.post("/v1/receipts/twilio?key=abc", data=form)
        assert {forged.status_code, altered.status_code, bare.status_code} == {401}
        assert await states(container) == {("sent", None): 1}
        answer = await caller.post("/v1/receipts/twilio?key=abc", data=form, headers=headers)
        assert (answer.status_code, answer.json()) == (200, {"known": 1})
        assert await states(container) == {("delivered", None): 1}
