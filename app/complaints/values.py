"""Values of complaints: the understood request, the states and the actions they allow, Turkish labels."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from app.domain.terms import ComplaintGround
from app.tickets.intake import Person
from app.tickets.workflow import State


class ComplaintState(StrEnum):
    """The state of a complaint."""

    FILED = "filed"
    ACKNOWLEDGED = "acknowledged"
    ANSWERED = "answered"
    WITHDRAWN = "withdrawn"

    @property
    def label_tr(self) -> str:
        """Return the Turkish name."""
        return STATE_LABELS[self]


GROUND_LABELS: Mapping[ComplaintGround, str] = MappingProxyType(
    {
        ComplaintGround.EXTRA_DOCUMENT_REQUESTED: "Tabloda belirtilenlerin dışında belge istenmesi",
        ComplaintGround.DEADLINE_MISSED: "Eksiksiz belge ile başvuruya rağmen hizmetin süresinde tamamlanmaması",
        ComplaintGround.SERVICE_NOT_LISTED: "Hizmetin tabloda bulunmaması",
    }
)
"""The grounds as the published table prints them, shortened."""

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
"""The actions offered next; a repeated acknowledgement is no error and changes nothing."""

NEEDS_TICKET = frozenset({ComplaintGround.DEADLINE_MISSED})
"""The ground that needs a ticket: a missed limit is the limit of an application."""

ENDED: Mapping[State, ComplaintState] = MappingProxyType(
    {State.RESOLVED: ComplaintState.ANSWERED, State.WITHDRAWN: ComplaintState.WITHDRAWN}
)
"""Final state of the ticket that carries the complaint → final state of the complaint."""


@dataclass(frozen=True, slots=True)
class ComplaintRequest:
    """A validated request to file a complaint.

    `digest` is the keyed hash of the request body; it distinguishes a repeated request from another with the same key.
    """

    channel: str
    ground: ComplaintGround
    office: int
    ticket: str | None
    person: Person
    description: str
    digest: bytes
