"""Queries of notices; each one starts at `visible_to`, so a unit sees only the notices addressed to it."""

import re
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.actor import Actor
from app.access.model import ApiClient
from app.core.errors import NotFound
from app.core.paging import Cursor, Page
from app.notices.model import Notice, format_notice_number
from app.notices.rows import APPLICANT, UNIT_PREFIX

_NUMBER = re.compile(r"[0-9]{2}-([0-9]{6,15})")


@dataclass(frozen=True, slots=True)
class NoticeFilter:
    """Filters of a list; None does not filter.

    `unacknowledged` selects notices to units and offices that were not acknowledged (True) or that were (False).
    """

    kind: str | None = None
    state: str | None = None
    recipient: str | None = None
    level: int | None = None
    ticket_id: UUID | None = None
    unacknowledged: bool | None = None


class FoundNotice(NamedTuple):
    """A notice and the name of the client that acknowledged it."""

    notice: Notice
    acknowledged_by: str | None


def is_to_unit(notice: Notice) -> bool:
    """Return whether the recipient is a directorate."""
    return notice.recipient.startswith(UNIT_PREFIX)


def visible_to(actor: Actor) -> Select[Notice, str]:
    """Return the query of the notices that `actor` may see: all, or those to its own unit."""
    query = select(Notice, ApiClient.name).outerjoin(ApiClient, ApiClient.id == Notice.acknowledged_by)
    return query if actor.unit is None else query.where(Notice.recipient == UNIT_PREFIX + actor.unit)


async def find_notice(session: AsyncSession, actor: Actor, number: str, *, lock: bool = False) -> FoundNotice:
    """Return the visible notice with that number (`26-000123`), locked if `lock`; raise `NotFound`."""
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
    """Return the numbers of the notices in a digest, in the order of their tickets' ids: an order for locking."""
    lines = select(Notice.created_at, Notice.running).where(Notice.digest_id == digest_id)
    found = await session.execute(lines.order_by(Notice.ticket_id, Notice.id))
    return [format_notice_number(created_at, running) for created_at, running in found]


async def list_notices(
    session: AsyncSession, actor: Actor, wanted: NoticeFilter, *, cursor: Cursor | None, page_size: int
) -> Page[FoundNotice]:
    """Return a page of visible notices, newest first."""
    query = visible_to(actor).where(*_conditions(wanted))
    if cursor is not None:
        query = query.where(tuple_(Notice.created_at, Notice.id) < (cursor.at, cursor.id))
    query = query.order_by(Notice.created_at.desc(), Notice.id.desc()).limit(page_size + 1)
    found = [FoundNotice(*row) for row in await session.execute(query)]
    page = found[:page_size]
    following = Cursor(page[-1].notice.created_at, page[-1].notice.id).encode() if len(found) > page_size else None
    return Page(page, following)


def _conditions(wanted: NoticeFilter) -> list[ColumnElement[bool]]:
    equal = (
        (Notice.kind, wanted.kind),
        (Notice.state, wanted.state),
        (Notice.recipient, wanted.recipient),
        (Notice.level, wanted.level),
        (Notice.ticket_id, wanted.ticket_id),
    )
    conditions: list[ColumnElement[bool]] = [column == value for column, value in equal if value is not None]
    if wanted.unacknowledged is True:
        conditions += [Notice.acknowledged_at.is_(None), Notice.recipient != APPLICANT.code]
    elif wanted.unacknowledged is False:
        conditions.append(Notice.acknowledged_at.is_not(None))
    return conditions
