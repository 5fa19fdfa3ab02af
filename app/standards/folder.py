"""Read the files of a municipality's folder, each into its model; `catalogue.py` builds the catalogue from them."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from app.standards.files import ClosuresFile, HoursFile, OfficesFile, StandardsFile, UnitsFile
from app.standards.lines import decode_table
from app.standards.neighbourhoods import read_neighbourhoods
from app.standards.problems import CatalogueProblem, problem
from app.standards.published_table import PublishedTable
from app.standards.table import read_table
from app.standards.values import Neighbourhood
from app.standards.yaml_file import Model, YamlFile, read_yaml

TABLE = "standards-table.txt"
STANDARDS = "standards.yaml"
OFFICES = "offices.yaml"
UNITS = "units.yaml"
HOURS = "hours.yaml"
CLOSURES = "closures.yaml"
NEIGHBOURHOODS = "neighbourhoods.csv"


@dataclass(frozen=True, slots=True)
class Folder:
    """A municipality's files as read; `problems` are the faults of reading, by file and line."""

    table_name: str
    sources: Mapping[str, str]
    table: PublishedTable
    standards: YamlFile[StandardsFile]
    offices: YamlFile[OfficesFile]
    units: YamlFile[UnitsFile]
    hours: YamlFile[HoursFile]
    closures: YamlFile[ClosuresFile]
    neighbourhoods: tuple[Neighbourhood, ...]
    problems: tuple[CatalogueProblem, ...]

    @property
    def sha256(self) -> str:
        """Return one fingerprint of all files; the table is named `standards-table.txt`, whatever its file name."""
        lines = (f"{name} {digest}\n" for name, digest in sorted(self.sources.items()))
        return hashlib.sha256("".join(lines).encode()).hexdigest()


class _Files:
    """The files with their checksums and problems; an unreadable file counts as empty."""

    def __init__(self) -> None:
        self.sources: dict[str, str] = {}
        self.problems: list[CatalogueProblem] = []

    def bytes(self, path: Path, name: str) -> bytes | None:
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            self.problems.append(problem("file_missing", None, path.name, source=path.name))
            return None
        except OSError as error:
            reason = error.strerror
            self.problems.append(problem("file_unreadable", None, path.name, reason, source=path.name))
            return None
        self.sources[name] = hashlib.sha256(content).hexdigest()
        return content

    def text(self, path: Path) -> str | None:
        content = self.bytes(path, path.name)
        try:
            return None if content is None else content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = content[: error.start].count(b"\n") + 1 if content else 1
            self.problems.append(problem("undecodable", line, "", source=path.name))
            return None

    def yaml(self, path: Path, model: type[Model]) -> YamlFile[Model]:
        text = self.text(path)
        if text is None:
            return YamlFile(path.name, None, ())
        read = read_yaml(path.name, text, model)
        self.problems += read.problems
        return read


def read_folder(table: Path) -> Folder:
    """Read the published table and the companion files beside it; a missing or faulty file is a problem."""
    files = _Files()
    published = _table(files, table)
    folder = table.parent
    standards = files.yaml(folder / STANDARDS, StandardsFile)
    offices = files.yaml(folder / OFFICES, OfficesFile)
    units = files.yaml(folder / UNITS, UnitsFile)
    hours = files.yaml(folder / HOURS, HoursFile)
    closures = files.yaml(folder / CLOSURES, ClosuresFile)
    places, faults = read_neighbourhoods(files.text(folder / NEIGHBOURHOODS) or "")
    found = [replace(fault, source=NEIGHBOURHOODS) for fault in faults if NEIGHBOURHOODS in files.sources]
    return Folder(
        table_name=table.name,
        sources=MappingProxyType(files.sources),
        table=published,
        standards=standards,
        offices=offices,
        units=units,
        hours=hours,
        closures=closures,
        neighbourhoods=tuple(places),
        problems=(*files.problems, *found),
    )


def read_table_file(path: Path) -> tuple[PublishedTable, tuple[CatalogueProblem, ...]]:
    """Read a published table alone, with the problems of reading it."""
    files = _Files()
    return _table(files, path), tuple(files.problems)


def _table(files: _Files, path: Path) -> PublishedTable:
    content = files.bytes(path, TABLE)
    if content is None:
        return PublishedTable((), (), "", (), (), ())
    published = read_table(decode_table(content))
    files.problems += [replace(found, source=path.name) for found in published.problems]
    return published
