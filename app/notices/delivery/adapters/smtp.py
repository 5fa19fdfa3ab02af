"""E-mail by SMTP: TLS with a checked certificate, a few connections kept open, every refusal judged by its code.

Servers answer 4xx for what may succeed later (greylisting, a full queue) and 5xx for what never will. What they refuse
because of our own configuration (account, sender, encryption) is tried again whatever its code: it gets mended.
"""

import asyncio
import ssl
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import aiosmtplib
from aiosmtplib import errors

from app.notices.delivery.adapters.base import (
    DeliveryError,
    OutgoingMessage,
    PermanentFailure,
    SentMessage,
    TemporaryFailure,
)
from app.notices.delivery.adapters.mail import compose, sender

KEPT_SECONDS = 20.0
"""How long an unused connection is kept; servers end idle ones after a minute or more."""

SIGN_IN_REQUIRED = 530

MESSAGES_A_CONNECTION = 100
"""Many servers end a connection after so many messages anyway."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpServer:
    """Where and how to connect; without `ca_file` the machine's own authorities are trusted."""

    host: str
    port: int
    security: Literal["starttls", "tls", "none"]
    ca_file: Path | None = None
    user: str | None = None
    password: str | None = None


@dataclass(slots=True)
class _Connection:
    client: aiosmtplib.SMTP
    used: int = 0
    last: float = 0.0


class SmtpAdapter:
    """Hands e-mails to one server; `close` ends the connections."""

    def __init__(self, server: SmtpServer, *, sender_name: str, sender_address: str, seconds: float) -> None:
        self._server = server
        self._sender = sender(sender_name, sender_address)
        self._seconds = seconds
        self._tls = None if server.security == "none" else ssl.create_default_context(cafile=server.ca_file)
        self._idle: deque[_Connection] = deque()

    async def deliver(self, message: OutgoingMessage) -> SentMessage:
        """Send it. `TemporaryFailure` where the server is away or says 4xx, `PermanentFailure` for a 5xx."""
        if message.recipient_address is None:
            raise PermanentFailure("no_address", "no e-mail address is known")
        email = compose(message, self._sender)
        try:
            connection = await self._connected()
        except Exception as error:
            raise _not_connected(error) from error
        try:
            await connection.client.sendmail(
                self._sender.addr_spec, [message.recipient_address], email.as_bytes(), timeout=self._seconds
            )
        except Exception as error:
            connection.client.close()
            raise _refused(error) from error
        except asyncio.CancelledError:
            connection.client.close()
            raise
        connection.used, connection.last = connection.used + 1, time.monotonic()
        self._idle.append(connection)
        return SentMessage(message.medium, str(email["Message-ID"]))

    async def close(self) -> None:
        """End the connections that are kept."""
        while self._idle:
            with suppress(errors.SMTPException, OSError):
                await self._idle.pop().client.quit(timeout=1.0)

    async def _connected(self) -> _Connection:
        """A connection that answers: a kept one, else a new one."""
        while self._idle:
            kept = self._idle.pop()
            if kept.used < MESSAGES_A_CONNECTION and time.monotonic() - kept.last < KEPT_SECONDS:
                with suppress(errors.SMTPException, OSError):
                    await kept.client.rset(timeout=1.0)
                    return kept
            kept.client.close()
        server = self._server
        client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.user,
            password=server.password,
            use_tls=server.security == "tls",
            start_tls=server.security == "starttls",
            tls_context=self._tls,
            timeout=self._seconds,
        )
        try:
            await client.connect()
        except BaseException:
            client.close()
            raise
        return _Connection(client)


def _not_connected(error: Exception) -> DeliveryError:
    """All of these are ours or the server's, never this message's: it waits."""
    if isinstance(error, errors.SMTPAuthenticationError):
        return TemporaryFailure("auth_refused", "the mail server refuses the account")
    if isinstance(error, ssl.SSLError) or isinstance(error.__cause__, ssl.SSLError):
        return TemporaryFailure("bad_certificate", "the mail server's certificate can't be trusted")
    if isinstance(error, errors.SMTPNotSupported) or type(error) is errors.SMTPException:
        return TemporaryFailure("no_tls", "the mail server does not offer the encryption or sign-in that is set")
    if isinstance(error, (errors.SMTPTimeoutError, TimeoutError)):
        return TemporaryFailure("timeout", "the mail server took too long")
    if isinstance(error, (errors.SMTPException, OSError)):
        return TemporaryFailure("unreachable", "the mail server can't be reached")
    raise error


def _refused(error: Exception) -> DeliveryError:
    if isinstance(error, errors.SMTPRecipientsRefused):
        return _recipient_refused(error.recipients[0])
    if isinstance(error, errors.SMTPSenderRefused):
        return TemporaryFailure("sender_refused", "the mail server refuses the sender")
    if isinstance(error, errors.SMTPResponseException):
        return _by_code("message", error.code)
    if isinstance(error, (errors.SMTPTimeoutError, TimeoutError)):
        return TemporaryFailure("timeout", "the mail server took too long")
    if isinstance(error, (errors.SMTPException, OSError)):
        return TemporaryFailure("disconnected", "the mail server ended the connection")
    raise error


def _recipient_refused(error: errors.SMTPRecipientRefused) -> DeliveryError:
    """A server that will not relay for us, or wants a sign-in first, says so about each recipient (RFC 3463, X.7)."""
    if error.code == SIGN_IN_REQUIRED or error.message.startswith("5.7."):
        return TemporaryFailure("sender_refused", "the mail server does not relay for us")
    return _by_code("recipient", error.code)


def _by_code(what: str, code: int) -> DeliveryError:
    """4xx and 5xx both arrive as the same error, and 421 says that the server itself goes away."""
    if code >= 500:
        return PermanentFailure(f"{what}_refused", f"the mail server says {code}")
    return TemporaryFailure(f"{what}_deferred", f"the mail server says {code}")
