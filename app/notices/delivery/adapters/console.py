"""The default adapter: writes every notice as an `.eml` file, which any mail program opens.

Nothing leaves the machine, so a municipality can try the product without a mail server and real recipients.
"""

import asyncio
import os
import re
import tempfile
from contextlib import suppress
from pathlib import Path

from app.notices.delivery.adapters.base import (
    OutgoingMessage,
    PermanentFailure,
    SentMessage,
    TemporaryFailure,
)
from app.notices.delivery.adapters.mail import compose, sender

DEFAULT_SENDER = "estim@estim.invalid"
"""Sender if none is configured; `.invalid` (RFC 2606) can never be a real address."""

_FILE_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{0,63}")


class ConsoleAdapter:
    """Writes `<outbox>/<number>.eml`; a notice sent again replaces its own file with the same bytes.

    A phone number is never written: the files remain when personal data are erased.
    """

    def __init__(self, outbox: Path, *, sender_name: str, sender_address: str = DEFAULT_SENDER) -> None:
        self._outbox = outbox
        self._sender = sender(sender_name, sender_address)

    async def send(self, message: OutgoingMessage) -> SentMessage:
        """Write the file. Raises `TemporaryFailure` if the disk refuses, `PermanentFailure` for a bad message."""
        if not _FILE_NAME.fullmatch(message.number):
            raise PermanentFailure("bad_number", "the notice number can't be a file name")
        email = compose(message, self._sender, readable=True)
        path = self._outbox / f"{message.number}.eml"
        try:
            await asyncio.to_thread(_write, path, email.as_bytes())
        except OSError as error:
            raise TemporaryFailure("outbox_unwritable", f"{path.parent}: {error.strerror}") from error
        return SentMessage(message.medium, str(email["Message-ID"]))


def _write(path: Path, content: bytes) -> None:
    """Write a file atomically and durably: write a temporary file, sync, rename, sync the folder."""
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
