"""The actor of a request: an identified client with its scopes."""

from dataclasses import dataclass
from uuid import UUID

from app.access.scopes import Scope
from app.core.errors import Forbidden


@dataclass(frozen=True, slots=True)
class Actor:
    """An identified client; `unit` restricts it to the tickets of one directorate."""

    client_id: UUID
    name: str
    role: str
    scopes: frozenset[Scope]
    unit: str | None = None

    def may(self, scope: Scope) -> bool:
        """Return whether the client has the scope."""
        return scope in self.scopes

    def require_office(self, level: int) -> None:
        """Raise `Forbidden` unless the client may act for the first (1) or second (2) application office.

        Only the second office may act at level 2: the matter may concern the first office (CİMER: üst amir).
        """
        if level == 2 and not self.may(Scope.SECOND_OFFICE):
            raise Forbidden(scope=Scope.SECOND_OFFICE.value)
