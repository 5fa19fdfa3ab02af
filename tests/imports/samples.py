"""Sample records of the old system, and their import into the installation of a desk."""

import io
from collections.abc import Mapping, Sequence
from datetime import date

from app.imports.bimer import COLUMNS, REQUIRED_COLUMNS, unit_codes
from app.imports.service import Importer, ImportRules, LineResult, batches
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
"""A complete record of the sample citizen."""


def table(*records: Mapping[str, str], headings: Sequence[str] = tuple(RECORD)) -> str:
    """Return a table separated by semicolons; each record replaces cells of `RECORD`."""
    lines = [";".join(headings)]
    lines += [";".join({**RECORD, **record}[name] for name in headings) for record in records]
    return "".join(line + "\r\n" for line in lines)


def open_table(text: str) -> Sheet:
    """Return the opened table."""
    return open_sheet(io.StringIO(text, newline=""), COLUMNS, required=REQUIRED_COLUMNS, overrides={})


async def import_table(desk: Desk, text: str, *, dry_run: bool = False, user: str = "clerk") -> list[LineResult]:
    """Import a table into the desk's installation at its present time."""
    container, sheet = desk.container, open_table(text)
    rulebook = await container.rulebooks.current()
    service = rulebook.catalogue.service("bimer")
    assert service is not None
    rules = ImportRules(
        rulebook=rulebook,
        service=service,
        closed_on=CLOSED_ON,
        units=unit_codes(rulebook.catalogue.units),
        vault=container.vault,
        importer=user,
        now=container.clock.now(),
    )
    importer = Importer(container.database, rules, dry_run=dry_run)
    return [result for batch in batches(sheet.lines()) for result in await importer.import_lines(sheet, batch)]
