"""A real city's requests replayed: do our due dates and verdicts agree with those that it set and gave itself?"""

import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from app.sla.deadline import on_time
from bench.boston_classes import EXPLANATIONS, Case, Difference, classify, working_days_given
from bench.boston_data import BOSTON, Request, night_of_extract, read
from bench.boston_rules import NAMED, Clock, Rule, due_at, learn

# limits of further types are learnt from what was opened before, and judged by what was opened from then on
LEARNT_BEFORE: Final = datetime(2015, 9, 1, tzinfo=BOSTON)
NEW_YEAR: Final = date(2016, 1, 1)
Figures = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Replayed:
    """A case judged: `difference` is None where the due dates agree, `agrees` where the city gives no verdict."""

    case: Case
    difference: Difference | None
    agrees: bool | None


def measure(path: Path) -> Figures:
    """All figures of the file at that path."""
    requests = read(path)
    as_of = night_of_extract(requests)
    further = [request for request in requests if request.type not in NAMED]
    learnt = learn(request for request in further if request.opened_at < LEARNT_BEFORE)
    judged = [request for request in further if request.opened_at >= LEARNT_BEFORE]
    return {
        "requests": len(requests),
        "flags_as_of": as_of.isoformat(),
        "oracle": _oracle(requests),
        "faults": _faults(requests),
        "named": _group(requests, NAMED, as_of),
        "further": _group(judged, learnt, as_of),
        "left_out": _left_out(judged, learnt),
    }


def replay(requests: Iterable[Request], rules: Mapping[str, Rule], as_of: datetime) -> tuple[list[Replayed], float]:
    """The requests that have a rule and a target, judged, and how many due dates were computed in a second."""
    todo = [
        (request, rules[request.type], request.target_at)
        for request in requests
        if request.target_at and request.type in rules
    ]
    began = time.perf_counter()
    cases = [Case(request, rule, target_at, due_at(rule, request.opened_at)) for request, rule, target_at in todo]
    seconds = time.perf_counter() - began
    return [_judged(case, as_of) for case in cases], len(cases) / seconds


def _judged(case: Case, as_of: datetime) -> Replayed:
    """Open requests are judged as of the night of the extract, as the city's flags are."""
    request = case.request
    verdict = on_time(request.closed_at or as_of, case.due_at)
    return Replayed(case, classify(case), None if request.on_time is None else verdict is request.on_time)


def _group(requests: Iterable[Request], rules: Mapping[str, Rule], as_of: datetime) -> Figures:
    chosen = [request for request in requests if request.type in rules]
    replayed, per_second = replay(chosen, rules, as_of)
    by_type: dict[str, list[Replayed]] = {kind: [] for kind in rules}
    for one in replayed:
        by_type[one.case.request.type].append(one)
    types = [_of_type(kind, rules[kind], found) for kind, found in by_type.items() if found]
    return {
        **_agreement(replayed),
        "without_target": len(chosen) - len(replayed),
        "deadlines_per_second": round(per_second),
        "types": sorted(types, key=lambda row: -row["requests"]),
        "differences": _differences(replayed),
    }


def _agreement(replayed: list[Replayed]) -> Figures:
    due = sum(one.difference is None for one in replayed)
    but_for_the_clocks = sum(one.difference in {None, Difference.CLOCKS_CHANGED} for one in replayed)
    verdicts = [one.agrees for one in replayed if one.agrees is not None]
    return {
        "requests": len(replayed),
        "due_agree": due,
        "due_share": _share(due, len(replayed)),
        "due_share_but_for_change_of_clocks": _share(but_for_the_clocks, len(replayed)),
        "verdicts": len(verdicts),
        "verdicts_agree": sum(verdicts),
        "verdict_share": _share(sum(verdicts), len(verdicts)),
    }


def _of_type(kind: str, rule: Rule, replayed: list[Replayed]) -> Figures:
    counted = Counter(one.difference for one in replayed if one.difference)
    return {
        "type": kind,
        "clock": rule.clock.value,
        "days": rule.days,
        **_agreement(replayed),
        "differences": {difference.value: count for difference, count in counted.most_common()},
    }


def _differences(replayed: list[Replayed]) -> list[Figures]:
    """One row for each class that occurs; last, verdicts that differ though the due dates agree to the minute."""
    rows = []
    for difference in Difference:
        found = [one for one in replayed if one.difference is difference]
        if found:
            limits = _other_limits(found) if difference is Difference.OTHER_LIMIT else {}
            rows.append(_class(difference.value, len(found), found, EXPLANATIONS[difference]) | {"limits": limits})
    close = [one for one in replayed if one.difference is None and one.agrees is False]
    return [*rows, _class("due dates agree", 0, close, "closed between the two instants")] if close else rows


def _class(name: str, due_dates: int, found: list[Replayed], why: str) -> Figures:
    return {"class": name, "due_dates": due_dates, "verdicts": sum(one.agrees is False for one in found), "why": why}


def _other_limits(replayed: list[Replayed]) -> dict[str, int]:
    """Which working days the requests with another limit were given, by type, the commonest first."""
    counted = Counter((one.case.request.type, working_days_given(one.case)) for one in replayed)
    return {f"{kind}: {days}": count for (kind, days), count in counted.most_common()}


def _oracle(requests: list[Request]) -> Figures:
    """The city's flag against its own target: says whether its 'on time' means what ours does."""
    flagged = [
        on_time(request.closed_at, request.target_at) is request.on_time
        for request in requests
        if request.closed_at and request.target_at and request.on_time is not None
    ]
    return {"closed_with_target_and_flag": len(flagged), "agree": sum(flagged)}


def _faults(requests: list[Request]) -> dict[str, int]:
    """What is wrong or missing in the rows themselves, over all types."""
    targets = [(request, request.target_at) for request in requests if request.target_at]
    return {
        "closed before opened": sum(one.closed_at < one.opened_at for one in requests if one.closed_at),
        "target at or before the opening": sum(target <= request.opened_at for request, target in targets),
        "target on 1 January 2016, a holiday": sum(
            target.date() == NEW_YEAR for request, target in targets if _works_by_calendar(request.type)
        ),
        "no target": len(requests) - len(targets),
        "no flag": sum(request.on_time is None for request in requests),
        "never closed": sum(request.closed_at is None for request in requests),
    }


def _works_by_calendar(kind: str) -> bool:
    rule = NAMED.get(kind)
    return rule is not None and rule.clock is Clock.WORKING_CALENDAR


def _left_out(requests: Iterable[Request], rules: Mapping[str, Rule]) -> Figures:
    """The further types that have targets, but too few or too different ones to learn a limit from."""
    types = Counter(request.type for request in requests if request.target_at and request.type not in rules)
    return {"types": len(types), "requests": types.total(), "largest": dict(types.most_common(5))}


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0
