"""Complaints over HTTP: made by a citizen's channel, read, and answered by the office."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from fastapi.responses import JSONResponse

from app.complaints import service
from app.complaints.dependencies import Filer, Office, Reader
from app.complaints.queries import Case, ComplaintFilter, find_case, list_cases
from app.complaints.schemas import (
    AnswerBody,
    ComplaintBody,
    ComplaintOut,
    ComplaintPage,
    ComplaintReceipt,
    WithdrawalBody,
)
from app.complaints.serializers import shown, summary
from app.complaints.values import ComplaintState
from app.core.dependencies import IdempotencyKeyDep, PagingDep, problem_responses
from app.domain.terms import ComplaintGround
from app.tickets.commands.context import CommandContext

router = APIRouter(prefix="/v1/complaints", tags=["complaints"])

Number = Annotated[
    str, Path(max_length=20, examples=["S260001238"], description="S and nine digits; spaces and dashes allowed")
]
_COMMAND: dict[str, Any] = {
    "response_model": ComplaintOut,
    "response_description": "The complaint after the command",
    "responses": problem_responses(401, 403, 404, 409, 413, 415, 422, 503),
}


@router.post(
    "",
    summary="Complain under one of the three printed grounds",
    status_code=201,
    response_model=ComplaintReceipt,
    response_description="Stored; a repeated request gets the same answer with `Idempotent-Replayed: true`",
    responses=problem_responses(401, 403, 409, 413, 415, 422, 503),
)
async def file_complaint(body: ComplaintBody, context: Filer, idempotency_key: IdempotencyKeyDep) -> JSONResponse:
    """Take a citizen's complaint to the first or directly to the second application office.

    It has to be answered within the 30 days of law 3071, whatever becomes of the ticket that it is about. The applicant
    gets a receipt with that date, the office a notice; a matter of the first office's own goes to the second.
    """
    digest = context.vault.blind_index("message", body.model_dump_json())
    receipt, replayed = await service.file(context, body.to_filing(digest), idempotency_key=idempotency_key)
    headers = {"Location": f"/v1/complaints/{receipt['number']}"}
    if replayed:
        headers["Idempotent-Replayed"] = "true"
    return JSONResponse(receipt, status_code=201, headers=headers)


def _filter(
    state: Annotated[ComplaintState | None, Query(description="How far it has come")] = None,
    ground: Annotated[ComplaintGround | None, Query(description="One of the three printed grounds")] = None,
    office: Annotated[int | None, Query(ge=1, le=2, description="1: first, 2: second application office")] = None,
    ticket: Annotated[
        str | None, Query(pattern=r"^[0-9]{10}$", examples=["2600012349"], description="The ticket it is about")
    ] = None,
) -> ComplaintFilter:
    return ComplaintFilter(state, ground, office, ticket)


@router.get(
    "",
    summary="Complaints, newest first",
    response_model=ComplaintPage,
    responses=problem_responses(401, 403, 422, 503),
)
async def read_complaints(
    context: Reader,
    wanted: Annotated[ComplaintFilter, Depends(_filter)],
    paging: PagingDep,
) -> ComplaintPage:
    """All of them with `complaints:read`, else those that this key filed; a key with a unit sees its own tickets'."""
    page = await list_cases(context.session, context.actor, wanted, cursor=paging.cursor, limit=paging.page_size)
    catalogue = (await context.rulebook()).catalogue
    paging.set_next_link(page.next_cursor)
    return ComplaintPage(
        items=[summary(case, catalogue, context.now) for case in page.items], next_cursor=page.next_cursor
    )


@router.get(
    "/{number}",
    summary="One complaint",
    response_model=ComplaintOut,
    responses=problem_responses(401, 403, 404, 422, 503),
)
async def read_complaint(number: Number, context: Reader) -> ComplaintOut:
    """The complaint with its applicant and the words of both sides, masked unless the key may read personal data."""
    return await _shown(context, await find_case(context.session, context.actor, number), "read_complaint")


@router.post("/{number}/acknowledge", summary="The office takes note", **_COMMAND)
async def acknowledge_complaint(number: Number, context: Office) -> ComplaintOut:
    """Reminders stop; the time to answer runs on. A repeated request changes nothing."""
    return await _shown(context, await service.acknowledge(context, number), "acknowledge_complaint")


@router.post("/{number}/answer", summary="The office answers", **_COMMAND)
async def answer_complaint(number: Number, body: AnswerBody, context: Office) -> ComplaintOut:
    """The applicant is told, the time to answer is met, and the ticket that it is about shows the answer."""
    return await _shown(context, await service.answer(context, number, body), "answer_complaint")


@router.post("/{number}/withdraw", summary="The applicant gives the complaint up", **_COMMAND)
async def withdraw_complaint(number: Number, context: Filer, body: WithdrawalBody | None = None) -> ComplaintOut:
    """Nothing is owed any more; the applicant gets a confirmation."""
    return await _shown(
        context, await service.withdraw(context, number, body.note if body else None), "withdraw_complaint"
    )


async def _shown(context: CommandContext, case: Case, operation: str) -> ComplaintOut:
    catalogue = (await context.rulebook()).catalogue
    return await shown(
        context.session, context.vault, case, catalogue, actor=context.actor, operation=operation, now=context.now
    )
