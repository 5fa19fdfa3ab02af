"""The person in an application office on a given day: its head, a deputy, or no one.

Officials change and go on leave; a notice goes to the person in office when it is written. Pure: standard library only.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from app.standards.values import ApplicationOffice, Deputy


@dataclass(frozen=True, slots=True)
class OfficeHolder:
    """The recipient at an office: its head or a deputy, or the office itself, by its place, if `vacant`.

    `address` is None if no address of the office is known for that day.
    """

    office: ApplicationOffice
    name: str
    job_title: str
    address: str | None
    stands_in: bool = False
    vacant: bool = False


def office_holder(office: ApplicationOffice, on: date) -> OfficeHolder:
    """Return the holder of `office` on the local date `on`; all dates of validity are inclusive.

    A deputy (vekil) with dates is in office on those days: the head is on leave. A deputy without dates is in office
    outside the head's own dates. The latest start wins, then the order in the file. A vacant office has only its role
    mailbox: mail to the personal address of a former official looks delivered.
    """
    has_head = _covers(office.valid_from, office.valid_to, on)
    deputy = _latest(one for one in office.deputies if _stands_in(one, on, has_head=has_head))
    if deputy is not None:
        address = office.role_mailbox or deputy.email or office.printed.email
        return OfficeHolder(office, deputy.name, deputy.job_title, address or None, stands_in=True)
    if has_head:
        return OfficeHolder(office, office.printed.name, office.printed.job_title, office.mailbox or None)
    return OfficeHolder(office, "", "", office.role_mailbox, vacant=True)


def _stands_in(deputy: Deputy, on: date, *, has_head: bool) -> bool:
    dated = deputy.valid_from is not None or deputy.valid_to is not None
    return _covers(deputy.valid_from, deputy.valid_to, on) and (dated or not has_head)


def _latest(deputies: Iterable[Deputy]) -> Deputy | None:
    return max(deputies, key=lambda deputy: deputy.valid_from or date.min, default=None)


def _covers(valid_from: date | None, valid_to: date | None, on: date) -> bool:
    return (valid_from is None or valid_from <= on) and (valid_to is None or on <= valid_to)
