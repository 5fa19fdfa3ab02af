"""HTTP routes of health probes, which need no key, and of the figures for operators."""

from dataclasses import asdict
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request

from app.access.dependencies import require_scope
from app.access.scopes import Scope
from app.core.dependencies import NowDep, ReadSessionDep, problem_responses
from app.core.errors import FieldError, Invalid, Unavailable
from app.core.schema import Instant
from app.operations.queries import read_backlog, read_delivery_statistics
from app.operations.readiness import LIVE_PATH, READY_PATH, check_readiness
from app.operations.schemas import DeliveriesOut, LiveOut, ReadinessChecks, ReadyOut, StatusOut

health = APIRouter(tags=["operations"])
operations = APIRouter(prefix="/v1/operations", tags=["operations"])


@health.get(LIVE_PATH, summary="Is the process alive?", responses=problem_responses(500))
async def live() -> LiveOut:
    """Reply without checking anything: for a probe that restarts the process. No key needed."""
    return LiveOut()


@health.get(READY_PATH, summary="Can it take requests?", responses=problem_responses(503))
async def ready(request: Request) -> ReadyOut:
    """Check the database (reachable, migrated, catalogue loaded) and Valkey: for a load balancer. No key needed.

    503 lists the failed checks in `checks`. Without Valkey the status is `degraded` with 200: no request depends on it.
    """
    container = request.app.state.container
    found = await check_readiness(container.database, container.rulebooks, container.job_queue)
    checks = asdict(found)
    if not found.ready:
        raise Unavailable(retry_after=5, checks=checks)
    return ReadyOut(status="degraded" if found.degraded else "ready", checks=ReadinessChecks(**checks))


@operations.get(
    "/status",
    summary="Backlog and its age",
    dependencies=[Depends(require_scope(Scope.OPERATIONS_READ))],
    responses=problem_responses(401, 403, 503),
)
async def operations_status(request: Request, session: ReadSessionDep, now: NowDep) -> StatusOut:
    """Return late timers, undelivered notices, messages in quarantine, and the versions in use.

    Ages are real seconds, even if the clock is accelerated. `estim doctor` shows the same with remedies.
    """
    container = request.app.state.container
    virtual = container.settings.virtual_clock
    return StatusOut.of(
        await read_backlog(session, now), clock=container.clock, now=now, speed=virtual[2] if virtual else 1.0
    )


@operations.get(
    "/deliveries",
    summary="Deliveries of notices",
    dependencies=[Depends(require_scope(Scope.OPERATIONS_READ))],
    responses=problem_responses(401, 403, 422, 503),
)
async def operations_deliveries(
    request: Request,
    session: ReadSessionDep,
    now: NowDep,
    since: Annotated[
        Instant | None, Query(description="Created at or after it; a day before `until` by default")
    ] = None,
    until: Annotated[Instant | None, Query(description="Created before it; now by default")] = None,
) -> DeliveriesOut:
    """Count notices by medium, kind and state, and return the age of the oldest undelivered one.

    `sent` means that the mail server or the provider accepted it, `delivered` that the provider reported its arrival.
    """
    end = until or now
    begin = since or end - timedelta(days=1)
    if begin > end:
        raise Invalid([FieldError("/since", "too_late", {"latest": end.isoformat()})])
    found = await read_delivery_statistics(session, begin, end)
    return DeliveriesOut.of(found, since=begin, until=end, clock=request.app.state.container.clock, now=now)
