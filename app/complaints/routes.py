"""HTTP routes of complaints: filed by a channel, read, answered by the office, withdrawn."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from fastapi.responses import JSONResponse

from app.complaints import service
from app.complaints.dependencies import AnsweringDep, FilingDep, ReadingDep
from app.complaints.queries import ComplaintFilter, ComplaintRecord, find_complaint, list_complaints
from app.complaints.schemas import (
    AnswerBody,
    ComplaintBody,
    ComplaintOut,
    ComplaintPage,
    ComplaintReceipt,
    WithdrawalBody,
)
from app.complaints.serializers import complaint_out, complaint_summary
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
    response_description="Stored; a repeated request gets the same response with `Idempotent-Replayed: true`",
    responses=problem_responses(401, 403, 409, 413, 415, 422, 503),
)
async def file_complaint(body: ComplaintBody, context: FilingDep, idempotency_key: IdempotencyKeyDep) -> JSONResponse:
    """File a citizen's complaint with the first or directly with the second application office.

    The office has to answer it within the 30 days of law 3071, even if the ticket complained of ends before. The
    applicant gets a receipt with that date, the office a notice. A complaint about the first office goes to the second.
    """
    digest = context.vault.blind_index("message", body.model_dump_json())
    receipt, replayed = await service.file(context, body.to_request(digest), idempotency_key=idempotency_key)
    headers = {"Location": f"/v1/complaints/{receipt['number']}"}
    if replayed:
        headers["Idempotent-Replayed"] = "true"
    return JSONResponse(receipt, status_code=201, headers=headers)


def _filter(
    state: Annotated[ComplaintState | None, Query(description="State of the complaint")] = None,
    ground: Annotated[ComplaintGround | None, Query(description="One of the three printed grounds")] = None,
    office: Annotated[int | None, Query(ge=1, le=2, description="1: first, 2: second application office")] = None,
    ticket: Annotated[
        str | None, Query(pattern=r"^[0-9]{10}$", examples=["2600012349"], description="The ticket it is about")
    ] = None,
) -> ComplaintFilter:
    return ComplaintFilter(state=state, ground=ground, office=office, ticket=ticket)


@router.get(
    "",
    summary="Complaints, newest first",
    response_model=ComplaintPage,
    responses=problem_responses(401, 403, 422, 503),
)
async def read_complaints(
    context: ReadingDep,
    filters: Annotated[ComplaintFilter, Depends(_filter)],
    paging: PagingDep,
) -> ComplaintPage:
    """List all complaints with `complaints:read`, else those that this key filed.

    A key with a unit sees the complaints about its unit's tickets.
    """
    page = await list_complaints(
        context.session, context.actor, filters, cursor=paging.cursor, page_size=paging.page_size
    )
    catalogue = (await context.rulebook()).catalogue
    paging.set_next_link(page.next_cursor)
    return ComplaintPage(
        items=[complaint_summary(record, catalogue, context.now) for record in page.items], next_cursor=page.next_cursor
    )


@router.get(
    "/{number}",
    summary="One complaint",
    response_model=ComplaintOut,
    responses=problem_responses(401, 403, 404, 422, 503),
)
async def read_complaint(number: Number, context: ReadingDep) -> ComplaintOut:
    """Return a complaint with its applicant and the texts of both sides.

    Personal data are masked unless the key may read them.
    """
    return await _out(context, await find_complaint(context.session, context.actor, number), "read_complaint")


@router.post("/{number}/acknowledge", summary="Acknowledge a complaint", **_COMMAND)
async def acknowledge_complaint(number: Number, context: AnsweringDep) -> ComplaintOut:
    """Acknowledge a complaint for its office: reminders stop, the time to answer runs on.

    A repeated request changes nothing.
    """
    return await _out(context, await service.acknowledge(context, number), "acknowledge_complaint")


@router.post("/{number}/answer", summary="Answer a complaint", **_COMMAND)
async def answer_complaint(number: Number, body: AnswerBody, context: AnsweringDep) -> ComplaintOut:
    """Answer a complaint for its office: the applicant is notified and the limit is met.

    The ticket complained of shows the answer too.
    """
    return await _out(context, await service.answer(context, number, body), "answer_complaint")


@router.post("/{number}/withdraw", summary="Withdraw a complaint", **_COMMAND)
async def withdraw_complaint(number: Number, context: FilingDep, body: WithdrawalBody | None = None) -> ComplaintOut:
    """Withdraw a complaint for its applicant, who gets a confirmation; no answer is owed any more."""
    return await _out(
        context, await service.withdraw(context, number, body.note if body else None), "withdraw_complaint"
    )


async def _out(context: CommandContext, record: ComplaintRecord, operation: str) -> ComplaintOut:
    catalogue = (await context.rulebook()).catalogue
    return await complaint_out(
        context.session, context.vault, record, catalogue, actor=context.actor, operation=operation, now=context.now
    )
