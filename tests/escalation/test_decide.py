"""Decisions about due checkpoints, as a table: notices, breach stamps, next levels, and what stays unchanged."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.core.ids import new_id
from app.escalation.decide import Changes, decide
from app.escalation.snapshot import DueCheckpoint, TicketSnapshot
from app.sla.calendar import ClockKind
from app.sla.checkpoints import Chain, CheckpointKind, Step, default_chain
from app.sla.deadline import Policy
from app.sla.limit import Limit, Unit
from app.sla.policy import PinnedPolicy
from app.standards.catalogue import load_catalogue
from app.tickets.clock_policies import promise_policy
from app.tickets.history import GENESIS
from tests.installation import ESENLER
from tests.sla.calendars import local, turkish_calendar

CATALOGUE = load_catalogue(ESENLER)
CALENDAR = turkish_calendar(range(2026, 2028))
CALENDARS = {"office": CALENDAR}

RECEIVED = local("2026-05-12")
LIMIT = local("2026-06-01T23:59:59.999999")
LAW = local("2026-06-11T23:59:59.999999")
MICROSECOND = timedelta(microseconds=1)


def policy(limit: Limit, printed: str, *, clock: ClockKind = ClockKind.PROMISE, chain: Chain | None = None) -> str:
    """A policy as it is stored with its clock, by default with the chain of its limit."""
    chain = chain or default_chain(limit, clock)
    return json.dumps(PinnedPolicy(Policy(limit, clock_kind=clock), "call-center", printed, "office", chain).to_json())


PROMISE_LIMIT = Limit(15, Unit.CALENDAR_DAY)
PROMISE = policy(PROMISE_LIMIT, "15 GÜN")
LAW_LIMIT = Limit(30, Unit.CALENDAR_DAY)
STATUTE = policy(LAW_LIMIT, "30 gün", clock=ClockKind.STATUTORY)


def ticket(**other: Any) -> TicketSnapshot:
    """A call of 12 May that a directorate has."""
    head = TicketSnapshot(
        id=new_id(),
        number="2600012349",
        cycle=1,
        kind="request",
        service="call-center",
        unit="public-works",
        neighbourhood=None,
        received_at=RECEIVED,
        referred_at=RECEIVED,
        interim_reply_at=None,
        about_first_office=False,
        applicant_named=True,
        last_action="accept",
        last_action_at=RECEIVED,
        event_seq=3,
        event_hash=GENESIS,
        promise_due=LIMIT,
    )
    return replace(head, raised_levels=set(), **other)


def promise(kind: str, level: int, head: TicketSnapshot | None = None, **other: Any) -> DueCheckpoint:
    """A due checkpoint of the promise; escalations after the first find the clock breached."""
    later = kind == "escalation" and level > 1
    due_at = {50: RECEIVED + (LIMIT - RECEIVED) / 2, 80: RECEIVED + (LIMIT - RECEIVED) * 4 / 5, 1: LIMIT}.get(level)
    values: dict[str, Any] = {
        "id": new_id(),
        "clock_id": new_id(),
        "clock_kind": "promise",
        "clock_state": "breached" if later else "running",
        "clock_due_at": LIMIT,
        "clock_generation": 1,
        "policy": PROMISE,
        "kind": kind,
        "level": level,
        "due_at": due_at or local("2026-06-04T23:59:59.999999"),
        "generation": 1,
        "next_warning_at": RECEIVED + (LIMIT - RECEIVED) * 4 / 5 if level == 50 else None,
        "ticket": head or ticket(),
    }
    return DueCheckpoint(**{**values, **other})


def law(kind: str, level: int, head: TicketSnapshot, **other: Any) -> DueCheckpoint:
    """A due checkpoint of the statutory clock."""
    values: dict[str, Any] = {
        "clock_kind": "statutory",
        "clock_due_at": LAW,
        "policy": STATUTE,
        "due_at": local("2026-06-08T23:59:59.999999") if kind == "legal_risk" else LAW,
    }
    return promise(kind, level, head, **{**values, **other})


def decided(*points: DueCheckpoint, now: datetime | None = None) -> Changes:
    """The changes that the points cause at the instant of the last one, or at `now`."""
    changes = decide(points, catalogue=CATALOGUE, calendars=CALENDARS, now=now or points[-1].due_at)
    assert changes.failed == []
    assert len(changes.fired) + len(changes.cancelled) == len(points)
    return changes


def notified(changes: Changes) -> list[tuple[str, str]]:
    return [(notice["kind"], notice["recipient"]) for notice in changes.notices]


def recorded(changes: Changes) -> list[str]:
    return [row["kind"] for row in changes.events]


# ── warnings ──


@pytest.mark.parametrize("level", [50, 80])
@pytest.mark.parametrize(
    ("unit", "recipient"), [("cleaning", "unit:cleaning"), (None, "unit:public-relations"), ("gone", "unit:gone")]
)
def test_a_warning_goes_to_the_unit_or_to_the_desk_of_the_first_office(
    level: int, unit: str | None, recipient: str
) -> None:
    """C3: a ticket without a directorate is warned of as well."""
    changes = decided(promise("warning", level, ticket(unit=unit)))
    assert notified(changes) == [("warning", recipient)]
    assert changes.notices[0]["level"] == level
    assert (recorded(changes), changes.escalations, changes.breached, changes.armed) == ([], [], [], [])


@pytest.mark.parametrize(
    ("level", "now", "sent"),
    [
        (50, RECEIVED + (LIMIT - RECEIVED) * 4 / 5 - timedelta(seconds=1), True),
        (50, RECEIVED + (LIMIT - RECEIVED) * 4 / 5 + timedelta(seconds=1), False),
        (80, LIMIT - MICROSECOND, True),
        (80, LIMIT, False),
        (50, LIMIT, False),
        (80, LIMIT + timedelta(days=9), False),
    ],
)
def test_a_warning_that_something_later_has_overtaken_is_not_sent(level: int, now: datetime, sent: bool) -> None:
    """C7: whether the later one stands in the same batch, in the next one or has fired before makes no difference."""
    changes = decided(promise("warning", level), now=now)
    assert bool(changes.notices) is sent
    assert len(changes.fired) == 1


def test_after_an_outage_a_clock_gives_one_notice() -> None:
    head, clock_id = ticket(), new_id()
    points = [promise(k, n, head, clock_id=clock_id) for k, n in (("warning", 50), ("warning", 80), ("escalation", 1))]
    changes = decided(*points, now=LIMIT + timedelta(days=3))
    assert notified(changes) == [("escalation_1", "office:1")]
    assert changes.fired == [point.id for point in points]


# ── levels ──


def test_level_one_notifies_the_first_office_and_stamps_the_breach_on_the_due_instant() -> None:
    point = promise("escalation", 1)
    changes = decided(point, now=LIMIT + timedelta(seconds=1))
    assert notified(changes) == [("escalation_1", "office:1")]
    assert changes.breached == [point.clock_id]
    assert recorded(changes) == ["breached", "escalated"]
    assert changes.events[0]["data"]["due_at"] == LIMIT.isoformat()


def test_level_one_is_recorded_with_the_printed_office() -> None:
    changes = decided(promise("escalation", 1), now=LIMIT + timedelta(seconds=1))
    [escalation] = changes.escalations
    assert (escalation["level"], escalation["legal_risk"], escalation["breached_at"]) == (1, False, LIMIT)
    assert escalation["office"]["İsim"] == CATALOGUE.office(1).printed.name


def test_level_one_arms_level_two() -> None:
    [armed] = decided(promise("escalation", 1), now=LIMIT + timedelta(seconds=1)).armed
    assert (armed["kind"], armed["level"], armed["generation"]) == ("escalation", 2, 1)
    assert armed["due_at"] == local("2026-06-04T23:59:59.999999")


@pytest.mark.parametrize(
    ("late", "level_two"),
    [
        (timedelta(hours=23), "2026-06-04"),
        (timedelta(days=3), "2026-06-09"),  # seen on Thursday 4 June: Friday, Monday, Tuesday
        (timedelta(days=30), "2026-07-06"),
    ],
)
def test_level_two_waits_its_days_from_a_late_firing(late: timedelta, level_two: str) -> None:
    """C7: an outage of three days does not fire both levels at once; the breach keeps its true instant."""
    changes = decided(promise("escalation", 1), now=LIMIT + late)
    assert changes.armed[0]["due_at"] == local(f"{level_two}T23:59:59.999999")
    assert changes.escalations[0]["breached_at"] == LIMIT


def test_level_two_goes_to_the_second_office_and_arms_nothing() -> None:
    head = ticket(level_1_number="26-000001", level_1_at=LIMIT)
    head.raised_levels.add(1)
    changes = decided(promise("escalation", 2, head))
    assert notified(changes) == [("escalation_2", "office:2")]
    assert changes.notices[0]["payload"]["level_1_number"] == "26-000001"
    assert (recorded(changes), changes.breached, changes.armed) == (["escalated"], [], [])


[_CALLS] = [service for service in CATALOGUE.services if service.code == "call-center"]
PINNED = {"policy": json.dumps(promise_policy(_CALLS).to_json())}
"""15 GÜN, as a clock has it."""
REPLIED = LIMIT + timedelta(days=2)
POSTPONED_UNTIL = local("2026-06-18T23:59:59.999999")
"""The limit once more from `REPLIED`: a Thursday."""


def test_an_interim_reply_postpones_no_first_level() -> None:
    replied = ticket(interim_reply_at=RECEIVED + timedelta(days=2))
    assert notified(decided(promise("escalation", 1, replied))) == [("escalation_1", "office:1")]


@pytest.mark.parametrize("replied", [RECEIVED + timedelta(days=2), LIMIT - MICROSECOND, LIMIT])
def test_an_interim_reply_from_before_the_breach_says_nothing_about_it(replied: datetime) -> None:
    changes = decided(promise("escalation", 2, ticket(interim_reply_at=replied), **PINNED))
    assert notified(changes) == [("escalation_2", "office:2")]
    assert changes.postponed == []


def test_an_interim_reply_after_the_breach_puts_level_two_off_for_the_limit_once_more() -> None:
    point = promise("escalation", 2, ticket(interim_reply_at=REPLIED), **PINNED)
    changes = decide([point], catalogue=CATALOGUE, calendars=CALENDARS, now=point.due_at)
    assert changes.postponed == [{"id": point.id, "due_at": POSTPONED_UNTIL}]
    assert (changes.notices, changes.escalations, changes.fired, changes.cancelled) == ([], [], [], [])


@pytest.mark.parametrize("late", [timedelta(0), timedelta(days=90)])
def test_silence_after_an_interim_reply_reaches_the_second_office(late: timedelta) -> None:
    point = promise("escalation", 2, ticket(interim_reply_at=REPLIED), due_at=POSTPONED_UNTIL, **PINNED)
    changes = decided(point, now=POSTPONED_UNTIL + late)
    assert notified(changes) == [("escalation_2", "office:2")]
    assert changes.fired == [point.id]


def test_a_matter_about_the_first_office_goes_to_the_second_only() -> None:
    """Domain §9.17: the director gets no notice of complaints about the director; the next superior does."""
    changes = decided(promise("escalation", 1, ticket(about_first_office=True)))
    assert notified(changes) == [("escalation_2", "office:2")]
    assert changes.notices[0]["payload"]["signatory"] is None
    assert changes.armed == []
    assert recorded(changes) == ["breached", "escalated"]


def test_a_ticket_without_a_directorate_escalates() -> None:
    """C3."""
    changes = decided(promise("escalation", 1, ticket(unit=None, referred_at=None)))
    assert notified(changes) == [("escalation_1", "office:1")]
    assert changes.notices[0]["payload"]["unit_name"] is None


def test_a_limit_of_minutes_knows_no_second_level() -> None:
    order = ticket(service="hospitality", unit=None)
    changes = decided(promise("escalation", 1, order, policy=policy(Limit(10, Unit.MINUTE), "10 D")))
    assert notified(changes) == [("escalation_1", "office:1")]
    assert changes.armed == []
    assert changes.notices[0]["payload"]["under_a_day"] is True


def test_a_chain_may_begin_with_the_second_office() -> None:
    chain = Chain((Step(CheckpointKind.ESCALATION, 2, "due"),))
    point = promise(
        "escalation",
        2,
        policy=policy(PROMISE_LIMIT, "15 GÜN", chain=chain),
        clock_state="running",
        due_at=LIMIT,
    )
    changes = decided(point)
    assert notified(changes) == [("escalation_2", "office:2")]
    assert changes.breached == [point.clock_id]


# ── the limit of law ──


def test_legal_risk_raises_level_two_before_any_breach() -> None:
    head = ticket(statutory_due=LAW, statutory_regime="law_3071")
    changes = decided(law("legal_risk", 2, head))
    assert notified(changes) == [("escalation_2", "office:2")]
    assert (changes.escalations[0]["legal_risk"], changes.escalations[0]["breached_at"]) == (True, None)
    assert (recorded(changes), changes.breached) == (["escalated"], [])
    assert changes.notices[0]["payload"]["promised"] is True


def test_level_two_of_the_promise_is_not_raised_after_a_legal_risk() -> None:
    head = ticket(statutory_due=LAW)
    changes = decided(law("legal_risk", 2, head), promise("escalation", 2, head), now=LAW)
    assert notified(changes) == [("escalation_2", "office:2")]
    assert changes.escalations[0]["legal_risk"] is True
    assert (len(changes.fired), changes.marked) == (2, [])


def test_a_legal_risk_marks_a_level_two_raised_before_and_notifies_once() -> None:
    """Level 2 of a promise of 15 days is raised long before the 30 days of law run out."""
    head = ticket(statutory_due=LAW, promise_limit="15 GÜN")
    head.raised_levels.update({1, 2})
    changes = decided(law("legal_risk", 2, head))
    assert (changes.escalations, changes.marked) == ([], [head.id])
    [notice] = changes.notices
    assert (notice["kind"], notice["recipient"], notice["payload"]["legal_risk"]) == ("escalation_2", "office:2", True)
    assert notice["payload"]["limit_text"] == "15 GÜN"
    assert [row["data"]["legal_risk"] for row in changes.events] == [True]
    first = decided(promise("escalation", 2, replace(head, raised_levels={1}))).notices[0]
    assert first["dedupe_key"] != notice["dedupe_key"]


def test_level_two_of_an_earlier_batch_is_not_raised_again() -> None:
    head = ticket(statutory_due=LAW)
    head.raised_levels.update({1, 2})
    changes = decided(promise("escalation", 2, head))
    assert (changes.escalations, changes.notices, changes.marked) == ([], [], [])


def test_a_legal_risk_without_a_promise_says_so() -> None:
    """While documents are missing no promise runs: nothing is said in the name of the published table."""
    [notice] = decided(law("legal_risk", 2, ticket(statutory_due=LAW, promise_due=None))).notices
    assert (notice["payload"]["promised"], notice["payload"]["limit_text"]) == (False, "30 gün")


def test_a_legal_risk_is_notified_although_another_worker_stamped_the_breach_first() -> None:
    [notice] = decided(law("legal_risk", 2, ticket(statutory_due=LAW), clock_state="breached"), now=LAW).notices
    assert notice["kind"] == "escalation_2"


def test_level_one_still_comes_after_a_legal_risk() -> None:
    head = ticket(statutory_due=LAW)
    head.raised_levels.add(2)
    changes = decided(promise("escalation", 1, head), now=LAW)
    assert notified(changes) == [("escalation_1", "office:1")]


def test_the_end_of_the_law_is_stamped_without_a_notice() -> None:
    changes = decided(law("breach", 1, ticket(statutory_due=LAW)))
    assert (notified(changes), recorded(changes), len(changes.breached)) == ([], ["breached"], 1)


# ── what is left alone ──


@pytest.mark.parametrize(
    ("kind", "level", "other"),
    [
        ("warning", 50, {"clock_generation": 2}),
        ("escalation", 1, {"clock_generation": 2}),
        ("escalation", 1, {"clock_state": "met"}),
        ("escalation", 1, {"clock_state": "paused"}),
        ("escalation", 1, {"clock_state": "cancelled"}),
        ("escalation", 1, {"clock_state": "breached"}),
        ("warning", 80, {"clock_state": "breached"}),
        ("escalation", 2, {"clock_state": "running"}),
        ("escalation", 2, {"clock_generation": 2}),
        ("legal_risk", 2, {"clock_state": "met"}),
        ("legal_risk", 2, {"clock_state": "cancelled"}),
        ("breach", 1, {"clock_state": "met"}),
    ],
)
def test_a_checkpoint_whose_clock_has_moved_on_is_cancelled(kind: str, level: int, other: dict[str, Any]) -> None:
    """B73: a stale row never overwrites what was decided since."""
    head = ticket()
    point = law(kind, level, head, **other) if kind in {"legal_risk", "breach"} else promise(kind, level, head, **other)
    changes = decided(point, now=LAW)
    assert changes.cancelled == [point.id]
    assert (changes.notices, changes.events, changes.escalations, changes.armed) == ([], [], [], [])
    assert (head.event_seq, head.event_hash) == (3, GENESIS)


def test_one_undecidable_ticket_does_not_stop_the_others() -> None:
    """B69, B75: the bad one stays armed and is reported; its neighbours, and its own chain of events, are whole."""
    bad, good = ticket(last_action="unheard_of"), ticket()
    points = [promise("escalation", 1, bad), promise("escalation", 1, good)]
    changes = decide(points, catalogue=CATALOGUE, calendars=CALENDARS, now=LIMIT)
    assert [point_id for point_id, _ in changes.failed] == [points[0].id]
    assert isinstance(changes.failed[0][1], KeyError)
    assert (changes.fired, changes.breached) == ([points[1].id], [points[1].clock_id])
    assert [row["ticket_id"] for row in changes.events] == [good.id, good.id]
    assert (bad.event_seq, bad.event_hash, bad.raised_levels) == (3, GENESIS, set())


def test_an_unreadable_policy_does_not_stop_the_others() -> None:
    """B69: a policy is parsed where its checkpoint is decided, so only that checkpoint fails."""
    bad, good = promise("escalation", 1, policy="{}"), promise("escalation", 1)
    changes = decide([bad, good], catalogue=CATALOGUE, calendars=CALENDARS, now=LIMIT)
    assert [point_id for point_id, _ in changes.failed] == [bad.id]
    assert changes.fired == [good.id]


def test_the_history_of_a_ticket_goes_on_where_it_stood() -> None:
    head = ticket(statutory_due=LAW)
    changes = decided(promise("escalation", 1, head), law("legal_risk", 2, head), now=LAW.astimezone(UTC))
    assert [row["seq"] for row in changes.events] == [4, 5, 6]
    assert changes.touched[head.id].event_hash == changes.events[-1]["hash"]
    assert {row["actor"] for row in changes.events} == {"system"}
