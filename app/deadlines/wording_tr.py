"""The Turkish words of a due date's explanation: reasons, pauses, limits, and dates as an office writes them."""

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
    """Why a clock stands still: as a remark, and as the beginning of a sentence that gives it as the cause."""

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
"""For what the limit of law 4982 was extended, to go before `nedeniyle`."""

CAUSES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "calendar": "Takvim değiştiğinden yeniden hesaplandı",
        "policy": "Hizmet standardı değiştiğinden yeniden hesaplandı",
    }
)
"""Why a due date was computed anew without a command on its ticket."""

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


def line_label(line: LedgerLine, *, full: bool) -> str:
    """Why a date counts or not; `full` says that the limit was used up before it: it can only bear the end.

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
    named = reason if _says_it_all(reason, detail) else f"{reason} – {detail}"
    return f"{'Son gün olamaz' if full else 'Sayılmaz'}: {named}"


def change_label(event: TicketEvent) -> str:
    """What moved a due date: the event in words, or what lies behind it."""
    return CAUSES.get(event.data.get("cause", ""), EVENT_LABELS[event.kind])


def falls_on(reason: NotWorking) -> str:
    """`hafta sonuna`, `resmî tatile (Kurban Bayramı)`: on what a last date falls that is no working day."""
    word = _FALLS_ON[reason.reason]
    return word if _says_it_all(_REASONS[reason.reason], reason.name) else f"{word} ({reason.name})"


def limit_is(limit: Limit) -> str:
    """The limit as the end of a sentence: `15 takvim günüdür`."""
    return f"{limit.amount} {_IS[limit.unit]}"


def to_limit(limit: Limit) -> str:
    """The limit in the dative: `30 iş gününe`."""
    return f"{limit.amount} {_TO[limit.unit]}"


def amount(total: int, unit: Unit) -> str:
    """What has counted: `5 gün`, `5 iş günü`, of seconds `2 saat 30 dakika`."""
    if unit is not Unit.SECOND:
        return f"{total} {WORDS_TR[unit]}"
    sizes = ((3600, Unit.HOUR), (60, Unit.MINUTE), (1, Unit.SECOND))
    parts = []
    for seconds, named in sizes:
        count, total = divmod(total, seconds)
        parts += [f"{count} {WORDS_TR[named]}"] if count else []
    return " ".join(parts) or f"0 {WORDS_TR[Unit.MINUTE]}"


def day(value: date) -> str:
    """`12 Mayıs 2026 Salı`; an instant is taken in Europe/Istanbul."""
    return format_long_date(value.astimezone(ISTANBUL).date() if isinstance(value, datetime) else value)


def wall(value: datetime) -> str:
    """`14:05`, with the seconds where there are any: the wall clock of Istanbul."""
    local = value.astimezone(ISTANBUL)
    return f"{local:%H:%M:%S}" if local.second else f"{local:%H:%M}"


def instant(value: datetime) -> str:
    """`12 Mayıs 2026 Salı 10:00`."""
    return f"{day(value)} {wall(value)}"


def moment(value: datetime) -> str:
    """`12 Mayıs 2026 Salı günü saat 10:00 itibarıyla`."""
    return f"{day(value)} günü saat {wall(value)} itibarıyla"


def end(value: datetime) -> str:
    """When a limit ends: `1 Haziran 2026 Pazartesi günü sonunda`, or at its minute."""
    return f"{day(value)} günü sonunda" if at_midnight(value) else moment(value)


def end_as_name(value: datetime) -> str:
    """The end of a limit as a name: `1 Haziran 2026 Pazartesi, gün sonu`, or `…, saat 10:10`."""
    return f"{day(value)}, {'gün sonu' if at_midnight(value) else f'saat {wall(value)}'}"


def at_midnight(value: datetime) -> bool:
    """Whether an instant lies in the last second of its date in Istanbul: the end of the day."""
    return f"{value.astimezone(ISTANBUL):%H%M%S}" == "235959"


def waiting(reason: str) -> str:
    """Why a clock stands still, as it reads within a sentence: `vatandaşın yanıtı bekleniyor`."""
    label = PAUSES[reason].label
    return tr_lower(label[:1]) + label[1:]


def _says_it_all(reason: str, name: str) -> bool:
    """Whether a name adds nothing: none, or a leave that is called `İdari izin`."""
    return not name or tr_lower(name) == reason
