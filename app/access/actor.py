"""Who acts: the client behind a request, with what it may do and see."""

from dataclasses import dataclass
from uuid import UUID

from app.access.scopes import Scope
from app.core.errors import Forbidden


@dataclass(frozen=True, slots=True)
class Actor:
    """An identified client; `unit` narrows what it sees to one directorate."""

    client_id: UUID
    name: str
    role: str
    scopes: frozenset[Scope]
    unit: str | None = None

    def may(self, scope: Scope) -> bool:
        """Whether the client holds the scope."""
        return scope in self.scopes

    def require_office(self, level: int) -> None:
        """Raise `Forbidden` unless the client may act for the first (1) or second (2) application office.

        What went to the second is its own alone: the first may be what it is about (CİMER: üst amir).
        """
        if level == 2 and not self.may(Scope.SECOND_OFFICE):
            raise Forbidden(scope=Scope.SECOND_OFFICE.value)
