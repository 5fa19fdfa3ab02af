"""E-mail of a notice: headers that survive Turkish letters, and an identity that is the same on every attempt."""

from email.errors import MessageError
from email.header import Header
from email.headerregistry import Address, Group
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime
from typing import Literal

from app.core.clock import ISTANBUL
from app.core.email_address import parse_email
from app.notices.delivery.adapters.base import OutgoingMessage, PermanentFailure
from app.notices.kinds import Medium

_MAX_LINE = 998


class _WholeWords(EmailPolicy):
    """Policy that encodes a Turkish header as a whole: the stock policy mixes encodings and loses spaces.

    "2600012349 – İklim" came out as "2600012349– İklim" on Python 3.11 to 3.13.
    """

    def fold_binary(self, name: str, value: str) -> bytes:
        """Return the header as bytes, folded by RFC 2047."""
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


def sender(name: str, address: str) -> Address:
    """Return the sender's mailbox. Raises `ValueError` if the address is not one."""
    try:
        address.encode("ascii")
        return Address(one_line(name), addr_spec=address)
    except (UnicodeError, IndexError, MessageError) as error:
        raise ValueError("not an e-mail address") from error


def compose(message: OutgoingMessage, author: Address, *, readable: bool = False) -> EmailMessage:
    """Return the e-mail of a notice: the same bytes whenever it is composed.

    `readable` leaves the text in UTF-8 if its lines allow it; else it is quoted-printable, which every server
    accepts. `Auto-Submitted` (RFC 3834) keeps automatic replies away. Raises `PermanentFailure` (`bad_address`).
    """
    email = EmailMessage(policy=_POLICY)
    email["From"] = author
    email["To"] = _recipient(message)
    email["Subject"] = one_line(message.subject)
    email["Date"] = format_datetime(message.at.astimezone(ISTANBUL))
    email["Message-ID"] = f"<{message.notice_id}@{author.domain}>"
    email["Auto-Submitted"] = "auto-generated"
    email["X-Estim-Notice"] = message.number
    email["X-Estim-Medium"] = message.medium.value
    email["X-Estim-Dedupe-Key"] = one_line(message.dedupe_key)
    email.set_content(message.body, cte=_encoding(message.body) if readable else "quoted-printable")
    for attachment in message.attachments:
        main, _, sub = attachment.media_type.partition("/")
        email.add_attachment(attachment.content, maintype=main, subtype=sub, filename=attachment.name)
    if message.attachments:
        # The library would draw a random boundary. "=_" can't occur in quoted-printable (RFC 2045 §6.7).
        email.set_boundary(f"=_{message.key}")
    return email


def _encoding(body: str) -> Literal["8bit", "quoted-printable"]:
    longest = max((len(line.encode()) for line in body.splitlines()), default=0)
    return "8bit" if longest < _MAX_LINE else "quoted-printable"


def _recipient(message: OutgoingMessage) -> Address | Group:
    """Return the recipient; without an e-mail address, an empty group (RFC 5322 §3.4) with their name."""
    name = one_line(message.recipient_name)
    if message.medium is not Medium.EMAIL or message.recipient_address is None:
        return Group(name or "Alıcı", ())
    try:
        return Address(name, addr_spec=parse_email(message.recipient_address))
    except (ValueError, IndexError, MessageError) as error:
        raise PermanentFailure("bad_address", "the recipient's e-mail address is not one") from error


def one_line(text: str) -> str:
    """Return a header value as one line: unprintable characters become spaces."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
