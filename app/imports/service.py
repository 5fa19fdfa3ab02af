"""Import of BİMER records as closed tickets: one transaction per batch, and no record twice."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.model import ApiClient
from app.core.db import Base, ChildRows, Database, Row, bulk_insert, equals_any, insert_with_children, next_values
from app.core.errors import FieldError, Invalid
from app.core.ids import new_id
from app.imports.bimer import BimerRecord, UnitCodes, read_record
from app.imports.history import HistoricalResolution, HistoricalRows, historical_clocks, historical_rows
from app.imports.sheet import Sheet, SheetLine
from app.people.model import Applicant
from app.people.vault import Vault
from app.sla.model import SlaClock
from app.standards.rulebook import Rulebook
from app.standards.values import PastChannel, Service
from app.tickets.creation.prepare import NewTicket, prepare
from app.tickets.model import TICKET_SEQUENCE, Ticket, TicketDocument, TicketEvent

SOURCE = PastChannel.BIMER.label
"""Name of the client, without a key, that owns the tickets; also the actor of their old events."""

_LOCK = 0x42494D  # "BIM"

BATCH_SIZE = 500
"""Records in one transaction."""

_COLUMNS = {
    "/external_id": "/record_no",
    "/occurred_at": "/received_at",
    "/applicant": "/applicant_name",
    "/applicant/name": "/applicant_name",
    "/applicant/address": "/address",
}
"""Pointer of an intake's field that a service may require → the clerk's column."""


@dataclass(frozen=True, slots=True)
class ParsedRecord:
    """A valid record with its prepared ticket."""

    record: BimerRecord
    new_ticket: NewTicket
    resolution: HistoricalResolution
    clock_states: Mapping[str, str]
    """Kind of clock → `met` or `breached`."""


@dataclass(frozen=True, slots=True)
class LineResult:
    """The result of one line: `errors` if it is rejected, `known` if its ticket existed before."""

    line: SheetLine
    parsed: ParsedRecord | None = None
    known: bool = False
    errors: tuple[FieldError, ...] = ()


@dataclass(frozen=True, slots=True)
class ImportRules:
    """The rules of one import, and the service of its tickets."""

    rulebook: Rulebook
    service: Service
    closed_on: date
    units: UnitCodes
    vault: Vault
    importer: str
    now: datetime


@dataclass(frozen=True, slots=True)
class KnownRecord:
    """A record that exists: its fingerprint, and the ticket's number; None if it is only earlier in the file."""

    fingerprint: bytes
    number: str | None


KnownRecords = Mapping[str, KnownRecord]
"""Record number → what is known of it."""


class Importer:
    """Import of the lines of one sheet; with `dry_run` it returns the same results and stores nothing."""

    def __init__(self, database: Database, rules: ImportRules, *, dry_run: bool) -> None:
        self._database = database
        self._rules = rules
        self._dry_run = dry_run
        self._client_id: UUID | None = None
        self._seen: dict[str, bytes] = {}

    async def import_lines(self, sheet: Sheet, lines: Sequence[SheetLine]) -> list[LineResult]:
        """Parse one batch and store its new records in one transaction; return the results in the order of lines."""
        client_id = self._client_id
        if client_id is None:
            client_id = self._client_id = new_id() if self._dry_run else await self._find_or_create_client()
        results = [self._parse(sheet, line, client_id) for line in lines]
        valid = [result.parsed for result in results if result.parsed is not None]
        new, known = await (self._find_new(valid) if self._dry_run else self._store_new(valid))
        return [_with_known(result, new, known) for result in results]

    async def _find_or_create_client(self) -> UUID:
        """Return the id of the old system's client; a lock makes simultaneous imports create it once."""
        async with self._database.transaction() as session:
            await session.execute(select(func.pg_advisory_xact_lock(_LOCK)))
            query = select(ApiClient.id).where(ApiClient.name == SOURCE, ApiClient.role == "import")
            client_id = await session.scalar(query)
            if client_id is None:
                client_id, now = new_id(), self._rules.now
                session.add(ApiClient(id=client_id, name=SOURCE, role="import", scopes=[], created_at=now))
            return client_id

    def _parse(self, sheet: Sheet, line: SheetLine, client_id: UUID) -> LineResult:
        if line.error is not None:
            return LineResult(line, errors=(line.error,))
        try:
            return LineResult(line, parsed=self._prepare(sheet.values(line), client_id))
        except Invalid as error:
            return LineResult(line, errors=tuple(_named_by_column(each) for each in error.errors))

    def _prepare(self, values: Mapping[str, str], client_id: UUID) -> ParsedRecord:
        rules = self._rules
        record = read_record(values, units=rules.units, closed_on=rules.closed_on, now=rules.now)
        resolution = HistoricalResolution(record.answered, record.reply, record.outcome, record.unit)
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
        clock_states = {clock["kind"]: clock["state"] for clock in historical_clocks(new_ticket, resolution, rules.now)}
        return ParsedRecord(record, new_ticket, resolution, clock_states)

    async def _find_new(self, valid: Sequence[ParsedRecord]) -> tuple[set[UUID], KnownRecords]:
        """Return the tickets that an import would store: those in neither the database nor an earlier line.

        Only the numbers and digests of the file's records stay in memory for that.
        """
        async with self._database.reading() as session:
            known = await _find_known(session, [parsed.record.record_no for parsed in valid])
        new: set[UUID] = set()
        for parsed in valid:
            record_no, digest = parsed.record.record_no, parsed.new_ticket.intake.digest
            if record_no in self._seen:
                known.setdefault(record_no, KnownRecord(self._seen[record_no], None))
            elif record_no not in known:
                self._seen[record_no] = digest
                new.add(parsed.new_ticket.ticket_id)
        return new, known

    async def _store_new(self, valid: Sequence[ParsedRecord]) -> tuple[set[UUID], KnownRecords]:
        """Insert the records that do not exist; return the ids of the new tickets, and what is known of the others.

        The database decides which one of equal lines or simultaneous imports is stored.
        """
        if not valid:
            return set(), {}
        async with self._database.transaction() as session:
            known = await _find_known(session, [parsed.record.record_no for parsed in valid])
            new = [parsed for parsed in valid if parsed.record.record_no not in known]
            if not new:
                return set(), known
            rules, sequences = self._rules, await next_values(session, TICKET_SEQUENCE, len(new))
            rows = [
                historical_rows(
                    parsed.new_ticket,
                    parsed.resolution,
                    sequence,
                    vault=rules.vault,
                    importer=rules.importer,
                    now=rules.now,
                )
                for parsed, sequence in zip(new, sequences, strict=True)
            ]
            stored = await _insert(session, rows)
            skipped = [parsed.record.record_no for parsed in new if parsed.new_ticket.ticket_id not in stored]
            return stored, known | await _find_known(session, skipped)


def batches(lines: Iterable[SheetLine]) -> Iterator[list[SheetLine]]:
    """Yield the lines in batches of `BATCH_SIZE`."""
    remaining = iter(lines)
    while batch := list(islice(remaining, BATCH_SIZE)):
        yield batch


async def _find_known(session: AsyncSession, record_nos: Collection[str]) -> dict[str, KnownRecord]:
    if not record_nos:
        return {}
    query = select(Ticket.external_id, Ticket.fingerprint, Ticket.number)
    query = query.where(Ticket.channel == PastChannel.BIMER.value, equals_any(Ticket.external_id, list(record_nos)))
    return {
        str(record_no): KnownRecord(fingerprint, number)
        for record_no, fingerprint, number in await session.execute(query)
    }


async def _insert(session: AsyncSession, rows: Sequence[HistoricalRows]) -> set[UUID]:
    """Insert tickets with their rows; return the ids of the tickets that were stored.

    The rows are ordered by their keys, so that two imports wait for each other instead of dead-locking.
    """
    ordered = sorted(rows, key=lambda one: one.ticket["external_id"])
    children = [
        _child_rows(Applicant, [(one.ticket["id"], [one.applicant]) for one in ordered]),
        _child_rows(TicketDocument, [(one.ticket["id"], one.documents) for one in ordered]),
        _child_rows(SlaClock, [(one.ticket["id"], one.clocks) for one in ordered]),
    ]
    stored = await insert_with_children(session, Ticket, [one.ticket for one in ordered], children)
    events = [event for one in ordered if one.ticket["id"] in stored for event in one.events]
    await bulk_insert(session, TicketEvent, events)
    return stored


def _child_rows(model: type[Base], rows_by_ticket: Sequence[tuple[UUID, Sequence[Row]]]) -> ChildRows:
    pairs = [(row, ticket_id) for ticket_id, rows in rows_by_ticket for row in rows]
    return ChildRows(model, [row for row, _ in pairs], [ticket_id for _, ticket_id in pairs])


def _with_known(result: LineResult, new: Collection[UUID], known: KnownRecords) -> LineResult:
    """Return the result after the look-up: unchanged if new, known if equal, else with an error."""
    parsed = result.parsed
    if parsed is None or parsed.new_ticket.ticket_id in new:
        return result
    earlier = known[parsed.record.record_no]
    if earlier.fingerprint == parsed.new_ticket.intake.digest:
        return LineResult(result.line, parsed, known=True)
    code = "record_changed" if earlier.number else "record_twice"
    return LineResult(result.line, errors=(FieldError("/record_no", code, {"number": earlier.number or ""}),))


def _named_by_column(error: FieldError) -> FieldError:
    return FieldError(_COLUMNS.get(error.pointer, error.pointer), error.code, error.facts)
