"""The messages of the channels and the commands, as short to write as the stories need them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from demo.values import Step, at


def person(last: int) -> dict[str, str]:
    """A sample citizen, recognisable as one."""
    return {"name": "Örnek Vatandaş", "phone": f"0532 000 00 {last:02}"}


def place(neighbourhood: str, **other: Any) -> dict[str, Any]:
    """Where the matter lies."""
    return {"neighbourhood": neighbourhood, **other}


def step(when: str, command: str, says: str, **body: Any) -> Step:
    """A command with its body."""
    return Step(at(when), command, body or None, says)


def refer(when: str, unit: str, name: str) -> Step:
    """Sent to a directorate; `name` is its name in the dative."""
    return step(when, "refer", f"{name} sevk edildi", unit=unit)


def accept(when: str) -> Step:
    """The directorate takes it on."""
    return step(when, "accept", "birim işleme aldı")


def resolve(when: str, says: str, reply: str, **other: str) -> Step:
    """Answered."""
    return step(when, "resolve", says, **{"outcome": "positive", "reply": reply, **other})


def call(number: int, when: datetime, **matter: Any) -> Mapping[str, Any]:
    """The message of a call."""
    caller = person(number)
    identity = {"caller": caller["phone"], "caller_name": caller["name"]}
    return {"call_id": f"ornek-cagri-{number}", **identity, "called_at": when.isoformat(), **matter}


def report(number: int, when: datetime, **matter: Any) -> Mapping[str, Any]:
    """The message of the mobile application."""
    report = {"report_id": f"ornek-mobil-{number}", "reporter": person(number), "reported_at": when.isoformat()}
    return {**report, "kind": "complaint", **matter}


def visit(number: int, counter: str, when: datetime, **matter: Any) -> Mapping[str, Any]:
    """The message of a visit at one of the counters."""
    return {"visit_id": f"ornek-masa-{number}", "counter": counter, "arrived_at": when.isoformat(), **matter}
