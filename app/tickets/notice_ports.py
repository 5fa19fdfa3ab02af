"""The personal words of tickets, opened from the vault for whoever may read them: for notices and their readers."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import equals_any
from app.notices.ports import EMAIL
from app.notices.texts.references import field
from app.people.masking import MASKS, mask_text
from app.people.model import Applicant
from app.people.vault import Vault, VaultError
from app.tickets.model import Ticket, TicketEvent
from app.tickets.workflow import Command

log = structlog.get_logger(__name__)

HIDDEN = "***"
"""What stands for a person whose identity is hidden from units; not even initials."""

_OF_APPLICANT: Mapping[str, Callable[[str], str]] = {
    "applicant.name": MASKS["name"],
    "applicant.address": MASKS["address"],
    "applicant.phone": MASKS["phone"],
    EMAIL: MASKS["email"],
}
_OF_TICKET = ("ticket.description", "ticket.reply")
_OF_EVENTS: Mapping[str, str] = {
    Command.INTERIM_REPLY: "ticket.interim_reply",
    Command.RESOLVE: "ticket.reply",
    Command.REQUEST_DOCUMENTS: "ticket.override_reason",
}
"""Kind of event → the field whose words at that time are its note; a later event or a reopening leaves them alone."""


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
    """Ticket → reference (`applicant.name`, `ticket.reply`, `ticket.reply:7`, …) → value; what is not kept is left out.

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
    tickets = rows.all()
    notes = await _notes(session, [row.id for row in tickets])
    found: dict[UUID, dict[str, str]] = {}
    for row in tickets:
        try:
            values = _opened(row, vault) | _opened_notes(row.id, notes.get(row.id, ()), vault)
            found[row.id] = _shown(row, values, masked=masked, for_unit=for_unit)
        except VaultError:
            log.exception("personal_facts_unreadable", ticket_id=str(row.id))
    return found


async def _notes(session: AsyncSession, ticket_ids: Sequence[UUID]) -> dict[UUID, list[Row[*tuple[Any, ...]]]]:
    """What offices have written in these tickets that notices tell of, with the events."""
    found: dict[UUID, list[Row[*tuple[Any, ...]]]] = {}
    if ticket_ids:
        event = TicketEvent
        query = select(event.ticket_id, event.seq, event.kind, event.note).where(
            equals_any(event.ticket_id, ticket_ids), event.kind.in_(_OF_EVENTS), event.note.is_not(None)
        )
        for row in await session.execute(query):
            found.setdefault(row.ticket_id, []).append(row)
    return found


def _opened_notes(ticket_id: UUID, notes: Iterable[Row[*tuple[Any, ...]]], vault: Vault) -> dict[str, str]:
    return {
        field(_OF_EVENTS[row.kind], row.seq): vault.open(
            row.note, table="ticket_event", column=f"note:{row.seq}", row_id=ticket_id
        )
        for row in notes
    }


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
    return {
        reference: HIDDEN if hidden and reference in _OF_APPLICANT else _mask(reference)(value)
        for reference, value in values.items()
    }


def _mask(reference: str) -> Callable[[str], str]:
    return _OF_APPLICANT.get(reference, mask_text)
