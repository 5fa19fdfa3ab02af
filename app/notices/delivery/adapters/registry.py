"""Registry of the installation's adapters: one per medium, each with its maximum of concurrent messages."""

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
"""Adapters whose providers send delivery receipts."""


@dataclass(frozen=True, slots=True)
class RegisteredAdapter:
    """Adapter with its name; `slots` bounds concurrent messages, over all batches of the process."""

    name: str
    adapter: DeliveryAdapter
    slots: asyncio.Semaphore


class Adapters:
    """Adapters by medium; close them after the last message."""

    def __init__(
        self,
        adapters: Mapping[Medium, RegisteredAdapter],
        *,
        default: RegisteredAdapter,
        closing: Sequence[Callable[[], Awaitable[None]]] = (),
    ) -> None:
        self._adapters = adapters
        self._default = default
        self._closing = closing

    @classmethod
    def only(cls, adapter: DeliveryAdapter, *, name: str = CONSOLE, max_concurrent: int = 8) -> Self:
        """Return a registry with the same adapter for every medium."""
        return cls({}, default=RegisteredAdapter(name, adapter, asyncio.Semaphore(max_concurrent)))

    def for_medium(self, medium: Medium) -> RegisteredAdapter:
        """Return the adapter of that medium."""
        return self._adapters.get(medium, self._default)

    async def close(self) -> None:
        """Close open connections."""
        for close in self._closing:
            await close()


def make_adapters(settings: Settings) -> Adapters:
    """Return the adapters that the settings choose; the others write files on this machine.

    Only chosen adapters are imported: a bare installation needs none of the network libraries. Raises `ValueError`
    naming the unusable setting.
    """
    console = ConsoleAdapter(
        settings.outbox, sender_name=SENDER_NAME, sender_address=settings.smtp_from or DEFAULT_SENDER
    )
    configured = _configured(settings)
    closing = [adapter.close for _, adapter in configured.values()]
    adapters = {
        medium: RegisteredAdapter(name, adapter, asyncio.Semaphore(settings.delivery_concurrency))
        for medium, (name, adapter) in configured.items()
    }
    if adapters and Medium.WEBHOOK not in adapters:
        adapters[Medium.WEBHOOK] = RegisteredAdapter(
            "webhook", MissingMobileBackend(), asyncio.Semaphore(settings.delivery_concurrency)
        )
    default = RegisteredAdapter(CONSOLE, console, asyncio.Semaphore(settings.delivery_concurrency))
    return Adapters(adapters, default=default, closing=closing)


class MissingMobileBackend:
    """Refuses messages to the mobile app if no mobile backend is connected: SMS or e-mail is next."""

    async def send(self, message: OutgoingMessage) -> SentMessage:
        """Raise `PermanentFailure`."""
        raise PermanentFailure("no_device", f"no mobile backend is connected to take {message.number}")


class ClosableAdapter(DeliveryAdapter, Protocol):
    """Adapter with open connections."""

    async def close(self) -> None:
        """Close them."""
        ...


def _configured(settings: Settings) -> dict[Medium, tuple[str, ClosableAdapter]]:
    found: dict[Medium, tuple[str, ClosableAdapter]] = {}
    if settings.email == "smtp":
        found[Medium.EMAIL] = ("smtp", _smtp(settings))
    if settings.sms != CONSOLE:
        found[Medium.SMS] = (settings.sms, _sms(settings))
    if settings.mobile_webhook_url is not None:
        found[Medium.WEBHOOK] = ("webhook", _webhook(settings, settings.mobile_webhook_url))
    return found


def _smtp(settings: Settings) -> ClosableAdapter:
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
        return SmtpAdapter(
            server, sender_name=SENDER_NAME, sender_address=settings.smtp_from or "", seconds=settings.delivery_seconds
        )
    except OSError as error:
        raise ValueError(f"ESTIM_SMTP_CA_FILE: {error.strerror or 'can not be read'}") from error


def _sms(settings: Settings) -> ClosableAdapter:
    from app.notices.delivery.adapters.sms import kannel, netgsm, twilio, verimor  # noqa: PLC0415 - see `make_adapters`

    addresses = {"netgsm": netgsm.ADDRESS, "verimor": verimor.ADDRESS, "twilio": twilio.ADDRESS}
    account = SmsAccount(
        url=(settings.sms_url or addresses.get(settings.sms, "")).rstrip("/"),
        user=settings.sms_user or "",
        password=settings.sms_password.get_secret_value() if settings.sms_password else "",
        sender=settings.sms_sender or "",
        receipts_url=receipts_url(settings),
    )
    adapters: dict[str, Callable[..., ClosableAdapter]] = {
        "netgsm": netgsm.NetgsmAdapter,
        "verimor": verimor.VerimorAdapter,
        "kannel": kannel.KannelAdapter,
        "twilio": twilio.TwilioAdapter,
    }
    return adapters[settings.sms](account, seconds=settings.delivery_seconds)


def _webhook(settings: Settings, url: str) -> ClosableAdapter:
    from standardwebhooks.webhooks import EmptyWebhookSecretError  # noqa: PLC0415 - see `make_adapters`

    from app.notices.delivery.adapters.webhook import WebhookAdapter  # noqa: PLC0415 - as above

    secret = settings.mobile_webhook_secret.get_secret_value() if settings.mobile_webhook_secret else ""
    try:
        return WebhookAdapter(url, secret, seconds=settings.delivery_seconds)
    except (ValueError, EmptyWebhookSecretError) as error:
        raise ValueError("ESTIM_MOBILE_WEBHOOK_SECRET: expected is whsec_ with base64 behind it") from error


def receipts_url(settings: Settings) -> str | None:
    """Return the address for receipts of the SMS provider: signed by Twilio, with a secret part for the others."""
    address = f"{settings.base_url}/v1/receipts/{settings.sms}"
    if settings.sms == "twilio":
        return address
    secret = settings.receipts_secret
    return None if secret is None else f"{address}/{secret.get_secret_value()}"
