"""Tables of clerks: separators, headings, quotation marks; a broken record does not affect the others."""

import csv
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.imports.sheet import MAX_RECORD_CHARACTERS, Sheet, SheetError, SheetLine, open_sheet

KNOWN = {"number": ("Başvuru No",), "text": (), "note": ("Açıklama",)}


def opened(text: str, **overrides: str) -> Sheet:
    return open_sheet(io.StringIO(text, newline=""), KNOWN, required=("number", "text"), overrides=overrides)


def read(text: str) -> list[tuple[int, Any]]:
    """Return the line number of each record with its cells, or with the code of its error."""
    return [(line.number, line.error.code if line.error else line.cells) for line in opened(text).lines()]


@pytest.mark.parametrize("separator", [";", ",", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_separators_and_line_ends_are_those_of_the_file(separator: str, end: str) -> None:
    text = "".join(separator.join(cells) + end for cells in (("number", "text"), ("1", "a"), ("2", "b")))
    assert opened(text).separator == separator
    assert read(text) == [(2, ("1", "a")), (3, ("2", "b"))]


def test_columns_are_found_in_any_order_and_spelling() -> None:
    sheet = opened("AÇIKLAMA;Text ;Dosya;basvuru_no\nx;y;z;7\n")
    assert sheet.columns == {"note": 0, "text": 1, "number": 3}
    [line] = sheet.lines()
    assert sheet.values(line) == {"note": "x", "text": "y", "number": "7"}


def test_an_override_replaces_the_known_headings() -> None:
    assert opened("number;Dosya No;text\n", number="dosya no").columns == {"number": 1, "text": 2}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "headings"),
        ("number;note\n1;2\n", "text"),
        ("1;Gizli Bilgi\n", "number, text"),
        ("number;text;Text\n", "Columns 2 and 3 both stand for text"),
        ('number;"text\n', "headings"),
    ],
)
def test_unusable_headings_are_reported_without_their_content(text: str, message: str) -> None:
    with pytest.raises(SheetError, match=message) as refused:
        opened(text)
    assert "Gizli" not in str(refused.value)


def test_empty_cells_have_no_value_and_empty_lines_are_no_records() -> None:
    sheet = opened("number;text;note\n\n1; a ;\n;;\n  ; ;\n2;b;c\n")
    assert [(line.number, sheet.values(line)) for line in sheet.lines()] == [
        (3, {"number": "1", "text": "a"}),
        (6, {"number": "2", "text": "b", "note": "c"}),
    ]


def test_a_quoted_cell_may_contain_separators_marks_and_line_breaks() -> None:
    assert read('number;text\n1;"a;""b""\nc"\n2;d\n') == [(2, ("1", 'a;"b"\nc')), (4, ("2", "d"))]


def test_a_mark_within_a_plain_cell_is_a_character() -> None:
    assert read('number;text\n1;5" boru\n2;d\n') == [(2, ("1", '5" boru')), (3, ("2", "d"))]


@pytest.mark.parametrize("broken", ['1;"a', '1;"a" b', '"1";"a" b;"c', '1;"a"b"'])
def test_a_misplaced_mark_breaks_only_its_own_line(broken: str) -> None:
    """A mark that is never closed must not swallow the following records."""
    below = "".join(f'{number};"text {number}"\n' for number in range(2, 50))
    assert read(f"number;text\n{broken}\n{below}") == [
        (2, "sheet_quotes"),
        *((number + 1, (str(number), f"text {number}")) for number in range(2, 50)),
    ]


def test_lines_with_too_few_or_too_many_columns_are_errors() -> None:
    sheet = opened("number;text\n1\n2;b;c\n3;b;\n")
    lines = list(sheet.lines())
    assert [line.error and (line.error.code, line.error.facts) for line in lines] == [
        ("sheet_columns", {"found": 1, "expected": 2}),
        ("sheet_columns", {"found": 3, "expected": 2}),
        None,
    ]
    assert lines[2] == SheetLine(4, ("3", "b"))


@pytest.mark.parametrize("length", [MAX_RECORD_CHARACTERS, MAX_RECORD_CHARACTERS + 1, MAX_RECORD_CHARACTERS * 3])
def test_an_endless_line_is_read_in_pieces_and_is_an_error(length: int) -> None:
    found = read(f"number;text\n1;{'x' * length}\n2;b\n")
    assert found == [(2, "sheet_line"), (3, ("2", "b"))]


def test_a_record_over_too_many_lines_is_broken() -> None:
    line = "x" * 999 + "\n"
    found = read(f'number;text\n1;"{line * 30}"\n2;b\n')
    assert found[0] == (2, "sheet_quotes")
    assert found[-1] == (33, ("2", "b"))


_CELL = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]) | st.sampled_from(';,"\n'), max_size=20)


@given(st.lists(st.tuples(_CELL, _CELL), max_size=8))
def test_the_csv_of_a_spreadsheet_is_parsed_unchanged(rows: list[tuple[str, str]]) -> None:
    written = io.StringIO(newline="")
    writer = csv.writer(written, delimiter=";")
    writer.writerows([("number", "text"), *rows])
    found = [line.cells for line in opened(written.getvalue()).lines()]
    assert found == [row for row in rows if any(cell.strip() for cell in row)]


@given(st.text(st.sampled_from('ab;"\n'), max_size=60))
def test_every_line_is_parsed_or_an_error(text: str) -> None:
    for line in opened("number;text\n" + text).lines():
        assert line.error is not None or len(line.cells) == 2
