"""Official letters as PDF, set by typst from the municipality's `letters/*.typ` and the notice's stored facts.

Facts and personal values reach the template as JSON data, never as source, so no word of a citizen is read as markup.
A template that an edit has broken gives way to a plain list of the facts, and the result says so. What a letter was
first set from may be given instead of today's files: an old number then reads as it did.
"""

import asyncio
import hashlib
import json
import os
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import typst

from app.core.turkish import dative_institution
from app.notices.kinds import SPECS, CasePayload, EscalationPayload, NoticeKind, OfficeFacts, Payload, facts_of
from app.notices.texts.fallback import clean, plain_list, plain_subject
from app.notices.texts.filters import tr_date, tr_day, tr_money, tr_time
from app.notices.texts.references import ERASED

FORM = "official.typ"
"""The file that every letter begins with: the form they share."""

STANDARD: Final = "a-2b"
"""PDF/A-2b (ISO 19005-2): fonts and all inside, to be opened in fifty years."""

NO_FOLDER: Final = os.devnull
"""Where typst looks for further files and packages, and finds none: a source is all that a letter is set from."""

LETTER_KINDS: Final = frozenset(kind for kind, spec in SPECS.items() if spec.letter)

AT_A_TIME = 2
"""Letters set at once: setting is pure computing, and other requests want the processor too."""

_PLAIN = b"""
#let letter = json(bytes(sys.inputs.letter))
#set document(title: letter.title)
#set text(font: ("Libertinus Serif", "DejaVu Sans Mono"), size: 12pt, lang: "tr")
#set page(paper: "a4", margin: 2cm)
#letter.plain
"""

_DIRECTING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")
"""Signs that turn the direction of writing: with them a word could be shown as another one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A letter and the file (with its version) it was set from.

    `problem` says why the file could not be used, where it could not; `archival` whether it is PDF/A: a sign that no
    font has (an emoji) makes it a common PDF, in which a box stands for the sign.
    """

    pdf: bytes
    template: str
    version: str
    archival: bool
    problem: str | None = None


class Letters:
    """The letters of one municipality; their files are read once, and no font or package of the machine is used.

    Each is set from the form and its own file in one piece, its source, and can read no other file.
    """

    def __init__(self, folder: Path) -> None:
        self._fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=True)
        self._turns = asyncio.Semaphore(AT_A_TIME)
        self._files = {name: _read(folder / name) for name in (FORM, *map(_file_of, LETTER_KINDS))}

    @property
    def problems(self) -> dict[str, str]:
        """File name → why it can't be used, for files that can't be read."""
        return {f"letters/{name}": found for name, found in sorted(self._files.items()) if isinstance(found, str)}

    def source_of(self, kind: NoticeKind) -> bytes | None:
        """What letters of that kind are set from today, None where a file can't be read; KeyError where it has none."""
        found = self._today(kind)
        return found if isinstance(found, bytes) else None

    async def write(
        self,
        kind: NoticeKind,
        payload: Payload,
        values: Mapping[str, str],
        *,
        number: str,
        at: datetime,
        source: bytes | None = None,
    ) -> Letter:
        """What `make` makes, in a thread of its own; at most `AT_A_TIME` at once.

        A thread can't be stopped: a letter that nobody waits for any more keeps its turn until it is set. So a file
        that computes endlessly holds up letters, and nothing else that needs threads.
        """
        await self._turns.acquire()
        making = asyncio.to_thread(self.make, kind, payload, values, number=number, at=at, source=source)
        setting = asyncio.ensure_future(making)
        setting.add_done_callback(lambda _: self._turns.release())
        return await asyncio.shield(setting)

    def make(
        self,
        kind: NoticeKind,
        payload: Payload,
        values: Mapping[str, str],
        *,
        number: str,
        at: datetime,
        source: bytes | None = None,
    ) -> Letter:
        """The letter of the notice `number`, written at `at`; the same facts, values and source give the same bytes.

        `values` holds what stands behind references (`applicant.name`). `source` is what it was first set from, None
        for today's; one that can't be set gives way to today's. KeyError for a kind that has no letter; never raises
        for what a file contains.
        """
        today, problem = self._today(kind), ""
        name = f"letters/{_file_of(kind)}"
        title = plain_subject(kind, payload)
        data = {
            "title": title,
            "notice": number,
            "erased": ERASED,
            "facts": letter_facts(payload),
            "values": _words(dict(values)),
        }
        for one in (source, today):
            if isinstance(one, bytes):
                try:
                    pdf, archival = self._set(one, data, at)
                    return Letter(pdf=pdf, template=name, version=version_of(one), archival=archival)
                except typst.TypstError:
                    problem = self._problem(one, data, at)
        if isinstance(today, str):
            problem = today
        pdf, archival = self._set(_PLAIN, {"title": title, "plain": _words(plain_list(kind, payload))}, at)
        version = version_of(today) if isinstance(today, bytes) else ""
        return Letter(pdf=pdf, template=name, version=version, archival=archival, problem=problem)

    def _today(self, kind: NoticeKind) -> bytes | str:
        """Today's source, or why there is none."""
        form, own = self._files[FORM], self._files[_file_of(kind)]
        if isinstance(form, bytes) and isinstance(own, bytes):
            return form + b"\n" + own
        return str(own if isinstance(own, str) else form)

    def _set(self, source: bytes, data: Mapping[str, Any], at: datetime) -> tuple[bytes, bool]:
        """The PDF, and whether it is fit for the archive. Raises TypstError for a source that does not compile."""
        try:
            return self._compile(source, data, at, archival=True), True
        except typst.TypstError:
            return self._compile(source, data, at, archival=False), False

    def _problem(self, source: bytes, data: Mapping[str, Any], at: datetime) -> str:
        """Why a source does not compile; tried again with the values' names for the values, which it may quote."""
        try:
            self._set(source, {**data, "values": {name: name for name in data["values"]}}, at)
        except typst.TypstError as error:
            return f"TypstError: {error.message}"
        return "TypstError: with the values of this ticket only"

    def _compile(self, source: bytes, data: Mapping[str, Any], at: datetime, *, archival: bool) -> bytes:
        compiler = typst.Compiler(
            source,
            root=NO_FOLDER,
            package_path=NO_FOLDER,
            package_cache_path=NO_FOLDER,
            font_paths=self._fonts,
            ignore_system_fonts=True,
            sys_inputs={"letter": json.dumps(data)},
        )
        pdf = compiler.compile(
            format="pdf", pdf_standards=[STANDARD] if archival else [], timestamp=int(at.timestamp())
        )
        assert isinstance(pdf, bytes)  # noqa: S101 - without an output and pages of their own it always is
        return pdf


def version_of(source: bytes) -> str:
    """The name of a source: what it is made of."""
    return hashlib.sha256(source).hexdigest()[:12]


def letter_facts(payload: Payload) -> dict[str, Any]:
    """The facts as letters see them: instants as `date`, `day` and `time`, names also in the dative, Turkish forms."""
    facts: dict[str, Any] = {name: _shown(clean(value)) for name, value in facts_of(payload).items()}
    if (unit := facts.get("unit_name")) is not None:
        facts["unit_name_dative"] = dative_institution(unit)
    if isinstance(payload, CasePayload):
        facts["promise_past"] = payload.promise_due <= payload.raised_at
    if isinstance(payload, EscalationPayload) and payload.statutory_due is not None:
        facts["statutory_past"] = payload.statutory_due <= payload.raised_at
    return facts


def _shown(value: Any) -> Any:
    if isinstance(value, datetime):
        return {"date": tr_date(value), "day": tr_day(value), "time": tr_time(value)}
    if isinstance(value, date):
        return {"date": tr_date(value), "day": tr_day(value)}
    if isinstance(value, Decimal):
        return tr_money(value)
    if isinstance(value, OfficeFacts):
        return _words(asdict(value))
    if isinstance(value, tuple):
        return [_shown(item) for item in value]
    return _words(value)


def _words(value: Any) -> Any:
    """`value` with texts in one form (NFC), without control characters but line breaks, and in reading order."""
    if isinstance(value, str):
        text = unicodedata.normalize("NFC", value.replace("\r\n", "\n").replace("\t", " "))
        return "".join(sign for sign in text if sign == "\n" or not _is_control(sign))
    if isinstance(value, dict):
        return {name: _words(part) for name, part in value.items()}
    return value


def _is_control(sign: str) -> bool:
    return sign in _DIRECTING or unicodedata.category(sign) in {"Cc", "Cs"}


def _file_of(kind: NoticeKind) -> str:
    return f"{kind}.typ"


def _read(path: Path) -> bytes | str:
    """The bytes of a file, or why it can't be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        return f"{type(error).__name__}: {error.strerror}"
