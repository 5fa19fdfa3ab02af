"""The literal figures of the demonstration against the pure core and the published table."""

from collections import Counter
from datetime import datetime, timedelta
from functools import cache

import pytest

from app.sla.calendar import Calendar
from app.sla.checkpoints import CheckpointKind, PlannedCheckpoint, first_checkpoints, next_checkpoint
from app.sla.deadline import Pause, deadline
from app.sla.policy import PinnedPolicy
from app.sla.turkish_holidays import turkish_special_days
from app.standards.catalogue import load_catalogue
from app.standards.service import build_calendars
from app.standards.values import Catalogue, Channel, Service
from app.tickets.clock_policies import promise_policy, statutory_policy
from demo.model import CALLS, CIMER, FIELD, MOBILE, SMS, WEB, CitizenRequest, PromiseResult
from demo.scenario import END, FLUSH_AT, KILL_AT, LATEST_END, REQUESTS, START, TOTALS
from tests.installation import ESENLER

CHANNELS = {
    CALLS: Channel.CALL_CENTER,
    SMS: Channel.SMS,
    MOBILE: Channel.MOBILE,
    FIELD: Channel.FIELD,
    CIMER: Channel.CIMER,
    WEB: Channel.MOBILE,
}
MARGIN = timedelta(days=2)
LATEST = timedelta(days=1)

every_request = pytest.mark.parametrize("case", REQUESTS, ids=[case.key for case in REQUESTS])


@cache
def catalogue() -> Catalogue:
    return load_catalogue(ESENLER)


@cache
def calendars() -> dict[str, Calendar]:
    return dict(build_calendars(catalogue(), turkish_special_days(range(2025, 2029)), {}))


def service_of(case: CitizenRequest) -> Service:
    if "counter" in case.body:
        found = catalogue().service(case.body["counter"])
        assert found is not None
        return found
    return catalogue().service_for(CHANNELS[case.endpoint])


def moment(case: CitizenRequest, command: str) -> datetime | None:
    return next((step.at for step in case.steps if step.command == command), None)


def promise_of(
    case: CitizenRequest, *, paused_late: timedelta = timedelta(0), late: timedelta = timedelta(0)
) -> tuple[PinnedPolicy, datetime, datetime]:
    """Return policy, start and due instant of the promise; `late` delays commands, `paused_late` a pause."""
    pinned = promise_policy(service_of(case))
    provided = moment(case, "provide-documents")
    start = provided + late if provided else case.at
    pauses = waits_of(case, paused_late=paused_late, late=late)
    return pinned, start, deadline(pinned.policy, start, calendars()[pinned.hours], pauses).due_at


def waits_of(
    case: CitizenRequest, *, paused_late: timedelta = timedelta(0), late: timedelta = timedelta(0)
) -> list[Pause]:
    paused, resumed = moment(case, "pause"), moment(case, "resume")
    return [Pause(paused + paused_late, resumed + late, "awaiting_citizen")] if paused and resumed else []


def planned_of(case: CitizenRequest) -> list[PlannedCheckpoint]:
    """Return every checkpoint that the request's clocks would fire without a resolution."""
    pinned, start, due = promise_of(case)
    calendar = calendars()[pinned.hours]
    basis, waits = pinned.policy.basis, waits_of(case)
    planned = list(first_checkpoints(pinned.chain, start, due, calendar, basis=basis, pauses=waits))
    second = next_checkpoint(pinned.chain, CheckpointKind.ESCALATION, 1, due, calendar)
    if second is not None and not case.body.get("about_first_office"):
        planned.append(second)
    law = statutory_policy(
        service_of(case),
        catalogue(),
        formal=False,
        right_to_information=case.body.get("kind") == "bilgi edinme",
    )
    if law is not None:
        limit = deadline(law.policy, case.at, calendars()[law.hours]).due_at
        planned += first_checkpoints(law.chain, case.at, limit, calendars()[law.hours])
    return planned


def answered_at(case: CitizenRequest) -> datetime:
    return moment(case, "resolve") or moment(case, "withdraw") or END


@every_request
def test_due_date_is_the_one_of_the_calendar(case: CitizenRequest) -> None:
    assert promise_of(case)[2] == case.expected.due


@every_request
def test_due_date_stays_when_a_command_arrives_a_day_late(case: CitizenRequest) -> None:
    assert promise_of(case, late=LATEST)[2] == case.expected.due
    assert promise_of(case, paused_late=LATEST)[2] == case.expected.due


@every_request
def test_verdict_follows_from_the_answer_and_the_due_date(case: CitizenRequest) -> None:
    if moment(case, "withdraw"):
        result = PromiseResult.WITHDRAWN
    else:
        result = PromiseResult.ON_TIME if answered_at(case) <= case.expected.due else PromiseResult.BREACHED
    assert case.expected.result is result


@every_request
def test_warnings_and_levels_are_those_that_fire_before_the_answer(case: CitizenRequest) -> None:
    fired = sorted((p for p in planned_of(case) if p.due_at < answered_at(case)), key=lambda p: p.due_at)
    assert case.expected.warnings == tuple(p.level for p in fired if p.kind is CheckpointKind.WARNING)
    raised = [p.level for p in fired if p.kind in {CheckpointKind.ESCALATION, CheckpointKind.LEGAL_RISK}]
    if case.body.get("about_first_office"):
        raised = [2 for _ in raised]
    assert case.expected.levels == tuple(dict.fromkeys(raised))


@every_request
def test_answers_keep_two_days_from_whatever_fires(case: CitizenRequest) -> None:
    changing = [step.at for step in case.steps if step.command in {"resolve", "withdraw", "pause"}]
    instants = [planned.due_at for planned in planned_of(case)]
    assert all(abs(instant - answer) >= MARGIN for instant in instants for answer in changing)


@every_request
def test_no_clock_has_two_instants_while_a_killed_worker_may_be_away(case: CitizenRequest) -> None:
    """Of two warnings that are due together only the last is sent: an outage must not meet both."""
    open_then = case.sent_at < KILL_AT < answered_at(case)
    away = [p for p in planned_of(case) if KILL_AT < p.due_at < min(KILL_AT + 2 * MARGIN, answered_at(case))]
    assert not open_then or len(away) <= 1


def test_stories_and_mishaps_lie_within_the_month() -> None:
    instants = [case.sent_at for case in REQUESTS]
    instants += [step.at for case in REQUESTS for step in case.steps]
    assert all(START < instant < END for instant in [*instants, FLUSH_AT, KILL_AT])
    assert END < LATEST_END


def test_requests_are_made_before_they_are_sent_and_handled_in_order() -> None:
    for case in REQUESTS:
        instants = [case.at, case.sent_at, *(step.at for step in case.steps)]
        assert instants == sorted(instants)


def test_totals_are_the_sum_of_the_stories() -> None:
    results = Counter(case.expected.result for case in REQUESTS)
    notices = sum((case.expected.notices for case in REQUESTS), Counter[str]())
    levels = Counter(level for case in REQUESTS for level in case.expected.levels)
    assert (results[PromiseResult.ON_TIME], results[PromiseResult.BREACHED], results[PromiseResult.WITHDRAWN]) == (
        TOTALS.on_time,
        TOTALS.breached,
        TOTALS.withdrawn,
    )
    assert notices == TOTALS.notices
    assert levels == TOTALS.levels
