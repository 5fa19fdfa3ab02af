"""Operation of deliveries: the figures, the commands, the doctor, and settings refused at the start."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from httpx import AsyncClient
from pydantic import ValidationError
from rich.console import Console

from app.cli.context import CommandError
from app.cli.errors import explain_error
from app.cli.notices import retry, show
from app.container import Container, SettingsError, open_container
from app.notices.delivery.adapters.base import PermanentFailure, TemporaryFailure
from app.notices.rows import Recipient
from app.standards.catalogue import load_catalogue
from app.standards.service import store_catalogue
from config.settings import Settings
from tests.installation import ESENLER, SettableClock
from tests.notices.cases import CALLER, WRITER, Recorder, actor_of, dispatcher_with, open_ticket
from tests.notices.delivery.cases import all_notices, by_smtp, container_with, drain, escalations, states
from tests.notices.delivery.mail_server import Mailbox, mail_server

Caller = Callable[..., Awaitable[AsyncClient]]


async def deliver_with_three_outcomes(container: Container, clock: SettableClock) -> None:
    """Deliver a notice that is rejected, one that has to wait and one that is sent; ten minutes pass."""
    actor = await actor_of(container)
    for applicant in (CALLER, WRITER, WRITER):
        await open_ticket(container, actor, applicant)
    failures = PermanentFailure("recipient_refused", "no"), TemporaryFailure("unreachable", "no")
    await drain(container, dispatcher_with(container, Recorder(*failures)))
    clock.advance(minutes=10)


async def test_the_figures_count_outcomes_of_notices(
    container: Container, client_as: Caller, clock: SettableClock
) -> None:
    await deliver_with_three_outcomes(container, clock)
    caller = await client_as("ops")
    answer = (await caller.get("/v1/operations/deliveries")).json()
    assert answer["totals"] == {"failed": 1, "queued": 1, "sent": 1}
    assert sum(figure["count"] for figure in answer["figures"]) == 3
    assert {figure["reason"] for figure in answer["figures"]} == {"recipient_refused", "unreachable", None}
    assert answer["oldest_undelivered_seconds"] == 600.0
    assert (answer["given_up"], answer["unknown_receipts"]) == (1, 0)


async def test_the_figures_are_of_a_period_and_for_operators(
    container: Container, client_as: Caller, clock: SettableClock
) -> None:
    await deliver_with_three_outcomes(container, clock)
    caller = await client_as("ops")
    later = (clock.now() + timedelta(days=1)).isoformat()
    empty = await caller.get("/v1/operations/deliveries", params={"since": later, "until": later})
    assert empty.json()["totals"] == {}
    turned = await caller.get("/v1/operations/deliveries", params={"since": later})
    assert (turned.status_code, turned.json()["errors"][0]["pointer"]) == (422, "/since")
    assert (await (await client_as("desk")).get("/v1/operations/deliveries")).status_code == 403


async def test_a_given_up_notice_is_listed_and_sent_again(container: Container) -> None:
    await open_ticket(container, await actor_of(container), WRITER)
    await drain(container, dispatcher_with(container, Recorder(PermanentFailure("recipient_refused", "no"))))
    [notice] = await all_notices(container)
    console = Console(record=True, width=200)
    await show(container.settings, console, state="failed", limit=10)
    printed = console.export_text()
    assert notice.number in printed
    assert "recipient_refused" in printed

    [(number, _)] = await retry(container.settings, [notice.number])
    assert number == notice.number
    [again] = await all_notices(container)
    assert (again.state, again.attempts) == ("queued", 0)


async def test_what_had_no_address_is_sent_again_to_the_one_that_was_given_since(
    settings: Settings, clock: SettableClock
) -> None:
    """The doctor's advice: give the directorate an address, load the catalogue, then retry."""
    async with (
        mail_server(Mailbox()) as box,
        container_with(settings, clock, quiet_hours=False, **by_smtp(box)) as container,
    ):
        await escalations(container, 1, Recipient("unit:public-works", "Fen İşleri Müdürlüğü", None))
        await escalations(container, 1, Recipient("office:1", "Örnek Müdür", "weg@example.org"))
        lost, refused = await all_notices(container)
        await drain(container, dispatcher_with(container, Recorder(*[PermanentFailure("no_address", "none")] * 2)))
        await load_with_addresses(container, unit="fen@example.org", office="halkla@example.org")
        await retry(container.settings, [lost.number, refused.number])
        clock.set(max(notice.due_at for notice in await all_notices(container)))
        await drain(container)
    assert {str(mail["X-Estim-Notice"]): mail["To"].addresses[0].addr_spec for mail in box.mails} == {
        lost.number: "fen@example.org",
        refused.number: "halkla@example.org",
    }


async def load_with_addresses(container: Container, *, unit: str, office: str) -> None:
    """Load the catalogue with these addresses of the directorate of public works and the first office."""
    catalogue = load_catalogue(ESENLER)
    units = (replace(one, email=unit) if one.code == "public-works" else one for one in catalogue.units)
    offices = (replace(one, role_mailbox=office) if one.printed.level == 1 else one for one in catalogue.offices)
    mended = replace(catalogue, units=tuple(units), offices=tuple(offices), sha256="0" * 64)
    async with container.database.transaction() as session:
        await store_catalogue(session, mended, now=container.clock.now())


async def test_a_sent_or_replaced_notice_is_not_sent_again(container: Container) -> None:
    await escalations(container, 3)
    await drain(container)
    first, *_, digest = await all_notices(container)
    with pytest.raises(CommandError, match=digest.number):
        await retry(container.settings, [first.number])
    with pytest.raises(CommandError, match="it is sent"):
        await retry(container.settings, [digest.number])
    for wrong in ("26-999999", "nonsense", "26-"):
        with pytest.raises(CommandError):
            await retry(container.settings, [wrong])
    assert await states(container) == {("sent", None): 3}


async def test_an_applicant_notified_by_another_medium_is_not_notified_twice(container: Container) -> None:
    reachable = CALLER.model_copy(update={"email": WRITER.email})
    await open_ticket(container, await actor_of(container), reachable)
    await drain(container, dispatcher_with(container, Recorder(PermanentFailure("number_refused", "no"))))
    failed, _ = await all_notices(container)
    with pytest.raises(CommandError, match="another medium"):
        await retry(container.settings, [failed.number])


async def test_a_digest_is_read_like_any_notice(container: Container, client_as: Caller) -> None:
    await escalations(container, 3)
    await drain(container)
    *_, digest = await all_notices(container)
    answer = (await (await client_as("pr-director")).get(f"/v1/notices/{digest.number}")).json()
    assert (answer["kind"], answer["ticket"], answer["state"]) == ("digest", None, "sent")
    assert "Kaldırımda" not in answer["body"]


async def test_who_takes_note_of_a_digest_takes_note_of_all_in_it(container: Container, client_as: Caller) -> None:
    await escalations(container, 3)
    await drain(container)
    *_, digest = await all_notices(container)
    caller = await client_as("pr-director")
    for _ in range(2):
        answer = await caller.post(f"/v1/notices/{digest.number}/acknowledge")
        assert answer.status_code == 200, answer.text
    assert len({notice.acknowledged_at for notice in await all_notices(container)} - {None}) == 1
    assert [notice.acknowledged_by for notice in await all_notices(container)].count(None) == 0


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"email": "smtp"}, "ESTIM_SMTP_HOST has to be set with ESTIM_EMAIL=smtp"),
        ({"email": "smtp", "smtp_host": "h"}, "ESTIM_SMTP_FROM has to be set"),
        ({"sms": "kannel"}, "ESTIM_SMS_URL has to be set with ESTIM_SMS=kannel"),
        ({"sms": "twilio", "sms_user": "u"}, "ESTIM_SMS_PASSWORD has to be set"),
        ({"smtp_user": "u"}, "ESTIM_SMTP_PASSWORD has to be set with ESTIM_SMTP_USER"),
        ({"mobile_webhook_url": "https://m.example"}, "ESTIM_MOBILE_WEBHOOK_SECRET has to be set"),
        ({"sms_hours": "8-21"}, "ESTIM_SMS_HOURS"),
        ({"sms_hours": "08:00-24:30"}, "ESTIM_SMS_HOURS"),
        ({"sms_hours": "22:00-06:00"}, "ESTIM_SMS_HOURS"),
        ({"sms_hours": "08:00-08:00"}, "ESTIM_SMS_HOURS"),
        ({"receipts_secret": "kurz"}, "ESTIM_RECEIPTS_SECRET"),
        ({"receipts_secret": "q1w2e3r4t5/z6u7i8+o9p0=="}, "ESTIM_RECEIPTS_SECRET"),
        ({"smtp_from": "kein Postfach"}, "ESTIM_SMTP_FROM"),
        ({"sms": "pigeon"}, "ESTIM_SMS"),
        ({"mobile_webhook_url": "ftp://m.example"}, "ESTIM_MOBILE_WEBHOOK_URL"),
        ({"netgsm_status": "1=maybe"}, "ESTIM_NETGSM_STATUS"),
    ],
)
def test_an_incomplete_adapter_setting_is_named_at_the_start(given: dict[str, Any], named: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Settings(**given)
    line = explain_error(caught.value)
    assert line is not None
    assert named in line
    assert "\n" not in line
    assert "q1w2e3r4" not in line


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (
            {"email": "smtp", "smtp_host": "h", "smtp_from": "a@b.example", "smtp_ca_file": "/nowhere/ca.pem"},
            "ESTIM_SMTP_CA_FILE",
        ),
        ({"mobile_webhook_url": "https://m.example", "mobile_webhook_secret": "whsec_"}, "ESTIM_MOBILE_WEBHOOK_SECRET"),
    ],
)
async def test_a_secret_or_file_that_can_not_be_used_is_named_at_the_start(
    settings: Settings, given: dict[str, Any], named: str
) -> None:
    known = {name: getattr(settings, name) for name in settings.model_fields_set}
    with pytest.raises(SettingsError, match=named):
        async with open_container(Settings(**known | given)):
            pass
