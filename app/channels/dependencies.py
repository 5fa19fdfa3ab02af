"""Routes of the channels' doors keep what they can't understand: the message goes to quarantine before the refusal."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from app.access.dependencies import identify
from app.access.scopes import Scope
from app.channels.field_batch import FieldBatch
from app.channels.intake import IntakeService
from app.channels.quarantine import Refused, keep
from app.core.errors import AlreadyReceived, EstimError, FieldError, Forbidden, Invalid
from app.core.field_errors import field_errors
from app.core.problem import unreadable_body

DOORS_PREFIX = "/v1/channels/"


class KeepingRoute(APIRoute):
    """A route that never loses a message: what can't become a ticket is stored sealed, and the answer names it."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler with quarantine around it."""
        handle = super().get_route_handler()

        async def handle_or_keep(request: Request) -> Response:
            try:
                return await handle(request)
            except RequestValidationError as error:
                refusal: EstimError = Invalid(field_errors(error.errors(), skip=1))
            except HTTPException as error:
                if error.status_code != 400:
                    raise
                refusal = unreadable_body(error)
            except (Invalid, AlreadyReceived) as error:
                refusal = error
            raise await _kept(request, refusal)

        return handle_or_keep


async def _kept(request: Request, refusal: EstimError) -> EstimError:
    """Store the request's body in quarantine and add the copy's id to the refusal."""
    door = request.url.path.removeprefix(DOORS_PREFIX)
    channel = door.partition("/")[0]
    actor = await identify(request)
    scope = Scope(f"intake:{channel}")
    if not actor.may(scope):
        raise Forbidden(scope=str(scope))
    container = request.app.state.container
    errors = refusal.errors if isinstance(refusal, Invalid) else [FieldError("", refusal.code)]
    refused = Refused(door, channel, await request.body(), errors)
    async with container.database.transaction() as session:
        kept = await keep(session, refused, actor=actor, vault=container.vault, now=container.clock.now())
    refusal.facts["quarantine_id"] = str(kept)
    return refusal


async def _intake(request: Request) -> IntakeService:
    intake_service: IntakeService = request.app.state.container.intake_service
    return intake_service


async def _field_batch(request: Request) -> FieldBatch:
    container = request.app.state.container
    return FieldBatch(intake_service=container.intake_service, database=container.database, vault=container.vault)


IntakeServiceDep = Annotated[IntakeService, Depends(_intake)]
FieldBatches = Annotated[FieldBatch, Depends(_field_batch)]
