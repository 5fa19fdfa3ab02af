"""Where a notice's personal words come from: a port, for notices lie below the tickets that know them."""

from collections.abc import Collection, Mapping
from typing import Protocol
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

EMAIL = "applicant.email"
"""Beside the references of texts (`references.KNOWN`): where an e-mail goes."""


class PersonalFacts(Protocol):
    """Gives the values behind references such as `⟦applicant.name⟧`."""

    async def reference_values(
        self, session: AsyncSession, ticket_ids: Collection[UUID], *, masked: bool, for_unit: bool
    ) -> Mapping[UUID, Mapping[str, str]]:
        """Ticket → reference → value; a value that is not kept (any more) is left out, so it reads `[silindi]`.

        `masked` shows enough to recognise only; `for_unit` stars the person out whose identity is hidden from units.
        A ticket whose values can't be opened at present is left out whole.
        """
        ...
