"""The routes of the working calendar: read it, preview a change, apply it, confirm a year."""

import datetime as dt
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request

from app.access.actor import Actor
from app.access.dependencies import require_scope
from app.access.scopes import Scope
from app.calendar_admin import service
from app.calendar_admin.queries import read_calendar
from app.calendar_admin.schemas import (
    AppliedOut,
    ApplyBody,
    CalendarOut,
    ChangeBody,
    ChangePreviewOut,
    MovedOut,
    YearOut,
)
from app.core.dependencies import NowDep, ReadSessionDep, TransactionDep, problem_responses
from app.sla.calendar_years import confirm_year
from app.standards.dependencies import RulebookDep

router = APIRouter(prefix="/v1/calendar", tags=["calendar"], responses=problem_responses(401, 403, 422, 503))

AdministratorDep = Annotated[Actor, Depends(require_scope(Scope.CALENDAR_MANAGE))]


@router.get("", summary="The calendar that applies", dependencies=[Depends(require_scope(Scope.CATALOGUE_READ))])
async def read(
    rules: RulebookDep,
    session: ReadSessionDep,
    now: NowDep,
    first: Annotated[dt.date | None, Query(alias="from", description="Default: 1 January of this year")] = None,
    last: Annotated[dt.date | None, Query(alias="to", description="Default: 31 December of next year")] = None,
) -> CalendarOut:
    """Return holidays, half days, leave, short days and working Saturdays, with decisions and confirmed years."""
    begin, end = first or dt.date(now.year, 1, 1), last or dt.date(now.year + 1, 12, 31)
    return await read_calendar(session, rules, first=begin, last=end)


@router.post("/preview", summary="Preview a change of the calendar")
async def preview_change(
    body: ChangeBody, _actor: AdministratorDep, rules: RulebookDep, session: TransactionDep, now: NowDep
) -> ChangePreviewOut:
    """Compute every open clock with the changed calendar; return how many would move, and the first. Store nothing."""
    found = await service.preview(session, rules, _change(body), now=now)
    return ChangePreviewOut(
        version=rules.calendar_version_id,
        open_clocks=found.examined,
        moved=found.moved,
        earlier=found.earlier,
        overdue_at_once=found.overdue_at_once,
        first=[
            MovedOut(number=number, clock=move.kind, old_due_at=move.old_due_at, new_due_at=move.new_due_at)
            for number, move in found.first_moves
        ],
    )


@router.post("/apply", summary="Change the calendar", responses=problem_responses(412))
async def apply_change(
    body: ApplyBody, actor: AdministratorDep, rules: RulebookDep, request: Request, now: NowDep
) -> AppliedOut:
    """Store the new version and recompute every open clock.

    The old and the new date stay in the history of each ticket. No sent notice is repeated; checkpoints that have not
    fired move. A closed clock stays unchanged.
    """
    version, result = await service.apply(
        request.app.state.container.database,
        rules,
        _change(body),
        expected=body.version,
        force=body.force,
        actor=actor.name,
        reason=body.reason,
        now=now,
    )
    return AppliedOut(version=version, open_clocks=result.examined, moved=result.moved)


@router.post("/years/{year}/confirm", summary="Confirm a year's holidays", responses=problem_responses(404))
async def confirm(
    year: Annotated[int, Path(ge=2006, le=2099, examples=[2027])],
    actor: AdministratorDep,
    session: TransactionDep,
    now: NowDep,
) -> YearOut:
    """Record that a person has compared the seeded holidays of the year with the official gazette."""
    return YearOut.model_validate(await confirm_year(session, year, actor=actor.name, now=now))


def _change(body: ChangeBody) -> service.CalendarChange:
    return service.CalendarChange({day.date: day.value() for day in body.days}, frozenset(body.revoke))
