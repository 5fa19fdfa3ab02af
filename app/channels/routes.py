"""The doors over HTTP: the canonical form, one door a channel, and the quarantine beside them."""

from typing import Annotated, Any
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
from app.channels.dependencies import DOORS_PREFIX, FieldBatches, IntakeServiceDep, KeepingRoute
from app.channels.desk import VisitBody
from app.channels.field import FieldBatchBody, FieldBatchOut
from app.channels.formats import Message
from app.channels.intake import IntakeResult, IntakeService, RawMessage
from app.channels.mobile import ReportBody
from app.channels.model import InboundMessage
from app.channels.schemas import (
    DiscardBody,
    QuarantinedMessage,
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
_ACCEPTED: dict[str, Any] = {
    "status_code": 201,
    "response_model": Receipt,
    "response_description": "Stored; a repeated request gets the same answer with `Idempotent-Replayed: true`",
    "responses": _REFUSALS,
}

tickets = APIRouter(prefix="/v1/tickets", tags=["tickets"])
doors = APIRouter(prefix=DOORS_PREFIX.rstrip("/"), route_class=KeepingRoute)
kept = APIRouter(prefix="/v1/channels/quarantine", tags=["operations"])


@tickets.post("", summary="Create a ticket (canonical form)", **_ACCEPTED)
async def create_ticket(
    body: TicketBody,
    actor: Annotated[Actor, Depends(current_actor)],
    intake_service: IntakeServiceDep,
    vault: VaultDep,
    idempotency_key: IdempotencyKeyDep,
) -> JSONResponse:
    """Take a citizen's request from any channel. The key needs the scope `intake:<channel>`.

    Answered when it is stored, with the number, the limits that run and their due dates. Sent again with the same
    `Idempotency-Key` or the same `external_id` of the channel it stays one ticket and gets the same answer.
    """
    _may_use(actor, Scope(f"intake:{body.channel}"))
    intake = body.to_intake(vault.blind_index("message", body.model_dump_json()))
    return _answer(await intake_service.store(actor, intake, idempotency_key=idempotency_key))


@doors.post("/call-center/calls", summary="A call that became a request", tags=["call centre"], **_ACCEPTED)
async def call_center_call(
    body: CallBody,
    request: Request,
    actor: Annotated[Actor, Depends(require_scope(Scope.INTAKE_CALL_CENTER))],
    intake_service: IntakeServiceDep,
    vault: VaultDep,
) -> JSONResponse:
    """Take a call. One `call_id` is one ticket, however often it is sent."""
    return await _store(intake_service, vault, actor, body, request)


@doors.post("/sms/messages", summary="An incoming SMS", tags=["SMS"], **_ACCEPTED)
async def sms_message(
    body: SmsBody,
    request: Request,
    actor: Annotated[Actor, Depends(require_scope(Scope.INTAKE_SMS))],
    intake_service: IntakeServiceDep,
    vault: VaultDep,
) -> JSONResponse:
    """Take an SMS as a request. One `message_id` is one ticket, however often the gateway delivers it."""
    return await _store(intake_service, vault, actor, body, request)


@doors.post("/mobile/reports", summary="A report from the mobile app or web page", tags=["mobile app"], **_ACCEPTED)
async def mobile_report(
    body: ReportBody,
    request: Request,
    actor: Annotated[Actor, Depends(require_scope(Scope.INTAKE_MOBILE))],
    intake_service: IntakeServiceDep,
    vault: VaultDep,
) -> JSONResponse:
    """Take a report. `report_id` is made on the phone, so that a retry is no second ticket."""
    return await _store(intake_service, vault, actor, body, request)


@doors.post("/desk/visits", summary="A visit at a desk that became a request", tags=["desk"], **_ACCEPTED)
async def desk_visit(
    body: VisitBody,
    request: Request,
    actor: Annotated[Actor, Depends(require_scope(Scope.INTAKE_DESK))],
    intake_service: IntakeServiceDep,
    vault: VaultDep,
) -> JSONResponse:
    """Take a request at the solution desk, the information desk or the hospitality point.

    Documents that the published table asks for and that were not shown are listed in the answer; until they come the
    promise of the solution desk does not run.
    """
    return await _store(intake_service, vault, actor, body, request)


@doors.post("/cimer/applications", summary="A record of the national portal (CİMER)", tags=["CİMER"], **_ACCEPTED)
async def cimer_application(
    body: CimerBody,
    request: Request,
    actor: Annotated[Actor, Depends(require_scope(Scope.INTAKE_CIMER))],
    intake_service: IntakeServiceDep,
    vault: VaultDep,
) -> JSONResponse:
    """Mirror a CİMER record. The limits run from its date in CİMER; `bilgi edinme` is under law 4982."""
    return await _store(intake_service, vault, actor, body, request)


@doors.post(
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
    batches: FieldBatches,
    now: NowDep,
) -> FieldBatchOut:
    """Take a batch. Safe to send twice; a bad item is kept in quarantine and does not hold up the others.

    The device's time counts if it is at most 24 hours ahead and synchronised within 48 hours; else ours, with a flag.
    """
    language = preferred_language(request.headers.get("accept-language", ""))
    return await batches.take(actor, body.items, now=now, language=language)


@kept.get(
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
    """Kept messages, newest first, with what was wrong; the content only for keys with `personal-data:read`."""
    page = await quarantine.list_kept(session, cursor=paging.cursor, limit=paging.page_size)
    shown = actor.may(Scope.PERSONAL_DATA_READ)
    if shown and page.items:
        facts = {"messages": str(len(page.items))}
        await record_unmasked_read(session, actor=actor, operation="list_quarantine", facts=facts, now=now)
    paging.set_next_link(page.next_cursor)
    return QuarantinePage(
        items=[_quarantined(message, vault if shown else None) for message in page.items],
        next_cursor=page.next_cursor,
    )


@kept.post(
    "/{message_id}/retry",
    summary="Try a kept message again",
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
    """Read the message again, as it is or corrected, and make it a ticket of the client that had sent it."""
    corrected = body.corrected if body else None
    database = request.app.state.container.database
    return _answer(
        await quarantine.retry(
            message_id, corrected, actor=actor, database=database, intake_service=intake_service, vault=vault, now=now
        )
    )


@kept.post(
    "/{message_id}/discard",
    summary="Put a kept message aside for good",
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
    message = await quarantine.get_kept(session, message_id, lock=True)
    quarantine.settle_discarded(message, reason=body.reason, actor=actor, vault=vault, now=now)


def _may_use(actor: Actor, scope: Scope) -> None:
    if not actor.may(scope):
        raise Forbidden(scope=str(scope))


async def _store(
    intake_service: IntakeService, vault: Vault, actor: Actor, body: Message, request: Request
) -> JSONResponse:
    """A channel's message through the door, its raw form kept beside the ticket."""
    intake = body.to_intake(vault.blind_index("message", body.model_dump_json()))
    raw = RawMessage(request.url.path.removeprefix(DOORS_PREFIX), await request.body())
    return _answer(await intake_service.store(actor, intake, raw=raw))


def _answer(result: IntakeResult) -> JSONResponse:
    headers = {"Location": f"/v1/tickets/{result.receipt['number']}"}
    if result.replayed:
        headers["Idempotent-Replayed"] = "true"
    return JSONResponse(result.receipt, status_code=201, headers=headers)


def _quarantined(message: InboundMessage, vault: Vault | None) -> QuarantinedMessage:
    return QuarantinedMessage(
        id=message.id,
        channel=message.channel,
        door=message.door,
        received_at=message.received_at,
        problems=message.problems,
        body=None if vault is None else quarantine.open_body(message, vault).decode("utf-8", "replace"),
    )
