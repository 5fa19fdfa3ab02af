"""Who acts: the client behind a request, with what it may do and see."""

from dataclasses import dataclass
from uuid import UUID

from app.access.scopes import Scope


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
