"""The documents name files, functions and states that exist."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from app.tickets.workflow import TRANSITIONS
from config.settings import Settings
from scripts import env_example, state_diagram
from tests.installation import ROOT

_FOLDERS = "app|workers|config|migrations|tests|scripts|bench|demo|docs"
_PATH = re.compile(rf"(?<![\w./-])((?:{_FOLDERS})/[\w./-]*\w)(?::(\w+))?")
_LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#]+)(?:#[^)]*)?\)")
_WITHOUT_DEFAULT = ("–", "embedded", "made by `estim up")
_CHANGES_WITH_USE = ("config/ornek", "config/<", "bench/results")


def test_the_state_diagram_is_made_from_the_table() -> None:
    document = state_diagram.DOCUMENT.read_text()

    assert state_diagram.with_diagram(document) == document, "run `make generate`"


def test_every_change_of_state_is_in_the_diagram() -> None:
    shown = set(state_diagram.edges())

    changes = {
        (str(state), str(target))
        for state, commands in TRANSITIONS.items()
        for target in commands.values()
        if target not in {None, state}
    }

    assert [edge for edge in changes if not {edge, (state_diagram.OPEN, edge[1])} & shown] == []


def test_the_example_of_settings_is_made_from_them() -> None:
    assert env_example.FILE.read_text() == env_example.env_example(), "run `make generate`"
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_the_readme_gives_each_setting_its_default() -> None:
    readme = (ROOT / "README.md").read_text()
    documented: dict[str, str] = {}
    for names, defaults in re.findall(r"^\| (`ESTIM_[^|]+) \| ([^|]*) \|", readme, flags=re.MULTILINE):
        found = re.findall(r"`ESTIM_([A-Z_]+)`", names)
        given = [each.strip().removeprefix("`").removesuffix("`") for each in defaults.split(", ")]
        documented |= dict(zip(found, given if len(given) == len(found) else given * len(found), strict=True))

    defaults_by_name = {name.upper(): env_example.default_text(field) for name, field in Settings.model_fields.items()}

    assert documented.keys() == defaults_by_name.keys()
    assert [name for name, text in documented.items() if not _is_default(text, defaults_by_name[name])] == []


def _is_default(documented: str, default: str) -> bool:
    if documented in _WITHOUT_DEFAULT:
        return default == ""
    return re.fullmatch(re.escape(documented).replace("…", ".*"), default) is not None


def test_every_link_leads_to_a_file() -> None:
    broken = [
        f"{document.relative_to(ROOT)}: {link}"
        for document in _documents()
        for link in _LINK.findall(document.read_text())
        if not (document.parent / link).exists()
    ]

    assert broken == []


def test_documents_name_paths_and_functions_that_exist() -> None:
    missing = [
        f"{document.relative_to(ROOT)}: {path}{':' + name if name else ''}"
        for document in _documents()
        for path, name in _named(document)
        if not _exists(ROOT / path, name)
    ]

    assert missing == []


def test_the_map_names_every_package_of_the_application() -> None:
    mapped = set(re.findall(r"^\| `(app/\w+)/` \|", state_diagram.DOCUMENT.read_text(), flags=re.MULTILINE))
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
