"""The limit of a ticket over HTTP: the commands that move it."""

from fastapi import APIRouter

from app.tickets.commands import limits
from app.tickets.dependencies import COMMAND, InHand
from app.tickets.schemas import DueBody, ExtensionBody, FeeBody, PaymentBody, ServiceBody, TicketAnswer

router = APIRouter(prefix="/v1/tickets", tags=["tickets"])


@router.post("/{number}/reclassify", summary="Move to another service", **COMMAND)
async def reclassify_ticket(hands: InHand, body: ServiceBody) -> TicketAnswer:
    """The limits of the other service count from the original start, with the pauses; no level is told twice.

    A limit of law goes and comes with the services that are under it. An interim reply counts as that law has it.
    """
    return await hands.do(limits.reclassify, body)


@router.post("/{number}/extend", summary="Extend the limit of law 4982 (süre uzatımı)", **COMMAND)
async def extend_ticket(hands: InHand, body: ExtensionBody) -> TicketAnswer:
    """30 working days in all, once, and only while the first 15 run; the applicant is told why and until when."""
    return await hands.do(limits.extend, body)


@router.post("/{number}/fee-notice", summary="Ask for the fee of access (law 4982)", **COMMAND)
async def fee_notice(hands: InHand, body: FeeBody) -> TicketAnswer:
    """Interrupts the limits until the fee is paid; unpaid after 15 working days the request counts as withdrawn."""
    return await hands.do(limits.fee_notice, body)


@router.post("/{number}/fee-paid", summary="The fee was paid", **COMMAND)
async def fee_paid(hands: InHand, body: PaymentBody | None = None) -> TicketAnswer:
    """The interrupted limits count anew, whole, from the payment."""
    return await hands.do(limits.fee_paid, body or PaymentBody(paid_at=None))


@router.post("/{number}/override-due", summary="Set the date of the promise by hand", **COMMAND)
async def override_due(hands: InHand, body: DueBody) -> TicketAnswer:
    """Flagged, with its reason; it passes through every pause and no calendar moves it. No limit of law is set so."""
    return await hands.do(limits.override_due, body)
