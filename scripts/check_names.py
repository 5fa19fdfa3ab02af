"""Check the names and the English of the repository: `python scripts/check_names.py [path …]`.

Three rules, each printed as `path:line: finding – use …`:

1. A root (`app`, `workers`, …, but for `tests`) defines no class name twice.
2. A folder has no two modules whose names differ only by a plural `s`.
3. Docstrings, comments and identifiers use the field's words, never the private ones of the tables below.

Quoted text and text in backticks is left out of rule 3: it repeats a published sentence, a column or a JSON field.
The script needs only the standard library. It ends with 1 if it finds anything.
"""

import argparse
import ast
import io
import re
import sys
import tokenize
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
CODE = ("app", "workers", "config", "demo", "bench", "migrations", "scripts", "tests")
PROSE = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs")
HASH_COMMENTS = ("Makefile", "Dockerfile", "compose.yaml", "pyproject.toml", ".ci/run", "scripts/environment.sh")

WORDS: dict[str, str] = {
    r"anew": "again",
    r"somebody|anybody": "someone, a user, another worker",
    r"nobody": "no one, no user",
    r"told|tell|tells|telling": "notify, report, inform",
    r"heard|hear|hears": "received, notified",
    r"held|hold|holds|holding": "locked, lock, keep, store, contain",
    r"kept": "stored, saved, unchanged",
    r"in hand|hands": "locked, the command runner",
    r"house": "container, process",
    r"shelf": "cache",
    r"postroom": "notice dispatcher",
    r"gatekeeper": "authenticator",
    r"grasp|grasps|grasped": "locked ticket, lock",
    r"doorbell": "job queue",
    r"knock|knocks": "pending intake, request",
    r"ring|rings|rang|rung|ringing": "enqueue, job",
    r"ladder": "backoff",
    r"ways? of delivery|ways? out": "adapter",
    r"horizon": "watermark",
    r"doors?": "intake, channel, opening hours",
    r"what becomes of": "the outcome of",
    r"where it may": "if allowed",
    r"as it stands": "the present state",
    r"standing": "status, state",
}
"""A word of docstrings, comments and Markdown, as a pattern → the word of the field."""

IDENTIFIER_WORDS: dict[str, str] = {
    r"anew": "again",
    r"somebody|anybody|nobody": "the role of the person",
    r"told|tell|tells": "notified, notify, report",
    r"heard|hear|hearing": "logged, received",
    r"held|hold|holds": "locked, lock, load",
    r"kept": "stored, saved",
    r"hands": "runner",
    r"house": "container",
    r"shelf": "cache",
    r"postroom": "dispatcher",
    r"gatekeeper": "authenticator",
    r"grasp": "locked",
    r"doorbell|knock": "job_queue, pending",
    r"ring|rang|rung|rungs": "enqueue, enqueued",
    r"ladder": "backoff",
    r"ways": "adapters",
    r"horizon": "watermark",
    r"doors?": "channel, intake",
    r"standing": "status",
}
"""A word of a module, class, function, parameter or variable that this code names → the word of the field."""

OLD_CLASSES: dict[str, str] = {
    "House": "Container",
    "Shelf": "RulebookCache",
    "Gatekeeper": "Authenticator",
    "Ways": "Adapters",
    "Postroom": "NoticeDispatcher",
    "Sorting": "DeliveryTriage",
    "Horizon": "Watermark",
    "Doorbell": "JobQueue",
    "Grasp": "LockedTicket",
    "Hands": "CommandRunner",
    "InHand": "CommandRunner",
    "Knock": "PendingIntake",
    "Admission": "IntakeResult",
    "Opening": "NewTicket",
    "TicketHead": "TicketSnapshot",
}
"""A class name of the past → its name now; text in backticks must not use it either."""

OPENINGS: dict[str, str] = {
    r"Of (?:a|an|the|all|each|every|what|those|this|that|several|one)\b": "a verb and its object",
    r"(?:Until |Since |From )?[Ww]hen\b|When so many\b": "the subject first, the condition after it",
    r"(?:To |From )?[Ww]here\b": "the subject first, the condition after it",
    r"How\b": "a verb and its object",
    r"(?:By |For |With |From |To |In |Of )?[Ww]hat(?:ever)?\b": "a verb and its object, or a noun",
    r"Whether\b": "Return whether …",
}
"""How a sentence of a docstring or a comment must not begin → how it begins instead."""

LONGEST_SENTENCE = 25
"""Words; longer sentences are printed with `--long` only."""


class Allowed(NamedTuple):
    """A finding that is right where it stands."""

    path: str
    finding: str
    why: str


ALLOWED: tuple[Allowed, ...] = (
    Allowed(r"^(app/channels|migrations|tests)/", r"^name door$", "column `inbound_message.door` and its JSON field"),
    Allowed(r"^scripts/check_names\.py$", r".", "the tables of this script"),
)
"""Path pattern, finding pattern, reason."""


class Finding(NamedTuple):
    """One line of the report."""

    path: str
    line: int
    word: str
    instead: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.word} – use {self.instead}"


@dataclass(frozen=True, slots=True)
class Text:
    """A docstring, a comment or a paragraph, with the line it begins on."""

    line: int
    text: str


QUOTED = re.compile(r"``.*?``|`[^`]*`|\"[^\"]*\"|“[^”]*”|«[^»]*»|‘[^’]*’", re.DOTALL)
CLASS = re.compile(r"^ *class (\w+)", re.MULTILINE)
SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z`\"“])|\n\s*\n|\n\s*(?=[-*|#] )|\n\s*(?=\d+\. )")


# ── what is read from a file ─────────────────────────────────────────────────────────────────────────────────────────


def docstrings(nodes: Sequence[ast.AST]) -> Iterator[Text]:
    """Yield each string that stands as a statement: docstrings, and the explanation below a constant."""
    for node in nodes:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield Text(node.lineno, node.value.value)
        elif isinstance(node, ast.keyword) and node.arg in {"description", "summary", "help"}:
            parts = [each.value for each in ast.walk(node.value) if isinstance(each, ast.Constant)]
            yield Text(node.value.lineno, " ".join(part for part in parts if isinstance(part, str)))


def comments(source: str) -> Iterator[Text]:
    """Yield each block of comments, directives of tools left out."""
    block: list[str] = []
    first = last = 0
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type != tokenize.COMMENT:
            continue
        text = token.string.lstrip("#! ").strip()
        if re.match(r"noqa|type:|ruff:|pragma:|fmt:|/usr/bin|mypy:", text):
            text = re.sub(r"^[^ ]*(?: ?[A-Z]+[0-9]+,?)*\s*", "", text)
        if block and token.start[0] == last + 1:
            block.append(text)
        else:
            if block:
                yield Text(first, "\n".join(block))
            block, first = [text], token.start[0]
        last = token.start[0]
    if block:
        yield Text(first, "\n".join(block))


def hash_comments(source: str) -> Iterator[Text]:
    """Yield the comments of a file that is no Python: from `#` at the start of a word to the end of the line."""
    for number, line in enumerate(source.splitlines(), 1):
        found = re.search(r"(?:^|\s)#+\s(.*)", line)
        if found:
            yield Text(number, found.group(1))


def paragraphs(source: str) -> Iterator[Text]:
    """Yield the paragraphs of a Markdown text, blocks of code left out."""
    line, fenced, block, first = 0, False, list[str](), 1
    for line, text in enumerate(source.splitlines(), 1):
        if text.lstrip().startswith("```"):
            fenced = not fenced
        elif not fenced and text.strip():
            if not block:
                first = line
            block.append(text)
            continue
        if block:
            yield Text(first, "\n".join(block))
            block = []
    if block:
        yield Text(first, "\n".join(block))


def identifiers(nodes: Sequence[ast.AST]) -> Iterator[tuple[int, str]]:
    """Yield the names that a module gives, where it gives them: columns and fields of schemas left out."""
    given = _fields(nodes)
    for node in nodes:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.lineno, node.name
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store):
            name = node.id if isinstance(node, ast.Name) else node.attr
            if (node.lineno, name) not in given:
                yield node.lineno, name
        elif isinstance(node, ast.alias) and node.asname:
            yield node.lineno, node.asname
        elif isinstance(node, ast.ExceptHandler) and node.name:
            yield node.lineno, node.name


def _fields(nodes: Sequence[ast.AST]) -> set[tuple[int, str]]:
    """Return place and name of class attributes that clients or the database know: `Mapped[…]`, `Field(…)`, schemas."""
    found = set()
    for node in nodes:
        if not isinstance(node, ast.ClassDef):
            continue
        bases = {ast.unparse(base).split("[")[0].rsplit(".", 1)[-1] for base in node.bases}
        published = any(re.search(r"Model$|Out$|Body$|^Schema|In$|Settings$|Enum$|^Base$|TypedDict", b) for b in bases)
        for each in node.body:
            if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name):
                column = "Mapped[" in ast.unparse(each.annotation)
                if published or column or node.name.endswith(("Out", "Body", "In")):
                    found.add((each.lineno, each.target.id))
            elif isinstance(each, ast.Assign) and published:
                found |= {(each.lineno, target.id) for target in each.targets if isinstance(target, ast.Name)}
    return found


# ── the rules ────────────────────────────────────────────────────────────────────────────────────────────────────────


def words_in(path: str, text: Text) -> Iterator[Finding]:
    """Yield the banned words of a text."""
    plain = _without_quotes(text.text)
    for pattern, instead in WORDS.items():
        for found in re.finditer(rf"(?<![\w`])(?:{pattern})(?![\w`])", plain, re.IGNORECASE):
            yield Finding(path, _line(text, found.start()), found.group(0), instead)
    for name, instead in OLD_CLASSES.items():
        for found in re.finditer(rf"`[^`]*(?<!\w){name}(?!\w)[^`]*`", text.text):
            yield Finding(path, _line(text, found.start()), name, instead)


def openings_in(path: str, text: Text) -> Iterator[Finding]:
    """Yield the sentences that begin with their condition or with no verb."""
    for start, sentence in _sentences(_without_quotes(text.text)):
        for pattern, instead in OPENINGS.items():
            found = re.match(pattern, sentence)
            if found:
                yield Finding(path, _line(text, start), f"{' '.join(sentence.split()[:4])} …", instead)
                break


def long_sentences_in(path: str, text: Text) -> Iterator[Finding]:
    """Yield the sentences of more than `LONGEST_SENTENCE` words."""
    for start, sentence in _sentences(text.text):
        count = len(sentence.split())
        if count > LONGEST_SENTENCE and "|" not in sentence:
            yield Finding(path, _line(text, start), f"sentence of {count} words", f"at most {LONGEST_SENTENCE}")


def identifier_findings(path: str, named: Iterable[tuple[int, str]]) -> Iterator[Finding]:
    """Yield the banned words in names, and class names of the past."""
    for line, name in named:
        if name in OLD_CLASSES:
            yield Finding(path, line, f"name {name}", OLD_CLASSES[name])
            continue
        words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)
        for pattern, instead in IDENTIFIER_WORDS.items():
            if any(re.fullmatch(pattern, word.lower()) for word in words):
                yield Finding(path, line, f"name {name}", instead)


def schema_findings(path: str, nodes: Sequence[ast.AST]) -> Iterator[Finding]:
    """Yield the classes that call an HTTP response an answer: `answer` is the reply to the citizen."""
    for node in nodes:
        if isinstance(node, ast.ClassDef) and node.name.endswith(("Answer", "Answers")):
            yield Finding(path, node.lineno, node.name, f"{node.name.removesuffix('Answer')}Out")


def duplicate_classes(sources: Mapping[str, str]) -> Iterator[Finding]:
    """Yield each class whose name its root has defined before."""
    first: dict[tuple[str, str], str] = {}
    for path, source in sorted(sources.items()):
        if path.startswith("tests/"):
            continue
        for found in CLASS.finditer(source):
            name = found.group(1)
            place = first.setdefault((path.split("/", 1)[0], name), path)
            if place != path:
                line = source.count("\n", 0, found.start()) + 1
                yield Finding(path, line, f"class {name}", f"another name: {place} has one")


def plural_modules(paths: Iterable[str]) -> Iterator[Finding]:
    """Yield each module or package that differs from a neighbour only by its plural."""
    known = {path.removesuffix(".py") for path in paths}
    known |= {str(Path(path).parent) for path in known}
    for path in sorted(known):
        if f"{path}s" in known:
            yield Finding(f"{path}s", 1, f"{Path(path).name}s beside {Path(path).name}", "names that differ in meaning")


def _without_quotes(text: str) -> str:
    """Blank out what is quoted, and leave every place and line as it was."""
    return QUOTED.sub(lambda found: re.sub(r"[^\n]", "`", found.group(0)), text)


def _sentences(text: str) -> Iterator[tuple[int, str]]:
    start = 0
    for found in [*SENTENCE_END.finditer(text), None]:
        end = found.start() if found else len(text)
        sentence = text[start:end]
        yield start + len(sentence) - len(sentence.lstrip()), re.sub(r"^\s*(?:[-*#>|]+|\d+\.)?\s*", "", sentence)
        start = found.end() if found else end


def _line(text: Text, offset: int) -> int:
    return text.line + text.text.count("\n", 0, offset)


# ── the run ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def check_python(path: str, source: str, *, long: bool) -> Iterator[Finding]:
    """Yield what is wrong in a Python file; tests are read without their comments."""
    nodes = list(ast.walk(ast.parse(source)))
    texts = list(docstrings(nodes))
    if not path.startswith("tests/"):
        texts += comments(source)
    for text in texts:
        yield from words_in(path, text)
        yield from openings_in(path, text)
        if long:
            yield from long_sentences_in(path, text)
    yield from identifier_findings(path, [(1, Path(path).stem), *identifiers(nodes)])
    if path.startswith("app/"):
        yield from schema_findings(path, nodes)


def check_prose(path: str, source: str, *, long: bool) -> Iterator[Finding]:
    """Yield what is wrong in a Markdown file or in the comments of another one."""
    for text in paragraphs(source) if path.endswith(".md") else hash_comments(source):
        yield from words_in(path, text)
        if long:
            yield from long_sentences_in(path, text)


def check(wanted: Sequence[Path] = (ROOT,), *, long: bool = False) -> list[Finding]:
    """Return every finding below the given paths, but for the allowed ones."""
    sources = {
        file.relative_to(ROOT).as_posix(): file.read_text()
        for root in CODE
        for file in sorted((ROOT / root).rglob("*.py"))
    }
    found = [*duplicate_classes(sources), *plural_modules(sources)]
    for path, source in sources.items():
        if _is_below(path, wanted):
            found += check_python(path, source, long=long)
    for file in _prose_files():
        path = file.relative_to(ROOT).as_posix()
        found += check_prose(path, file.read_text(), long=long)
    return sorted({each for each in found if _is_below(each.path, wanted) and not _is_allowed(each)})


def _prose_files() -> Iterator[Path]:
    for name in (*PROSE, *HASH_COMMENTS):
        place = ROOT / name
        yield from sorted(place.rglob("*.md")) if place.is_dir() else [place] if place.is_file() else []


def _is_below(path: str, wanted: Sequence[Path]) -> bool:
    return any((ROOT / path).is_relative_to(one) for one in wanted)


def _is_allowed(found: Finding) -> bool:
    return any(re.search(each.path, found.path) and re.search(each.finding, found.word) for each in ALLOWED)


def _package(path: str) -> str:
    parts = path.split("/")
    return "/".join(parts[:2]) if parts[0] in {"app", "tests"} and len(parts) > 2 else parts[0]


def main() -> int:
    """Print the findings below the given paths and their count per package; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("paths", nargs="*", help="files or folders; without any the whole repository")
    parser.add_argument("--long", action="store_true", help=f"also sentences of more than {LONGEST_SENTENCE} words")
    parser.add_argument("--count", action="store_true", help="print the count per package only")
    given = parser.parse_args()
    wanted = [Path(path).resolve() for path in given.paths] or [ROOT]
    found = check(wanted, long=given.long)
    if not given.count:
        print(*found, sep="\n", end="\n" if found else "")
    for package, count in sorted(Counter(_package(each.path) for each in found).items()):
        print(f"{count:5} {package}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
