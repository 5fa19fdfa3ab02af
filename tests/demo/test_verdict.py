"""The judgement at the end: silent where everything is as expected, and precise where something is not."""

from dataclasses import replace

from demo.city import NoticeSeen, TicketSeen
from demo.scenario import START, STORIES
from demo.values import Verdict
from demo.verdict import Facts, differences


def as_expected() -> Facts:
    """The facts of a month in which everything came as it should."""
    numbers = {story.key: f"26000000{position:02}" for position, story in enumerate(STORIES)}
    kinds = [
        (numbers[story.key], kind, level)
        for story in STORIES
        for kind, levels in (
            ("warning", story.expected.warnings),
            *((f"escalation_{level}", (level,) * story.expected.notices[f"escalation_{level}"]) for level in (1, 2)),
            *((told, (0,)) for told in story.expected.told),
        )
        for level in levels
    ]
    notices = tuple(
        NoticeSeen(f"26-{position:06}", kind, level, ticket, None, "sent", legal_risk=False, created_at=START)
        for position, (ticket, kind, level) in enumerate(kinds)
    )
    return Facts(
        numbers=numbers,
        tickets=tuple(
            TicketSeen(numbers[one.key], "resolved", "sms", None, one.expected.due, one.expected.verdict)
            for one in STORIES
        ),
        notices=notices,
        escalations=tuple((numbers[one.key], level) for one in STORIES for level in one.expected.levels),
        broken_chains=(),
        outbox=frozenset(notice.number for notice in notices),
    )


def test_a_month_as_expected_has_no_differences() -> None:
    assert differences(as_expected()) == []


def test_a_second_notice_of_the_same_level_is_a_difference() -> None:
    facts = as_expected()
    double = replace(next(one for one in facts.notices if one.kind == "escalation_2"), number="26-999999")
    found = differences(replace(facts, notices=(*facts.notices, double), outbox=facts.outbox | {double.number}))
    assert [(line.what, line.expected, line.found) for line in found[:2]] == [
        ("2. kademe", "5", "6"),
        ("gönderilen bildirim", "43", "44"),
    ]


def test_reminders_are_no_figure_of_the_month() -> None:
    facts = as_expected()
    again = replace(facts.notices[0], kind="reminder", number="26-999998")
    reminded = replace(facts, notices=(*facts.notices, again), outbox=facts.outbox | {again.number})
    assert differences(reminded) == []


def test_a_notice_that_is_not_in_the_outbox_is_a_difference() -> None:
    facts = as_expected()
    found = differences(replace(facts, outbox=facts.outbox - {facts.notices[0].number}))
    assert [line.what for line in found] == ["dosyası eksik veya fazla"]


def test_another_due_date_and_another_verdict_are_differences() -> None:
    facts = as_expected()
    first, *others = facts.tickets
    changed = replace(first, due_at=START, verdict=Verdict.BREACHED)
    found = differences(replace(facts, tickets=(changed, *others)))
    assert [(line.what, line.found) for line in found if line.where.startswith(first.number)] == [
        ("son gün", "11.05.2026 09:00"),
        ("sonuç", "süresi aşıldı"),
    ]


def test_a_request_that_became_no_ticket_is_a_difference() -> None:
    facts = as_expected()
    found = differences(replace(facts, tickets=facts.tickets[1:]))
    assert ("kayıt", "var", "yok") in [(line.what, line.expected, line.found) for line in found]


def test_an_altered_history_is_a_difference() -> None:
    facts = as_expected()
    found = differences(replace(facts, broken_chains=(facts.tickets[0].number,)))
    assert [(line.what, line.found) for line in found] == [("zinciri bozuk kayıt", "1")]
