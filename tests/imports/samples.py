"""Old records for tests, all samples, and an import of them into the container of a desk."""

import io
from collections.abc import Mapping, Sequence
from datetime import date

from app.imports.bimer import COLUMNS, NEEDED, units_of
from app.imports.service import Importer, ImportRules, Judged, batches
from app.imports.sheet import Sheet, open_sheet
from tests.desk import Desk

CLOSED_ON = date(2018, 7, 31)
RECORD: Mapping[str, str] = {
    "record_no": "ORNEK-1",
    "received_at": "01.07.2014 10:00",
    "answered_at": "10.07.2014 15:30",
    "kind": "şikâyet",
    "applicant_name": "Örnek Vatandaş",
    "phone": "0532 000 00 67",
    "address": "Örnek Mah. Örnek Sok. No: 1",
    "description": "Örnek kayıt: kaldırım taşları kırık",
    "reply": "Örnek cevap: kaldırım onarıldı",
    "outcome": "olumlu",
    "unit": "public-works",
}
"""One whole record of the sample citizen."""


def table(*records: Mapping[str, str], headings: Sequence[str] = tuple(RECORD)) -> str:
    """Records as a table parted by semicolons; each is what it says in place of `RECORD`."""
    lines = [";".join(headings)]
    lines += [";".join({**RECORD, **record}[name] for name in headings) for record in records]
    return "".join(line + "\r\n" for line in lines)


def sheet_of(text: str) -> Sheet:
    """A table as it is opened from a file."""
    return open_sheet(io.StringIO(text, newline=""), COLUMNS, needed=NEEDED, given={})


async def take(desk: Desk, text: str, *, dry_run: bool = False, importer: str = "clerk") -> list[Judged]:
    """Import a table into the desk's container, at its time."""
    container, sheet = desk.container, sheet_of(text)
    rulebook = await container.rulebooks.current()
    service = rulebook.catalogue.service("bimer")
    assert service is not None
    rules = ImportRules(
        rulebook=rulebook,
        service=service,
        closed_on=CLOSED_ON,
        units=units_of(rulebook.catalogue.units),
        vault=container.vault,
        importer=importer,
        now=container.clock.now(),
    )
    taking = Importer(container.database, rules, dry_run=dry_run)
    return [judged for batch in batches(sheet.lines()) for judged in await taking.take(sheet, batch)]
