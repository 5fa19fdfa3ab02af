"""From a level to the person who holds that office today: as notices print them, and as they are kept with the record.

Two kinds of snapshot: the office block as the table prints it, and who was addressed, which leave may have made
another.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import structlog

from app.notices.kinds import OfficeFacts
from app.notices.rows import OFFICE_PREFIX, Recipient
from app.standards.office_holder import OfficeHolder, office_holder
from app.standards.values import Catalogue

log = structlog.get_logger(__name__)


def holder(catalogue: Catalogue, level: int, on: date) -> OfficeHolder:
    """Who answers for the first (1) or second (2) application office on that local date."""
    return office_holder(catalogue.office(level), on)


def as_printed(one: OfficeHolder) -> OfficeFacts:
    """The office as a notice of today names it."""
    printed = one.office.printed
    return OfficeFacts(place=printed.place, official=one.name, title=one.job_title, phone=printed.phone)


def as_recipient(one: OfficeHolder) -> Recipient:
    """Where a notice to the office goes."""
    printed = one.office.printed
    return Recipient(f"{OFFICE_PREFIX}{printed.level}", one.name or printed.place, one.address)


def address_now(catalogue: Catalogue, recipient: str, on: date) -> str | None:
    """Where mail to a notice's recipient (`office:1`, `unit:cleaning`) goes on that day; None where nobody knows."""
    kind, _, code = recipient.partition(":")
    if kind == "office":
        return holder(catalogue, int(code), on).address
    unit = catalogue.unit(code)
    return unit.email if unit else None


def as_record(one: OfficeHolder) -> dict[str, Any]:
    """Who was addressed, as the record of an escalation keeps it."""
    return {"name": one.name, "job_title": one.job_title, "stands_in": one.stands_in, "vacant": one.vacant}


def report_vacancies(addressed: Iterable[tuple[int, Mapping[str, Any]]]) -> None:
    """Say loudly at which levels nobody holds the office: its dates in offices.yaml leave a gap."""
    for level in sorted({level for level, kept in addressed if kept["vacant"]}):
        log.error("office_without_official", office=level, remedy="give offices.yaml a head or a deputy for today")
