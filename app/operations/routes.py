"""Health for probes, which carry no key, and the state of the work for the people who run the service."""

from dataclasses import asdict
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import AwareDatetime

from app.access.dependencies import require_scope
from app.access.scopes import Scope
from app.core.dependencies import NowDep, ReadSessionDep, problem_responses
from app.core.errors import FieldError, Invalid, Unavailable
from app.operations.queries import read_deliveries, read_waiting
from app.operations.readiness import LIVE_PATH, READY_PATH, check_readiness
from app.operations.schemas import DeliveriesOut, LiveOut, ReadinessChecks, ReadyOut, StatusOut

health = APIRouter(tags=["operations"])
operations = APIRouter(prefix="/v1/operations", tags=["operations"])


@health.get(LIVE_PATH, summary="Is the process alive?", responses=problem_responses(500))
async def live() -> LiveOut:
    """Answer without asking anything behind us: a probe that restarts the process belongs here. No key needed."""
    return LiveOut()


@health.get(READY_PATH, summary="Can it take requests?", responses=problem_responses(503))
async def ready(request: Request) -> ReadyOut:
    """Ask the database (reachable, migrated, catalogue loaded) and Valkey: a load balancer's probe. No key needed.

    503 names in `checks` what is missing. Valkey away is `degraded` and still 200: nothing depends on it.
    """
    container = request.app.state.container
    found = await check_readiness(container.database, container.rulebooks, container.job_queue)
    checks = asdict(found)
    if not found.ready:
        raise Unavailable(retry_after=5, checks=checks)
    return ReadyOut(status="degraded" if found.degraded else "ready", checks=ReadinessChecks(**checks))


@operations.get(
    "/status",
    summary="What waits, and for how long",
    dependencies=[Depends(require_scope(Scope.OPERATIONS_READ))],
    responses=problem_responses(401, 403, 503),
)
async def operations_status(request: Request, session: ReadSessionDep, now: NowDep) -> StatusOut:
    """Timers that are late, notices that did not go out, messages in quarantine, and the versions that apply.

    Ages are real seconds, also where the clock is accelerated. `estim doctor` says the same with what to do.
    """
    container = request.app.state.container
    virtual = container.settings.virtual_clock
    return StatusOut.of(
        await read_waiting(session, now), clock=container.clock, now=now, speed=virtual[2] if virtual else 1.0
    )


@operations.get(
    "/deliveries",
    summary="What became of notices",
    dependencies=[Depends(require_scope(Scope.OPERATIONS_READ))],
    responses=problem_responses(401, 403, 422, 503),
)
async def operations_deliveries(
    request: Request,
    session: ReadSessionDep,
    now: NowDep,
    since: Annotated[
        AwareDatetime | None, Query(description="Made from then on; a day before `until` by default")
    ] = None,
    until: Annotated[AwareDatetime | None, Query(description="Made before; now by default")] = None,
) -> DeliveriesOut:
    """Notices delivered, failed, skipped and waiting, by medium and kind, and the age of the oldest undelivered one.

    `sent` means that the mail server or the provider took it, `delivered` that the provider reported its arrival.
    """
    end = until or now
    begin = since or end - timedelta(days=1)
    if begin > end:
        raise Invalid([FieldError("/since", "too_late", {"latest": end.isoformat()})])
    found = await read_deliveries(session, begin, end)
    return DeliveriesOut.of(found, since=begin, until=end, clock=request.app.state.container.clock, now=now)
