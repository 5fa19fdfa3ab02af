"""Notices with a letter, as they are stored, for the tests of attachments and letter sources."""

from typing import Any

from sqlalchemy import select, update

from app.container import Container
from app.core.db import bulk_insert
from app.notices.kinds import Medium, NoticeKind
from app.notices.model import Notice
from app.notices.rows import APPLICANT, Recipient, notice_row
from app.tickets.model import Ticket
from tests.notices.cases import WRITER, actor_of, notices_of, open_ticket
from tests.notices.samples import FULL

K = NoticeKind
SECOND_OFFICE = Recipient("office:2", "Örnek Başkan Yardımcısı", "ikinci@belediye.example")


async def planned(container: Container, kind: NoticeKind, medium: Medium = Medium.EMAIL, **columns: Any) -> Notice:
    """Plan a notice of that kind about a new ticket, due now."""
    number = await open_ticket(container, await actor_of(container), WRITER)
    async with container.database.transaction() as session:
        ticket = (await session.scalars(select(Ticket).where(Ticket.number == number))).one()
        row = notice_row(
            kind,
            FULL[kind],
            ticket_id=ticket.id,
            cycle=1,
            level=0,
            recipient=SECOND_OFFICE if kind is K.ESCALATION_2 else APPLICANT,
            medium=medium,
            now=container.clock.now(),
        )
        await bulk_insert(session, Notice, [row | columns])
    return await stored(container, row["id"])


async def stored(container: Container, notice_id: Any) -> Notice:
    return next(notice for notice in await notices_of(container) if notice.id == notice_id)


async def unmarked(container: Container, kind: NoticeKind) -> None:
    """Reset the notice as if its worker died before recording the outcome and the lease expired."""
    async with container.database.transaction() as session:
        died = {"state": "sending", "sent_at": None, "due_at": container.clock.now()}
        await session.execute(update(Notice).where(Notice.kind == kind).values(**died))
