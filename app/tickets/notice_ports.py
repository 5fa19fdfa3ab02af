"""The ports of the notices package over the tables of tickets: status, number and personal facts of a ticket."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import equals_any
from app.notices.ports import EMAIL, TicketStatus
from app.notices.texts.references import field
from app.people.masking import MASKS, mask_text
from app.people.model import Applicant
from app.people.vault import Vault, VaultError
from app.tickets.history import open_note
from app.tickets.model import Ticket, TicketEvent
from app.tickets.workflow import Command, State

log = structlog.get_logger(__name__)

HIDDEN = "***"
"""The replacement of every field of a person whose identity is hidden from units; not even initials are shown."""

_APPLICANT_FIELDS: Mapping[str, Callable[[str], str]] = {
    "applicant.name": MASKS["name"],
    "applicant.address": MASKS["address"],
    "applicant.phone": MASKS["phone"],
    EMAIL: MASKS["email"],
}
_TICKET_FIELDS = ("ticket.description", "ticket.reply")
_NOTE_FIELDS: Mapping[str, str] = {
    Command.INTERIM_REPLY: "ticket.interim_reply",
    Command.RESOLVE: "ticket.reply",
    Command.REQUEST_DOCUMENTS: "ticket.override_reason",
}
"""Kind of event → the field whose text at that time is the event's note; later events and reopenings keep the note."""


class _SealedFacts(NamedTuple):
    id: UUID
    description: bytes
    reply: bytes | None
    applicant_id: UUID
    identity_hidden: bool
    name: bytes | None
    address: bytes | None
    phone: bytes | None
    email: bytes | None


class _SealedNote(NamedTuple):
    ticket_id: UUID
    seq: int
    kind: str
    note: bytes


class TicketLookup:
    """The ports `TicketStatuses` and `TicketNumbers` of notices over the table of tickets."""

    async def statuses(self, session: AsyncSession, ticket_ids: Collection[UUID]) -> dict[UUID, TicketStatus]:
        """Return ticket → its cycle and whether an answer is still owed."""
        if not ticket_ids:
            return {}
        found = await session.execute(
            select(Ticket.id, Ticket.cycle, Ticket.state).where(equals_any(Ticket.id, list(ticket_ids)))
        )
        return {row.id: TicketStatus(row.cycle, State(row.state).is_open) for row in found}

    async def ticket_id(self, session: AsyncSession, number: str) -> UUID | None:
        """Return the id of the ticket or complaint with that number, or None if there is none."""
        found: UUID | None = await session.scalar(select(Ticket.id).where(Ticket.number == number))
        return found


@dataclass(frozen=True, slots=True)
class TicketFacts:
    """The port `PersonalFacts` of notices over the tables of tickets and the vault."""

    vault: Vault

    async def reference_values(
        self, session: AsyncSession, ticket_ids: Collection[UUID], *, masked: bool, for_unit: bool
    ) -> dict[UUID, dict[str, str]]:
        """Return ticket → reference (`applicant.name`, `ticket.reply`, `ticket.reply:7`, …) → value.

        `masked` is for readers without the right to personal data. `for_unit` replaces the fields of a person whose
        identity is hidden from units and masks their text. A ticket that the present keys do not open is logged and
        left out.
        """
        rows = await _rows(session, ticket_ids)
        notes = await _notes(session, [row.id for row in rows])
        found: dict[UUID, dict[str, str]] = {}
        for row in rows:
            try:
                values = self._open_fields(row) | self._open_notes(row.id, notes.get(row.id, ()))
            except VaultError:
                log.exception("personal_facts_unreadable", ticket_id=str(row.id))
            else:
                found[row.id] = _masked(values, masked=masked, hidden=for_unit and row.identity_hidden)
        return found

    def _open_fields(self, row: _SealedFacts) -> dict[str, str]:
        values = {}
        for reference in (*_APPLICANT_FIELDS, *_TICKET_FIELDS):
            table, _, column = reference.partition(".")
            sealed: bytes | None = getattr(row, column)
            if sealed is not None:
                row_id = row.applicant_id if table == "applicant" else row.id
                values[reference] = self.vault.open(sealed, table=table, column=column, row_id=row_id)
        return values

    def _open_notes(self, ticket_id: UUID, notes: Iterable[_SealedNote]) -> dict[str, str]:
        return {
            field(_NOTE_FIELDS[row.kind], row.seq): open_note(self.vault, row.note, ticket_id=ticket_id, seq=row.seq)
            for row in notes
        }


async def _rows(session: AsyncSession, ticket_ids: Collection[UUID]) -> list[_SealedFacts]:
    """Return the sealed fields of the tickets and of their applicants."""
    if not ticket_ids:
        return []
    columns = (
        Ticket.id,
        Ticket.description,
        Ticket.reply,
        Applicant.id,
        Applicant.identity_hidden,
        Applicant.name,
        Applicant.address,
        Applicant.phone,
        Applicant.email,
    )
    query = select(*columns).join(Applicant, Applicant.id == Ticket.applicant_id)
    rows = await session.execute(query.where(Ticket.id.in_(set(ticket_ids))))
    return [_SealedFacts._make(row) for row in rows]


async def _notes(session: AsyncSession, ticket_ids: Sequence[UUID]) -> dict[UUID, list[_SealedNote]]:
    """Return ticket → its events whose notes the texts of notices refer to."""
    found: dict[UUID, list[_SealedNote]] = {}
    if ticket_ids:
        event = TicketEvent
        query = select(event.ticket_id, event.seq, event.kind, event.note).where(
            equals_any(event.ticket_id, ticket_ids), event.kind.in_(_NOTE_FIELDS), event.note.is_not(None)
        )
        for row in await session.execute(query):
            found.setdefault(row.ticket_id, []).append(_SealedNote._make(row))
    return found


def _masked(values: dict[str, str], *, masked: bool, hidden: bool) -> dict[str, str]:
    """Return the values with stars for a `hidden` person, masked if either flag is set."""
    if not (masked or hidden):
        return values
    return {
        reference: HIDDEN if hidden and reference in _APPLICANT_FIELDS else _mask(reference)(value)
        for reference, value in values.items()
    }


def _mask(reference: str) -> Callable[[str], str]:
    return _APPLICANT_FIELDS.get(reference, mask_text)
