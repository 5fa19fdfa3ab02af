"""Dependencies of the ticket routes: the caller, the number in the path, and the runner of a command."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Concatenate, ParamSpec, TypedDict

from fastapi import Depends, Header, Path, Response

from app.access.actor import Actor
from app.access.dependencies import require_scope
from app.access.scopes import Scope
from app.access.service import record_unmasked_read
from app.core.dependencies import NowDep, TransactionDep, problem_responses
from app.people.dependencies import VaultDep
from app.standards.dependencies import RulebookCacheDep
from app.tickets.commands.context import CommandContext, LockedTicket, etag, lock_ticket
from app.tickets.queries import load_details
from app.tickets.schemas import TicketOut
from app.tickets.serializers import sees_personal_data, ticket_out

P = ParamSpec("P")

TicketNumber = Annotated[
    str, Path(max_length=20, examples=["2600012349"], description="Digits; spaces and dashes allowed")
]
ReaderDep = Annotated[Actor, Depends(require_scope(Scope.TICKETS_READ, Scope.TICKETS_READ_OWN))]
CommanderDep = Annotated[Actor, Depends(require_scope(Scope.TICKETS_COMMAND))]
IfMatch = Annotated[str | None, Header(alias="If-Match", max_length=200, examples=['"v1"'])]


class CommandRoute(TypedDict):
    """The options that all routes of commands share."""

    response_model: type[TicketOut]
    response_description: str
    responses: dict[int | str, dict[str, Any]]


COMMAND_ROUTE: CommandRoute = {
    "response_model": TicketOut,
    "response_description": "The ticket after the command, with its new ETag",
    "responses": problem_responses(401, 403, 404, 409, 412, 413, 415, 422, 428, 503),
}


class CommandRunner:
    """The runner of one command on a locked ticket, with the response that gets the new ETag."""

    def __init__(self, context: CommandContext, locked: LockedTicket, response: Response) -> None:
        self.context = context
        self.locked = locked
        self._response = response

    async def run(
        self,
        command: Callable[Concatenate[CommandContext, LockedTicket, P], Awaitable[None]],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> TicketOut:
        """Run the command and return the ticket as it is afterwards; an unmasked read is recorded."""
        context = self.context
        await command(context, self.locked, *args, **kwargs)
        await context.session.flush()  # the response reads clocks and documents that the command has just written
        details = await load_details(context.session, self.locked.ticket)
        if sees_personal_data(context.actor, details.applicant):
            facts = {"ticket": details.ticket.number}
            await record_unmasked_read(
                context.session, actor=context.actor, operation="command", facts=facts, now=context.now
            )
        self._response.headers["ETag"] = etag(self.locked.ticket)
        return ticket_out(details, vault=context.vault, actor=context.actor, now=context.now)


async def _command_runner(
    number: TicketNumber,
    response: Response,
    actor: CommanderDep,
    session: TransactionDep,
    vault: VaultDep,
    rulebooks: RulebookCacheDep,
    now: NowDep,
    if_match: IfMatch = None,
) -> CommandRunner:
    context = CommandContext(session, actor, vault, rulebooks, now)
    return CommandRunner(context, await lock_ticket(context, number, if_match), response)


CommandRunnerDep = Annotated[CommandRunner, Depends(_command_runner, scope="function")]
"""The runner of the ticket in the path, locked in the transaction of the request."""
