"""The model of the demonstration: channel endpoints, requests, commands on them and expected results."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from enum import StrEnum
from typing import Any

from app.core.clock import ISTANBUL


class PromiseResult(StrEnum):
    """Result of a ticket's promise."""

    ON_TIME = "on_time"
    BREACHED = "breached"
    WITHDRAWN = "withdrawn"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class ChannelEndpoint:
    """The endpoint of a channel: path, role of its API key, and label in the table (wide, narrow)."""

    path: str
    role: str
    label: str
    short: str


@dataclass(frozen=True, slots=True)
class Step:
    """A command to run when the API's clock has reached `at`; `message` is its text on the display."""

    at: datetime
    command: str
    body: Mapping[str, Any] | None
    message: str


@dataclass(frozen=True, slots=True)
class Expected:
    """The expected results of a request, computed by hand.

    `due` is the last instant of the promise. `warnings` are percentages, `levels` the notified offices in order, and
    `applicant_notices` the kinds of notices to the applicant. `reason` explains the date in Turkish. With
    `legal_risk_notice` the second office gets one more notice, because a limit of law is near.
    """

    due: datetime
    result: PromiseResult
    reason: str
    warnings: tuple[int, ...] = ()
    levels: tuple[int, ...] = ()
    applicant_notices: tuple[str, ...] = ()
    legal_risk_notice: bool = False

    @property
    def notices(self) -> Counter[str]:
        """Return the number of notices of each kind."""
        return Counter(
            {
                **Counter(self.applicant_notices),
                "warning": len(self.warnings),
                "escalation_1": self.levels.count(1),
                "escalation_2": self.levels.count(2) + self.legal_risk_notice,
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CitizenRequest:
    """A citizen's request: made at `at`, sent by the channel at `sent_at`, then handled by `steps`.

    `copies` is the number of times the channel sends it. Requests of one field batch share endpoint and `sent_at`.
    """

    key: str
    endpoint: ChannelEndpoint
    at: datetime
    sent_at: datetime
    subject: str
    body: Mapping[str, Any]
    expected: Expected
    copies: int = 1
    steps: tuple[Step, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Totals:
    """The expected figures at the end."""

    on_time: int
    breached: int
    withdrawn: int
    notices: Mapping[str, int]
    levels: Mapping[int, int]


def at(text: str) -> datetime:
    """Parse local time of Istanbul, such as `2026-05-11 10:00`."""
    return datetime.fromisoformat(text).replace(tzinfo=ISTANBUL)


def end_of(day: str) -> datetime:
    """Return the last instant of a date in Istanbul, at which limits of days end."""
    return datetime.combine(datetime.fromisoformat(day), time.max, tzinfo=ISTANBUL)


CALLS = ChannelEndpoint("/v1/channels/call-center/calls", "call-centre", "Çağrı merkezi", "Çağrı")
SMS = ChannelEndpoint("/v1/channels/sms/messages", "sms-gateway", "SMS", "SMS")
MOBILE = ChannelEndpoint("/v1/channels/mobile/reports", "mobile-app", "Mobil uygulama", "Mobil")
FIELD = ChannelEndpoint("/v1/channels/field/batches", "field-team", "Saha çalışması", "Saha")
SOLUTION = ChannelEndpoint("/v1/channels/desk/visits", "desk", "Çözüm masası", "Masa")
INFO = ChannelEndpoint("/v1/channels/desk/visits", "desk", "Danışma", "Danış.")
HOSPITALITY = ChannelEndpoint("/v1/channels/desk/visits", "desk", "İkram noktası", "İkram")
CIMER = ChannelEndpoint("/v1/channels/cimer/applications", "cimer-clerk", "CİMER", "CİMER")
WEB = ChannelEndpoint("/v1/tickets", "mobile-app", "İnternet sayfası", "Web")
