"""Which way each medium takes in this installation, and how many messages a way takes at once."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, Self

from app.notices.delivery.adapters.base import DeliveryAdapter, OutgoingMessage, PermanentFailure, SentMessage
from app.notices.delivery.adapters.console import DEFAULT_SENDER, ConsoleAdapter
from app.notices.delivery.adapters.sms import SmsAccount
from app.notices.kinds import Medium
from config.settings import Settings

SENDER_NAME = "ESTİM Başvuru Takip Sistemi"
CONSOLE = "console"

REPORTING = frozenset({"netgsm", "verimor", "kannel", "twilio"})
"""Adapters whose providers report what became of a message."""


@dataclass(frozen=True, slots=True)
class RegisteredAdapter:
    """An adapter by its name; `slots` bounds the hand-overs at a time, shared by all batches of the process."""

    name: str
    delivery: DeliveryAdapter
    slots: asyncio.Semaphore


class Adapters:
    """The adapters out, by medium; close them when the last message is handed over."""

    def __init__(
        self,
        adapters: Mapping[Medium, RegisteredAdapter],
        *,
        default: RegisteredAdapter,
        closing: Sequence[Callable[[], Awaitable[None]]] = (),
    ) -> None:
        self._ways = adapters
        self._default = default
        self._closing = closing

    @classmethod
    def only(cls, delivery: DeliveryAdapter, *, name: str = CONSOLE, slots: int = 8) -> Self:
        """The same way for every medium."""
        return cls({}, default=RegisteredAdapter(name, delivery, asyncio.Semaphore(slots)))

    def for_medium(self, medium: Medium) -> RegisteredAdapter:
        """The way of that medium."""
        return self._ways.get(medium, self._default)

    async def close(self) -> None:
        """End open connections."""
        for close in self._closing:
            await close()


def make_adapters(settings: Settings) -> Adapters:
    """The adapters that the settings choose; what is not configured stays on this machine.

    Only what is chosen is loaded: a bare installation needs none of the network libraries. Raises `ValueError` naming
    the setting that can't be used.
    """
    console = ConsoleAdapter(
        settings.outbox, sender_name=SENDER_NAME, sender_address=settings.smtp_from or DEFAULT_SENDER
    )
    closing: list[Callable[[], Awaitable[None]]] = []
    adapters = {}
    for medium, (name, opened) in _configured(settings).items():
        adapters[medium] = RegisteredAdapter(name, opened[0], asyncio.Semaphore(settings.delivery_concurrency))
        closing.append(opened[1])
    if adapters and Medium.WEBHOOK not in adapters:
        adapters[Medium.WEBHOOK] = RegisteredAdapter(
            "webhook", MissingMobileBackend(), asyncio.Semaphore(settings.delivery_concurrency)
        )
    default = RegisteredAdapter(CONSOLE, console, asyncio.Semaphore(settings.delivery_concurrency))
    return Adapters(adapters, default=default, closing=closing)


class MissingMobileBackend:
    """Refuses what is for the app where notices really leave but no mobile backend is connected: SMS or e-mail then."""

    async def deliver(self, message: OutgoingMessage) -> SentMessage:
        """Raises `PermanentFailure`."""
        raise PermanentFailure("no_device", f"no mobile backend is connected to take {message.number}")


class _Closing(DeliveryAdapter, Protocol):
    """A delivery that holds connections."""

    async def close(self) -> None:
        """End them."""
        ...


Opened = tuple[DeliveryAdapter, Callable[[], Awaitable[None]]]


def _configured(settings: Settings) -> dict[Medium, tuple[str, Opened]]:
    found: dict[Medium, tuple[str, Opened]] = {}
    if settings.email == "smtp":
        found[Medium.EMAIL] = ("smtp", _smtp(settings))
    if settings.sms != CONSOLE:
        found[Medium.SMS] = (settings.sms, _sms(settings))
    if settings.mobile_webhook_url is not None:
        found[Medium.WEBHOOK] = ("webhook", _webhook(settings, settings.mobile_webhook_url))
    return found


def _smtp(settings: Settings) -> Opened:
    from app.notices.delivery.adapters.smtp import SmtpAdapter, SmtpServer  # noqa: PLC0415 - see `make_adapters`

    server = SmtpServer(
        host=settings.smtp_host or "",
        port=settings.smtp_port,
        security=settings.smtp_security,
        ca_file=settings.smtp_ca_file,
        user=settings.smtp_user,
        password=settings.smtp_password.get_secret_value() if settings.smtp_password else None,
    )
    try:
        delivery = SmtpAdapter(
            server, sender_name=SENDER_NAME, sender_address=settings.smtp_from or "", seconds=settings.delivery_seconds
        )
    except OSError as error:
        raise ValueError(f"ESTIM_SMTP_CA_FILE: {error.strerror or 'can not be read'}") from error
    return delivery, delivery.close


def _sms(settings: Settings) -> Opened:
    from app.notices.delivery.adapters.sms import kannel, netgsm, twilio, verimor  # noqa: PLC0415 - see `make_adapters`

    addresses = {"netgsm": netgsm.ADDRESS, "verimor": verimor.ADDRESS, "twilio": twilio.ADDRESS}
    account = SmsAccount(
        url=(settings.sms_url or addresses.get(settings.sms, "")).rstrip("/"),
        user=settings.sms_user or "",
        password=settings.sms_password.get_secret_value() if settings.sms_password else "",
        sender=settings.sms_sender or "",
        receipts_url=receipts_url(settings),
    )
    makers: dict[str, Callable[..., _Closing]] = {
        "netgsm": netgsm.NetgsmAdapter,
        "verimor": verimor.VerimorAdapter,
        "kannel": kannel.KannelAdapter,
        "twilio": twilio.TwilioAdapter,
    }
    delivery = makers[settings.sms](account, seconds=settings.delivery_seconds)
    return delivery, delivery.close


def _webhook(settings: Settings, url: str) -> Opened:
    from standardwebhooks.webhooks import EmptyWebhookSecretError  # noqa: PLC0415 - see `make_adapters`

    from app.notices.delivery.adapters.webhook import WebhookAdapter  # noqa: PLC0415 - as above

    secret = settings.mobile_webhook_secret.get_secret_value() if settings.mobile_webhook_secret else ""
    try:
        delivery = WebhookAdapter(url, secret, seconds=settings.delivery_seconds)
    except (ValueError, EmptyWebhookSecretError) as error:
        raise ValueError("ESTIM_MOBILE_WEBHOOK_SECRET: expected is whsec_ with base64 behind it") from error
    return delivery, delivery.close


def receipts_url(settings: Settings) -> str | None:
    """Where the SMS provider reports delivery: signed by Twilio, for the others behind a secret part of the address."""
    address = f"{settings.base_url}/v1/receipts/{settings.sms}"
    if settings.sms == "twilio":
        return address
    secret = settings.receipts_secret
    return None if secret is None else f"{address}/{secret.get_secret_value()}"
