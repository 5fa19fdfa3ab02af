"""The personal words of tickets, opened from the vault for whoever may read them: for notices and their readers."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.notices.facts import EMAIL
from app.people.masking import MASKS, mask_text
from app.people.model import Applicant
from app.people.vault import Vault, VaultError
from app.tickets.model import Ticket

log = structlog.get_logger(__name__)

HIDDEN = "***"
"""What stands for a person whose identity is hidden from units; not even initials."""

_OF_APPLICANT: Mapping[str, Callable[[str], str]] = {
    "applicant.name": MASKS["name"],
    "applicant.address": MASKS["address"],
    "applicant.phone": MASKS["phone"],
    EMAIL: MASKS["email"],
}
_OF_TICKET: Mapping[str, Callable[[str], str]] = {"ticket.description": mask_text, "ticket.reply": mask_text}


@dataclass(frozen=True, slots=True)
class TicketFacts:
    """The port `PersonalFacts` of notices over the tickets' tables and the vault."""

    vault: Vault

    async def reference_values(
        self, session: AsyncSession, ticket_ids: Collection[UUID], *, masked: bool, for_unit: bool
    ) -> dict[UUID, dict[str, str]]:
        """See `reference_values`."""
        return await reference_values(session, self.vault, ticket_ids, masked=masked, for_unit=for_unit)


async def reference_values(
    session: AsyncSession, vault: Vault, ticket_ids: Collection[UUID], *, masked: bool, for_unit: bool = False
) -> dict[UUID, dict[str, str]]:
    """Ticket → reference (`applicant.name`, `ticket.reply`, …) → value; what is not kept is left out.

    `masked` is for readers without the right to personal data. `for_unit` stars out a person whose identity is hidden
    from units and masks what they wrote. A ticket that does not open under the present keys is logged and left out.
    """
    if not ticket_ids:
        return {}
    rows = await session.execute(
        select(
            Ticket.id,
            Ticket.description,
            Ticket.reply,
            Applicant.id.label("applicant_id"),
            Applicant.identity_hidden,
            Applicant.name,
            Applicant.address,
            Applicant.phone,
            Applicant.email,
        )
        .join(Applicant, Applicant.id == Ticket.applicant_id)
        .where(Ticket.id.in_(set(ticket_ids)))
    )
    found: dict[UUID, dict[str, str]] = {}
    for row in rows:
        try:
            found[row.id] = _shown(row, _opened(row, vault), masked=masked, for_unit=for_unit)
        except VaultError:
            log.exception("personal_facts_unreadable", ticket_id=str(row.id))
    return found


def _opened(row: Row[*tuple[Any, ...]], vault: Vault) -> dict[str, str]:
    values = {}
    for reference in (*_OF_APPLICANT, *_OF_TICKET):
        table, _, column = reference.partition(".")
        blob = getattr(row, column)
        if blob is not None:
            row_id = row.applicant_id if table == "applicant" else row.id
            values[reference] = vault.open(blob, table=table, column=column, row_id=row_id)
    return values


def _shown(row: Row[*tuple[Any, ...]], values: dict[str, str], *, masked: bool, for_unit: bool) -> dict[str, str]:
    hidden = for_unit and row.identity_hidden
    if not (masked or hidden):
        return values
    masks = {**_OF_APPLICANT, **_OF_TICKET}
    return {
        reference: HIDDEN if hidden and reference in _OF_APPLICANT else masks[reference](value)
        for reference, value in values.items()
    }
