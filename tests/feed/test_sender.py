"""Sending of one message: signatures that other libraries verify, and the outcome of each response."""

import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from ipaddress import ip_address
from pathlib import Path

import pytest
import standardwebhooks
import svix
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from app.feed.guard import AddressGuard
from app.feed.sender import MAX_RESPONSE_BYTES, Attempt, Sender, SendOutcome, WebhookRequest, body_of, new_secret
from tests.feed.receiver import Receiver, opened_receiver
from tests.feed.test_guard import Names
from tests.installation import START

pytestmark = pytest.mark.server

BODY = body_of("ticket.resolved", START, {"id": "evt_1", "ticket": "2600012349", "word": "ğüşıöç"})


@pytest.fixture
async def sender() -> AsyncIterator[Sender]:
    opened = Sender(AddressGuard(allowed="127.0.0.1", allow_http=True), send_seconds=5)
    yield opened
    await opened.close()


async def sent(sender: Sender, receiver: Receiver, *secrets: str) -> Attempt:
    return await sender.send(WebhookRequest(receiver.url, "msg_1", BODY, secrets or [new_secret()]))


async def test_both_libraries_verify_under_the_new_secret_and_under_the_old_one(
    sender: Sender, receiver: Receiver
) -> None:
    new, old, foreign = new_secret(), new_secret(), new_secret()
    assert (await sent(sender, receiver, new, old)).delivered
    [got] = receiver.got
    assert got.id == "msg_1"
    assert got.body == BODY
    assert got.headers["content-type"] == "application/json"
    assert len(got.headers["webhook-signature"].split(" ")) == 2
    for secret in (new, old):
        message = standardwebhooks.Webhook(secret).verify(got.body, dict(got.headers))
        assert message == {
            "type": "ticket.resolved",
            "timestamp": "2026-05-12T07:00:00Z",
            "data": {"id": "evt_1", "ticket": "2600012349", "word": "ğüşıöç"},
        }
        svix.Webhook(secret).verify(got.body, dict(got.headers))
    with pytest.raises(standardwebhooks.webhooks.WebhookVerificationError):
        standardwebhooks.Webhook(foreign).verify(got.body, dict(got.headers))
    with pytest.raises(svix.webhooks.WebhookVerificationError):
        svix.Webhook(new).verify(got.body.replace(b"2600012349", b"2600012350"), dict(got.headers))


@pytest.mark.parametrize(
    ("response", "outcome", "status"),
    [
        (b"200 OK", SendOutcome.DELIVERED, 200),
        (b"202 Accepted", SendOutcome.DELIVERED, 202),
        (b"204 No Content", SendOutcome.DELIVERED, 204),
        (b"400 Bad Request", SendOutcome.REFUSED, 400),
        (b"429 Too Many Requests", SendOutcome.REFUSED, 429),
        (b"500 Internal Server Error", SendOutcome.REFUSED, 500),
        (b"410 Gone", SendOutcome.GONE, 410),
        (b"nonsense", SendOutcome.UNREACHABLE, None),
    ],
)
async def test_each_status_has_its_outcome(
    sender: Sender, receiver: Receiver, response: bytes, outcome: SendOutcome, status: int | None
) -> None:
    receiver.always = response
    attempt = await sent(sender, receiver)
    assert (attempt.outcome, attempt.status) == (outcome, status)


async def test_a_redirect_is_a_failure_and_not_followed(sender: Sender, receiver: Receiver) -> None:
    async with opened_receiver() as elsewhere:
        for status in (b"301 Moved", b"302 Found", b"307 Temporary", b"308 Permanent"):
            receiver.always = status + b"\r\nLocation: " + elsewhere.url.encode() + b"\r\nContent-Length: 0\r\n\r\n"
            assert (await sent(sender, receiver)).outcome is SendOutcome.REDIRECTED
        assert elsewhere.got == []


async def test_no_cookie_is_stored(sender: Sender, receiver: Receiver) -> None:
    receiver.always = b"204 No Content\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n"
    for _ in range(2):
        await sent(sender, receiver)
    assert ["cookie" in got.headers for got in receiver.got] == [False, False]


async def test_a_proxy_of_the_environment_is_not_used(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened_receiver() as proxy:
        for name in ("http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        sender = Sender(AddressGuard(allowed="127.0.0.1", allow_http=True))
        assert (await sent(sender, receiver)).delivered
        await sender.close()
        assert proxy.got == []


async def test_an_endless_response_is_not_read_to_its_end(sender: Sender, receiver: Receiver) -> None:
    receiver.always = b"200 OK\r\nContent-Length: 100000000\r\n\r\n" + bytes(2 * MAX_RESPONSE_BYTES)
    assert (await sent(sender, receiver)).delivered


async def test_a_receiver_that_does_not_respond_times_out(receiver: Receiver) -> None:
    receiver.unblocked.clear()
    sender = Sender(AddressGuard(allowed="127.0.0.1", allow_http=True), send_seconds=0.05)
    attempt = await sent(sender, receiver)
    await sender.close()
    assert attempt == Attempt(SendOutcome.TIMED_OUT, None, attempt.milliseconds)


async def test_an_unreachable_receiver_is_a_failure(sender: Sender) -> None:
    async with opened_receiver() as gone:
        pass
    assert (await sent(sender, gone)).outcome is SendOutcome.UNREACHABLE


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("120", 120), ("0", 0), ("999999999999", 86_400), ("-5", None), ("soon", None), ("", None), ("１２", None)],
)
async def test_retry_after_in_seconds_is_parsed(
    sender: Sender, receiver: Receiver, header: str, seconds: float | None
) -> None:
    receiver.always = f"503 Busy\r\nRetry-After: {header}\r\nContent-Length: 0\r\n\r\n".encode()
    assert (await sent(sender, receiver)).retry_after == seconds


async def test_retry_after_as_a_date_is_parsed(sender: Sender, receiver: Receiver) -> None:
    until = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    receiver.always = f"503 Busy\r\nRetry-After: {until}\r\nContent-Length: 0\r\n\r\n".encode()
    pause = (await sent(sender, receiver)).retry_after
    assert pause == pytest.approx(3600, abs=120)


async def test_tls_verifies_the_name_of_the_url(tmp_path: Path) -> None:
    """Certificate and SNI belong to the name of the URL; a certificate of another name is rejected."""
    server, trust = certificate(tmp_path, "hooks.example")
    async with opened_receiver(server) as receiver:
        names = Names([["127.0.0.1"]])
        sender = Sender(AddressGuard(allowed="127.0.0.0/8", resolver=names), trust=trust)
        outcomes = [
            (
                await sender.send(WebhookRequest(f"https://{name}:{receiver.port}/", "msg_1", b"{}", [new_secret()]))
            ).outcome
            for name in ("hooks.example", "other.example")
        ]
        await sender.close()
    assert outcomes == [SendOutcome.DELIVERED, SendOutcome.UNREACHABLE]
    assert len(receiver.got) == 1


def certificate(folder: Path, name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Return a server's context with a certificate for `name`, and a client's context that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    alternatives = x509.SubjectAlternativeName([x509.DNSName(name), x509.IPAddress(ip_address("192.0.2.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(alternatives, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    both = folder / "server.pem"
    both.write_bytes(secret + pem)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(both)
    return server, ssl.create_default_context(cadata=pem.decode())
