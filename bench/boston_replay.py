"""Replay of a real city's requests: compares our due dates and on-time results with the city's own."""

import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from app.sla.deadline import on_time
from bench.boston_classes import EXPLANATIONS, Case, Difference, classify, working_days_given
from bench.boston_data import BOSTON, Request, extract_date, read
from bench.boston_rules import KNOWN_RULES, Clock, Rule, due_at, learn

# limits of other types are learnt from requests opened before, and checked with requests opened from then on
TRAINING_ENDS: Final = datetime(2015, 9, 1, tzinfo=BOSTON)
NEW_YEAR: Final = date(2016, 1, 1)
Figures = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ReplayedCase:
    """A compared case: `difference` is None if the due dates agree, `agrees` if the city has no flag."""

    case: Case
    difference: Difference | None
    agrees: bool | None


def measure(path: Path) -> Figures:
    """Return all figures of the file."""
    requests = read(path)
    as_of = extract_date(requests)
    further = [request for request in requests if request.type not in KNOWN_RULES]
    learnt = learn(request for request in further if request.opened_at < TRAINING_ENDS)
    tested = [request for request in further if request.opened_at >= TRAINING_ENDS]
    return {
        "requests": len(requests),
        "flags_as_of": as_of.isoformat(),
        "oracle": _oracle(requests),
        "faults": _faults(requests),
        "named": _group(requests, KNOWN_RULES, as_of),
        "further": _group(tested, learnt, as_of),
        "left_out": _left_out(tested, learnt),
    }


def replay(requests: Iterable[Request], rules: Mapping[str, Rule], as_of: datetime) -> tuple[list[ReplayedCase], float]:
    """Compare the requests with a rule and a target; return them and the due dates computed per second."""
    selected = [
        (request, rules[request.type], request.target_at)
        for request in requests
        if request.target_at and request.type in rules
    ]
    started = time.perf_counter()
    cases = [Case(request, rule, target_at, due_at(rule, request.opened_at)) for request, rule, target_at in selected]
    seconds = time.perf_counter() - started
    return [_compare(case, as_of) for case in cases], len(cases) / seconds


def _compare(case: Case, as_of: datetime) -> ReplayedCase:
    """Compare a case; open requests are judged as of the extract, like the city's flags."""
    request = case.request
    verdict = on_time(request.closed_at or as_of, case.due_at)
    return ReplayedCase(case, classify(case), None if request.on_time is None else verdict is request.on_time)


def _group(requests: Iterable[Request], rules: Mapping[str, Rule], as_of: datetime) -> Figures:
    chosen = [request for request in requests if request.type in rules]
    replayed, per_second = replay(chosen, rules, as_of)
    by_type: dict[str, list[ReplayedCase]] = {kind: [] for kind in rules}
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


def _agreement(replayed: list[ReplayedCase]) -> Figures:
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


def _of_type(kind: str, rule: Rule, replayed: list[ReplayedCase]) -> Figures:
    counted = Counter(one.difference for one in replayed if one.difference)
    return {
        "type": kind,
        "clock": rule.clock.value,
        "days": rule.days,
        **_agreement(replayed),
        "differences": {difference.value: count for difference, count in counted.most_common()},
    }


def _differences(replayed: list[ReplayedCase]) -> list[Figures]:
    """Return a row per class; the last one counts flags that differ although the due dates agree to the minute."""
    rows = []
    for difference in Difference:
        found = [one for one in replayed if one.difference is difference]
        if found:
            limits = _other_limits(found) if difference is Difference.OTHER_LIMIT else {}
            rows.append(_class_row(difference.value, len(found), found, EXPLANATIONS[difference]) | {"limits": limits})
    close = [one for one in replayed if one.difference is None and one.agrees is False]
    return [*rows, _class_row("due dates agree", 0, close, "closed between the two instants")] if close else rows


def _class_row(name: str, due_dates: int, found: list[ReplayedCase], why: str) -> Figures:
    return {"class": name, "due_dates": due_dates, "verdicts": sum(one.agrees is False for one in found), "why": why}


def _other_limits(replayed: list[ReplayedCase]) -> dict[str, int]:
    """Count the working days that requests with another limit got, by type, most common first."""
    counted = Counter((one.case.request.type, working_days_given(one.case)) for one in replayed)
    return {f"{kind}: {days}": count for (kind, days), count in counted.most_common()}


def _oracle(requests: list[Request]) -> Figures:
    """Compare the city's flag with its own target: this shows whether its `on time` means the same as ours."""
    flagged = [
        on_time(request.closed_at, request.target_at) is request.on_time
        for request in requests
        if request.closed_at and request.target_at and request.on_time is not None
    ]
    return {"closed_with_target_and_flag": len(flagged), "agree": sum(flagged)}


def _faults(requests: list[Request]) -> dict[str, int]:
    """Count wrong or missing values of the rows, over all types."""
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
    rule = KNOWN_RULES.get(kind)
    return rule is not None and rule.clock is Clock.WORKING_CALENDAR


def _left_out(requests: Iterable[Request], rules: Mapping[str, Rule]) -> Figures:
    """Count the types with targets that are too few or too different to learn a limit from."""
    types = Counter(request.type for request in requests if request.target_at and request.type not in rules)
    return {"types": len(types), "requests": types.total(), "largest": dict(types.most_common(5))}


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0
