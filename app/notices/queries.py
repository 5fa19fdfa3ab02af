"""Reading notices; every query starts at `visible_to`, so that a unit sees what was written to it and no more."""

import re
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Text, Uuid, column, select, table, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.actor import Actor
from app.access.model import ApiClient
from app.core.errors import NotFound
from app.core.paging import Cursor, Page
from app.notices.model import Notice, format_notice_number
from app.notices.rows import APPLICANT

UNIT_PREFIX = "unit:"

_NUMBER = re.compile(r"[0-9]{2}-([0-9]{6,15})")
_TICKET = table("ticket", column("id", Uuid()), column("number", Text()))
"""All that notices know of tickets, which lie above them: a number."""


@dataclass(frozen=True, slots=True)
class NoticeFilter:
    """What a list may be narrowed by; None does not narrow.

    `unacknowledged` True leaves the notices to units and offices that nobody took note of yet, False those that
    somebody did.
    """

    kind: str | None = None
    state: str | None = None
    recipient: str | None = None
    level: int | None = None
    ticket: str | None = None
    unacknowledged: bool | None = None


class FoundNotice(NamedTuple):
    """A notice and the name of the client that acknowledged it."""

    notice: Notice
    acknowledged_by: str | None


def to_unit(notice: Notice) -> bool:
    """Whether the notice is for a directorate."""
    return notice.recipient.startswith(UNIT_PREFIX)


def visible_to(actor: Actor) -> Select[Notice, str]:
    """The notices that `actor` may see: all, or those to its own unit."""
    query = select(Notice, ApiClient.name).outerjoin(ApiClient, ApiClient.id == Notice.acknowledged_by)
    return query if actor.unit is None else query.where(Notice.recipient == UNIT_PREFIX + actor.unit)


def ticket_of(number: str) -> ColumnElement[UUID]:
    """The id of the ticket with that number."""
    return select(_TICKET.c.id).where(_TICKET.c.number == number).scalar_subquery()


async def find_notice(session: AsyncSession, actor: Actor, number: str, *, lock: bool = False) -> FoundNotice:
    """One notice by its number (`26-000123`), locked if asked; raises `NotFound`."""
    match = _NUMBER.fullmatch(number)
    if match is None:
        raise NotFound
    query = visible_to(actor).where(Notice.running == int(match[1]))
    if lock:
        query = query.with_for_update(of=Notice, key_share=True).execution_options(populate_existing=True)
    row = (await session.execute(query)).one_or_none()
    if row is None or row[0].number != number:
        raise NotFound
    return FoundNotice(*row)


async def numbers_in(session: AsyncSession, digest_id: UUID) -> list[str]:
    """The numbers of the notices in a digest, by their tickets' ids: an order in which they can be locked."""
    lines = select(Notice.created_at, Notice.running).where(Notice.digest_id == digest_id)
    found = await session.execute(lines.order_by(Notice.ticket_id, Notice.id))
    return [format_notice_number(made, running) for made, running in found]


async def list_notices(
    session: AsyncSession, actor: Actor, wanted: NoticeFilter, *, cursor: Cursor | None, limit: int
) -> Page[FoundNotice]:
    """Visible notices, newest first."""
    query = visible_to(actor).where(*_conditions(wanted))
    if cursor is not None:
        query = query.where(tuple_(Notice.created_at, Notice.id) < (cursor.at, cursor.id))
    query = query.order_by(Notice.created_at.desc(), Notice.id.desc()).limit(limit + 1)
    found = [FoundNotice(*row) for row in await session.execute(query)]
    page = found[:limit]
    following = Cursor(page[-1].notice.created_at, page[-1].notice.id).encode() if len(found) > limit else None
    return Page(page, following)


def _conditions(wanted: NoticeFilter) -> list[ColumnElement[bool]]:
    equal = (
        (Notice.kind, wanted.kind),
        (Notice.state, wanted.state),
        (Notice.recipient, wanted.recipient),
        (Notice.level, wanted.level),
    )
    conditions: list[ColumnElement[bool]] = [column == value for column, value in equal if value is not None]
    if wanted.ticket is not None:
        conditions.append(Notice.ticket_id == ticket_of(wanted.ticket))
    if wanted.unacknowledged is True:
        conditions += [Notice.acknowledged_at.is_(None), Notice.recipient != APPLICANT.code]
    elif wanted.unacknowledged is False:
        conditions.append(Notice.acknowledged_at.is_not(None))
    return conditions
