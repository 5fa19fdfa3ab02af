"""The final checks: all pass for an expected month, and a difference is named precisely."""

from dataclasses import replace

from demo.api_client import NoticeView, TicketView
from demo.checks import Observations, failed_checks
from demo.model import PromiseResult
from demo.scenario import REQUESTS, START


def as_expected() -> Observations:
    """Return the observations of a month in which everything is as expected."""
    numbers = {request.key: f"26000000{position:02}" for position, request in enumerate(REQUESTS)}
    kinds = [
        (numbers[request.key], kind, level)
        for request in REQUESTS
        for kind, levels in (
            ("warning", request.expected.warnings),
            *((f"escalation_{level}", (level,) * request.expected.notices[f"escalation_{level}"]) for level in (1, 2)),
            *((kind, (0,)) for kind in request.expected.applicant_notices),
        )
        for level in levels
    ]
    notices = tuple(
        NoticeView(f"26-{position:06}", kind, level, ticket, None, "sent", legal_risk=False, created_at=START)
        for position, (ticket, kind, level) in enumerate(kinds)
    )
    return Observations(
        numbers=numbers,
        tickets=tuple(
            TicketView(numbers[one.key], "resolved", "sms", None, one.expected.due, one.expected.result)
            for one in REQUESTS
        ),
        notices=notices,
        escalations=tuple((numbers[one.key], level) for one in REQUESTS for level in one.expected.levels),
        broken_chains=(),
        outbox=frozenset(notice.number for notice in notices),
    )


def test_a_month_as_expected_has_no_differences() -> None:
    assert failed_checks(as_expected()) == []


def test_a_second_notice_of_the_same_level_is_a_difference() -> None:
    observed = as_expected()
    double = replace(next(one for one in observed.notices if one.kind == "escalation_2"), number="26-999999")
    found = failed_checks(
        replace(observed, notices=(*observed.notices, double), outbox=observed.outbox | {double.number})
    )
    assert [(check.label, check.expected, check.observed) for check in found[:2]] == [
        ("2. kademe", "5", "6"),
        ("gönderilen bildirim", "43", "44"),
    ]


def test_reminders_are_no_figure_of_the_month() -> None:
    observed = as_expected()
    again = replace(observed.notices[0], kind="reminder", number="26-999998")
    reminded = replace(observed, notices=(*observed.notices, again), outbox=observed.outbox | {again.number})
    assert failed_checks(reminded) == []


def test_a_notice_that_is_not_in_the_outbox_is_a_difference() -> None:
    observed = as_expected()
    found = failed_checks(replace(observed, outbox=observed.outbox - {observed.notices[0].number}))
    assert [check.label for check in found] == ["dosyası eksik veya fazla"]


def test_another_due_date_and_another_verdict_are_differences() -> None:
    observed = as_expected()
    first, *others = observed.tickets
    changed = replace(first, due_at=START, result=PromiseResult.BREACHED)
    found = failed_checks(replace(observed, tickets=(changed, *others)))
    assert [(check.label, check.observed) for check in found if check.group.startswith(first.number)] == [
        ("son gün", "11.05.2026 09:00"),
        ("sonuç", "süresi aşıldı"),
    ]


def test_a_request_that_became_no_ticket_is_a_difference() -> None:
    observed = as_expected()
    found = failed_checks(replace(observed, tickets=observed.tickets[1:]))
    assert ("kayıt", "var", "yok") in [(check.label, check.expected, check.observed) for check in found]


def test_an_altered_history_is_a_difference() -> None:
    observed = as_expected()
    found = failed_checks(replace(observed, broken_chains=(observed.tickets[0].number,)))
    assert [(check.label, check.observed) for check in found] == [("zinciri bozuk kayıt", "1")]
