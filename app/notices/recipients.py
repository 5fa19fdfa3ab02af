"""The offices that notices go to: the holder of an office on a given day, its address, and its facts for the texts."""

from collections.abc import Iterable
from datetime import date
from typing import TypedDict

import structlog

from app.notices.payloads import OfficeFacts
from app.notices.rows import OFFICE_PREFIX, Recipient
from app.standards.office_holder import OfficeHolder, office_holder
from app.standards.values import Catalogue

log = structlog.get_logger(__name__)


class AddressedRecord(TypedDict):
    """The official that an escalation was addressed to, as stored in `escalation.addressed_to`."""

    name: str
    job_title: str
    stands_in: bool
    vacant: bool


def holder(catalogue: Catalogue, level: int, on: date) -> OfficeHolder:
    """Return the holder of the first (1) or second (2) application office on that local date."""
    return office_holder(catalogue.office(level), on)


def office_facts(addressed: OfficeHolder) -> OfficeFacts:
    """Return the office as the texts of notices print it."""
    printed = addressed.office.printed
    return OfficeFacts(place=printed.place, official=addressed.name, title=addressed.job_title, phone=printed.phone)


def office_recipient(addressed: OfficeHolder) -> Recipient:
    """Return the recipient of notices to the office; a vacant office is addressed by its place."""
    printed = addressed.office.printed
    return Recipient(f"{OFFICE_PREFIX}{printed.level}", addressed.name or printed.place, addressed.address)


def addressed_record(addressed: OfficeHolder) -> AddressedRecord:
    """Return the record of the official that an escalation was addressed to."""
    return {
        "name": addressed.name,
        "job_title": addressed.job_title,
        "stands_in": addressed.stands_in,
        "vacant": addressed.vacant,
    }


def current_address(catalogue: Catalogue, recipient: str, on: date) -> str | None:
    """Return the mail address of a recipient (`office:1`, `unit:cleaning`) on that day, None if it is unknown."""
    kind, _, code = recipient.partition(":")
    if kind == "office":
        return holder(catalogue, int(code), on).address
    unit = catalogue.unit(code)
    return unit.email if unit else None


def report_vacancies(addressed: Iterable[tuple[int, AddressedRecord]]) -> None:
    """Log an error for each level whose office has no official: the dates in offices.yaml leave a gap."""
    for level in sorted({level for level, record in addressed if record["vacant"]}):
        log.error("office_without_official", office=level, remedy="give offices.yaml a head or a deputy for today")
