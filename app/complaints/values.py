"""What a complaint may be about, and how far it has come."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from app.domain.terms import ComplaintGround
from app.tickets.request import Person
from app.tickets.workflow import State


class ComplaintState(StrEnum):
    """How far a complaint has come."""

    FILED = "filed"
    ACKNOWLEDGED = "acknowledged"
    ANSWERED = "answered"
    WITHDRAWN = "withdrawn"

    @property
    def label_tr(self) -> str:
        """The Turkish name."""
        return STATE_LABELS[self]


GROUND_LABELS: Mapping[ComplaintGround, str] = MappingProxyType(
    {
        ComplaintGround.EXTRA_DOCUMENT_REQUESTED: "Tabloda belirtilenlerin dışında belge istenmesi",
        ComplaintGround.DEADLINE_MISSED: "Eksiksiz belge ile başvuruya rağmen hizmetin süresinde tamamlanmaması",
        ComplaintGround.SERVICE_NOT_LISTED: "Hizmetin tabloda bulunmaması",
    }
)
"""The grounds as the published table prints them, in brief."""

STATE_LABELS: Mapping[ComplaintState, str] = MappingProxyType(
    {
        ComplaintState.FILED: "Alındı",
        ComplaintState.ACKNOWLEDGED: "Müracaat yerince görüldü",
        ComplaintState.ANSWERED: "Cevaplandı",
        ComplaintState.WITHDRAWN: "Geri alındı",
    }
)
ALLOWED: Mapping[ComplaintState, tuple[str, ...]] = MappingProxyType(
    {
        ComplaintState.FILED: ("acknowledge", "answer", "withdraw"),
        ComplaintState.ACKNOWLEDGED: ("answer", "withdraw"),
        ComplaintState.ANSWERED: (),
        ComplaintState.WITHDRAWN: (),
    }
)
"""What may be done next; taking note again is no error and changes nothing."""

NEEDS_TICKET = frozenset({ComplaintGround.DEADLINE_MISSED})
"""A missed limit is the limit of an application; the other two grounds may stand for themselves."""

ENDED: Mapping[State, ComplaintState] = MappingProxyType(
    {State.RESOLVED: ComplaintState.ANSWERED, State.WITHDRAWN: ComplaintState.WITHDRAWN}
)
"""The states of its ticket by which a complaint has ended; there are no others."""


@dataclass(frozen=True, slots=True)
class Filing:
    """A complaint as it was made, understood; `digest` tells a repeated one from another under the same key."""

    channel: str
    ground: ComplaintGround
    office: int
    ticket: str | None
    person: Person
    description: str
    digest: bytes
