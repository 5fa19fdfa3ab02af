"""SMS providers, one module each: the request that sends a message, and the format of delivery reports.

Facts about a provider's wire format are in its module and nowhere else.
"""

from dataclasses import dataclass

from app.notices.delivery.adapters.base import OutgoingMessage, PermanentFailure

HOME = "+90"


@dataclass(frozen=True, slots=True, kw_only=True)
class SmsAccount:
    """Account at a provider: `url` of its API, its user and password, the sender's name or number.

    `receipts_url` is the address for delivery reports, None if reports are off.
    """

    url: str
    user: str
    password: str
    sender: str
    receipts_url: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """Verdict of a provider on a message; `provider_id` is the id from its response to the request."""

    provider_id: str
    delivered: bool
    code: str


def phone_number(message: OutgoingMessage) -> str:
    """Return the phone number in E.164 (`+905321234567`). Raises `PermanentFailure`."""
    number = message.recipient_address or ""
    if not number.startswith("+") or not number[1:].isdigit():
        raise PermanentFailure("no_address", "no phone number is known")
    return number


def turkish_format(number: str) -> str:
    """Return the number in the format of Turkish providers: `905321234567`, abroad with 00."""
    return number[1:] if number.startswith(HOME) else "00" + number[1:]
