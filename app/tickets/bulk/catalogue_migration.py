"""Running clocks moved to the policies of the catalogue that applies now: only by a person's word, and with a reason.

A new version of the catalogue by itself changes no clock. Late, met and cancelled ones keep what they were judged by.
"""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import Database
from app.people.vault import Vault
from app.sla.calendar import ClockKind
from app.sla.model import SlaClock
from app.sla.policy import PinnedPolicy
from app.standards.rulebook import Rulebook
from app.standards.values import Catalogue
from app.tickets.bulk import recompute
from app.tickets.bulk.recompute import OpenClock, RecomputePreview, Renewal, Renewed
from app.tickets.clock_policies import promise_policy, statutory_policy
from app.tickets.history import seal_note

LISTED = 20
"""So many of the clocks that move are named in a preview."""


async def preview_migration(
    session: AsyncSession, rules: Rulebook, *, service: str | None, now: datetime
) -> RecomputePreview:
    """Which running clocks, of one service or of all, would change; nothing is stored."""
    return await recompute.preview(session, _renewal(rules, service), now=now, first=LISTED)


async def migrate(
    database: Database, vault: Vault, rules: Rulebook, *, service: str | None, actor: str, reason: str, now: datetime
) -> Renewed:
    """Judge running clocks, of one service or of all, by today's policies: from their original start, pauses kept.

    A clock whose policy is equal is left alone, as is one whose service or law is not in the catalogue any more. Each
    ticket's history keeps both policies, both dates, who did it, and the reason, sealed.
    """

    def sealed(ticket_id: UUID, sequence: int) -> bytes:
        return seal_note(vault, reason, ticket_id=ticket_id, seq=sequence)

    return await recompute.run(database, _renewal(rules, service, actor=actor, reason=sealed), now=now)


def _renewal(
    rules: Rulebook, service: str | None, *, actor: str = "", reason: Callable[[UUID, int], bytes] | None = None
) -> Renewal:
    def policy_of(clock: OpenClock) -> PinnedPolicy:
        return _policy_now(clock, rules.catalogue) or clock.pinned

    concerns: ColumnElement[bool] = SlaClock.state.in_(("running", "paused"))
    return Renewal(
        rules.calendars,
        rules.calendar_version_id,
        cause="policy",
        actor=actor,
        concerns=concerns if service is None else and_(concerns, SlaClock.policy["service"].astext == service),
        policy_of=policy_of,
        only_new_policies=True,
        facts={"catalogue_version": str(rules.catalogue_version_id)},
        reason=reason,
    )


def _policy_now(clock: OpenClock, catalogue: Catalogue) -> PinnedPolicy | None:
    """The policy that such a clock would start with today; None where there is none any more."""
    service = catalogue.service(clock.service)
    if service is None:
        return None
    if clock.kind == ClockKind.PROMISE:
        return promise_policy(service)
    return statutory_policy(service, catalogue, formal=clock.formal, right_to_information=clock.right_to_information)
