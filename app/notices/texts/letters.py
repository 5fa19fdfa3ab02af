"""Official letters as PDF, set by typst from the municipality's `letters/*.typ` and the notice's stored facts.

Facts and personal values reach the template as JSON data, never as source, so a citizen's text can't act as markup. A
plain list of the facts replaces a template that an edit has broken, and the result names the problem. A letter can be
set from its first source instead of today's files, so that the letter of an old number does not change.
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
from typing import Final

import typst
from pydantic import JsonValue

from app.core.turkish import dative_institution
from app.core.visible_text import is_invisible
from app.notices.kinds import SPECS, NoticeKind, facts_of
from app.notices.payloads import CasePayload, EscalationPayload, OfficeFacts, Payload
from app.notices.texts.fallback import clean, plain_list, plain_subject
from app.notices.texts.filters import tr_date, tr_day, tr_money, tr_time
from app.notices.texts.references import ERASED

FORM = "official.typ"
"""File with the common form, at the beginning of every letter."""

STANDARD: Final = "a-2b"
"""PDF/A-2b (ISO 19005-2): self-contained with its fonts, for long-term archives."""

NO_FOLDER: Final = os.devnull
"""Folder for further files and packages of typst: there are none, so the source is complete."""

LETTER_KINDS: Final = frozenset(kind for kind, spec in SPECS.items() if spec.letter)

MAX_CONCURRENT = 2
"""Maximum number of letters set concurrently; setting is pure computation, and other requests need the CPU too."""

_PLAIN = b"""
#let letter = json(bytes(sys.inputs.letter))
#set document(title: letter.title)
#set text(font: ("Libertinus Serif", "DejaVu Sans Mono"), size: 12pt, lang: "tr")
#set page(paper: "a4", margin: 2cm)
#letter.plain
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """Letter, and the file (with its version) that it was set from.

    `problem` is the reason if the file could not be used. `archival` means PDF/A: a character that no font has (an
    emoji) makes it a plain PDF that shows a box.
    """

    pdf: bytes
    template: str
    version: str
    archival: bool
    problem: str | None = None


class Letters:
    """Letters of one municipality; their files are read once, and fonts and packages of the machine are ignored.

    The source of a letter is the form followed by its own file; it can read no other file.
    """

    def __init__(self, folder: Path) -> None:
        self._fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=True)
        self._slots = asyncio.Semaphore(MAX_CONCURRENT)
        self._files = {name: _read_file(folder / name) for name in (FORM, *map(_file_of, LETTER_KINDS))}

    @property
    def problems(self) -> dict[str, str]:
        """Return file name → problem, for files that can't be read."""
        return {f"letters/{name}": found for name, found in sorted(self._files.items()) if isinstance(found, str)}

    def source_of(self, kind: NoticeKind) -> bytes | None:
        """Return today's source for a kind, None if a file can't be read; raise `KeyError` for kinds without letter."""
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
        """Run `make` in a thread; at most `MAX_CONCURRENT` at a time.

        A thread can't be stopped, so a letter whose caller has given up keeps its slot until it is set. A file that
        computes endlessly therefore blocks letters, but nothing else that needs threads.
        """
        await self._slots.acquire()
        task = asyncio.ensure_future(
            asyncio.to_thread(self.make, kind, payload, values, number=number, at=at, source=source)
        )
        task.add_done_callback(lambda _: self._slots.release())
        return await asyncio.shield(task)

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
        """Return the letter of the notice `number` of the instant `at`; equal arguments give equal bytes.

        `values` are the values behind references (`applicant.name`). `source` is the first source of the letter, None
        for today's; today's replaces one that can't be set. Raises `KeyError` for a kind without a letter, and nothing
        because of the contents of a file.
        """
        today, problem = self._today(kind), ""
        data = _letter_data(kind, payload, values, number)
        for tried in (source, today):
            if isinstance(tried, bytes):
                try:
                    pdf, archival = self._set(tried, data, at)
                    return Letter(pdf=pdf, template=_template(kind), version=version_of(tried), archival=archival)
                except typst.TypstError:
                    problem = self._problem(tried, data, at)
        version = version_of(today) if isinstance(today, bytes) else ""
        pdf, archival = self._set(_PLAIN, _plain_data(kind, payload), at)
        return Letter(
            pdf=pdf,
            template=_template(kind),
            version=version,
            archival=archival,
            problem=today if isinstance(today, str) else problem,
        )

    def _today(self, kind: NoticeKind) -> bytes | str:
        """Return today's source, or the reason why there is none."""
        form, own = self._files[FORM], self._files[_file_of(kind)]
        if isinstance(form, bytes) and isinstance(own, bytes):
            return form + b"\n" + own
        return str(own if isinstance(own, str) else form)

    def _set(self, source: bytes, data: Mapping[str, JsonValue], at: datetime) -> tuple[bytes, bool]:
        """Return the PDF, and whether it is PDF/A; raise `TypstError` if the source does not compile."""
        try:
            return self._compile(source, data, at, archival=True), True
        except typst.TypstError:
            return self._compile(source, data, at, archival=False), False

    def _problem(self, source: bytes, data: Mapping[str, JsonValue], at: datetime) -> str:
        """Return why a source does not compile, from a second try: the first error may quote personal values.

        The second try has the names of the values in place of the values.
        """
        names = list(data["values"]) if isinstance(data["values"], dict) else []
        try:
            self._set(source, {**data, "values": {name: name for name in names}}, at)
        except typst.TypstError as error:
            return f"TypstError: {error.message}"
        return "TypstError: with the values of this ticket only"

    def _compile(self, source: bytes, data: Mapping[str, JsonValue], at: datetime, *, archival: bool) -> bytes:
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
        assert isinstance(pdf, bytes)  # noqa: S101 - without `output` it always is
        return pdf


def version_of(source: bytes) -> str:
    """Return the name of a source: the first digits of its SHA-256."""
    return hashlib.sha256(source).hexdigest()[:12]


def _letter_data(kind: NoticeKind, payload: Payload, values: Mapping[str, str], number: str) -> dict[str, JsonValue]:
    return {
        "title": plain_subject(kind, payload),
        "notice": number,
        "erased": ERASED,
        "facts": letter_facts(payload),
        "values": {name: _clean_text(value) for name, value in values.items()},
    }


def _plain_data(kind: NoticeKind, payload: Payload) -> dict[str, JsonValue]:
    return {"title": plain_subject(kind, payload), "plain": _clean_text(plain_list(kind, payload))}


def letter_facts(payload: Payload) -> dict[str, JsonValue]:
    """Return the facts for letters in Turkish forms: instants as `date`, `day` and `time`, the unit also as dative."""
    facts = {name: _letter_fact(clean(value)) for name, value in facts_of(payload).items()}
    if isinstance(unit := facts.get("unit_name"), str):
        facts["unit_name_dative"] = dative_institution(unit)
    if isinstance(payload, CasePayload):
        facts["promise_past"] = payload.promise_due <= payload.raised_at
    if isinstance(payload, EscalationPayload) and payload.statutory_due is not None:
        facts["statutory_past"] = payload.statutory_due <= payload.raised_at
    return facts


def _letter_fact(value: object) -> JsonValue:
    if isinstance(value, datetime):
        return {"date": tr_date(value), "day": tr_day(value), "time": tr_time(value)}
    if isinstance(value, date):
        return {"date": tr_date(value), "day": tr_day(value)}
    if isinstance(value, Decimal):
        return tr_money(value)
    if isinstance(value, OfficeFacts):
        return {name: _clean_text(part) for name, part in asdict(value).items()}
    if isinstance(value, tuple):
        return [_letter_fact(item) for item in value]
    if isinstance(value, str):
        return _clean_text(value)
    if value is None or isinstance(value, (bool, int)):
        return value
    raise TypeError(f"{type(value).__name__} is no fact of a letter")


def _clean_text(value: str) -> str:
    """Return a text in NFC, without invisible characters except line breaks.

    Typst would join an invisible character to the letter before it, and the PDF would be copied and searched wrongly.
    Control characters for the direction of writing could make a word look like another one.
    """
    text = unicodedata.normalize("NFC", value.replace("\r\n", "\n").replace("\r", " ").replace("\t", " "))
    return "".join(sign for sign in text if not is_invisible(sign))


def _file_of(kind: NoticeKind) -> str:
    return f"{kind}.typ"


def _template(kind: NoticeKind) -> str:
    return f"letters/{_file_of(kind)}"


def _read_file(path: Path) -> bytes | str:
    """Return the bytes of a file, or the reason why it can't be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        return f"{type(error).__name__}: {error.strerror}"
