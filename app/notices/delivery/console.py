"""The default delivery: lays every notice as an `.eml` file into a folder, where any mail program opens it.

Nothing leaves the machine, so a municipality can try the product without a mail server and real recipients.
"""

import asyncio
import os
import re
import tempfile
from contextlib import suppress
from email.errors import MessageError
from email.header import Header
from email.headerregistry import Address, Group
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime
from pathlib import Path

from app.core.clock import ISTANBUL
from app.notices.delivery import Delivered, OutgoingMessage, PermanentFailure, TemporaryFailure
from app.notices.kinds import Medium

DEFAULT_SENDER = "estim@estim.invalid"
"""Sender where none is configured; `.invalid` (RFC 2606) can never be somebody's address."""

_FILE_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{0,63}")
_LONGEST_LINE = 998


class _WholeWords(EmailPolicy):
    """Encodes a Turkish header as a whole: the stock policy mixes plain and encoded words and loses spaces.

    "2600012349 – İklim" came out as "2600012349– İklim" on Python 3.11 to 3.13.
    """

    def fold_binary(self, name: str, value: str) -> bytes:
        """The header as bytes, folded by RFC 2047."""
        if value.isascii():
            return super().fold_binary(name, value)
        groups: tuple[Group, ...] = getattr(value, "groups", ())
        words = ", ".join(_mailbox(name, group) for group in groups) or _encoded(name, value)
        return f"{name}: {words}{self.linesep}".encode("ascii")


def _mailbox(name: str, group: Group) -> str:
    if group.display_name is not None:
        return f"{_encoded(name, group.display_name)} :;"
    return ", ".join(f"{_encoded(name, one.display_name)} <{one.addr_spec}>" for one in group.addresses)


def _encoded(name: str, text: str) -> str:
    return Header(text, "utf-8", header_name=name).encode(linesep="\r\n")


_POLICY = _WholeWords(linesep="\r\n", cte_type="8bit")


class ConsoleDelivery:
    """Writes `<outbox>/<number>.eml`; a notice delivered again replaces its own file with the same bytes.

    A phone number is never written: the files stay when a person's data are erased.
    """

    def __init__(self, outbox: Path, *, sender_name: str, sender_address: str = DEFAULT_SENDER) -> None:
        self._outbox = outbox
        self._sender = Address(_line(sender_name), addr_spec=sender_address)

    async def deliver(self, message: OutgoingMessage) -> Delivered:
        """Write the file. `TemporaryFailure` where the disk refuses, `PermanentFailure` for a bad message."""
        if not _FILE_NAME.fullmatch(message.number):
            raise PermanentFailure("bad_number", "the notice number can't be a file name")
        email = self._email(message)
        path = self._outbox / f"{message.number}.eml"
        try:
            await asyncio.to_thread(_write, path, email.as_bytes())
        except OSError as error:
            raise TemporaryFailure("outbox_unwritable", f"{path.parent}: {error.strerror}") from error
        return Delivered(message.medium, str(email["Message-ID"]))

    def _email(self, message: OutgoingMessage) -> EmailMessage:
        email = EmailMessage(policy=_POLICY)
        email["From"] = self._sender
        email["To"] = _recipient(message)
        email["Subject"] = _line(message.subject)
        email["Date"] = format_datetime(message.at.astimezone(ISTANBUL))
        email["Message-ID"] = f"<{message.notice_id}@{self._sender.domain}>"
        email["X-Estim-Notice"] = message.number
        email["X-Estim-Medium"] = message.medium.value
        email["X-Estim-Dedupe-Key"] = _line(message.dedupe_key)
        longest = max((len(line.encode()) for line in message.body.splitlines()), default=0)
        email.set_content(message.body, cte="8bit" if longest < _LONGEST_LINE else "quoted-printable")
        return email


def _recipient(message: OutgoingMessage) -> Address | Group:
    """The addressee; an empty group (RFC 5322 §3.4) bears the name of one without an e-mail address."""
    name = _line(message.recipient_name)
    if message.medium is not Medium.EMAIL or message.recipient_address is None:
        return Group(name or "Alıcı", ())
    try:
        message.recipient_address.encode("ascii")
        return Address(name, addr_spec=message.recipient_address)
    except (ValueError, IndexError, MessageError) as error:
        raise PermanentFailure("bad_address", "the recipient's e-mail address is not one") from error


def _line(text: str) -> str:
    """Header values are one line; anything that would break it becomes a space."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _write(path: Path, content: bytes) -> None:
    """All or nothing, and on the disk when it returns: write beside, sync, rename, sync the folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=".tmp")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except OSError:
        with suppress(OSError):
            Path(temporary).unlink()
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
