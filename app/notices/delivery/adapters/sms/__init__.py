"""SMS providers, one file each: how a message is handed over, and what its delivery reports look like.

Facts about a provider's wire format stand in its file and nowhere else.
"""

from dataclasses import dataclass

from app.notices.delivery.adapters.base import OutgoingMessage, PermanentFailure

HOME = "+90"


@dataclass(frozen=True, slots=True, kw_only=True)
class SmsAccount:
    """The account at a provider: `url` of its API, what it calls user and password, the sender's name or number.

    `receipts_url` is where it shall report delivery, None where reports are not taken.
    """

    url: str
    user: str
    password: str
    sender: str
    receipts_url: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """A provider's verdict on a message; `provider_id` is the identity that it gave us with the hand-over."""

    provider_id: str
    delivered: bool
    code: str


def number_of(message: OutgoingMessage) -> str:
    """The phone number in E.164 (`+905321234567`). Raises `PermanentFailure`."""
    number = message.recipient_address or ""
    if not number.startswith("+") or not number[1:].isdigit():
        raise PermanentFailure("no_address", "no phone number is known")
    return number


def abroad_with_zeros(number: str) -> str:
    """The number as Turkish providers write it: `905321234567`, abroad with 00."""
    return number[1:] if number.startswith(HOME) else "00" + number[1:]
