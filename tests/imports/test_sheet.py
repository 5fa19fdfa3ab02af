"""Tables of clerks: separators, headings, quotation marks; a broken record leaves the others alone."""

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
    """Number of each record's line with its cells, or with the code of what is wrong with it."""
    return [(line.number, line.error.code if line.error else line.cells) for line in opened(text).lines()]


@pytest.mark.parametrize("separator", [";", ",", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_separators_and_line_ends_are_those_of_the_file(separator: str, end: str) -> None:
    text = "".join(separator.join(cells) + end for cells in (("number", "text"), ("1", "a"), ("2", "b")))
    assert opened(text).separator == separator
    assert read(text) == [(2, ("1", "a")), (3, ("2", "b"))]


def test_columns_stand_in_any_order_under_any_spelling_of_their_headings() -> None:
    sheet = opened("AÇIKLAMA;Text ;Dosya;basvuru_no\nx;y;z;7\n")
    assert sheet.columns == {"note": 0, "text": 1, "number": 3}
    [line] = sheet.lines()
    assert sheet.values(line) == {"note": "x", "text": "y", "number": "7"}


def test_a_heading_that_is_given_counts_instead_of_the_known_ones() -> None:
    assert opened("number;Dosya No;text\n", number="dosya no").columns == {"number": 1, "text": 2}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "headings"),
        ("number;note\n1;2\n", "text"),
        ("1;Gizli Bilgi\n", "number, text"),
        ("number;text;Text\n", "Columns 2 and 3 both stand for text"),
        ('number;"text\n', "headings"),
    ],
)
def test_headings_that_do_not_serve_are_told_without_their_content(text: str, told: str) -> None:
    with pytest.raises(SheetError, match=told) as refused:
        opened(text)
    assert "Gizli" not in str(refused.value)


def test_empty_cells_have_no_value_and_empty_lines_are_no_records() -> None:
    sheet = opened("number;text;note\n\n1; a ;\n;;\n  ; ;\n2;b;c\n")
    assert [(line.number, sheet.values(line)) for line in sheet.lines()] == [
        (3, {"number": "1", "text": "a"}),
        (6, {"number": "2", "text": "b", "note": "c"}),
    ]


def test_a_cell_in_quotation_marks_holds_separators_marks_and_line_breaks() -> None:
    assert read('number;text\n1;"a;""b""\nc"\n2;d\n') == [(2, ("1", 'a;"b"\nc')), (4, ("2", "d"))]


def test_a_mark_within_a_plain_cell_is_a_letter() -> None:
    assert read('number;text\n1;5" boru\n2;d\n') == [(2, ("1", '5" boru')), (3, ("2", "d"))]


@pytest.mark.parametrize("broken", ['1;"a', '1;"a" b', '"1";"a" b;"c', '1;"a"b"'])
def test_a_mark_out_of_place_breaks_its_own_line_alone(broken: str) -> None:
    """A mark that is never closed would swallow everything below it."""
    below = "".join(f'{number};"text {number}"\n' for number in range(2, 50))
    assert read(f"number;text\n{broken}\n{below}") == [
        (2, "sheet_quotes"),
        *((number + 1, (str(number), f"text {number}")) for number in range(2, 50)),
    ]


def test_lines_with_too_few_or_too_many_columns_are_told() -> None:
    sheet = opened("number;text\n1\n2;b;c\n3;b;\n")
    lines = list(sheet.lines())
    assert [line.error and (line.error.code, line.error.facts) for line in lines] == [
        ("sheet_columns", {"found": 1, "expected": 2}),
        ("sheet_columns", {"found": 3, "expected": 2}),
        None,
    ]
    assert lines[2] == SheetLine(4, ("3", "b"))


@pytest.mark.parametrize("length", [MAX_RECORD_CHARACTERS, MAX_RECORD_CHARACTERS + 1, MAX_RECORD_CHARACTERS * 3])
def test_a_line_without_end_is_read_in_pieces_and_told(length: int) -> None:
    found = read(f"number;text\n1;{'x' * length}\n2;b\n")
    assert found == [(2, "sheet_line"), (3, ("2", "b"))]


def test_a_record_that_goes_on_for_too_long_is_broken() -> None:
    line = "x" * 999 + "\n"
    found = read(f'number;text\n1;"{line * 30}"\n2;b\n')
    assert found[0] == (2, "sheet_quotes")
    assert found[-1] == (33, ("2", "b"))


_CELL = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]) | st.sampled_from(';,"\n'), max_size=20)


@given(st.lists(st.tuples(_CELL, _CELL), max_size=8))
def test_what_a_spreadsheet_writes_is_read_back(rows: list[tuple[str, str]]) -> None:
    written = io.StringIO(newline="")
    writer = csv.writer(written, delimiter=";")
    writer.writerows([("number", "text"), *rows])
    found = [line.cells for line in opened(written.getvalue()).lines()]
    assert found == [row for row in rows if any(cell.strip() for cell in row)]


@given(st.text(st.sampled_from('ab;"\n'), max_size=60))
def test_whatever_stands_below_the_headings_every_line_is_read_or_told(text: str) -> None:
    for line in opened("number;text\n" + text).lines():
        assert line.error is not None or len(line.cells) == 2
