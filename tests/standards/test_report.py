"""The printed check shows the literal words, their meaning, and what needs a person."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from app.standards.catalogue import CatalogueCheck, check_folder_or_file
from app.standards.report import print_check
from tests.standards.samples import ESENLER, table


def printed(result: CatalogueCheck, width: int = 160) -> str:
    console = Console(file=io.StringIO(), width=width, color_system=None)
    print_check(result, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize("width", [80, 160])
def test_esenler_shows_services_override_offices_and_verdict(width: int) -> None:
    text = printed(check_folder_or_file(ESENLER), width)
    for words in (
        "right-to-information",
        "10 D",
        "10 dakika",
        "(row override)",
        "(import only)",
        "documents_complete",
        "İlk Müracaat Yeri: Halkla İlişkiler Müdürlüğü",
        "444 00 73, extension 1010",
        "(blank)",
        "9 services, 2 offices. Nothing needs a person.",
    ):
        assert words in text


def test_a_doubtful_table_shows_line_cell_and_reason(tmp_path: Path) -> None:
    path = tmp_path / "table.txt"
    path.write_text(table("1\tBir\tYok\t1-8 Saat", "3\tÜç\tYok\t2 GÜN", offices=""), encoding="utf-8")
    text = printed(check_folder_or_file(path))
    for words in (
        "1-8 Saat",
        "not understood",
        "aralık",
        "A range",
        "Numbering jumps from 1 to 3",
        "was not found",
    ):
        assert words in text
    assert "Needs a person: 3 stop the load, 1 to be looked at." in text


@pytest.mark.parametrize("width", [40, 80])
def test_markup_in_a_table_is_printed_literally(tmp_path: Path, width: int) -> None:
    path = tmp_path / "table.txt"
    path.write_text(table("1\t[b]Bir[/b]\tYok\t[/] 1"), encoding="utf-8")
    assert "[/] 1" in printed(check_folder_or_file(path), width)


def test_a_missing_file_is_printed(tmp_path: Path) -> None:
    assert "File not found" in printed(check_folder_or_file(tmp_path / "nothing.txt"))
