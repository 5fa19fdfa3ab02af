"""What a command endpoint holds in its runner: the caller, the locked ticket, and the answer that it gives."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import Depends, Header, Path, Response

from app.access.actor import Actor
from app.access.dependencies import needs
from app.access.scopes import Scope
from app.access.service import record_unmasked_read
from app.core.dependencies import NowDep, TransactionDep, problem_responses
from app.people.dependencies import OpenVault
from app.standards.dependencies import Rulebooks
from app.tickets.commands.context import CommandContext, LockedTicket, etag, lock_ticket
from app.tickets.queries import case_of
from app.tickets.schemas import TicketOut
from app.tickets.serializers import sees_personal_data, ticket_out

Number = Annotated[str, Path(max_length=20, examples=["2600012349"], description="Digits; spaces and dashes allowed")]
Reader = Annotated[Actor, Depends(needs(Scope.TICKETS_READ, Scope.TICKETS_READ_OWN))]
Commander = Annotated[Actor, Depends(needs(Scope.TICKETS_COMMAND))]
IfMatch = Annotated[str | None, Header(alias="If-Match", max_length=200, examples=['"v1"'])]

COMMAND: dict[str, Any] = {
    "response_model": TicketOut,
    "response_description": "The ticket after the command, with its new ETag",
    "responses": problem_responses(401, 403, 404, 409, 412, 413, 415, 422, 428, 503),
}


class CommandRunner:
    """What a command endpoint holds: the locked ticket and all that a command works with."""

    def __init__(self, context: CommandContext, locked: LockedTicket, response: Response) -> None:
        self.context = context
        self.locked = locked
        self._response = response

    async def run(self, command: Callable[..., Awaitable[None]], *arguments: Any) -> TicketOut:
        """Run a command and answer with the ticket as it is then."""
        await command(self.context, self.locked, *arguments)
        await self.context.session.flush()  # the answer reads clocks and documents that the command has just written
        context, case = self.context, await case_of(self.context.session, self.locked.ticket)
        if sees_personal_data(context.actor, case.applicant):
            facts = {"ticket": case.ticket.number}
            await record_unmasked_read(
                context.session, actor=context.actor, operation="command", facts=facts, now=context.now
            )
        self._response.headers["ETag"] = etag(self.locked.ticket)
        return ticket_out(case, vault=context.vault, actor=context.actor, now=context.now)


async def _runner(
    number: Number,
    response: Response,
    actor: Commander,
    session: TransactionDep,
    vault: OpenVault,
    rulebooks: Rulebooks,
    now: NowDep,
    if_match: IfMatch = None,
) -> CommandRunner:
    context = CommandContext(session, actor, vault, rulebooks, now)
    return CommandRunner(context, await lock_ticket(context, number, if_match), response)


Runner = Annotated[CommandRunner, Depends(_runner, scope="function")]
