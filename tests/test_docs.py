"""The documents name files, functions and states that exist."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from scripts.state_diagram import DOCUMENT, with_diagram
from tests.installation import ROOT

_FOLDERS = "app|workers|config|migrations|tests|scripts|bench|demo|docs"
_PATH = re.compile(rf"(?<![\w./-])((?:{_FOLDERS})/[\w./-]*\w)(?::(\w+))?")
_CHANGES_WITH_USE = ("config/ornek", "config/<", "bench/results")


def test_the_state_diagram_is_made_from_the_table() -> None:
    document = DOCUMENT.read_text()

    assert with_diagram(document) == document, "run `python scripts/state_diagram.py`"


def test_documents_name_paths_and_functions_that_exist() -> None:
    missing = [
        f"{document.relative_to(ROOT)}: {path}{':' + name if name else ''}"
        for document in _documents()
        for path, name in _named(document)
        if not _exists(ROOT / path, name)
    ]

    assert missing == []


def test_the_map_names_every_package_of_the_application() -> None:
    mapped = set(re.findall(r"^\| `(app/\w+)/` \|", DOCUMENT.read_text(), flags=re.MULTILINE))
    packages = {f"app/{path.parent.name}" for path in (ROOT / "app").glob("*/__init__.py")}

    assert mapped == packages


def _documents() -> list[Path]:
    return [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]


def _named(document: Path) -> Iterator[tuple[str, str]]:
    for path, name in _PATH.findall(document.read_text()):
        if not path.startswith(_CHANGES_WITH_USE):
            yield path, name if path.endswith(".py") else ""


def _exists(path: Path, name: str) -> bool:
    """Return whether the path exists and, if a name is given, whether the file defines it at any depth."""
    if not path.exists():
        return False
    if not name:
        return True
    tree = ast.parse(path.read_text())
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return name in {node.name for node in ast.walk(tree) if isinstance(node, kinds)}
