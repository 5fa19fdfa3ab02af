"""Where SMS providers report delivery, in their own formats: so docs/delivery.md describes it, not OpenAPI."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from app.notices.delivery.receipts import ReceiptRecorder

PREFIX = "/v1/receipts"

router = APIRouter(prefix=PREFIX, include_in_schema=False)


async def _desk(request: Request) -> ReceiptRecorder:
    container = request.app.state.container
    return ReceiptRecorder(container.settings, container.database, container.clock, container.facts)


ReceiptRecorderDep = Annotated[ReceiptRecorder, Depends(_desk)]


@router.post("/twilio")
async def take_from_twilio(request: Request, desk: ReceiptRecorderDep) -> dict[str, int]:
    """A status callback, authenticated by its signature."""
    known = await desk.from_twilio(
        query=request.url.query,
        body=await request.body(),
        signature=request.headers.get("x-twilio-signature", ""),
        scheme=request.headers.get("x-twilio-webhooks-signature-settings", ""),
    )
    return {"known": known}


@router.api_route("/{provider}/{secret}", methods=["GET", "POST"])
async def take_from_secret_address(
    provider: str, secret: str, request: Request, desk: ReceiptRecorderDep
) -> dict[str, int]:
    """A report of Kannel (GET), Verimor or NetGSM (POST), authenticated by the secret part of the address."""
    known = await desk.from_secret_address(
        provider, secret, query=dict(request.query_params), body=await request.body()
    )
    return {"known": known}
