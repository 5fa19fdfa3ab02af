"""The Turkish wording of explanations: reasons, pauses, limits, and dates as an office writes them."""

from collections.abc import Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import Final, NamedTuple

from app.core.clock import ISTANBUL
from app.core.turkish import format_long_date, tr_lower
from app.domain.terms import ExtensionGround, PauseReason
from app.sla.calendar import ClockKind, DayReason, NotWorking
from app.sla.clocks import AWAITING_FEE
from app.sla.deadline import LedgerLine
from app.sla.limit import WORDS_TR, Limit, Unit
from app.tickets.history import EVENT_LABELS
from app.tickets.model import TicketEvent

WEEKDAYS: Final = ("Pazartesi", "Salı", "Çarşamba", "Perşembe", "Cuma", "Cumartesi", "Pazar")
"""Monday first, as `date.weekday()` counts."""

CLOCKS: Final[Mapping[str, str]] = MappingProxyType(
    {ClockKind.PROMISE: "Hizmet standardı süresi", ClockKind.STATUTORY: "Yasal süre"}
)
CLOCK_STATES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "running": "İşliyor",
        "paused": "Duruyor",
        "met": "Süresinde karşılandı",
        "breached": "Süresi aşıldı",
        "cancelled": "İzlenmiyor",
    }
)


class PauseWords(NamedTuple):
    """The reason of a pause: as a label, and as the beginning of a sentence that names it as the cause."""

    label: str
    because: str


PAUSES: Final[Mapping[str, PauseWords]] = MappingProxyType(
    {
        PauseReason.AWAITING_CITIZEN: PauseWords("Vatandaşın yanıtı bekleniyor", "Vatandaşın yanıtı beklendiğinden"),
        PauseReason.AWAITING_EXTERNAL: PauseWords(
            "Başka bir kurumun yanıtı bekleniyor", "Başka bir kurumun yanıtı beklendiğinden"
        ),
        PauseReason.FORCE_MAJEURE: PauseWords("Mücbir sebep", "Mücbir sebep nedeniyle"),
        AWAITING_FEE: PauseWords("Ücretin ödenmesi bekleniyor", "Ücretin ödenmesi beklendiğinden"),
    }
)

GROUNDS: Final[Mapping[ExtensionGround, str]] = MappingProxyType(
    {
        ExtensionGround.OTHER_UNIT: "istenen bilgi ve belgelerin başka bir birimden sağlanması",
        ExtensionGround.OTHER_INSTITUTION: "başka bir kurum veya kuruluşun görüşünün alınması",
        ExtensionGround.SEVERAL_INSTITUTIONS: "başvurunun birden fazla kurum ve kuruluşu ilgilendirmesi",
    }
)
"""The ground of an extension under law 4982, to be followed by `nedeniyle`."""

CAUSES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "calendar": "Takvim değiştiğinden yeniden hesaplandı",
        "policy": "Hizmet standardı değiştiğinden yeniden hesaplandı",
    }
)
"""The cause of a recomputed due date without a command on its ticket."""

_REASONS: Final[Mapping[DayReason, str]] = MappingProxyType(
    {
        DayReason.WEEKEND: "hafta sonu",
        DayReason.HOLIDAY: "resmî tatil",
        DayReason.HALF_DAY: "yarım gün",
        DayReason.LEAVE: "idari izin",
        DayReason.NO_SUCH_DATE: "takvimde olmayan tarih",
        DayReason.CLOSED: "çalışma saatleri dışında",
        DayReason.START_DAY: "sürenin başladığı gün",
        DayReason.PAUSED: "süre durmuştur",
    }
)
_FALLS_ON: Final[Mapping[DayReason, str]] = MappingProxyType(
    {
        DayReason.WEEKEND: "hafta sonuna",
        DayReason.HOLIDAY: "resmî tatile",
        DayReason.HALF_DAY: "yarım güne",
        DayReason.LEAVE: "idari izne",
    }
)
_IS: Final[Mapping[Unit, str]] = MappingProxyType(
    {
        Unit.SECOND: "saniyedir",
        Unit.MINUTE: "dakikadır",
        Unit.HOUR: "saattir",
        Unit.CALENDAR_DAY: "takvim günüdür",
        Unit.WORKING_DAY: "iş günüdür",
        Unit.WEEK: "haftadır",
        Unit.MONTH: "aydır",
    }
)
_TO: Final[Mapping[Unit, str]] = MappingProxyType(
    {
        Unit.SECOND: "saniyeye",
        Unit.MINUTE: "dakikaya",
        Unit.HOUR: "saate",
        Unit.CALENDAR_DAY: "takvim gününe",
        Unit.WORKING_DAY: "iş gününe",
        Unit.WEEK: "haftaya",
        Unit.MONTH: "aya",
    }
)


def line_label(line: LedgerLine, *, used_up: bool) -> str:
    """Return the reason why a date counts or not; a date after the limit is `used_up` can only be the end.

    `Sayılır: Kurban Bayramı`, `Sayılmaz: hafta sonu`, `Son gün olamaz: resmî tatil – Zafer Bayramı`.
    """
    if line.reason_code is DayReason.ROLLED:
        return "Son gün: tatili izleyen ilk iş günü"
    if line.reason_code is DayReason.STILL_PAUSED:
        return f"Süre durmaktadır: {waiting(line.detail)}"
    if line.counted:
        return f"Sayılır: {line.detail}" if line.detail else "Sayılır"
    paused = line.reason_code is DayReason.PAUSED
    detail = waiting(line.detail) if paused else line.detail
    reason = _REASONS[line.reason_code]
    named = reason if _is_redundant(detail, reason) else f"{reason} – {detail}"
    return f"{'Son gün olamaz' if used_up else 'Sayılmaz'}: {named}"


def change_label(event: TicketEvent) -> str:
    """Return the label of a due date's move: its cause, else its event."""
    return CAUSES.get(event.data.get("cause", ""), EVENT_LABELS[event.kind])


def falls_on(reason: NotWorking) -> str:
    """Return the reason of a non-working day in the dative: `hafta sonuna`, `resmî tatile (Kurban Bayramı)`."""
    word = _FALLS_ON[reason.reason]
    return word if _is_redundant(reason.name, _REASONS[reason.reason]) else f"{word} ({reason.name})"


def limit_is(limit: Limit) -> str:
    """Return the limit as the end of a sentence: `15 takvim günüdür`."""
    return f"{limit.amount} {_IS[limit.unit]}"


def to_limit(limit: Limit) -> str:
    """Return the limit in the dative: `30 iş gününe`."""
    return f"{limit.amount} {_TO[limit.unit]}"


def amount(total: int, unit: Unit) -> str:
    """Return a total in words: `5 gün`, `5 iş günü`, seconds as `2 saat 30 dakika`."""
    if unit is not Unit.SECOND:
        return f"{total} {WORDS_TR[unit]}"
    sizes = ((3600, Unit.HOUR), (60, Unit.MINUTE), (1, Unit.SECOND))
    parts = []
    for seconds, named in sizes:
        count, total = divmod(total, seconds)
        parts += [f"{count} {WORDS_TR[named]}"] if count else []
    return " ".join(parts) or f"0 {WORDS_TR[Unit.MINUTE]}"


def day(value: date) -> str:
    """Return `12 Mayıs 2026 Salı`; the date of an instant is that of Europe/Istanbul."""
    return format_long_date(value.astimezone(ISTANBUL).date() if isinstance(value, datetime) else value)


def wall(value: datetime) -> str:
    """Return the wall clock of Istanbul: `14:05`, with the seconds unless they are zero."""
    local = value.astimezone(ISTANBUL)
    return f"{local:%H:%M:%S}" if local.second else f"{local:%H:%M}"


def instant(value: datetime) -> str:
    """Return `12 Mayıs 2026 Salı 10:00`."""
    return f"{day(value)} {wall(value)}"


def moment(value: datetime) -> str:
    """Return `12 Mayıs 2026 Salı günü saat 10:00 itibarıyla`."""
    return f"{day(value)} günü saat {wall(value)} itibarıyla"


def end(value: datetime) -> str:
    """Return the end of a limit within a sentence: `1 Haziran 2026 Pazartesi günü sonunda`, or its minute."""
    return f"{day(value)} günü sonunda" if at_midnight(value) else moment(value)


def end_as_name(value: datetime) -> str:
    """Return the end of a limit as a noun: `1 Haziran 2026 Pazartesi, gün sonu`, or `…, saat 10:10`."""
    return f"{day(value)}, {'gün sonu' if at_midnight(value) else f'saat {wall(value)}'}"


def at_midnight(value: datetime) -> bool:
    """Return whether an instant is in the last second of its date in Istanbul: the end of the day."""
    return f"{value.astimezone(ISTANBUL):%H%M%S}" == "235959"


def waiting(reason: str) -> str:
    """Return the label of a pause in lower case, for use within a sentence: `vatandaşın yanıtı bekleniyor`."""
    label = PAUSES[reason].label
    return tr_lower(label[:1]) + label[1:]


def _is_redundant(name: str, reason: str) -> bool:
    """Return whether a name adds nothing to the reason: empty, or a leave that is called `İdari izin`."""
    return not name or tr_lower(name) == reason
