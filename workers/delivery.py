"""The job that delivers notices, enqueued right after the commit that wrote them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from app.container import Container
from app.notices.delivery.dispatcher import NoticeDispatcher
from app.notices.delivery.quiet_hours import Hours
from app.notices.delivery.triage import DeliveryTriage, TriageRules


def open_notice_dispatcher(container: Container) -> NoticeDispatcher:
    """Return the dispatcher of a worker process."""
    settings = container.settings
    rules = TriageRules(
        sms_hours=Hours.parse(settings.sms_hours) if settings.quiet_hours else None,
        digest_from=settings.digest_from,
        recipient_per_hour=settings.recipient_per_hour,
    )
    return NoticeDispatcher(
        database=container.database,
        clock=container.clock,
        rulebooks=container.rulebooks,
        renderer=container.renderer,
        adapters=container.adapters,
        personal_facts=container.personal_facts,
        triage=DeliveryTriage(rules, container.ticket_lookup),
        delivery_seconds=settings.delivery_seconds,
    )


async def deliver_notices(ctx: dict[str, Any], ids: Sequence[UUID]) -> None:
    """Deliver those of the notices that are still due, and record the outcomes."""
    dispatcher: NoticeDispatcher = ctx["dispatcher"]
    await dispatcher.deliver(ids)
