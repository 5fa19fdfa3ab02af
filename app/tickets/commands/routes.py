"""Routes of the commands on a ticket, one per command; `If-Match` names the version that the caller read."""

from fastapi import APIRouter

from app.tickets.commands import lifecycle, limits
from app.tickets.dependencies import COMMAND_ROUTE, CommandRunnerDep
from app.tickets.schemas import (
    CallbackBody,
    DocumentsBody,
    DueBody,
    DuplicateBody,
    ExtensionBody,
    FeeBody,
    NoteBody,
    PauseBody,
    PaymentBody,
    ReasonBody,
    ReferBody,
    RequestDocumentsBody,
    ResolutionBody,
    ServiceBody,
    TextBody,
    TicketOut,
)

router = APIRouter(prefix="/v1/tickets", tags=["tickets"])


@router.post("/{number}/register", summary="Register a received request (kayıt)", **COMMAND_ROUTE)
async def register_ticket(runner: CommandRunnerDep) -> TicketOut:
    """Register a request that the desk has checked."""
    return await runner.run(lifecycle.register)


@router.post("/{number}/refer", summary="Send to a directorate (sevk)", **COMMAND_ROUTE)
async def refer_ticket(runner: CommandRunnerDep, body: ReferBody) -> TicketOut:
    """Refer the ticket to a directorate and notify the applicant. The clocks run on."""
    return await runner.run(lifecycle.refer, body)


@router.post("/{number}/accept", summary="Accept a referred ticket", **COMMAND_ROUTE)
async def accept_ticket(runner: CommandRunnerDep) -> TicketOut:
    """Accept the ticket on behalf of the directorate; work begins."""
    return await runner.run(lifecycle.accept)


@router.post("/{number}/return", summary="Return to the desk (iade)", **COMMAND_ROUTE)
async def return_ticket(runner: CommandRunnerDep, body: ReasonBody) -> TicketOut:
    """Return the ticket from the directorate, with the reason. The clocks run on."""
    return await runner.run(lifecycle.return_, body.reason)


@router.post("/{number}/request-documents", summary="Request documents", **COMMAND_ROUTE)
async def request_documents(runner: CommandRunnerDep, body: RequestDocumentsBody) -> TicketOut:
    """Request documents of the published list; a promise that the service allows to pause is paused.

    A citizen may complain about a request for any other document, so 422 refuses it. A document that the matter cannot
    do without goes into `unlisted` with `override_reason`: the history records both, and the application office is
    notified at once.
    """
    return await runner.run(lifecycle.request_documents, body)


@router.post("/{number}/provide-documents", summary="Record provided documents", **COMMAND_ROUTE)
async def provide_documents(runner: CommandRunnerDep, body: DocumentsBody) -> TicketOut:
    """Record documents; once they are complete, a promise that waited for them starts."""
    return await runner.run(lifecycle.provide_documents, body)


@router.post("/{number}/pause", summary="Wait for the citizen or another institution", **COMMAND_ROUTE)
async def pause_ticket(runner: CommandRunnerDep, body: PauseBody) -> TicketOut:
    """Pause the promise if the service allows it for this reason; a limit of law or a date set by hand never pauses."""
    return await runner.run(lifecycle.pause, body)


@router.post("/{number}/resume", summary="Resume work", **COMMAND_ROUTE)
async def resume_ticket(runner: CommandRunnerDep) -> TicketOut:
    """Resume work; the due date is computed from all recorded pauses."""
    return await runner.run(lifecycle.resume)


@router.post("/{number}/interim-reply", summary="Interim reply (ara cevap)", **COMMAND_ROUTE)
async def interim_reply(runner: CommandRunnerDep, body: TextBody) -> TicketOut:
    """Send an interim reply. It satisfies the limit of law 3071; the promise runs on until the final reply."""
    return await runner.run(lifecycle.interim_reply, body.text)


@router.post("/{number}/propose", summary="Submit a draft answer for approval", **COMMAND_ROUTE)
async def propose_resolution(runner: CommandRunnerDep, body: ResolutionBody) -> TicketOut:
    """Submit the officer's draft; `resolve` approves it by answering, `reject` sends it back."""
    return await runner.run(lifecycle.propose, body)


@router.post("/{number}/reject", summary="Send a draft answer back", **COMMAND_ROUTE)
async def reject_proposal(runner: CommandRunnerDep, body: ReasonBody) -> TicketOut:
    """Reject the draft; work goes on."""
    return await runner.run(lifecycle.reject, body.reason)


@router.post("/{number}/resolve", summary="Answer the request (nihai cevap)", **COMMAND_ROUTE)
async def resolve_ticket(runner: CommandRunnerDep, body: ResolutionBody) -> TicketOut:
    """Answer the request, stop both clocks and notify the applicant. A refusal needs its reason and the remedy."""
    return await runner.run(lifecycle.resolve, body)


@router.post("/{number}/callback", summary="Record a callback to the citizen (geri dönüş)", **COMMAND_ROUTE)
async def callback_ticket(runner: CommandRunnerDep, body: CallbackBody) -> TicketOut:
    """Record a callback. The one that reaches the citizen closes the ticket, and so does the third that does not."""
    return await runner.run(lifecycle.callback, body)


@router.post("/{number}/close", summary="Close", **COMMAND_ROUTE)
async def close_ticket(runner: CommandRunnerDep, body: NoteBody | None = None) -> TicketOut:
    """Close an answered ticket."""
    return await runner.run(lifecycle.close, body.note if body else None)


@router.post("/{number}/reopen", summary="Reopen, with a new cycle of clocks", **COMMAND_ROUTE)
async def reopen_ticket(runner: CommandRunnerDep, body: ReasonBody) -> TicketOut:
    """Start a new cycle with its own limits and its own notices."""
    return await runner.run(lifecycle.reopen, body.reason)


@router.post("/{number}/withdraw", summary="Withdraw by the applicant's wish", **COMMAND_ROUTE)
async def withdraw_ticket(runner: CommandRunnerDep, body: NoteBody | None = None) -> TicketOut:
    """Withdraw the request; its clocks are cancelled and leave the figures."""
    return await runner.run(lifecycle.withdraw, body.note if body else None)


@router.post("/{number}/link-duplicate", summary="Close as a duplicate (mükerrer)", **COMMAND_ROUTE)
async def link_duplicate(runner: CommandRunnerDep, body: DuplicateBody) -> TicketOut:
    """Close the ticket as a duplicate of an earlier one about the same matter."""
    return await runner.run(lifecycle.link_duplicate, body)


@router.post("/{number}/comment", summary="Write a comment", **COMMAND_ROUTE)
async def comment_ticket(runner: CommandRunnerDep, body: TextBody) -> TicketOut:
    """Add a comment to the history; clocks and state do not change."""
    return await runner.run(lifecycle.comment, body.text)


@router.post("/{number}/reclassify", summary="Move to another service", **COMMAND_ROUTE)
async def reclassify_ticket(runner: CommandRunnerDep, body: ServiceBody) -> TicketOut:
    """Move the ticket to another service, whose limits count from the original start with the recorded pauses.

    A limit of law is added or removed as the new service requires. An earlier interim reply counts as its law says. No
    escalation level is notified twice.
    """
    return await runner.run(limits.reclassify, body)


@router.post("/{number}/extend", summary="Extend the limit of law 4982 (süre uzatımı)", **COMMAND_ROUTE)
async def extend_ticket(runner: CommandRunnerDep, body: ExtensionBody) -> TicketOut:
    """Extend to 30 working days in all, once, while the first 15 run; the applicant is notified of ground and date."""
    return await runner.run(limits.extend, body)


@router.post("/{number}/fee-notice", summary="Request the fee of access (law 4982)", **COMMAND_ROUTE)
async def fee_notice(runner: CommandRunnerDep, body: FeeBody) -> TicketOut:
    """Interrupt the limits until the fee is paid; if unpaid after 15 working days, the request counts as withdrawn."""
    return await runner.run(limits.fee_notice, body)


@router.post("/{number}/fee-paid", summary="Record the payment of the fee", **COMMAND_ROUTE)
async def fee_paid(runner: CommandRunnerDep, body: PaymentBody | None = None) -> TicketOut:
    """Record the payment; the interrupted limits restart in full from its day."""
    return await runner.run(limits.fee_paid, body or PaymentBody(paid_at=None))


@router.post("/{number}/override-due", summary="Set the date of the promise by hand", **COMMAND_ROUTE)
async def override_due(runner: CommandRunnerDep, body: DueBody) -> TicketOut:
    """Set a flagged due date with its reason; no pause or calendar moves it. A limit of law cannot be set by hand."""
    return await runner.run(limits.override_due, body)
