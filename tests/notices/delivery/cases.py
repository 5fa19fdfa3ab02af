"""Installations whose notices really leave, and the outcomes."""

from collections import Counter as Tally
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from app.container import Container, open_container
from app.notices.delivery.dispatcher import NoticeDispatcher, due_notices
from app.notices.kinds import NoticeKind
from app.notices.model import DeliveryAttempt, Notice
from app.notices.rows import Recipient
from config.settings import Settings
from tests.installation import SettableClock
from tests.notices.cases import actor_of, notices_of, open_ticket, plan
from tests.notices.delivery.mail_server import Mailbox
from workers.delivery import open_notice_dispatcher

OFFICE = Recipient("office:1", "Örnek Müdür", "ofis@example.org")
UNIT = Recipient("unit:public-works", "Fen İşleri Müdürlüğü", "fen@example.org")


@asynccontextmanager
async def container_with(settings: Settings, clock: SettableClock, **other: Any) -> AsyncIterator[Container]:
    """Open a container with `settings`, overridden by others."""
    given = {name: getattr(settings, name) for name in settings.model_fields_set}
    async with open_container(Settings(**given | other), clock) as container:
        yield container


def by_smtp(box: Mailbox) -> dict[str, Any]:
    """Return the settings that send e-mail to that server."""
    return {
        "email": "smtp",
        "smtp_host": "127.0.0.1",
        "smtp_port": box.port,
        "smtp_security": "none",
        "smtp_from": "estim@belediye.example",
    }


async def run_for(container: Container, clock: SettableClock, stretch: timedelta) -> None:
    """Run upkeep for so long: deliver due notices, then move the clock to the next."""
    dispatcher = open_notice_dispatcher(container)
    until = clock.now() + stretch
    while True:
        await drain(container, dispatcher)
        async with container.database.reading() as session:
            waiting = select(Notice.due_at).where(Notice.state == "queued", Notice.digest_id.is_(None))
            upcoming = await session.scalar(waiting.order_by(Notice.due_at).limit(1))
        if upcoming is None or upcoming > until:
            clock.set(until)
            return
        clock.set(upcoming)


async def drain(container: Container, dispatcher: NoticeDispatcher | None = None) -> None:
    """Deliver the notices that are due now."""
    async with container.database.reading() as session:
        due = await due_notices(session, container.clock.now(), 1000)
    await (dispatcher or open_notice_dispatcher(container)).deliver(due)


async def escalations(container: Container, count: int, recipient: Recipient = OFFICE, **payload: Any) -> list[Notice]:
    """Plan level-1 notices to one office, each about a ticket of its own; no other notice waits."""
    actor = await actor_of(container)
    numbers = [await open_ticket(container, actor, None) for _ in range(count)]
    planned = [await plan(container, number, NoticeKind.ESCALATION_1, recipient) for number in numbers]
    if payload:
        async with container.database.transaction() as session:
            for notice in await session.scalars(select(Notice).where(Notice.kind == "escalation_1")):
                notice.payload = {**notice.payload, **payload}
    return planned


async def states(container: Container) -> Mapping[tuple[str, str | None], int]:
    """Return (state, reason) → number of notices."""
    return Tally((notice.state, notice.state_reason) for notice in await notices_of(container))


async def attempts(container: Container) -> list[DeliveryAttempt]:
    """Return all attempts, oldest first."""
    async with container.database.reading() as session:
        return list(await session.scalars(select(DeliveryAttempt).order_by(DeliveryAttempt.id)))


async def all_notices(container: Container) -> list[Notice]:
    """Return all notices, also those without a ticket, oldest first."""
    async with container.database.reading() as session:
        return list(await session.scalars(select(Notice).order_by(Notice.running)))
