"""What came of the month against what was expected of it, ticket by ticket and in total."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from app.core.turkish import format_date, format_datetime
from demo.city import NoticeSeen, TicketSeen
from demo.scenario import STORIES, TOTALS
from demo.values import Story, Verdict

VERDICTS: Mapping[Verdict, str] = {
    Verdict.ON_TIME: "süresinde",
    Verdict.BREACHED: "süresi aşıldı",
    Verdict.WITHDRAWN: "vazgeçildi",
    Verdict.OPEN: "sürüyor",
}
KINDS: Mapping[str, str] = {
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
"""Offices that acknowledge nothing are reminded on after the month's end: how often by the last look is the machine's
doing, so reminders are no figure of the month."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that is judged; `numbers` are the ticket numbers by story, `outbox` the notices that lie there."""

    numbers: Mapping[str, str]
    tickets: tuple[TicketSeen, ...]
    notices: tuple[NoticeSeen, ...]
    escalations: tuple[tuple[str, int], ...]
    broken_chains: tuple[str, ...]
    outbox: frozenset[str]


@dataclass(frozen=True, slots=True)
class Line:
    """One figure: where it belongs, what it is, what was expected and what was found, in words."""

    where: str
    what: str
    expected: str
    found: str

    @property
    def holds(self) -> bool:
        """Whether both agree."""
        return self.expected == self.found


def totals(facts: Facts) -> list[Line]:
    """The figures of the whole month."""
    verdicts = Counter(ticket.verdict for ticket in facts.tickets)
    kinds = Counter(notice.kind for notice in _figures(facts))
    levels = Counter(level for _, level in facts.escalations)
    wanted = (
        (Verdict.ON_TIME, TOTALS.on_time),
        (Verdict.BREACHED, TOTALS.breached),
        (Verdict.WITHDRAWN, TOTALS.withdrawn),
    )
    lines = [Line("Başvurular", "kayıt", str(len(STORIES)), str(len(facts.tickets)))]
    lines += [Line("Başvurular", VERDICTS[verdict], str(count), str(verdicts[verdict])) for verdict, count in wanted]
    lines += [Line("Bildirimler", KINDS[kind], str(count), str(kinds[kind])) for kind, count in TOTALS.notices.items()]
    lines += [
        Line("Bildirimler", f"beklenmeyen tür {kind}", "0", str(kinds[kind]))
        for kind in kinds.keys() - TOTALS.notices.keys()
    ]
    lines += [
        Line("Müracaat yerleri", f"{level}. kademe", str(n), str(levels[level])) for level, n in TOTALS.levels.items()
    ]
    return [*lines, *_soundness(facts)]


def _figures(facts: Facts) -> list[NoticeSeen]:
    return [notice for notice in facts.notices if notice.kind != REMINDER]


def _soundness(facts: Facts) -> Iterator[Line]:
    sent = {notice.number for notice in facts.notices if notice.state == "sent"}
    counted = sum(notice.number in sent for notice in _figures(facts))
    yield Line("Giden kutusu", "gönderilen bildirim", str(sum(TOTALS.notices.values())), str(counted))
    yield Line("Giden kutusu", "dosyası eksik veya fazla", "0", str(len(sent ^ facts.outbox)))
    yield Line("İşlem geçmişi", "zinciri bozuk kayıt", "0", str(len(facts.broken_chains)))


def by_ticket(facts: Facts) -> list[Line]:
    """Due date, verdict, warnings and levels of each ticket, and what its applicant was told."""
    return [line for story in STORIES for line in _of_story(story, facts)]


def differences(facts: Facts) -> list[Line]:
    """Everything that is not as expected."""
    return [line for line in (*totals(facts), *by_ticket(facts)) if not line.holds]


def _of_story(story: Story, facts: Facts) -> Iterator[Line]:
    number = facts.numbers.get(story.key, "")
    ticket = next((ticket for ticket in facts.tickets if ticket.number == number), None)
    expected, where = story.expected, f"{number} {story.subject}"
    if ticket is None:
        yield Line(where, "kayıt", "var", "yok")
        return
    notices = [notice for notice in _figures(facts) if notice.ticket == number]
    warnings = sorted(notice.level for notice in notices if notice.kind == "warning")
    told = Counter(notice.kind for notice in notices)
    yield Line(where, "son gün", format_due(expected.due), format_due(ticket.due_at) if ticket.due_at else "yok")
    yield Line(where, "sonuç", VERDICTS[expected.verdict], VERDICTS[ticket.verdict])
    yield Line(where, "uyarılar", _percentages(expected.warnings), _percentages(warnings))
    raised = tuple(level for raised, level in facts.escalations if raised == number)
    yield Line(where, "kademeler", _levels(expected.levels), _levels(raised))
    yield Line(where, "bildirimler", _kinds(expected.notices), _kinds(told))


def format_due(due: datetime) -> str:
    """`26.05.2026`, and the time where it is not the end of the day."""
    return format_date(due) if (due.hour, due.minute) == (23, 59) else format_datetime(due)


def _percentages(levels: tuple[int, ...] | list[int]) -> str:
    return ", ".join(f"%{level}" for level in levels) or "yok"


def _levels(levels: tuple[int, ...]) -> str:
    return ", ".join(f"{level}." for level in levels) or "yok"


def _kinds(notices: Counter[str]) -> str:
    return ", ".join(f"{KINDS.get(kind, kind)} {count}" for kind, count in sorted(notices.items()) if count) or "yok"
