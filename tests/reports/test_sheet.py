"""The sheet as a Turkish Excel reads it."""

from datetime import UTC, datetime, timedelta

from app.reports.figures import Compliance, ComplianceLine, Month
from app.reports.sheet import HEADINGS, compliance_sheet, sheet_name

MAY = Month(2026, 5)
LINES = (
    ComplianceLine("call-center", "promise", "15 GÜN", 8, 5, 1, 2, 3, timedelta(hours=12), timedelta(days=16)),
    ComplianceLine("right-to-information", "statutory", '15 iş günü; "uzatılmış"', 0, 0, 0, 0, 1, None, None),
)


def test_columns_part_at_semicolons_numbers_have_a_comma_and_turkish_letters_survive() -> None:
    sheet = compliance_sheet(Compliance(MAY, None, None, LINES))
    assert sheet.startswith(b"\xef\xbb\xbfAy;")
    heading, *rows, end = sheet.decode("utf-8-sig").split("\r\n")
    assert heading == ";".join(HEADINGS)
    assert rows == [
        "2026-05;call-center;Hizmet standardı;15 GÜN;8;5;1;2;0;3;62,5;12,00;384,00;ay tamamlandı",
        '2026-05;right-to-information;Yasal süre;"15 iş günü; ""uzatılmış""";0;0;0;0;0;1;;;;ay tamamlandı',
    ]
    assert end == ""


def test_a_month_that_goes_on_says_so_in_the_sheet_and_in_its_name() -> None:
    report = Compliance(MAY, datetime(2026, 5, 12, 7, tzinfo=UTC), "public-works", LINES[:1])
    assert compliance_sheet(report).decode("utf-8-sig").endswith(";ay sürüyor (12.05.2026 10:00 itibarıyla)\r\n")
    assert sheet_name(report) == "sure-uyumu-2026-05-public-works-gecici.csv"
    assert sheet_name(Compliance(MAY, None, None, ())) == "sure-uyumu-2026-05.csv"


def test_an_empty_month_has_its_headings() -> None:
    assert compliance_sheet(Compliance(MAY, None, None, ())).decode("utf-8-sig") == ";".join(HEADINGS) + "\r\n"
