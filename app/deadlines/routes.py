"""Routes that explain due dates, of a ticket or of a hypothetical request; as JSON or as Turkish text."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from app.access.dependencies import require_scope
from app.access.scopes import Scope
from app.core.dependencies import NowDep, ReadSessionDep, problem_responses
from app.core.wording import parse_quality
from app.deadlines.schemas import DeadlineOut, PreviewBody, PreviewOut
from app.deadlines.service import explain_ticket, preview
from app.deadlines.text import preview_text, ticket_text
from app.standards.dependencies import RulebookCacheDep, RulebookDep
from app.tickets.dependencies import ReaderDep, TicketNumber

router = APIRouter(prefix="/v1/tickets", tags=["tickets"])
previews = APIRouter(
    prefix="/v1/deadlines", tags=["catalogue"], dependencies=[Depends(require_scope(Scope.CATALOGUE_READ))]
)

MEDIA_TYPE = "text/plain"
_EXAMPLE = "Buna göre süre 1 Haziran 2026 Pazartesi günü sonunda dolar."
_TEXT: dict[int | str, dict[str, Any]] = {
    200: {"content": {MEDIA_TYPE: {"schema": {"type": "string", "examples": [_EXAMPLE]}}}}
}


@router.get(
    "/{number}/deadline",
    summary="Why this date? (süre hesabı)",
    response_model=DeadlineOut,
    responses=problem_responses(401, 403, 404, 422, 503) | _TEXT,
)
async def explain_deadline(
    number: TicketNumber,
    request: Request,
    response: Response,
    actor: ReaderDep,
    session: ReadSessionDep,
    rulebooks: RulebookCacheDep,
    now: NowDep,
    cycle: Annotated[
        int | None, Query(ge=1, le=32_767, examples=[1], description="The present cycle by default")
    ] = None,
) -> DeadlineOut | Response:
    """Return each limit with its printed policy and a ledger: date by date whether it counts, and why.

    The function that set the date computes the ledger from the calendar and the pauses of the clock. `Accept:
    text/plain` returns the same in Turkish sentences, for a letter.
    """
    explained = await explain_ticket(session, rulebooks, actor, number, cycle=cycle, now=now)
    if _wants_text(request):
        return _text(ticket_text(explained))
    response.headers["Vary"] = "Accept"
    return DeadlineOut.of(explained)


@previews.post(
    "/preview",
    summary="Preview of due dates",
    response_model=PreviewOut,
    responses=problem_responses(401, 403, 408, 413, 415, 422, 503) | _TEXT,
)
async def preview_deadline(
    body: PreviewBody, request: Request, response: Response, rules: RulebookDep, now: NowDep
) -> PreviewOut | Response:
    """Return the promise and the limit of law of a service from an instant on, with their ledgers.

    A ticket with the same facts gets the same dates. `Accept: text/plain` returns Turkish sentences.
    """
    found = preview(body.to_request(), rules, now=now)
    if _wants_text(request):
        return _text(preview_text(found))
    response.headers["Vary"] = "Accept"
    return PreviewOut.of(found)


def _text(words: str) -> Response:
    return Response(words, media_type=MEDIA_TYPE, headers={"Content-Language": "tr", "Vary": "Accept"})


def _wants_text(request: Request) -> bool:
    """Return whether the caller prefers text to JSON; equal weights (`application/json, text/plain`) mean JSON."""
    weights = {"application/json": 0.0, MEDIA_TYPE: 0.0}
    for part in request.headers.get("accept", "").split(","):
        media, _, parameters = part.partition(";")
        if (name := media.strip().lower()) in weights:
            weights[name] = max(weights[name], parse_quality(parameters))
    return weights[MEDIA_TYPE] > weights["application/json"]
