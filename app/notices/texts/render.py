"""Render a notice's subject and body from the municipality's text files and the facts.

An edit of the municipality may break a file. That must not stop a notice: the Turkish text replaces an English one, and
a plain list of the facts a Turkish one. The result names the problem.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from jinja2 import StrictUndefined, Template
from jinja2.sandbox import ImmutableSandboxedEnvironment

from app.core.turkish import dative_institution
from app.core.wording import Language
from app.notices.kinds import SPECS, Medium, NoticeKind, facts_of, language_of
from app.notices.payloads import MAX_REMINDERS, Payload
from app.notices.texts import filters
from app.notices.texts.fallback import clean, plain_list, plain_subject, short_message
from app.notices.texts.letters import Letters
from app.notices.texts.references import names, plain, reference
from app.notices.texts.sms_length import one_septet_sms

MAX_SUBJECT = 120
"""Maximum number of characters of a subject; longer ones end in an ellipsis."""

WIDTH = 88
"""Columns of a letter's head and signature; texts are centred by `center(88)`."""

_HEADERS: Mapping[Language, str] = MappingProxyType({"tr": "Konu:", "en": "Subject:"})
"""Language → the beginning of the first line of a text file, which contains the subject."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedNotice:
    """Text of a notice, and the file (with its version) that it was rendered from.

    `fallback` means that the file could not be used, because of `problem`. The text is then that of the Turkish file,
    or a plain list of the facts.
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
    """Renderer with all texts of one municipality, read and compiled once; rendering reads no file."""

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
        """Return file name → problem, for files that are missing or do not compile."""
        texts = {
            template_name(*key): text.problem for key, text in self._texts.items() if isinstance(text, _BrokenFile)
        }
        return texts | self.letters.problems

    def render(self, kind: NoticeKind, medium: Medium, payload: Payload) -> RenderedNotice:
        """Return the text of a notice of `kind` by `medium`; never raises because of a text file."""
        language = language_of(payload)
        preferred = self._render_file(kind, medium, payload, language)
        if isinstance(preferred, RenderedNotice):
            return preferred
        turkish = preferred if language == "tr" else self._render_file(kind, medium, payload, "tr")
        subject, body = (
            (turkish.subject, turkish.body)
            if isinstance(turkish, RenderedNotice)
            else (_one_line(plain_subject(kind, payload), MAX_SUBJECT), _plain_body(kind, medium, payload))
        )
        return RenderedNotice(
            subject=subject,
            body=body,
            template=template_name(kind, medium, language),
            version=preferred.version,
            fallback=True,
            problem=preferred.problem,
        )

    def _render_file(
        self, kind: NoticeKind, medium: Medium, payload: Payload, language: Language
    ) -> RenderedNotice | _BrokenFile:
        """Return the text of the file for that language, or the problem of the file."""
        text = self._texts.get((kind, medium, language)) or _BrokenFile("", f"no text for {kind} by {medium}")
        if isinstance(text, _BrokenFile):
            return text
        spell = _one_septet if medium is Medium.SMS else plain
        facts = {fact: clean(value, spell) for fact, value in facts_of(payload).items()}
        try:
            subject, body = text.subject.render(facts), text.body.render(facts)
        except Exception as error:  # noqa: BLE001 - any error of an edited text ends in the fallback
            return _BrokenFile(text.version, f"{type(error).__name__}: {error}")
        return RenderedNotice(
            subject=_one_line(subject, MAX_SUBJECT),
            body=one_septet_sms(" ".join(body.split())) if medium is Medium.SMS else _layout(body),
            template=template_name(kind, medium, language),
            version=text.version,
        )


def template_name(kind: NoticeKind, medium: Medium, language: Language = "tr") -> str:
    """Return the name of the file in `templates/`: `receipt.sms.txt`, in English `receipt.sms.en.txt`."""
    return f"{kind}.{medium}.txt" if language == "tr" else f"{kind}.{medium}.{language}.txt"


def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_existing,
    )
    text_filters: dict[str, Callable[..., str]] = {
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
    environment.filters.update(text_filters)
    environment.globals.update(ref=reference, remaining=filters.remaining, most_reminders=MAX_REMINDERS)
    return environment


def _load(environment: ImmutableSandboxedEnvironment, path: Path, language: Language) -> _TextFile | _BrokenFile:
    version, prefix = "", _HEADERS[language]
    try:
        raw = path.read_bytes()
        version = hashlib.sha256(raw).hexdigest()[:12]
        header, _, body = raw.decode().replace("\r\n", "\n").partition("\n")
        if not header.startswith(prefix):
            return _BrokenFile(version, f"the first line must begin with `{prefix}`")
        names(header + body)
        subject = environment.from_string(header.removeprefix(prefix).strip())
        return _TextFile(version, subject, environment.from_string(body))
    except Exception as error:  # noqa: BLE001 - a file that can't be read or compiled is reported, not fatal
        return _BrokenFile(version, f"{type(error).__name__}: {error}")


def _one_septet(text: str) -> str:
    """Return a fact for an SMS, before it is cut to a length: each letter is then one septet."""
    return one_septet_sms(plain(text))


def _existing(value: object) -> object:
    """Return a value that a text writes; raise `TypeError` for None, a fact that does not exist."""
    if value is None:
        raise TypeError("a fact that does not exist was to be written")
    return value


def _right(text: str) -> str:
    return text.rjust(WIDTH)


def _one_line(text: str, max_length: int) -> str:
    """Return `text` on one line of at most `max_length` characters; a longer one is cut after a word and marked."""
    line = " ".join(text.split())
    if len(line) <= max_length:
        return line
    return f"{line[: max_length - 3].rsplit(' ', 1)[0].rstrip(' ,;')}..."


def _layout(body: str) -> str:
    """Return `body` without trailing spaces and repeated empty lines; a paragraph stays one line."""
    lines: list[str] = []
    for raw in body.strip("\n").split("\n"):
        line = raw.rstrip()
        if line or (lines and lines[-1]):
            lines.append(line)
    return "\n".join(lines).rstrip() + "\n"


def _plain_body(kind: NoticeKind, medium: Medium, payload: Payload) -> str:
    return short_message(kind, payload) if medium is Medium.SMS else _layout(plain_list(kind, payload))
