"""Reports as CSV sheets for the spreadsheet of a Turkish office.

Excel in the Turkish locale separates columns at semicolons and reads numbers with a decimal comma. It decodes a file
without a byte order mark as Windows-1254. Hence UTF-8 with the mark, `;`, `,` and CRLF.
"""

import csv
import io
from decimal import Decimal
from typing import Final

from app.core.clock import ISTANBUL
from app.core.turkish import format_datetime
from app.reports.figures import Compliance, ComplianceLine

MEDIA_TYPE: Final = "text/csv"

HEADINGS: Final = (
    *("Ay", "Hizmet", "Süre türü", "Yayımlanan süre", "Süresi dolan", "Süresinde", "Geç", "Açık ve gecikmiş"),
    *("Süresi sürüyor", "İptal (geri çekilen, mükerrer)", "Süresinde oranı (%)", "Ortanca (saat)"),
    *("%90 dilimi (saat)", "Durum"),
)
_CLOCKS: Final = {"promise": "Hizmet standardı", "statutory": "Yasal süre"}


def compliance_sheet(report: Compliance) -> bytes:
    """Return the report as a sheet, one line a row; the last column states whether the month was over."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow(HEADINGS)
    writer.writerows([str(report.month), *_cells(line), _status(report)] for line in report.lines)
    return text.getvalue().encode("utf-8-sig")


def sheet_name(report: Compliance) -> str:
    """Return the file name of the sheet."""
    parts = ("sure-uyumu", str(report.month), report.unit or "", "" if report.complete else "gecici")
    return "-".join(filter(None, parts)) + ".csv"


def _cells(line: ComplianceLine) -> list[str]:
    counts = (line.due, line.on_time, line.late, line.open_late, line.pending, line.cancelled)
    figures = (line.share_on_time, line.median_hours, line.ninetieth_hours)
    return [line.service, _CLOCKS[line.clock], line.limit, *map(str, counts), *map(_comma, figures)]


def _comma(figure: Decimal | None) -> str:
    return "" if figure is None else str(figure).replace(".", ",")


def _status(report: Compliance) -> str:
    if report.as_of is None:
        return "ay tamamlandı"
    return f"ay sürüyor ({format_datetime(report.as_of.astimezone(ISTANBUL))} itibarıyla)"
