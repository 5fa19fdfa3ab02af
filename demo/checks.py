"""Checks of the observed month against the scenario, per request and in total."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from app.core.turkish import format_date, format_datetime
from demo.api_client import NoticeView, TicketView
from demo.model import CitizenRequest, PromiseResult
from demo.scenario import REQUESTS, TOTALS

RESULT_LABELS: Mapping[PromiseResult, str] = {
    PromiseResult.ON_TIME: "süresinde",
    PromiseResult.BREACHED: "süresi aşıldı",
    PromiseResult.WITHDRAWN: "vazgeçildi",
    PromiseResult.OPEN: "sürüyor",
}
NOTICE_LABELS: Mapping[str, str] = {
    "receipt": "alındı",
    "missing_documents": "eksik belge",
    "referral": "sevk",
    "warning": "süre uyarısı",
    "escalation_1": "1. kademe",
    "escalation_2": "2. kademe",
    "resolution": "sonuç",
    "forwarded_out": "kuruma iletme",
    "withdrawal": "vazgeçme",
}
REMINDER = "reminder"
"""Kind of notice that is not counted: reminders continue after the month, so their number depends on the machine."""


@dataclass(frozen=True, slots=True)
class Observations:
    """The observed state; `numbers` are ticket numbers by request, `outbox` the notices with a mail file."""

    numbers: Mapping[str, str]
    tickets: tuple[TicketView, ...]
    notices: tuple[NoticeView, ...]
    escalations: tuple[tuple[str, int], ...]
    broken_chains: tuple[str, ...]
    outbox: frozenset[str]


@dataclass(frozen=True, slots=True)
class Check:
    """A figure: its group and label, the expected and the observed value."""

    group: str
    label: str
    expected: str
    observed: str

    @property
    def passed(self) -> bool:
        """Return whether both values are equal."""
        return self.expected == self.observed


def total_checks(observed: Observations) -> list[Check]:
    """Return the checks of the whole month."""
    results = Counter(ticket.result for ticket in observed.tickets)
    kinds = Counter(notice.kind for notice in _counted_notices(observed))
    levels = Counter(level for _, level in observed.escalations)
    expected_results = (
        (PromiseResult.ON_TIME, TOTALS.on_time),
        (PromiseResult.BREACHED, TOTALS.breached),
        (PromiseResult.WITHDRAWN, TOTALS.withdrawn),
    )
    checks = [Check("Başvurular", "kayıt", str(len(REQUESTS)), str(len(observed.tickets)))]
    checks += [
        Check("Başvurular", RESULT_LABELS[result], str(count), str(results[result]))
        for result, count in expected_results
    ]
    checks += [
        Check("Bildirimler", NOTICE_LABELS[kind], str(count), str(kinds[kind]))
        for kind, count in TOTALS.notices.items()
    ]
    checks += [
        Check("Bildirimler", f"beklenmeyen tür {kind}", "0", str(kinds[kind]))
        for kind in kinds.keys() - TOTALS.notices.keys()
    ]
    checks += [
        Check("Müracaat yerleri", f"{level}. kademe", str(n), str(levels[level])) for level, n in TOTALS.levels.items()
    ]
    return [*checks, *_consistency_checks(observed)]


def _counted_notices(observed: Observations) -> list[NoticeView]:
    return [notice for notice in observed.notices if notice.kind != REMINDER]


def _consistency_checks(observed: Observations) -> Iterator[Check]:
    sent = {notice.number for notice in observed.notices if notice.state == "sent"}
    counted = sum(notice.number in sent for notice in _counted_notices(observed))
    yield Check("Giden kutusu", "gönderilen bildirim", str(sum(TOTALS.notices.values())), str(counted))
    yield Check("Giden kutusu", "dosyası eksik veya fazla", "0", str(len(sent ^ observed.outbox)))
    yield Check("İşlem geçmişi", "zinciri bozuk kayıt", "0", str(len(observed.broken_chains)))


def ticket_checks(observed: Observations) -> list[Check]:
    """Return the checks of each ticket: due date, result, warnings, levels and notices."""
    return [check for request in REQUESTS for check in _request_checks(request, observed)]


def failed_checks(observed: Observations) -> list[Check]:
    """Return the checks whose values differ."""
    return [check for check in (*total_checks(observed), *ticket_checks(observed)) if not check.passed]


def _request_checks(request: CitizenRequest, observed: Observations) -> Iterator[Check]:
    number = observed.numbers.get(request.key, "")
    ticket = next((ticket for ticket in observed.tickets if ticket.number == number), None)
    expected, group = request.expected, f"{number} {request.subject}"
    if ticket is None:
        yield Check(group, "kayıt", "var", "yok")
        return
    notices = [notice for notice in _counted_notices(observed) if notice.ticket == number]
    warnings = sorted(notice.level for notice in notices if notice.kind == "warning")
    kinds = Counter(notice.kind for notice in notices)
    yield Check(group, "son gün", format_due(expected.due), format_due(ticket.due_at) if ticket.due_at else "yok")
    yield Check(group, "sonuç", RESULT_LABELS[expected.result], RESULT_LABELS[ticket.result])
    yield Check(group, "uyarılar", _percentages(expected.warnings), _percentages(warnings))
    raised = tuple(level for raised, level in observed.escalations if raised == number)
    yield Check(group, "kademeler", _levels(expected.levels), _levels(raised))
    yield Check(group, "bildirimler", _kinds(expected.notices), _kinds(kinds))


def format_due(due: datetime) -> str:
    """Format a due date as `26.05.2026`, with the time unless it is the end of the day."""
    return format_date(due) if (due.hour, due.minute) == (23, 59) else format_datetime(due)


def _percentages(levels: tuple[int, ...] | list[int]) -> str:
    return ", ".join(f"%{level}" for level in levels) or "yok"


def _levels(levels: tuple[int, ...]) -> str:
    return ", ".join(f"{level}." for level in levels) or "yok"


def _kinds(notices: Counter[str]) -> str:
    return (
        ", ".join(f"{NOTICE_LABELS.get(kind, kind)} {count}" for kind, count in sorted(notices.items()) if count)
        or "yok"
    )
