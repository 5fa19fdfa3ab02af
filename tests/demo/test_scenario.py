"""The literal numbers of the demonstration against the pure core and the published table."""

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
from demo.scenario import CUT_OFF, END, FLUSH_AT, KILL_AT, START, STORIES, TOTALS
from demo.values import CALLS, CIMER, FIELD, MOBILE, SMS, WEB, Story, Verdict
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

every_story = pytest.mark.parametrize("story", STORIES, ids=[story.key for story in STORIES])


@cache
def catalogue() -> Catalogue:
    return load_catalogue(ESENLER)


@cache
def calendars() -> dict[str, Calendar]:
    return dict(build_calendars(catalogue(), turkish_special_days(range(2025, 2029)), {}))


def service_of(story: Story) -> Service:
    if "counter" in story.body:
        found = catalogue().service(story.body["counter"])
        assert found is not None
        return found
    return catalogue().service_for(CHANNELS[story.door])


def moment(story: Story, command: str) -> datetime | None:
    return next((step.at for step in story.steps if step.command == command), None)


def promise_of(
    story: Story, *, paused_late: timedelta = timedelta(0), late: timedelta = timedelta(0)
) -> tuple[PinnedPolicy, datetime, datetime]:
    """Policy, start and due instant of the promise; `late` is how much later commands arrive, `paused_late` a pause."""
    pinned = promise_policy(service_of(story))
    provided = moment(story, "provide-documents")
    start = provided + late if provided else story.at
    pauses = waits_of(story, paused_late=paused_late, late=late)
    return pinned, start, deadline(pinned.policy, start, calendars()[pinned.hours], pauses).due_at


def waits_of(story: Story, *, paused_late: timedelta = timedelta(0), late: timedelta = timedelta(0)) -> list[Pause]:
    paused, resumed = moment(story, "pause"), moment(story, "resume")
    return [Pause(paused + paused_late, resumed + late, "awaiting_citizen")] if paused and resumed else []


def planned_of(story: Story) -> list[PlannedCheckpoint]:
    """Everything that the story's clocks would fire if nobody ever answered."""
    pinned, start, due = promise_of(story)
    calendar = calendars()[pinned.hours]
    basis, waits = pinned.policy.basis, waits_of(story)
    planned = list(first_checkpoints(pinned.chain, start, due, calendar, basis=basis, pauses=waits))
    second = next_checkpoint(pinned.chain, CheckpointKind.ESCALATION, 1, due, calendar)
    if second is not None and not story.body.get("about_first_office"):
        planned.append(second)
    law = statutory_policy(
        service_of(story),
        catalogue(),
        formal=False,
        right_to_information=story.body.get("kind") == "bilgi edinme",
    )
    if law is not None:
        limit = deadline(law.policy, story.at, calendars()[law.hours]).due_at
        planned += first_checkpoints(law.chain, story.at, limit, calendars()[law.hours])
    return planned


def answered_at(story: Story) -> datetime:
    return moment(story, "resolve") or moment(story, "withdraw") or END


@every_story
def test_due_date_is_the_one_of_the_calendar(story: Story) -> None:
    assert promise_of(story)[2] == story.expected.due


@every_story
def test_due_date_stays_when_a_command_arrives_a_day_late(story: Story) -> None:
    assert promise_of(story, late=LATEST)[2] == story.expected.due
    assert promise_of(story, paused_late=LATEST)[2] == story.expected.due


@every_story
def test_verdict_follows_from_the_answer_and_the_due_date(story: Story) -> None:
    if moment(story, "withdraw"):
        verdict = Verdict.WITHDRAWN
    else:
        verdict = Verdict.ON_TIME if answered_at(story) <= story.expected.due else Verdict.BREACHED
    assert story.expected.verdict is verdict


@every_story
def test_warnings_and_levels_are_those_that_fire_before_the_answer(story: Story) -> None:
    fired = sorted((p for p in planned_of(story) if p.due_at < answered_at(story)), key=lambda p: p.due_at)
    assert story.expected.warnings == tuple(p.level for p in fired if p.kind is CheckpointKind.WARNING)
    raised = [p.level for p in fired if p.kind in {CheckpointKind.ESCALATION, CheckpointKind.LEGAL_RISK}]
    if story.body.get("about_first_office"):
        raised = [2 for _ in raised]
    assert story.expected.levels == tuple(dict.fromkeys(raised))


@every_story
def test_answers_keep_two_days_from_whatever_fires(story: Story) -> None:
    changing = [step.at for step in story.steps if step.command in {"resolve", "withdraw", "pause"}]
    instants = [planned.due_at for planned in planned_of(story)]
    assert all(abs(instant - answer) >= MARGIN for instant in instants for answer in changing)


@every_story
def test_no_clock_has_two_instants_while_a_killed_worker_may_be_away(story: Story) -> None:
    """Of two warnings that are due together only the last is sent: an outage must not meet both."""
    open_then = story.sent_at < KILL_AT < answered_at(story)
    away = [p for p in planned_of(story) if KILL_AT < p.due_at < min(KILL_AT + 2 * MARGIN, answered_at(story))]
    assert not open_then or len(away) <= 1


def test_stories_and_mishaps_lie_within_the_month() -> None:
    instants = [story.sent_at for story in STORIES]
    instants += [step.at for story in STORIES for step in story.steps]
    assert all(START < instant < END for instant in [*instants, FLUSH_AT, KILL_AT])
    assert END < CUT_OFF


def test_requests_are_made_before_they_are_sent_and_handled_in_order() -> None:
    for story in STORIES:
        instants = [story.at, story.sent_at, *(step.at for step in story.steps)]
        assert instants == sorted(instants)


def test_totals_are_the_sum_of_the_stories() -> None:
    verdicts = Counter(story.expected.verdict for story in STORIES)
    notices = sum((story.expected.notices for story in STORIES), Counter[str]())
    levels = Counter(level for story in STORIES for level in story.expected.levels)
    assert (verdicts[Verdict.ON_TIME], verdicts[Verdict.BREACHED], verdicts[Verdict.WITHDRAWN]) == (
        TOTALS.on_time,
        TOTALS.breached,
        TOTALS.withdrawn,
    )
    assert notices == TOTALS.notices
    assert levels == TOTALS.levels
