"""Published tables of invented municipalities, in the forms that occur; all names in them are samples."""

from collections.abc import Callable
from pathlib import Path

from app.standards.catalogue import CatalogueCheck
from app.standards.folder import CLOSURES, HOURS, NEIGHBOURHOODS, OFFICES, STANDARDS, TABLE, UNITS

ESENLER = Path(__file__).parents[2] / "config" / "esenler"
FILES = (TABLE, STANDARDS, OFFICES, UNITS, HOURS, CLOSURES, NEIGHBOURHOODS)

Edit = Callable[[str, str, str], CatalogueCheck]
"""The fixture `edit`: (file, words, other words) → the check of the copy of Esenler's folder after that."""

CLOSING = (
    "Başvuru esnasında yukarıda belirtilen belgelerin dışında belge istenmesi, eksiksiz belge ile başvuru "
    "yapılmasına rağmen hizmetin belirtilen sürede tamamlanmaması veya yukarıdaki tabloda bazı hizmetlerin "
    "bulunmadığının tespiti durumunda ilk müracaat yerine ya da ikinci müracaat yerine başvurunuz."
)

OFFICES_TEXT = """İlk Müracaat Yeri\t: Örnek Müdürlüğü\tİkinci Müracaat Yeri\t: Örnek Başkan Yardımcılığı
İsim\t: Örnek BİRİNCİ\tİsim\t: Örnek İKİNCİ
Unvan\t: Müdür\tUnvan\t: Başkan Yardımcısı
Adres\t: Örnek Mah. No:1\tAdres\t: Örnek Mah. No:2
Tel\t: 0212 000 00 00/1234\tTel\t: 0212 000 00 01
Faks\t:\tFaks\t: 0212 000 00 02
E-Posta\t: birinci@ornek.bel.tr\tE-Posta\t: ikinci@ornek.bel.tr"""

HEADER = "SIRA NO\tHİZMETİN ADI\tBAŞVURUDA İSTENEN BELGELER\tHİZMETİN TAMAMLANMA SÜRESİ (EN GEÇ)"


def table(*rows: str, header: str = HEADER, closing: str = CLOSING, offices: str = OFFICES_TEXT) -> str:
    """A whole table of these rows; the header is line 3, the first row line 4."""
    return "\n".join(["ÖRNEK BELEDİYESİ HİZMET STANDARTLARI", "", header, *rows, "", closing, "", offices, ""])


def faults(result: CatalogueCheck) -> list[tuple[str, str, str]]:
    """The problems of a check as (file, cell or path, code)."""
    return [(problem.source, problem.cell, problem.code) for problem in result.problems]


def line_of(name: str, words: str) -> int:
    """The line of Esenler's file with the first occurrence of the words."""
    lines = (ESENLER / name).read_text(encoding="utf-8").split("\n")
    return next(number for number, line in enumerate(lines, 1) if words in line)
