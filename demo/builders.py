"""Builders of channel messages and commands, which make the requests short to write."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from demo.model import Step, at


def person(last: int) -> dict[str, str]:
    """Return a fictitious citizen; `last` are the last two digits of the phone."""
    return {"name": "Örnek Vatandaş", "phone": f"0532 000 00 {last:02}"}


def place(neighbourhood: str, **other: Any) -> dict[str, Any]:
    """Return the place of a matter."""
    return {"neighbourhood": neighbourhood, **other}


def step(when: str, command: str, message: str, **body: Any) -> Step:
    """Return a command with its body."""
    return Step(at(when), command, body or None, message)


def refer(when: str, unit: str, name: str) -> Step:
    """Return a referral to a directorate; `name` is its name in the dative."""
    return step(when, "refer", f"{name} sevk edildi", unit=unit)


def accept(when: str) -> Step:
    """Return the acceptance by the directorate."""
    return step(when, "accept", "birim işleme aldı")


def resolve(when: str, message: str, reply: str, **other: str) -> Step:
    """Return the resolution with the reply to the citizen."""
    return step(when, "resolve", message, **{"outcome": "positive", "reply": reply, **other})


def call(number: int, when: datetime, **matter: Any) -> Mapping[str, Any]:
    """Return the message of a call."""
    caller = person(number)
    identity = {"caller": caller["phone"], "caller_name": caller["name"]}
    return {"call_id": f"ornek-cagri-{number}", **identity, "called_at": when.isoformat(), **matter}


def report(number: int, when: datetime, **matter: Any) -> Mapping[str, Any]:
    """Return the message of the mobile application."""
    report = {"report_id": f"ornek-mobil-{number}", "reporter": person(number), "reported_at": when.isoformat()}
    return {**report, "kind": "complaint", **matter}


def visit(number: int, counter: str, when: datetime, **matter: Any) -> Mapping[str, Any]:
    """Return the message of a visit at a counter."""
    return {"visit_id": f"ornek-masa-{number}", "counter": counter, "arrived_at": when.isoformat(), **matter}
