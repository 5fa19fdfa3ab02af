"""Ports of the notices package: facts that only tickets know, and tickets lie above notices.

`app/tickets/notice_ports.py` implements them; the container provides them.
"""

from collections.abc import Collection, Mapping
from typing import NamedTuple, Protocol
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

EMAIL = "applicant.email"
"""Reference to the address of e-mails; texts may not use it (see `references.KNOWN`)."""

PersonalValues = Mapping[str, str]
"""Reference (`applicant.name`) → value, as the reader of the notice may see it."""


class PersonalFacts(Protocol):
    """Source of the values behind references such as `⟦applicant.name⟧`."""

    async def reference_values(
        self, session: AsyncSession, ticket_ids: Collection[UUID], *, masked: bool, for_unit: bool
    ) -> Mapping[UUID, PersonalValues]:
        """Return ticket → reference → value; an erased value is left out, so that it reads `[silindi]`.

        `masked` shows only enough to recognise a person. `for_unit` replaces the person whose identity is hidden from
        units by stars. A ticket whose values do not open under the present keys is left out.
        """
        ...


class TicketStatus(NamedTuple):
    """Cycle of a ticket, and whether an answer is still owed."""

    cycle: int
    is_open: bool


class TicketStatuses(Protocol):
    """Source of the status of tickets."""

    async def statuses(self, session: AsyncSession, ticket_ids: Collection[UUID]) -> Mapping[UUID, TicketStatus]:
        """Return ticket → its status in the present transaction; unknown ids are left out."""
        ...


class TicketNumbers(Protocol):
    """Source of the ids behind the numbers of tickets and complaints."""

    async def ticket_id(self, session: AsyncSession, number: str) -> UUID | None:
        """Return the id of the ticket with that number, or None if there is none."""
        ...
