"""Routes for the delivery receipts of SMS providers, in their formats; see docs/delivery.md instead of OpenAPI."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from app.notices.delivery.receipts import ReceiptRecorder

PREFIX = "/v1/receipts"

router = APIRouter(prefix=PREFIX, include_in_schema=False)


async def _receipt_recorder(request: Request) -> ReceiptRecorder:
    container = request.app.state.container
    return ReceiptRecorder(container.settings, container.database, container.clock, container.personal_facts)


ReceiptRecorderDep = Annotated[ReceiptRecorder, Depends(_receipt_recorder)]


@router.post("/twilio")
async def record_from_twilio(request: Request, recorder: ReceiptRecorderDep) -> dict[str, int]:
    """Record a status callback of Twilio, authenticated by its signature."""
    known = await recorder.from_twilio(
        query=request.url.query,
        body=await request.body(),
        signature=request.headers.get("x-twilio-signature", ""),
        scheme=request.headers.get("x-twilio-webhooks-signature-settings", ""),
    )
    return {"known": known}


@router.api_route("/{provider}/{secret}", methods=["GET", "POST"])
async def record_from_secret_address(
    provider: str, secret: str, request: Request, recorder: ReceiptRecorderDep
) -> dict[str, int]:
    """Record a report of Kannel (GET), Verimor or NetGSM (POST), authenticated by the secret in its path."""
    known = await recorder.from_secret_address(
        provider, secret, query=dict(request.query_params), body=await request.body()
    )
    return {"known": known}
