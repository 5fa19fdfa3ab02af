"""Old BİMER records stored as closed tickets, a batch a transaction; what is there already is not stored again."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.model import ApiClient
from app.core.db import ChildRows, Database, bulk_insert, equals_any, insert_with_children, next_values
from app.core.errors import FieldError, Invalid
from app.core.ids import new_id
from app.imports.bimer import BimerRecord, Units, read_record
from app.imports.history import Past, PastRows, past_clocks, past_rows
from app.imports.sheet import Sheet, SheetLine
from app.people.model import Applicant
from app.people.vault import Vault
from app.sla.model import SlaClock
from app.standards.rulebook import Rulebook
from app.standards.values import PastChannel, Service
from app.tickets.creation.prepare import NewTicket, prepare
from app.tickets.model import TICKET_SEQUENCE, Ticket, TicketDocument, TicketEvent

SOURCE = PastChannel.BIMER.label
"""The client under which the tickets stand, without a key; also who acted in what happened then."""

_LOCK = 0x42494D  # "BIM"

BATCH = 500
"""Records in one transaction."""

_COLUMNS = {
    "/external_id": "/record_no",
    "/occurred_at": "/received_at",
    "/applicant": "/applicant_name",
    "/applicant/name": "/applicant_name",
    "/applicant/address": "/address",
}
"""Fields of an intake that a service may require, as the clerk knows them."""


@dataclass(frozen=True, slots=True)
class Understood:
    """A record with the ticket that it is about to be."""

    record: BimerRecord
    new_ticket: NewTicket
    past: Past
    verdicts: Mapping[str, str]
    """Kind of clock → `met` or `breached`."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of one line: `errors` where it is refused, `known` where its ticket stands already."""

    line: SheetLine
    understood: Understood | None = None
    known: bool = False
    errors: tuple[FieldError, ...] = ()


@dataclass(frozen=True, slots=True)
class ImportRules:
    """What records are judged and stored by during one import, with the service they belong to."""

    rulebook: Rulebook
    service: Service
    closed_on: date
    units: Units
    vault: Vault
    importer: str
    now: datetime


Stored = Mapping[str, tuple[bytes, str]]
"""Record number → fingerprint and ticket number, which is empty where it was only seen in the file."""


class Importer:
    """Takes lines of one sheet; with `dry_run` it says what would become of them and stores nothing."""

    def __init__(self, database: Database, rules: ImportRules, *, dry_run: bool) -> None:
        self._database = database
        self._rules = rules
        self._dry_run = dry_run
        self._client_id: UUID | None = None
        self._seen: dict[str, bytes] = {}

    async def take(self, sheet: Sheet, lines: Sequence[SheetLine]) -> list[Judged]:
        """Judge one batch and store what is new in it, in one transaction; the answers are in the order of lines."""
        client_id = self._client_id
        if client_id is None:
            client_id = self._client_id = new_id() if self._dry_run else await self._client()
        judged = [self._read(sheet, line, client_id) for line in lines]
        ready = [each.understood for each in judged if each.understood is not None]
        stored, known = await (self._look(ready) if self._dry_run else self._store(ready))
        return [_settled(each, stored, known) for each in judged]

    async def _client(self) -> UUID:
        """The client of the old system; made the first time, by whoever comes first."""
        async with self._database.transaction() as session:
            await session.execute(select(func.pg_advisory_xact_lock(_LOCK)))
            of_source = select(ApiClient.id).where(ApiClient.name == SOURCE, ApiClient.role == "import")
            found = await session.scalar(of_source)
            if found is None:
                found, made_at = new_id(), self._rules.now
                session.add(ApiClient(id=found, name=SOURCE, role="import", scopes=[], created_at=made_at))
            return found

    def _read(self, sheet: Sheet, line: SheetLine, client_id: UUID) -> Judged:
        if line.error is not None:
            return Judged(line, errors=(line.error,))
        try:
            return Judged(line, understood=self._understand(sheet.values(line), client_id))
        except Invalid as error:
            return Judged(line, errors=tuple(_of_column(each) for each in error.errors))

    def _understand(self, values: Mapping[str, str], client_id: UUID) -> Understood:
        rules = self._rules
        record = read_record(values, units=rules.units, closed_on=rules.closed_on, now=rules.now)
        past = Past(record.answered, record.reply, record.outcome, record.unit)
        new_ticket = prepare(
            record.to_intake(rules.vault.blind_index("message", record.model_dump_json()), rules.service),
            client_id=client_id,
            actor=SOURCE,
            idempotency_key=None,
            rulebook=rules.rulebook,
            vault=rules.vault,
            now=record.received,
            service=rules.service,
        )
        verdicts = {clock["kind"]: clock["state"] for clock in past_clocks(new_ticket, past, rules.now)}
        return Understood(record, new_ticket, past, verdicts)

    async def _look(self, ready: Sequence[Understood]) -> tuple[set[UUID], Stored]:
        """What would be new: in the database and in the lines before there is no record of that number.

        Of a whole file the numbers and digests are kept for that, and nothing else.
        """
        async with self._database.reading() as session:
            known = dict(await _stored(session, [each.record.record_no for each in ready]))
        new: set[UUID] = set()
        for each in ready:
            number, digest = each.record.record_no, each.new_ticket.intake.digest
            if number in self._seen:
                known.setdefault(number, (self._seen[number], ""))
            elif number not in known:
                self._seen[number] = digest
                new.add(each.new_ticket.ticket_id)
        return new, known

    async def _store(self, ready: Sequence[Understood]) -> tuple[set[UUID], Stored]:
        """Insert what is not there; the database decides who was first, also among equal lines and two imports."""
        if not ready:
            return set(), {}
        async with self._database.transaction() as session:
            known = await _stored(session, [each.record.record_no for each in ready])
            new = [each for each in ready if each.record.record_no not in known]
            if not new:
                return set(), known
            rules, sequences = self._rules, await next_values(session, TICKET_SEQUENCE, len(new))
            made = [
                past_rows(
                    each.new_ticket, each.past, sequence, vault=rules.vault, importer=rules.importer, now=rules.now
                )
                for each, sequence in zip(new, sequences, strict=True)
            ]
            stored = await _insert(session, made)
            lost = [each.record.record_no for each in new if each.new_ticket.ticket_id not in stored]
            return stored, {**known, **await _stored(session, lost)}


def batches(lines: Iterable[SheetLine]) -> Iterator[list[SheetLine]]:
    """The lines, as many at once as one transaction takes."""
    waiting = iter(lines)
    while batch := list(islice(waiting, BATCH)):
        yield batch


async def _stored(session: AsyncSession, record_nos: Collection[str]) -> Stored:
    if not record_nos:
        return {}
    query = select(Ticket.external_id, Ticket.fingerprint, Ticket.number)
    query = query.where(Ticket.channel == PastChannel.BIMER.value, equals_any(Ticket.external_id, list(record_nos)))
    return {str(record_no): (fingerprint, number) for record_no, fingerprint, number in await session.execute(query)}


async def _insert(session: AsyncSession, made: Sequence[PastRows]) -> set[UUID]:
    """In the order of their keys: two imports at once wait for each other instead of dead-locking."""
    ordered = sorted(made, key=lambda each: each.ticket["external_id"])

    def part(model: type[Any], rows_of: Iterable[tuple[list[dict[str, Any]], UUID]]) -> ChildRows:
        owned = [(row, owner) for rows, owner in rows_of for row in rows]
        return ChildRows(model, [row for row, _ in owned], [owner for _, owner in owned])

    parts = [
        part(Applicant, (([each.applicant], each.ticket["id"]) for each in ordered)),
        part(TicketDocument, ((each.documents, each.ticket["id"]) for each in ordered)),
        part(SlaClock, ((each.clocks, each.ticket["id"]) for each in ordered)),
    ]
    stored = await insert_with_children(session, Ticket, [each.ticket for each in ordered], parts)
    events = [event for each in ordered if each.ticket["id"] in stored for event in each.events]
    await bulk_insert(session, TicketEvent, events)
    return stored


def _settled(judged: Judged, new: set[UUID], known: Stored) -> Judged:
    understood = judged.understood
    if understood is None or understood.new_ticket.ticket_id in new:
        return judged
    fingerprint, number = known[understood.record.record_no]
    if fingerprint == understood.new_ticket.intake.digest:
        return Judged(judged.line, understood, known=True)
    code = "record_changed" if number else "record_twice"
    return Judged(judged.line, errors=(FieldError("/record_no", code, {"number": number}),))


def _of_column(error: FieldError) -> FieldError:
    return FieldError(_COLUMNS.get(error.pointer, error.pointer), error.code, error.facts)
