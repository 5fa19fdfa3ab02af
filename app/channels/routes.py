"""Routes of request intake: the canonical form, one path per channel, and the quarantine."""

from typing import Annotated, Any, TypedDict
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from app.access.actor import Actor
from app.access.dependencies import current_actor, require_scope
from app.access.scopes import Scope
from app.access.service import record_unmasked_read
from app.channels import quarantine
from app.channels.call_center import CallBody
from app.channels.cimer import CimerBody
from app.channels.dependencies import (
    CHANNELS_PREFIX,
    FieldBatchServiceDep,
    IntakeServiceDep,
    QuarantiningRoute,
    raw_message,
)
from app.channels.desk import VisitBody
from app.channels.field import FieldBatchBody, FieldBatchOut
from app.channels.formats import ChannelMessage
from app.channels.inbound import open_body
from app.channels.intake import IntakeResult, IntakeService
from app.channels.mobile import ReportBody
from app.channels.model import InboundMessage
from app.channels.schemas import (
    DiscardBody,
    QuarantinedMessageOut,
    QuarantinePage,
    Receipt,
    RetryBody,
    TicketBody,
)
from app.channels.sms import SmsBody
from app.core.dependencies import IdempotencyKeyDep, NowDep, PagingDep, TransactionDep, problem_responses
from app.core.errors import Forbidden
from app.core.wording import preferred_language
from app.people.dependencies import VaultDep
from app.people.vault import Vault

_REFUSALS = problem_responses(401, 403, 408, 409, 413, 415, 422, 503)


class IntakeRouteOptions(TypedDict):
    """The options that all routes of intake share."""

    status_code: int
    response_model: type[Receipt]
    response_description: str
    responses: dict[int | str, dict[str, Any]]


_INTAKE: IntakeRouteOptions = {
    "status_code": 201,
    "response_model": Receipt,
    "response_description": "Stored; a repeated request gets the same response with `Idempotent-Replayed: true`",
    "responses": _REFUSALS,
}

ticket_router = APIRouter(prefix="/v1/tickets", tags=["tickets"])
channel_router = APIRouter(prefix=CHANNELS_PREFIX.rstrip("/"), route_class=QuarantiningRoute)
quarantine_router = APIRouter(prefix="/v1/channels/quarantine", tags=["operations"])


@ticket_router.post("", summary="Create a ticket (canonical form)", **_INTAKE)
async def create_ticket(
    body: TicketBody,
    actor: Annotated[Actor, Depends(current_actor)],
    intake_service: IntakeServiceDep,
    vault: VaultDep,
    idempotency_key: IdempotencyKeyDep,
) -> JSONResponse:
    """Store a citizen's request from any channel. The key needs the scope `intake:<channel>`.

    The response is sent after the commit, with the number, the running limits and their due dates. A request with the
    same `Idempotency-Key`, or the same `external_id` of the channel, stays one ticket and gets the same response.
    """
    scope = Scope(f"intake:{body.channel}")
    if not actor.may(scope):
        raise Forbidden(scope=str(scope))
    intake = body.to_intake(vault.blind_index("message", body.model_dump_json()))
    return _receipt_response(await intake_service.store(actor, intake, idempotency_key=idempotency_key))


@channel_router.post("/call-center/calls", summary="A call that became a request", tags=["call centre"], **_INTAKE)
async def call_center_call(
    body: CallBody,
    request: Request,
    actor: Annotated[Actor, Depends(require_scope(Scope.INTAKE_CALL_CENTER))],
    intake_service: IntakeServiceDep,
    vault: VaultDep,
) -> JSONResponse:
    """Store a call as a request. One `call_id` is one ticket, however often it is sent."""
    return await _store_message(intake_service, vault, actor, body, request)


@channel_router.post("/sms/messages", summary="An incoming SMS", tags=["SMS"], **_INTAKE)
async def sms_message(
    body: SmsBody,
    request: Request,
    actor: Annotated[Actor, Depends(require_scope(Scope.INTAKE_SMS))],
    intake_service: IntakeServiceDep,
    vault: VaultDep,
) -> JSONResponse:
    """Store an SMS as a request. One `message_id` is one ticket, however often the gateway delivers it."""
    return await _store_message(intake_service, vault, actor, body, request)


@channel_router.post(
    "/mobile/reports", summary="A report from the mobile app or web page", tags=["mobile app"], **_INTAKE
)
async def mobile_report(
    body: ReportBody,
    request: Request,
    actor: Annotated[Actor, Depends(require_scope(Scope.INTAKE_MOBILE))],
    intake_service: IntakeServiceDep,
    vault: VaultDep,
) -> JSONResponse:
    """Store a report as a request. The phone creates `report_id`, so that a retry is no second ticket."""
    return await _store_message(intake_service, vault, actor, body, request)


@channel_router.post("/desk/visits", summary="A visit at a desk that became a request", tags=["desk"], **_INTAKE)
async def desk_visit(
    body: VisitBody,
    request: Request,
    actor: Annotated[Actor, Depends(require_scope(Scope.INTAKE_DESK))],
    intake_service: IntakeServiceDep,
    vault: VaultDep,
) -> JSONResponse:
    """Store a request made at the solution desk, the information desk or the hospitality point.

    The response lists the documents that the published table requires and the visitor did not show. The promise of the
    solution desk starts when they are complete.
    """
    return await _store_message(intake_service, vault, actor, body, request)


@channel_router.post(
    "/cimer/applications", summary="A record of the national portal (CİMER)", tags=["CİMER"], **_INTAKE
)
async def cimer_application(
    body: CimerBody,
    request: Request,
    actor: Annotated[Actor, Depends(require_scope(Scope.INTAKE_CIMER))],
    intake_service: IntakeServiceDep,
    vault: VaultDep,
) -> JSONResponse:
    """Mirror a CİMER record. The limits run from its date in CİMER; `bilgi edinme` is under law 4982."""
    return await _store_message(intake_service, vault, actor, body, request)


@channel_router.post(
    "/field/batches",
    summary="Up to 500 requests that a field team took down offline",
    tags=["field"],
    response_model=FieldBatchOut,
    response_description="One result for each item, in their order",
    responses=_REFUSALS,
)
async def field_batch(
    body: FieldBatchBody,
    request: Request,
    actor: Annotated[Actor, Depends(require_scope(Scope.INTAKE_FIELD))],
    field_batches: FieldBatchServiceDep,
    now: NowDep,
) -> FieldBatchOut:
    """Store a batch. A repeated batch changes nothing; a bad item goes to quarantine and does not delay the others.

    The device's time counts if it is at most 24 hours ahead and at most 48 hours old. Otherwise the time of receipt
    counts, and the ticket has a flag.
    """
    language = preferred_language(request.headers.get("accept-language", ""))
    return await field_batches.store(actor, body.items, now=now, language=language)


@quarantine_router.get(
    "",
    summary="Messages that could not be understood",
    response_model=QuarantinePage,
    responses=problem_responses(401, 403, 422, 503),
)
async def list_quarantine(
    session: TransactionDep,
    actor: Annotated[Actor, Depends(require_scope(Scope.QUARANTINE_MANAGE))],
    vault: VaultDep,
    now: NowDep,
    paging: PagingDep,
) -> QuarantinePage:
    """Return quarantined messages, newest first, with their problems.

    The content is returned only to keys with `personal-data:read`.
    """
    page = await quarantine.list_quarantined(session, cursor=paging.cursor, page_size=paging.page_size)
    unmasked = actor.may(Scope.PERSONAL_DATA_READ)
    if unmasked and page.items:
        facts = {"messages": str(len(page.items))}
        await record_unmasked_read(session, actor=actor, operation="list_quarantine", facts=facts, now=now)
    paging.set_next_link(page.next_cursor)
    return QuarantinePage(
        items=[_quarantined_out(message, vault if unmasked else None) for message in page.items],
        next_cursor=page.next_cursor,
    )


@quarantine_router.post(
    "/{message_id}/retry",
    summary="Retry a quarantined message",
    status_code=201,
    response_model=Receipt,
    responses=problem_responses(401, 403, 404, 409, 422, 503),
)
async def retry_message(
    message_id: UUID,
    request: Request,
    actor: Annotated[Actor, Depends(require_scope(Scope.QUARANTINE_MANAGE))],
    intake_service: IntakeServiceDep,
    vault: VaultDep,
    now: NowDep,
    body: RetryBody | None = None,
) -> JSONResponse:
    """Parse the message again, unchanged or corrected, and store it as a ticket of the client that sent it."""
    corrected = body.corrected if body else None
    database = request.app.state.container.database
    return _receipt_response(
        await quarantine.retry(
            message_id, corrected, actor=actor, database=database, intake_service=intake_service, vault=vault, now=now
        )
    )


@quarantine_router.post(
    "/{message_id}/discard",
    summary="Discard a quarantined message",
    status_code=204,
    responses=problem_responses(401, 403, 404, 422, 503),
)
async def discard_message(
    message_id: UUID,
    body: DiscardBody,
    session: TransactionDep,
    actor: Annotated[Actor, Depends(require_scope(Scope.QUARANTINE_MANAGE))],
    vault: VaultDep,
    now: NowDep,
) -> None:
    """Discard a message that is no request, with a reason. It stays stored."""
    message = await quarantine.get_quarantined(session, message_id, lock=True)
    quarantine.discard(message, reason=body.reason, actor=actor, vault=vault, now=now)


async def _store_message(
    intake_service: IntakeService, vault: Vault, actor: Actor, body: ChannelMessage, request: Request
) -> JSONResponse:
    """Store a channel's message as a ticket, with its raw form beside it."""
    intake = body.to_intake(vault.blind_index("message", body.model_dump_json()))
    return _receipt_response(await intake_service.store(actor, intake, raw=await raw_message(request)))


def _receipt_response(result: IntakeResult) -> JSONResponse:
    headers = {"Location": f"/v1/tickets/{result.number}"}
    if result.replayed:
        headers["Idempotent-Replayed"] = "true"
    return JSONResponse(result.receipt, status_code=201, headers=headers)


def _quarantined_out(message: InboundMessage, vault: Vault | None) -> QuarantinedMessageOut:
    """Return the message for the list; its content only if a vault is given."""
    return QuarantinedMessageOut(
        id=message.id,
        channel=message.channel,
        door=message.door,
        received_at=message.received_at,
        problems=message.problems,
        body=None if vault is None else open_body(message, vault).decode("utf-8", "replace"),
    )
