"""`estim notices`: list failed or waiting notices, and send them again."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from rich.console import Console
from rich.table import Table
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.cli.context import CommandError
from app.container import open_container
from app.core.clock import ISTANBUL
from app.core.jobs import enqueue
from app.notices.model import Notice, format_notice_number
from app.notices.recipients import current_address
from app.notices.rows import APPLICANT
from app.notices.schemas import STATE_LABELS
from app.notices.service import label_of
from config.settings import Settings

RETRIABLE: Final = ("failed", "queued")


async def show(settings: Settings, console: Console, *, state: str, limit: int) -> None:
    """Print the notices in a state, newest first; raise `CommandError` for an unknown state."""
    if state not in STATE_LABELS:
        raise CommandError(f"{state}: no such state; there are {', '.join(STATE_LABELS)}.")
    async with open_container(settings) as container, container.database.reading() as session:
        newest = select(Notice).where(Notice.state == state).order_by(Notice.created_at.desc(), Notice.id.desc())
        found = list(await session.scalars(newest.limit(limit)))
        digests = await _digest_numbers(session, found)
    table = Table(title=f"{len(found)} {state}", title_justify="left", show_edge=False)
    for heading in ("number", "made", "kind", "recipient", "medium", "attempts", "reason", "next attempt", "in digest"):
        table.add_column(heading, overflow="fold")
    for notice in found:
        waits = notice.state == "queued"
        table.add_row(
            notice.number,
            _local(notice.created_at),
            label_of(notice.kind),
            notice.recipient,
            notice.medium,
            str(notice.attempts),
            notice.state_reason or "",
            _local(notice.due_at) if waits else "",
            digests.get(str(notice.digest_id), ""),
        )
    console.print(table)


async def retry(settings: Settings, numbers: Sequence[str]) -> list[tuple[str, str]]:
    """Make notices due now with all attempts available again; return each number with the result.

    A notice to an office or a directorate gets the address of the present catalogue. Either all are changed or none:
    raise `CommandError` naming the first that can't be sent again (sent, skipped, or in a digest).
    """
    done = []
    async with open_container(settings) as container, container.database.transaction() as session:
        catalogue, now = (await container.rulebooks.current()).catalogue, container.clock.now()
        for number in dict.fromkeys(numbers):
            notice = await _lock_notice(session, number)
            notice.state, notice.attempts, notice.due_at = "queued", 0, now
            if notice.recipient != APPLICANT.code:
                found = current_address(catalogue, notice.recipient, now.astimezone(ISTANBUL).date())
                notice.recipient_address = found or notice.recipient_address
            enqueue(session, "deliver_notices", [notice.id])
            done.append((number, f"is sent again ({notice.state_reason or 'no reason kept'} before)"))
    return done


async def _lock_notice(session: AsyncSession, number: str) -> Notice:
    _, _, running = number.partition("-")
    if not (running.isdigit() and len(running) <= 15):
        raise CommandError(f"{number}: not the number of a notice.")
    notice = await session.scalar(select(Notice).where(Notice.running == int(running)).with_for_update(key_share=True))
    if notice is None or notice.number != number:
        raise CommandError(f"{number}: there is no such notice.")
    if notice.digest_id is not None:
        digests = await _digest_numbers(session, [notice])
        raise CommandError(f"{number}: it goes out in the digest {digests[str(notice.digest_id)]}; retry that one.")
    if notice.state not in RETRIABLE:
        raise CommandError(f"{number}: it is {notice.state}; only failed and waiting notices are sent again.")
    if notice.instead_id is not None:
        raise CommandError(f"{number}: the applicant was told by another medium instead.")
    return notice


async def _digest_numbers(session: AsyncSession, notices: Sequence[Notice]) -> dict[str, str]:
    """Return id → number of the digests that contain the notices."""
    wanted = {notice.digest_id for notice in notices if notice.digest_id is not None}
    if not wanted:
        return {}
    rows = await session.execute(select(Notice.id, Notice.created_at, Notice.running).where(Notice.id.in_(wanted)))
    return {str(identity): format_notice_number(made, running) for identity, made, running in rows}


def _local(instant: datetime) -> str:
    return f"{instant.astimezone(ISTANBUL):%d.%m.%Y %H:%M}"
