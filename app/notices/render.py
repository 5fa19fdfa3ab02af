"""From facts to words: renders a notice's subject and body from the municipality's text files.

The files are a municipality's own and may be broken by an edit. A broken one must not stop a notice: the
facts are then listed plainly and the result says so.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from jinja2 import StrictUndefined, Template
from jinja2.sandbox import ImmutableSandboxedEnvironment

from app.core.clock import ISTANBUL
from app.core.turkish import dative_institution, format_date, format_datetime
from app.notices.kinds import SPECS, Medium, NoticeKind, Office, Payload, facts_of
from app.notices.references import names, plain, reference
from app.notices.sms import plain_sms

SUBJECT_LIMIT = 120
"""Characters a subject may have; longer ones end in an ellipsis."""

WIDTH = 88
"""Columns of a letter's head and signature; texts centre with `center(88)`."""

_HEADER = "Konu:"

FACT_LABELS: Mapping[str, str] = MappingProxyType(
    {
        "number": "Başvuru numarası",
        "received_at": "Başvuru tarihi",
        "service_name": "Hizmet",
        "limit_text": "Hizmetin tamamlanma süresi (en geç)",
        "promise_due": "Süre sonu",
        "documents": "Eksik belgeler",
        "complete_by": "Tamamlama tarihi",
        "legal_basis": "Dayanak",
        "unit_name": "Sorumlu birim",
        "referred_at": "Sevk tarihi",
        "subject_label": "Konu",
        "neighbourhood": "Mahalle",
        "raised_at": "Bildirim tarihi",
        "internal_target": "Birim hedef tarihi",
        "office": "Müracaat yeri",
        "last_action": "Son işlem",
        "last_action_at": "Son işlem tarihi",
        "statutory_regime": "Kanun",
        "statutory_due": "Yasal süre sonu",
        "signatory": "İmza yetkilisi",
        "level_1_number": "1. kademe bildirim numarası",
        "level_1_at": "1. kademe bildirim tarihi",
        "outcome": "Sonuç",
        "remedy": "Başvuru yolu",
        "first_office": "İlk müracaat yeri",
        "second_office": "İkinci müracaat yeri",
        "forwarded_to": "İletilen kurum",
        "duplicate_of": "Birleştirilen başvuru",
    }
)
"""Turkish names under which a fallback text lists the facts; flags that only steer a text are not listed."""

_CODE_LABELS: Mapping[str, str] = MappingProxyType(
    {
        "law_3071": "3071 sayılı Kanun",
        "law_4982": "4982 sayılı Kanun",
        "administrative_court": "İdare mahkemesi",
        "information_board": "Bilgi Edinme Değerlendirme Kurulu",
        "positive": "olumlu",
        "partial": "kısmen olumlu",
        "negative": "olumsuz",
        "forwarded_out": "ilgili kuruma iletildi",
        "not_examined": "işleme alınmadı",
        "withdrawn": "vazgeçildi",
        "duplicate": "mükerrer",
    }
)
_CODED = frozenset({"legal_basis", "statutory_regime", "remedy", "outcome"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """The words of a notice and the file (with its version) they come from.

    `fallback` means that the file could not be used, `problem` says why; the body is then a plain list of
    facts.
    """

    subject: str
    body: str
    template: str
    version: str
    fallback: bool = False
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class _Text:
    version: str
    subject: Template
    body: Template


@dataclass(frozen=True, slots=True)
class _Broken:
    version: str
    problem: str


class Renderer:
    """All texts of one municipality, read and compiled once; rendering touches no file."""

    def __init__(self, folder: Path) -> None:
        environment = _environment()
        self._texts = {
            (kind, medium): _load(environment, folder / template_name(kind, medium))
            for kind, spec in SPECS.items()
            for medium in spec.media
        }

    @property
    def problems(self) -> dict[str, str]:
        """File name → why it can't be used, for files that are missing or do not compile."""
        return {template_name(*key): text.problem for key, text in self._texts.items() if isinstance(text, _Broken)}

    def render(self, kind: NoticeKind, medium: Medium, payload: Payload) -> Rendered:
        """The words of a notice of `kind` by `medium`; never raises for what a text file contains."""
        text = self._texts.get((kind, medium)) or _Broken("", f"no text for {kind} by {medium}")
        name = template_name(kind, medium)
        if isinstance(text, _Broken):
            return _fallback(kind, medium, payload, _Source(name, text.version, text.problem))
        facts = {fact: _clean(value) for fact, value in facts_of(payload).items()}
        try:
            subject, body = text.subject.render(facts), text.body.render(facts)
        except Exception as error:  # noqa: BLE001 - whatever an edited text does wrong ends in the plain list
            problem = f"{type(error).__name__}: {error}"
            return _fallback(kind, medium, payload, _Source(name, text.version, problem))
        return Rendered(
            subject=_one_line(subject, SUBJECT_LIMIT),
            body=plain_sms(" ".join(body.split())) if medium is Medium.SMS else _laid_out(body),
            template=name,
            version=text.version,
        )


def template_name(kind: NoticeKind, medium: Medium) -> str:
    """The file in `templates/` that holds the text."""
    return f"{kind}.{medium}.txt"


def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_written,
    )
    filters: dict[str, Callable[..., str]] = {
        "tr_date": tr_date,
        "tr_time": tr_time,
        "tr_datetime": tr_datetime,
        "dative": lru_cache(maxsize=1024)(dative_institution),
        "short": _one_line,
        "right": _right,
    }
    environment.filters.update(filters)
    environment.globals.update(ref=reference, remaining=remaining)
    return environment


def _load(environment: ImmutableSandboxedEnvironment, path: Path) -> _Text | _Broken:
    version = ""
    try:
        raw = path.read_bytes()
        version = hashlib.sha256(raw).hexdigest()[:12]
        header, _, body = raw.decode().replace("\r\n", "\n").partition("\n")
        if not header.startswith(_HEADER):
            return _Broken(version, f"the first line must begin with `{_HEADER}`")
        names(header + body)
        subject = environment.from_string(header.removeprefix(_HEADER).strip())
        return _Text(version, subject, environment.from_string(body))
    except Exception as error:  # noqa: BLE001 - a text that can't be read or compiled is reported, not fatal
        return _Broken(version, f"{type(error).__name__}: {error}")


def tr_date(value: date) -> str:
    """`01.06.2026`; an instant is taken in Europe/Istanbul. A naive instant is a ValueError."""
    return format_date(_local(value) if isinstance(value, datetime) else value)


def tr_time(value: datetime) -> str:
    """`14:05` in Europe/Istanbul."""
    return f"{_local(value):%H:%M}"


def tr_datetime(value: datetime) -> str:
    """`01.06.2026 14:05` in Europe/Istanbul."""
    return format_datetime(_local(value))


def remaining(since: datetime, until: datetime) -> str:
    """What is left: `3 gün` by the dates in Istanbul; within a day hours, or minutes rounded up."""
    days = (_local(until).date() - _local(since).date()).days
    if until - since >= timedelta(days=1) and days > 0:
        return f"{days} gün"
    minutes = max(0, -(-int((until - since).total_seconds()) // 60))
    return f"{minutes // 60} saat" if minutes >= 60 else f"{minutes} dakika"


def _local(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("an instant needs a zone")
    return value.astimezone(ISTANBUL)


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


def _clean(value: Any) -> Any:
    """A fact that can only be words: no reference brackets, no line breaks, no doubled spaces."""
    if isinstance(value, str):
        return " ".join(plain(value).split())
    if isinstance(value, tuple):
        return tuple(_clean(item) for item in value)
    if isinstance(value, Office):
        return _clean_office(value)
    return value


@lru_cache(maxsize=256)
def _clean_office(office: Office) -> Office:
    return replace(
        office,
        place=_clean(office.place),
        official=_clean(office.official),
        title=_clean(office.title),
        phone=_clean(office.phone),
    )


def _laid_out(body: str) -> str:
    """`body` without trailing spaces and with at most one empty line in a row; a paragraph stays one line."""
    lines: list[str] = []
    for raw in body.strip("\n").split("\n"):
        line = raw.rstrip()
        if line or (lines and lines[-1]):
            lines.append(line)
    return "\n".join(lines).rstrip() + "\n"


@dataclass(frozen=True, slots=True)
class _Source:
    template: str
    version: str
    problem: str


def _fallback(kind: NoticeKind, medium: Medium, payload: Payload, source: _Source) -> Rendered:
    """The facts in a plain list; for an SMS just the ticket and what happened."""
    facts = facts_of(payload)
    listed = [
        f"{label}: {_shown(fact, facts[fact])}"
        for fact, label in FACT_LABELS.items()
        if facts.get(fact) not in (None, "", ())
    ]
    number = _clean(payload.number)
    return Rendered(
        subject=_one_line(f"{kind.label_tr}: {number}", SUBJECT_LIMIT),
        body=f"{number} numaralı başvuru: {kind.label_tr}"
        if medium is Medium.SMS
        else _laid_out("\n".join([kind.label_tr, "", *listed])),
        template=source.template,
        version=source.version,
        fallback=True,
        problem=source.problem,
    )


def _shown(fact: str, value: Any) -> str:
    if isinstance(value, datetime):
        return tr_datetime(value) if value.tzinfo else value.isoformat()
    if isinstance(value, date):
        return tr_date(value)
    if isinstance(value, Office):
        office = _clean_office(value)
        return ", ".join(part for part in (office.place, office.official, office.title, office.phone) if part)
    if isinstance(value, tuple):
        return ", ".join(_clean(item) for item in value)
    words: str = _clean(str(value))
    return _CODE_LABELS.get(words, words) if fact in _CODED else words
