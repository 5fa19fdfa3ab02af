"""Dependencies of the channels' routes, and the route class that quarantines what it can't store."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from app.access.dependencies import identify
from app.access.scopes import Scope
from app.channels.field_batch import FieldBatchService
from app.channels.inbound import RawMessage, RejectedMessage
from app.channels.intake import IntakeService
from app.channels.quarantine import store_rejected
from app.core.errors import AlreadyReceived, EstimError, FieldError, Forbidden, Invalid
from app.core.field_errors import field_errors
from app.core.problem import unreadable_body

CHANNELS_PREFIX = "/v1/channels/"


class QuarantiningRoute(APIRoute):
    """A route that loses no message: a rejected body is stored sealed, and the error response names its copy."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler with quarantine around it."""
        handle = super().get_route_handler()

        async def handle_or_quarantine(request: Request) -> Response:
            try:
                return await handle(request)
            except RequestValidationError as error:
                rejection: EstimError = Invalid(field_errors(error.errors(), skip=1))
            except HTTPException as error:
                if error.status_code != 400:
                    raise
                rejection = unreadable_body(error)
            except (Invalid, AlreadyReceived) as error:
                rejection = error
            rejection.facts["quarantine_id"] = await _quarantine(request, rejection)
            raise rejection

        return handle_or_quarantine


async def _quarantine(request: Request, rejection: EstimError) -> str:
    """Store the request's body in quarantine and return the id of the copy; raise `Forbidden` without the scope."""
    channel = format_name(request).partition("/")[0]
    actor = await identify(request)
    scope = Scope(f"intake:{channel}")
    if not actor.may(scope):
        raise Forbidden(scope=str(scope))
    container = request.app.state.container
    errors = rejection.errors if isinstance(rejection, Invalid) else [FieldError("", rejection.code)]
    rejected = RejectedMessage(await raw_message(request), channel, errors)
    async with container.database.transaction() as session:
        stored = await store_rejected(session, rejected, actor=actor, vault=container.vault, now=container.clock.now())
    return str(stored)


async def raw_message(request: Request) -> RawMessage:
    """Return the request's body as received, with the name of its format."""
    return RawMessage(format_name(request), await request.body())


def format_name(request: Request) -> str:
    """Return the name of the format that the request's path stands for, a key of `FORMATS`."""
    return request.url.path.removeprefix(CHANNELS_PREFIX)


async def _intake_service(request: Request) -> IntakeService:
    intake_service: IntakeService = request.app.state.container.intake_service
    return intake_service


async def _field_batch_service(request: Request) -> FieldBatchService:
    container = request.app.state.container
    return FieldBatchService(
        intake_service=container.intake_service, database=container.database, vault=container.vault
    )


IntakeServiceDep = Annotated[IntakeService, Depends(_intake_service)]
FieldBatchServiceDep = Annotated[FieldBatchService, Depends(_field_batch_service)]
