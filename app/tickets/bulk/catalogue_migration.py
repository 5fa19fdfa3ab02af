"""Migration of running clocks to the policies of the present catalogue, by a person's decision and with a reason.

A new version of the catalogue changes no clock by itself. Breached, met and cancelled clocks keep their policies.
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
from app.sla.queries import pinned_text
from app.standards.rulebook import Rulebook
from app.standards.values import Catalogue
from app.tickets.bulk.recompute import RecomputePreview, RecomputeResult, preview_recompute, recompute
from app.tickets.bulk.rules import OpenClock, RecomputeRun
from app.tickets.clock_policies import promise_policy, statutory_policy
from app.tickets.history import seal_note

MAX_LISTED = 20
"""The number of moved clocks that a preview lists."""


async def preview_migration(
    session: AsyncSession, rules: Rulebook, *, service: str | None, now: datetime
) -> RecomputePreview:
    """Return the effect of `migrate` on the running clocks of one service or of all; nothing is stored."""
    return await preview_recompute(session, _run(rules, service), now=now, max_listed=MAX_LISTED)


async def migrate(
    database: Database, vault: Vault, rules: Rulebook, *, service: str | None, actor: str, reason: str, now: datetime
) -> RecomputeResult:
    """Repin the running clocks of one service or of all to today's policies, from their start and with their pauses.

    A clock with an equal policy is skipped, and so is one whose service or law left the catalogue. Each ticket's
    history records both policies, both dates, the actor, and the reason, sealed.
    """

    def seal_reason(ticket_id: UUID, seq: int) -> bytes:
        return seal_note(vault, reason, ticket_id=ticket_id, seq=seq)

    return await recompute(database, _run(rules, service, actor=actor, seal_reason=seal_reason), now=now)


def _run(
    rules: Rulebook, service: str | None, *, actor: str = "", seal_reason: Callable[[UUID, int], bytes] | None = None
) -> RecomputeRun:
    def policy_of(clock: OpenClock) -> PinnedPolicy:
        return _policy_now(clock, rules.catalogue) or clock.pinned

    running: ColumnElement[bool] = SlaClock.state.in_(("running", "paused"))
    return RecomputeRun(
        rules.calendars,
        rules.calendar_version_id,
        cause="policy",
        actor=actor,
        condition=running if service is None else and_(running, pinned_text("service") == service),
        policy_of=policy_of,
        only_new_policies=True,
        facts={"catalogue_version": str(rules.catalogue_version_id)},
        seal_reason=seal_reason,
    )


def _policy_now(clock: OpenClock, catalogue: Catalogue) -> PinnedPolicy | None:
    """Return the policy that such a clock would get today; None if the catalogue has none any more."""
    service = catalogue.service(clock.service)
    if service is None:
        return None
    if clock.kind == ClockKind.PROMISE:
        return promise_policy(service)
    return statutory_policy(service, catalogue, formal=clock.formal, right_to_information=clock.right_to_information)
