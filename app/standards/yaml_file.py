"""Read a YAML file into a typed model; every fault has its path and line."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from app.core.field_errors import field_errors
from app.core.wording import FIELD_SENTENCES, Sentence, translate
from app.sla.limit import SlaError
from app.standards.problems import CatalogueProblem, code_of, problem

Model = TypeVar("Model", bound=BaseModel)
Path = Sequence[str | int]
_CODES = {
    "missing": "field_missing",
    "extra_forbidden": "field_unknown",
    **dict.fromkeys(("enum", "literal_error"), "field_choice"),
    **dict.fromkeys(("model_type", "dict_type"), "field_single"),
}


class _Loader(yaml.SafeLoader):
    """A loader that leaves dates as text: the model parses them, and its findings have the line."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - a class attribute, as in PyYAML
        first: [(tag, form) for tag, form in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


@dataclass(frozen=True, slots=True)
class YamlFile(Generic[Model]):
    """A file read into its model (None if it is faulty) with its problems; it finds the line of a path."""

    name: str
    model: Model | None
    problems: tuple[CatalogueProblem, ...]
    root: yaml.Node | None = None

    def problem(self, code: str, path: Path, *particulars: object) -> CatalogueProblem:
        """Return a problem of the value at that path, such as `("services", 3, "row")`."""
        return problem(code, _line(self.root, path), path_text(path), *particulars, source=self.name)


def read_yaml(name: str, text: str, model: type[Model]) -> YamlFile[Model]:
    """Return the file of that name and text as its model; the cell of a problem is the path of the field."""
    root, data, faults = _parse(name, text)
    if faults:
        return YamlFile(name, None, faults)
    twice = tuple(_repeated_keys(name, root))
    try:
        return YamlFile(name, model.model_validate(data), twice, root)
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=True, include_input=False)
        return YamlFile(name, None, (*twice, *(_as_problem(name, detail, root) for detail in details)), root)


def _parse(name: str, text: str) -> tuple[yaml.Node | None, Any, tuple[CatalogueProblem, ...]]:
    try:
        loader = _Loader(text)
        root = loader.get_single_node()
        return root, loader.construct_document(root) if root else {}, ()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else None
        return None, None, (problem("yaml", line, "", error.problem or error.context, source=name),)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        return None, None, (problem("yaml", None, "", error, source=name),)


def path_text(path: Path) -> str:
    """Return `("services", 3, "limit")` as `services.3.limit`."""
    return ".".join(map(str, path))


def _as_problem(name: str, detail: ErrorDetails, root: yaml.Node | None) -> CatalogueProblem:
    path = detail["loc"]
    cause = detail.get("ctx", {}).get("error")
    if isinstance(cause, SlaError):
        return problem(code_of(cause), _line(root, path), path_text(path), cause, cause, source=name)
    code = _CODES.get(detail["type"], "field_invalid")
    return problem(code, _line(root, path), path_text(path), *_words(detail), source=name)


_ALLOWED = Sentence("{allowed}", "{allowed}")


def _words(detail: ErrorDetails) -> tuple[str, str]:
    """Return the expected value in Turkish and English; the models' own errors have one wording for both."""
    if detail["type"] == "value_error":
        own = detail["msg"].removeprefix("Value error, ")
        return own, own
    [error] = field_errors([detail])
    if error.code == "choice":
        allowed = translate(_ALLOWED, "en", error.facts)
        return allowed, allowed
    sentence = FIELD_SENTENCES[error.code]
    return translate(sentence, "tr", error.facts).rstrip("."), translate(sentence, "en", error.facts).rstrip(".")


def _line(root: yaml.Node | None, path: Path) -> int | None:
    """Return the line of the value at the path, or of its nearest parent in the file."""
    node, line = root, None
    for step in (*path, ""):
        if node is None:
            break
        line = node.start_mark.line + 1
        node = next((value for key, value in _children(node) if key == str(step)), None)
    return line


def _children(node: yaml.Node) -> list[tuple[str, yaml.Node]]:
    if isinstance(node, yaml.MappingNode):
        return [(str(key.value), value) for key, value in node.value]
    if isinstance(node, yaml.SequenceNode):
        return [(str(number), value) for number, value in enumerate(node.value)]
    return []


def _repeated_keys(name: str, root: yaml.Node | None) -> Iterator[CatalogueProblem]:
    """Yield a problem for each repeated key; plain YAML silently takes the last one."""
    waiting: list[tuple[yaml.Node, tuple[str, ...]]] = [(root, ())] if root else []
    visited: set[int] = set()
    while waiting:
        node, path = waiting.pop()
        if id(node) in visited:
            continue
        visited.add(id(node))
        keys: set[str] = set()
        for key, value in _children(node):
            if key in keys:
                yield problem("code_twice", value.start_mark.line + 1, path_text((*path, key)), key, source=name)
            keys.add(key)
            waiting.append((value, (*path, key)))
