"""Commands on a ticket over HTTP: one endpoint a command, each on the locked ticket that If-Match names."""

from fastapi import APIRouter

from app.tickets.commands import lifecycle, limits
from app.tickets.dependencies import COMMAND, Runner
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


@router.post("/{number}/register", summary="Keep a received request (kayıt)", **COMMAND)
async def register_ticket(runner: Runner) -> TicketOut:
    """The desk has looked at the request and keeps it."""
    return await runner.run(lifecycle.register)


@router.post("/{number}/refer", summary="Send to a directorate (sevk)", **COMMAND)
async def refer_ticket(runner: Runner, body: ReferBody) -> TicketOut:
    """Refer the ticket; the applicant is told. No clock is touched."""
    return await runner.run(lifecycle.refer, body)


@router.post("/{number}/accept", summary="The directorate takes it on", **COMMAND)
async def accept_ticket(runner: Runner) -> TicketOut:
    """Accept a referred ticket."""
    return await runner.run(lifecycle.accept)


@router.post("/{number}/return", summary="The directorate gives it back (iade)", **COMMAND)
async def return_ticket(runner: Runner, body: ReasonBody) -> TicketOut:
    """Return a ticket with the reason. No clock is reset by it."""
    return await runner.run(lifecycle.return_, body.reason)


@router.post("/{number}/request-documents", summary="Ask for published documents", **COMMAND)
async def request_documents(runner: Runner, body: RequestDocumentsBody) -> TicketOut:
    """Only documents on the published list may be asked for: a citizen may complain of any other, and 422 says so.

    Where the matter can't do without one it is named in `unlisted` with `override_reason`: the history keeps both, and
    the application office is told at once. A promise that may pause stands still meanwhile.
    """
    return await runner.run(lifecycle.request_documents, body)


@router.post("/{number}/provide-documents", summary="Documents have come", **COMMAND)
async def provide_documents(runner: Runner, body: DocumentsBody) -> TicketOut:
    """Note documents; when they are complete, a promise that waited for them starts."""
    return await runner.run(lifecycle.provide_documents, body)


@router.post("/{number}/pause", summary="Wait for the citizen or for somebody outside", **COMMAND)
async def pause_ticket(runner: Runner, body: PauseBody) -> TicketOut:
    """The promise stands still if the service allows it for this reason; a limit of law or a date set by hand never."""
    return await runner.run(lifecycle.pause, body)


@router.post("/{number}/resume", summary="What was waited for has come", **COMMAND)
async def resume_ticket(runner: Runner) -> TicketOut:
    """Work goes on; the due date is computed anew from all recorded pauses."""
    return await runner.run(lifecycle.resume)


@router.post("/{number}/interim-reply", summary="Interim reply (ara cevap)", **COMMAND)
async def interim_reply(runner: Runner, body: TextBody) -> TicketOut:
    """Satisfies the limit of law 3071; the final reply is still owed and the promise runs on."""
    return await runner.run(lifecycle.interim_reply, body.text)


@router.post("/{number}/propose", summary="Put a draft answer up for approval", **COMMAND)
async def propose_resolution(runner: Runner, body: ResolutionBody) -> TicketOut:
    """The officer's draft; `resolve` approves it by answering, `reject` sends it back."""
    return await runner.run(lifecycle.propose, body)


@router.post("/{number}/reject", summary="Send a draft answer back", **COMMAND)
async def reject_proposal(runner: Runner, body: ReasonBody) -> TicketOut:
    """The draft was not approved; work goes on."""
    return await runner.run(lifecycle.reject, body.reason)


@router.post("/{number}/resolve", summary="Answer the request (nihai cevap)", **COMMAND)
async def resolve_ticket(runner: Runner, body: ResolutionBody) -> TicketOut:
    """Both clocks stop. A negative outcome needs its reason and the remedy; the applicant is told."""
    return await runner.run(lifecycle.resolve, body)


@router.post("/{number}/callback", summary="An attempt to tell the citizen (geri dönüş)", **COMMAND)
async def callback_ticket(runner: Runner, body: CallbackBody) -> TicketOut:
    """The attempt that reaches the citizen closes the ticket, and so does the third that does not."""
    return await runner.run(lifecycle.callback, body)


@router.post("/{number}/close", summary="Close", **COMMAND)
async def close_ticket(runner: Runner, body: NoteBody | None = None) -> TicketOut:
    """Nothing is owed any more."""
    return await runner.run(lifecycle.close, body.note if body else None)


@router.post("/{number}/reopen", summary="Reopen, with a new cycle of clocks", **COMMAND)
async def reopen_ticket(runner: Runner, body: ReasonBody) -> TicketOut:
    """The matter is not settled after all. The new cycle has its own limits and its own notices."""
    return await runner.run(lifecycle.reopen, body.reason)


@router.post("/{number}/withdraw", summary="The applicant gives it up", **COMMAND)
async def withdraw_ticket(runner: Runner, body: NoteBody | None = None) -> TicketOut:
    """The clocks are cancelled and leave the figures."""
    return await runner.run(lifecycle.withdraw, body.note if body else None)


@router.post("/{number}/link-duplicate", summary="Close as a duplicate (mükerrer)", **COMMAND)
async def link_duplicate(runner: Runner, body: DuplicateBody) -> TicketOut:
    """The same matter is another ticket already."""
    return await runner.run(lifecycle.link_duplicate, body)


@router.post("/{number}/comment", summary="Write a comment", **COMMAND)
async def comment_ticket(runner: Runner, body: TextBody) -> TicketOut:
    """A note beside the ticket; it moves no clock and no state."""
    return await runner.run(lifecycle.comment, body.text)


@router.post("/{number}/reclassify", summary="Move to another service", **COMMAND)
async def reclassify_ticket(runner: Runner, body: ServiceBody) -> TicketOut:
    """The limits of the other service count from the original start, with the pauses; no level is told twice.

    A limit of law goes and comes with the services that are under it. An interim reply counts as that law has it.
    """
    return await runner.run(limits.reclassify, body)


@router.post("/{number}/extend", summary="Extend the limit of law 4982 (süre uzatımı)", **COMMAND)
async def extend_ticket(runner: Runner, body: ExtensionBody) -> TicketOut:
    """30 working days in all, once, and only while the first 15 run; the applicant is told why and until when."""
    return await runner.run(limits.extend, body)


@router.post("/{number}/fee-notice", summary="Ask for the fee of access (law 4982)", **COMMAND)
async def fee_notice(runner: Runner, body: FeeBody) -> TicketOut:
    """Interrupts the limits until the fee is paid; unpaid after 15 working days the request counts as withdrawn."""
    return await runner.run(limits.fee_notice, body)


@router.post("/{number}/fee-paid", summary="The fee was paid", **COMMAND)
async def fee_paid(runner: Runner, body: PaymentBody | None = None) -> TicketOut:
    """The interrupted limits count anew, whole, from the payment."""
    return await runner.run(limits.fee_paid, body or PaymentBody(paid_at=None))


@router.post("/{number}/override-due", summary="Set the date of the promise by hand", **COMMAND)
async def override_due(runner: Runner, body: DueBody) -> TicketOut:
    """Flagged, with its reason; it passes through every pause and no calendar moves it. No limit of law is set so."""
    return await runner.run(limits.override_due, body)
