"""E-mail by SMTP: TLS with a checked certificate, a pool of connections, failures by the code of a refusal.

Servers send 4xx for messages that may succeed later (greylisting, a full queue) and 5xx for those that never will.
Refusals because of our configuration (account, sender, encryption) are retried whatever the code: an operator corrects
the settings.
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

IDLE_SECONDS = 20.0
"""Maximal age of an idle connection; servers end idle ones after a minute or more."""

SIGN_IN_REQUIRED = 530

MESSAGES_PER_CONNECTION = 100
"""Maximum of messages per connection; many servers end it after that anyway."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpServer:
    """Mail server and its security; without `ca_file` the machine's own authorities are trusted."""

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
    """Adapter that sends e-mails to one server; `close` ends the connections."""

    def __init__(self, server: SmtpServer, *, sender_name: str, sender_address: str, seconds: float) -> None:
        self._server = server
        self._sender = sender(sender_name, sender_address)
        self._seconds = seconds
        self._tls = None if server.security == "none" else ssl.create_default_context(cafile=server.ca_file)
        self._idle: deque[_Connection] = deque()

    async def send(self, message: OutgoingMessage) -> SentMessage:
        """Send the e-mail. Raises `TemporaryFailure` for no server or 4xx, `PermanentFailure` for a 5xx."""
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
        """Close the idle connections."""
        while self._idle:
            with suppress(errors.SMTPException, OSError):
                await self._idle.pop().client.quit(timeout=1.0)

    async def _connected(self) -> _Connection:
        """Return a live connection: an idle one, else a new one."""
        while self._idle:
            idle = self._idle.pop()
            if idle.used < MESSAGES_PER_CONNECTION and time.monotonic() - idle.last < IDLE_SECONDS:
                with suppress(errors.SMTPException, OSError):
                    await idle.client.rset(timeout=1.0)
                    return idle
            idle.client.close()
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
    """Return the failure to connect: the message is not its cause, so it is temporary."""
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
    """Return the failure of a refused recipient; missing relay rights or sign-in are temporary (RFC 3463, X.7)."""
    if error.code == SIGN_IN_REQUIRED or error.message.startswith("5.7."):
        return TemporaryFailure("sender_refused", "the mail server does not relay for us")
    return _by_code("recipient", error.code)


def _by_code(what: str, code: int) -> DeliveryError:
    """Return the failure of a reply code; the library raises the same error for 4xx and 5xx, 421 included."""
    if code >= 500:
        return PermanentFailure(f"{what}_refused", f"the mail server says {code}")
    return TemporaryFailure(f"{what}_deferred", f"the mail server says {code}")
