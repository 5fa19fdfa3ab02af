"""HTTP routes of reports: JSON for programs, CSV for offices."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from app.access.actor import Actor
from app.access.dependencies import require_scope
from app.access.scopes import Scope
from app.core.dependencies import NowDep, ReadSessionDep, problem_responses
from app.core.errors import FieldError, Invalid
from app.reports.figures import Month
from app.reports.queries import read_compliance
from app.reports.schemas import ComplianceOut
from app.reports.sheet import HEADINGS, MEDIA_TYPE, compliance_sheet, sheet_name

router = APIRouter(prefix="/v1/reports", tags=["reports"])

_SHEET: dict[int | str, dict[str, Any]] = {
    200: {"content": {MEDIA_TYPE: {"schema": {"type": "string", "examples": [";".join(HEADINGS)]}}}}
}


async def _month(month: Annotated[str, Query(examples=["2026-05"], description="By the local calendar")]) -> Month:
    try:
        return Month.parse(month)
    except ValueError:
        raise Invalid([FieldError("/month", "month")]) from None


@router.get(
    "/compliance",
    summary="Compliance with limits in a month",
    response_model=ComplianceOut,
    responses=problem_responses(401, 403, 422, 503) | _SHEET,
)
async def compliance(
    request: Request,
    session: ReadSessionDep,
    actor: Annotated[Actor, Depends(require_scope(Scope.REPORTS_READ))],
    month: Annotated[Month, Depends(_month)],
    now: NowDep,
) -> ComplianceOut | Response:
    """Count due, on-time, late and open clocks by service, kind of clock and printed limit.

    The figures come from stored dates and the words pinned to each clock: editing the catalogue changes no past month.
    `Accept: text/csv` returns a sheet for a Turkish Excel. A key with a unit sees the clocks of the tickets that its
    unit had when they were answered or fell due.
    """
    report = await read_compliance(session, month, unit=actor.unit, now=now)
    if not _wants_sheet(request.headers.get("accept", "")):
        return ComplianceOut.of(report)
    headers = {"Content-Disposition": f'attachment; filename="{sheet_name(report)}"', "Vary": "Accept"}
    return Response(compliance_sheet(report), media_type=MEDIA_TYPE, headers=headers)


def _wants_sheet(accept: str) -> bool:
    return any(each.partition(";")[0].strip().lower() == MEDIA_TYPE for each in accept.split(","))
