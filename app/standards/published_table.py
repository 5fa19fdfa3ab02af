"""The literal content of a published table, as the reader of tables returns it. Pure: standard library only."""

from dataclasses import dataclass

from app.standards.problems import CatalogueProblem


@dataclass(frozen=True, slots=True)
class TableLine:
    """One line of the text as tab-separated cells; `number` is its (first) line in the file."""

    number: int
    cells: tuple[str, ...]

    @property
    def filled(self) -> tuple[str, ...]:
        """Return the cells that are not blank."""
        return tuple(cell for cell in self.cells if cell)

    @property
    def text(self) -> str:
        """Return the filled cells as one text."""
        return " ".join(self.filled)


@dataclass(frozen=True, slots=True)
class Row:
    """One service as printed. `table` counts the tables of the file from 1; row numbers may restart in each."""

    number: int | None
    name: str
    process_text: str
    limit_text: str
    unit_text: str | None
    line: int
    heading: str
    table: int = 1


@dataclass(frozen=True, slots=True)
class PrintedOffice:
    """An application office (müracaat yeri): level 1 is the first, level 2 the second.

    Every field is literal; a field that is printed blank, or not at all, is "". `phone` is the whole `444 00 73/1010`,
    `phone_number` and `phone_extension` are its two parts. `printed` has all labels and values in their order, which
    distinguishes a blank fax from a missing one.
    """

    level: int
    place: str
    name: str
    job_title: str
    address: str
    phone: str
    phone_number: str
    phone_extension: str
    fax: str
    email: str
    printed: tuple[tuple[str, str], ...]
    line: int
    table: int = 1


@dataclass(frozen=True, slots=True)
class PublishedTable:
    """The parts of a table file that were understood, and the `problems`, in the order of their lines."""

    headings: tuple[str, ...]
    rows: tuple[Row, ...]
    closing: str
    offices: tuple[PrintedOffice, ...]
    notes: tuple[str, ...]
    problems: tuple[CatalogueProblem, ...]
