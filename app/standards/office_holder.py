"""Who answers for an application office on a given day: its head, a deputy who stands in, or nobody.

Officials change and go on leave; a notice is for whoever holds the office when it is written. Pure: a day comes in.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from app.standards.values import ApplicationOffice, Deputy


@dataclass(frozen=True, slots=True)
class OfficeHolder:
    """Who is written to at an office; without an official (`vacant`) the office itself, by its place.

    `address` is None where no address is known that belongs to the office on that day.
    """

    office: ApplicationOffice
    name: str
    job_title: str
    address: str | None
    stands_in: bool = False
    vacant: bool = False


def office_holder(office: ApplicationOffice, on: date) -> OfficeHolder:
    """Who answers for `office` on the local date `on`; all dates of validity are inclusive.

    A deputy (vekil) with dates stands in on those days: the head is on leave. One without dates does where the head's
    own time is over or has not begun. Of several the one who began last; of those that began together the first named.
    Nobody's personal address is used for an office that has nobody: mail to somebody who has left looks delivered.
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
