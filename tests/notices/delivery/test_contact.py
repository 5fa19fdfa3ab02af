"""Contact: applicants are notified by the medium and in the language they chose: app, SMS or e-mail."""

import base64
from typing import Any

import pytest
from fastapi import Response
from sqlalchemy import select

from app.channels.mobile import ReportBody
from app.container import Container
from app.notices.kinds import Medium
from app.notices.model import Notice
from app.notices.schemas import AppMessage
from app.people.model import Applicant
from config.settings import Settings
from tests.channels import bodies
from tests.desk import Desk
from tests.installation import SettableClock
from tests.notices.cases import actor_of
from tests.notices.delivery.cases import all_notices, container_with, drain
from tests.notices.delivery.http_receiver import receiving

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
MOBILE, EMAIL = {"name": "Örnek Vatandaş", "phone": "0532 123 45 67"}, {"email": "ornek@example.org"}
SMS_SETTINGS = {"sms": "verimor", "sms_user": "u", "sms_password": "p", "sms_sender": "ESENLER"}


async def media(desk: Desk, number: str) -> list[str]:
    """Return the media of the notices of a ticket, oldest first."""
    found = await desk.client.get("/v1/notices", params={"ticket": number, "limit": 50})
    return [notice["medium"] for notice in reversed(found.json()["items"])]


@pytest.mark.parametrize(
    ("reporter", "medium"),
    [
        (MOBILE, "sms"),
        (MOBILE | EMAIL, "sms"),
        (MOBILE | EMAIL | {"contact_by": "email"}, "email"),
        (MOBILE | EMAIL | {"contact_by": "sms"}, "sms"),
        (MOBILE | EMAIL | {"contact_by": "app"}, "webhook"),
        ({"role": "anonymous", "contact_by": "app"}, "webhook"),
    ],
)
async def test_every_notice_leaves_by_the_medium_that_the_applicant_chose(
    desk: Desk, reporter: dict[str, Any], medium: str
) -> None:
    answer = await desk.client.post("/v1/channels/mobile/reports", json=bodies.report(reporter=reporter))
    number = answer.json()["number"]
    await desk.run_all(number, "refer", "accept", "resolve")
    assert set(await media(desk, number)) == {medium}
    assert len(await media(desk, number)) == 3


async def test_an_applicant_who_reads_english_gets_english_texts(desk: Desk) -> None:
    report = bodies.report(reporter=MOBILE | {"language": "en"})
    number = (await desk.client.post("/v1/channels/mobile/reports", json=report)).json()["number"]
    await desk.run_all(number, "resolve")
    found = (await desk.client.get("/v1/notices", params={"ticket": number})).json()["items"]
    texts = [(await desk.client.get(f"/v1/notices/{notice['number']}")).json()["body"] for notice in found]
    assert len(texts) == 2
    assert all("application" in text.lower() and "başvuru" not in text.lower() for text in texts)
    applicant = (await desk.read(number))["applicant"]
    assert (applicant["language"], applicant["contact_by"]) == ("en", None)


async def test_a_caller_may_wish_for_english_too(desk: Desk) -> None:
    answer = await desk.client.post("/v1/channels/call-center/calls", json=bodies.call(language="en"))
    assert (await desk.read(answer.json()["number"]))["applicant"]["language"] == "en"


@pytest.mark.parametrize(
    ("applicant", "pointer", "words"),
    [
        ({"name": "Örnek", "contact_by": "sms"}, "/applicant/contact_by", "cep telefonu"),
        ({"phone": "0212 123 45 67", "contact_by": "sms"}, "/applicant/contact_by", "cep telefonu"),
        (MOBILE | {"contact_by": "email"}, "/applicant/contact_by", "e-posta adresi"),
        (MOBILE | {"contact_by": "app"}, "/applicant/contact_by", "uygulamadan gelen"),
        (MOBILE | {"contact_by": "post"}, "/applicant/contact_by", "sms"),
        (MOBILE | {"language": "de"}, "/applicant/language", "tr, en"),
    ],
)
async def test_a_wish_that_can_t_be_met_is_refused_by_name(
    desk: Desk, applicant: dict[str, Any], pointer: str, words: str
) -> None:
    answer = await desk.client.post("/v1/tickets", json=bodies.ticket(applicant=applicant))
    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert error["pointer"] == pointer
    assert words in error["detail"]


async def reported(container: Container, **reporter: Any) -> str:
    """Return the number of a report through the app by an applicant who wants replies there."""
    body = ReportBody.model_validate(bodies.report(reporter=reporter | {"contact_by": "app"}))
    admission = await container.intake_service.store(await actor_of(container), body.to_intake(b"sample"))
    number: str = admission.receipt["number"]
    return number


async def test_the_apps_backend_gets_the_notice_without_a_word_about_the_person(
    settings: Settings, clock: SettableClock
) -> None:
    async with receiving(Response()) as backend:
        hook = {"mobile_webhook_url": f"{backend.url}/hook", "mobile_webhook_secret": SECRET}
        async with container_with(settings, clock, **hook) as container:
            number = await reported(container, role="anonymous")
            await drain(container)
            [notice] = await all_notices(container)
    [call] = backend.calls
    assert (notice.state, notice.medium, call.json["data"]["ticket"]) == ("sent", Medium.WEBHOOK, number)
    assert number in call.json["data"]["text"]
    assert AppMessage.model_validate(call.json).data.model_dump() == call.json["data"]  # as the API docs have it


@pytest.mark.parametrize("status", [404, 410])
async def test_a_device_that_is_gone_gives_way_to_sms(settings: Settings, clock: SettableClock, status: int) -> None:
    async with receiving(Response(status_code=status)) as backend:
        hook = {"mobile_webhook_url": f"{backend.url}/hook", "mobile_webhook_secret": SECRET}
        async with container_with(settings, clock, **hook) as container:
            await reported(container, **MOBILE)
            await drain(container)
            await drain(container)
            found = [(notice.medium, notice.state) for notice in await all_notices(container)]
    assert found == [("webhook", "failed"), ("sms", "sent")]
    assert len(backend.calls) == 1


async def test_where_notices_leave_but_no_app_is_connected_its_users_get_sms(
    settings: Settings, clock: SettableClock
) -> None:
    async with (
        receiving(Response("7")) as provider,
        container_with(settings, clock, sms_url=provider.url, **SMS_SETTINGS) as container,
    ):
        await reported(container, **MOBILE)
        await drain(container)
        await drain(container)
        found = [(notice.medium, notice.state, notice.state_reason) for notice in await all_notices(container)]
    assert found[0] == ("webhook", "failed", "no_device")
    assert found[1][:2] == ("sms", "sent")


async def test_applicants_of_before_are_written_to_in_turkish(desk: Desk) -> None:
    """A row without a language counts as Turkish, without a preferred medium."""
    number = await desk.open()
    async with desk.container.database.reading() as session:
        applicant = (await session.scalars(select(Applicant))).one()
        notice = (await session.scalars(select(Notice))).first()
    assert (applicant.language, applicant.contact_by) == ("tr", None)
    assert notice is not None
    assert (notice.payload["language"], notice.payload["number"]) == ("tr", number)


@pytest.mark.parametrize("address", ["ornek(evli)@example.org", "ayşe@example.org", "a..b@example.org"])
async def test_an_address_that_can_not_be_mailed_is_refused_on_its_own_field(desk: Desk, address: str) -> None:
    body = bodies.report(reporter=MOBILE | {"email": address, "contact_by": "email"})

    response = await desk.client.post("/v1/channels/mobile/reports", json=body)

    assert response.status_code == 422
    assert ("/reporter/email", "email") in [(each["pointer"], each["code"]) for each in response.json()["errors"]]
    assert address not in response.text


async def test_a_domain_with_turkish_letters_is_stored_in_ascii_and_shown_readable(desk: Desk) -> None:
    body = bodies.report(reporter=MOBILE | {"email": "ornek@örnek.com.tr", "contact_by": "email"})
    number = (await desk.client.post("/v1/channels/mobile/reports", json=body)).json()["number"]

    ticket = (await desk.client.get(f"/v1/tickets/{number}")).json()
    [notice] = (await desk.client.get("/v1/notices", params={"ticket": number})).json()["items"]
    async with desk.container.database.reading() as session:
        applicant = (await session.execute(select(Applicant).order_by(Applicant.id.desc()).limit(1))).scalar_one()
    assert applicant.email is not None
    stored = desk.container.vault.open(applicant.email, table="applicant", column="email", row_id=applicant.id)

    assert stored == "ornek@xn--rnek-4qa.com.tr"
    assert ticket["applicant"]["email"] == notice["recipient"]["address"] == "ornek@örnek.com.tr"
