"""What a published table says, letter for letter: the values that the reader of tables produces."""

from dataclasses import dataclass

from app.standards.problems import CatalogueProblem


@dataclass(frozen=True, slots=True)
class TableLine:
    """One line of the text, cut into its tab-separated cells; `number` is its (first) line in the file."""

    number: int
    cells: tuple[str, ...]

    @property
    def filled(self) -> tuple[str, ...]:
        """The cells that are not blank."""
        return tuple(cell for cell in self.cells if cell)

    @property
    def text(self) -> str:
        """The filled cells as one running text."""
        return " ".join(self.filled)


@dataclass(frozen=True, slots=True)
class Row:
    """One service as printed. `table` counts the file's tables from 1; numbers may start again in each."""

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

    Every field keeps what is printed; a field that is printed blank, or not at all, is "". `phone` keeps
    `444 00 73/1010` whole, `phone_number` and `phone_extension` are its two parts. `printed` has all labels
    and values in their order, so that a blank fax can be told from one that was never there.
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
    """All that was understood of a file, and what was not (`problems`, in the order of their lines)."""

    headings: tuple[str, ...]
    rows: tuple[Row, ...]
    closing: str
    offices: tuple[PrintedOffice, ...]
    notes: tuple[str, ...]
    problems: tuple[CatalogueProblem, ...]
