"""The vocabulary of the demonstration: doors, stories, their steps, and what is expected of them."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from enum import StrEnum
from typing import Any

from app.core.clock import ISTANBUL


class Verdict(StrEnum):
    """How the promise of a ticket ended."""

    ON_TIME = "on_time"
    BREACHED = "breached"
    WITHDRAWN = "withdrawn"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Door:
    """A way in: where it is posted, the role whose key opens it, its name in the table (wide, narrow)."""

    path: str
    role: str
    label: str
    short: str


@dataclass(frozen=True, slots=True)
class Step:
    """A command that somebody gives when the city's clock has passed `at`; `says` is how the screen tells it."""

    at: datetime
    command: str
    body: Mapping[str, Any] | None
    says: str


@dataclass(frozen=True, slots=True)
class Expected:
    """What has to come of a story, worked out by hand.

    `due` is the last instant of the promise, `warnings` are percentages, `levels` the offices in the order in which
    they are told, `told` the kinds of notices to the applicant, `reason` the calendar's reason in Turkish; of a
    matter with `law_near` the second office is told once more, as its limit of law comes near.
    """

    due: datetime
    verdict: Verdict
    reason: str
    warnings: tuple[int, ...] = ()
    levels: tuple[int, ...] = ()
    told: tuple[str, ...] = ()
    law_near: bool = False

    @property
    def notices(self) -> Counter[str]:
        """How many notices of each kind the story causes."""
        return Counter(
            {
                **Counter(self.told),
                "warning": len(self.warnings),
                "escalation_1": self.levels.count(1),
                "escalation_2": self.levels.count(2) + self.law_near,
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One request: when the citizen made it (`at`), when it reaches us (`sent_at`), what is done with it after.

    `copies` is how often the channel delivers it. Stories of one field batch share door and `sent_at`.
    """

    key: str
    door: Door
    at: datetime
    sent_at: datetime
    subject: str
    body: Mapping[str, Any]
    expected: Expected
    copies: int = 1
    steps: tuple[Step, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Totals:
    """The figures at the end."""

    on_time: int
    breached: int
    withdrawn: int
    notices: Mapping[str, int]
    levels: Mapping[int, int]


def at(text: str) -> datetime:
    """`2026-05-11 10:00` on the clocks of Istanbul."""
    return datetime.fromisoformat(text).replace(tzinfo=ISTANBUL)


def end_of(day: str) -> datetime:
    """The last instant of a date in Istanbul, at which limits of days end."""
    return datetime.combine(datetime.fromisoformat(day), time.max, tzinfo=ISTANBUL)


CALLS = Door("/v1/channels/call-center/calls", "call-centre", "Çağrı merkezi", "Çağrı")
SMS = Door("/v1/channels/sms/messages", "sms-gateway", "SMS", "SMS")
MOBILE = Door("/v1/channels/mobile/reports", "mobile-app", "Mobil uygulama", "Mobil")
FIELD = Door("/v1/channels/field/batches", "field-team", "Saha çalışması", "Saha")
SOLUTION = Door("/v1/channels/desk/visits", "desk", "Çözüm masası", "Masa")
INFO = Door("/v1/channels/desk/visits", "desk", "Danışma", "Danış.")
HOSPITALITY = Door("/v1/channels/desk/visits", "desk", "İkram noktası", "İkram")
CIMER = Door("/v1/channels/cimer/applications", "cimer-clerk", "CİMER", "CİMER")
WEB = Door("/v1/tickets", "mobile-app", "İnternet sayfası", "Web")
