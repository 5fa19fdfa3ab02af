"""E-mail over a real connection: encryption, identity, Turkish letters, and failures by the code of a refusal."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.notices.delivery.adapters.base import Attachment, PermanentFailure, TemporaryFailure
from app.notices.delivery.adapters.smtp import SmtpAdapter, SmtpServer
from tests.notices.delivery.mail_server import PASSWORD, USER, Mailbox, mail_server, self_made
from tests.notices.delivery.messages import MAIL, failure_of

pytestmark = pytest.mark.server


@asynccontextmanager
async def delivery_to(box: Mailbox, **other: Any) -> AsyncIterator[SmtpAdapter]:
    settings: dict[str, Any] = {"host": "127.0.0.1", "port": box.port, "security": "none"}
    server = SmtpServer(**settings | other)
    adapter = SmtpAdapter(server, sender_name="ESTİM", sender_address="estim@belediye.example", seconds=2.0)
    try:
        yield adapter
    finally:
        await adapter.close()


async def test_turkish_words_and_the_notices_identity_arrive() -> None:
    async with mail_server(Mailbox()) as box, delivery_to(box) as adapter:
        first = await adapter.send(MAIL)
        again = await adapter.send(MAIL)
    one, other = box.mails
    assert first == again
    assert one.as_bytes() == other.as_bytes()
    assert first.provider_id == one["Message-ID"] == "<01890a5d-ac96-774b-bcce-b302099a8057@belediye.example>"
    assert one["X-Estim-Dedupe-Key"].strip() == MAIL.dedupe_key
    assert one["Auto-Submitted"] == "auto-generated"
    assert one["Subject"] == MAIL.subject
    assert one["To"].addresses[0].display_name == MAIL.recipient_name
    assert one.get_content_type() == "text/plain"
    assert one.get_content().replace("\r\n", "\n") == MAIL.body


async def test_a_letter_goes_along_as_a_file() -> None:
    letter = Attachment(name="26-000123.pdf", media_type="application/pdf", content=b"%PDF-1.7 \x00\xff")
    async with mail_server(Mailbox()) as box, delivery_to(box) as adapter:
        await adapter.send(replace(MAIL, attachments=(letter,)))
    [attached] = box.mails[0].iter_attachments()
    assert (attached.get_filename(), attached.get_content_type()) == (letter.name, letter.media_type)
    assert attached.get_content() == letter.content


async def test_one_connection_serves_several_messages() -> None:
    async with mail_server(Mailbox()) as box, delivery_to(box) as adapter:
        for _ in range(3):
            await adapter.send(MAIL)
    assert (len(box.mails), box.sessions) == (3, 1)


async def test_an_idle_connection_that_the_server_ended_is_replaced() -> None:
    box = Mailbox()
    async with mail_server(box), delivery_to(box) as adapter:
        await adapter.send(MAIL)
        transport = adapter._idle[0].client.transport
        assert isinstance(transport, asyncio.Transport)
        transport.abort()
        await adapter.send(MAIL)
    assert (len(box.mails), box.sessions) == (2, 2)


@pytest.mark.filterwarnings("ignore:Requiring AUTH")  # the server does not count encryption from the start as such
@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_an_encrypted_connection_with_a_sign_in(security: str, tmp_path: Path) -> None:
    tls, trusted = self_made(tmp_path)
    serving = mail_server(Mailbox(), tls=tls, from_the_start=security == "tls", sign_in=True)
    async with (
        serving as box,
        delivery_to(box, security=security, ca_file=trusted, user=USER, password=PASSWORD) as adapter,
    ):
        await adapter.send(MAIL)
    assert box.numbers == [MAIL.number]


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_an_untrusted_certificate_is_refused(security: str, tmp_path: Path) -> None:
    tls, _ = self_made(tmp_path)
    async with (
        mail_server(Mailbox(), tls=tls, from_the_start=security == "tls") as box,
        delivery_to(box, security=security) as adapter,
    ):
        error = await failure_of(adapter, MAIL, TemporaryFailure)
    assert error.code == "bad_certificate"
    assert box.mails == []


async def test_no_mail_leaves_in_clear_where_encryption_is_set() -> None:
    async with mail_server(Mailbox()) as box, delivery_to(box, security="starttls") as adapter:
        error = await failure_of(adapter, MAIL, TemporaryFailure)
    assert error.code == "no_tls"
    assert box.mails == []


async def test_a_wrong_password_is_a_temporary_failure(tmp_path: Path) -> None:
    tls, trusted = self_made(tmp_path)
    async with (
        mail_server(Mailbox(), tls=tls, sign_in=True) as box,
        delivery_to(box, security="starttls", ca_file=trusted, user=USER, password="falsch") as adapter,
    ):
        error = await failure_of(adapter, MAIL, TemporaryFailure)
    assert error.code == "auth_refused"


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        ("450 4.2.0 greylisted", TemporaryFailure, "recipient_deferred"),
        ("421 4.3.2 shutting down", TemporaryFailure, "recipient_deferred"),
        ("550 5.1.1 ornek.mudur@example.org unknown", PermanentFailure, "recipient_refused"),
        ("552 5.2.2 mailbox full", PermanentFailure, "recipient_refused"),
        ("550 unknown", PermanentFailure, "recipient_refused"),
        ("554 5.7.1 <ornek.mudur@example.org>: Relay access denied", TemporaryFailure, "sender_refused"),
        ("550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain", TemporaryFailure, "sender_refused"),
        ("530 5.7.0 Must issue a STARTTLS command first", TemporaryFailure, "sender_refused"),
    ],
)
async def test_a_refused_recipient_is_judged_by_the_code(answer: str, kind: Any, code: str) -> None:
    """Both arrive as the same error of the library; the text of the server's reply is not stored."""
    async with mail_server(Mailbox(on_rcpt=lambda _: answer)) as box, delivery_to(box) as adapter:
        error = await failure_of(adapter, MAIL, kind)
    assert error.code == code
    assert "ornek.mudur" not in str(error)


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        ("451 4.3.0 try later", TemporaryFailure, "message_deferred"),
        ("554 5.7.1 spam", PermanentFailure, "message_refused"),
    ],
)
async def test_a_refused_message_is_judged_by_the_code(answer: str, kind: Any, code: str) -> None:
    async with mail_server(Mailbox(on_data=lambda: answer)) as box, delivery_to(box) as adapter:
        error = await failure_of(adapter, MAIL, kind)
    assert error.code == code


async def test_an_unreachable_server_is_a_temporary_failure() -> None:
    box = Mailbox()
    async with mail_server(box):
        pass
    async with delivery_to(box) as adapter:
        error = await failure_of(adapter, MAIL, TemporaryFailure)
    assert error.code == "unreachable"


async def test_a_silent_server_times_out() -> None:
    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    silent = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    server = SmtpServer(host="127.0.0.1", port=silent.sockets[0].getsockname()[1], security="none")
    adapter = SmtpAdapter(server, sender_name="ESTİM", sender_address="estim@belediye.example", seconds=0.05)
    error = await failure_of(adapter, MAIL, TemporaryFailure)
    silent.close()
    assert error.code == "timeout"


@pytest.mark.parametrize("address", ["örnek@example.org", "no-at-sign", "a@b\r\nRCPT TO:<x@y>", ""])
async def test_an_address_that_is_none_never_reaches_the_server(address: str) -> None:
    async with mail_server(Mailbox()) as box, delivery_to(box) as adapter:
        error = await failure_of(adapter, replace(MAIL, recipient_address=address), PermanentFailure)
    assert error.code == "bad_address"
    assert box.sessions == 0
