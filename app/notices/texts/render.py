"""From facts to words: renders a notice's subject and body from the municipality's text files.

The files are a municipality's own and may be broken by an edit. A broken one must not stop a notice: an English one
gives way to the Turkish, a Turkish one to a plain list of the facts, and the result says so.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from jinja2 import StrictUndefined, Template
from jinja2.sandbox import ImmutableSandboxedEnvironment

from app.core.turkish import dative_institution
from app.core.wording import Language
from app.notices.kinds import SPECS, Medium, NoticeKind, Payload, facts_of, language_of
from app.notices.payloads import MOST_REMINDERS
from app.notices.texts import filters
from app.notices.texts.fallback import clean, plain_list, plain_subject, short_message
from app.notices.texts.letters import Letters
from app.notices.texts.references import names, plain, reference
from app.notices.texts.sms_length import one_septet_sms

SUBJECT_LIMIT = 120
"""Characters a subject may have; longer ones end in an ellipsis."""

WIDTH = 88
"""Columns of a letter's head and signature; texts centre with `center(88)`."""

_HEADERS: Mapping[Language, str] = MappingProxyType({"tr": "Konu:", "en": "Subject:"})
"""How the first line of a text file begins, which holds the subject."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedNotice:
    """The words of a notice and the file (with its version) they come from.

    `fallback` means that the file could not be used, `problem` says why; the words are then those of the Turkish
    file, or a plain list of facts.
    """

    subject: str
    body: str
    template: str
    version: str
    fallback: bool = False
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class _TextFile:
    version: str
    subject: Template
    body: Template


@dataclass(frozen=True, slots=True)
class _BrokenFile:
    version: str
    problem: str


class Renderer:
    """All texts of one municipality, read and compiled once; rendering touches no file."""

    def __init__(self, folder: Path) -> None:
        environment = _environment()
        self._texts = {
            (kind, medium, language): _load(environment, folder / template_name(kind, medium, language), language)
            for kind, spec in SPECS.items()
            for medium in spec.media
            for language in spec.languages
        }
        self.letters = Letters(folder / "letters")

    @property
    def problems(self) -> dict[str, str]:
        """File name → why it can't be used, for files that are missing or do not compile."""
        texts = {
            template_name(*key): text.problem for key, text in self._texts.items() if isinstance(text, _BrokenFile)
        }
        return texts | self.letters.problems

    def render(self, kind: NoticeKind, medium: Medium, payload: Payload) -> RenderedNotice:
        """The words of a notice of `kind` by `medium`; never raises for what a text file contains."""
        language = language_of(payload)
        asked = self._written(kind, medium, payload, language)
        if isinstance(asked, RenderedNotice):
            return asked
        turkish = asked if language == "tr" else self._written(kind, medium, payload, "tr")
        subject, body = (
            (turkish.subject, turkish.body)
            if isinstance(turkish, RenderedNotice)
            else (_one_line(plain_subject(kind, payload), SUBJECT_LIMIT), _plain_body(kind, medium, payload))
        )
        return RenderedNotice(
            subject=subject,
            body=body,
            template=template_name(kind, medium, language),
            version=asked.version,
            fallback=True,
            problem=asked.problem,
        )

    def _written(
        self, kind: NoticeKind, medium: Medium, payload: Payload, language: Language
    ) -> RenderedNotice | _BrokenFile:
        """The words as the file for that language has them, or why it has none."""
        text = self._texts.get((kind, medium, language)) or _BrokenFile("", f"no text for {kind} by {medium}")
        if isinstance(text, _BrokenFile):
            return text
        spelled = _one_septet if medium is Medium.SMS else plain
        facts = {fact: clean(value, spelled) for fact, value in facts_of(payload).items()}
        try:
            subject, body = text.subject.render(facts), text.body.render(facts)
        except Exception as error:  # noqa: BLE001 - whatever an edited text does wrong ends in the plain list
            return _BrokenFile(text.version, f"{type(error).__name__}: {error}")
        return RenderedNotice(
            subject=_one_line(subject, SUBJECT_LIMIT),
            body=one_septet_sms(" ".join(body.split())) if medium is Medium.SMS else _laid_out(body),
            template=template_name(kind, medium, language),
            version=text.version,
        )


def template_name(kind: NoticeKind, medium: Medium, language: Language = "tr") -> str:
    """The file in `templates/` that holds the text: `receipt.sms.txt`, in English `receipt.sms.en.txt`."""
    return f"{kind}.{medium}.txt" if language == "tr" else f"{kind}.{medium}.{language}.txt"


def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_written,
    )
    named: dict[str, Callable[..., str]] = {
        "tr_date": filters.tr_date,
        "tr_day": filters.tr_day,
        "tr_time": filters.tr_time,
        "tr_datetime": filters.tr_datetime,
        "tr_money": filters.tr_money,
        "en_date": filters.en_date,
        "en_day": filters.en_day,
        "en_money": filters.en_money,
        "en_limit": filters.en_limit,
        "dative": lru_cache(maxsize=1024)(dative_institution),
        "short": _one_line,
        "right": _right,
    }
    environment.filters.update(named)
    environment.globals.update(ref=reference, remaining=filters.remaining, most_reminders=MOST_REMINDERS)
    return environment


def _load(environment: ImmutableSandboxedEnvironment, path: Path, language: Language) -> _TextFile | _BrokenFile:
    version, begins = "", _HEADERS[language]
    try:
        raw = path.read_bytes()
        version = hashlib.sha256(raw).hexdigest()[:12]
        header, _, body = raw.decode().replace("\r\n", "\n").partition("\n")
        if not header.startswith(begins):
            return _BrokenFile(version, f"the first line must begin with `{begins}`")
        names(header + body)
        subject = environment.from_string(header.removeprefix(begins).strip())
        return _TextFile(version, subject, environment.from_string(body))
    except Exception as error:  # noqa: BLE001 - a text that can't be read or compiled is reported, not fatal
        return _BrokenFile(version, f"{type(error).__name__}: {error}")


def _one_septet(words: str) -> str:
    """Words for an SMS, before they are cut to a length: a cut in letters is then one in septets."""
    return one_septet_sms(plain(words))


def _written(value: Any) -> Any:
    if value is None:
        raise TypeError("a fact that does not exist was to be written")
    return value


def _right(text: str) -> str:
    return text.rjust(WIDTH)


def _one_line(text: str, limit: int) -> str:
    """`text` on one line of at most `limit` characters; a longer one is cut after a word and marked."""
    line = " ".join(text.split())
    if len(line) <= limit:
        return line
    return f"{line[: limit - 3].rsplit(' ', 1)[0].rstrip(' ,;')}..."


def _laid_out(body: str) -> str:
    """`body` without trailing spaces and with at most one empty line in a row; a paragraph stays one line."""
    lines: list[str] = []
    for raw in body.strip("\n").split("\n"):
        line = raw.rstrip()
        if line or (lines and lines[-1]):
            lines.append(line)
    return "\n".join(lines).rstrip() + "\n"


def _plain_body(kind: NoticeKind, medium: Medium, payload: Payload) -> str:
    return short_message(kind, payload) if medium is Medium.SMS else _laid_out(plain_list(kind, payload))
