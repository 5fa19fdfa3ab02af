"""What an endpoint of complaints holds in its hands."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import Depends

from app.access.actor import Actor
from app.access.dependencies import needs
from app.access.scopes import Scope
from app.core.dependencies import NowDep, TransactionDep
from app.people.dependencies import OpenVault
from app.standards.dependencies import RulebookCacheDep
from app.tickets.commands.context import CommandContext


def _context_of(*scopes: Scope) -> Callable[..., Coroutine[Any, Any, CommandContext]]:
    """A dependency that gives a caller with any of the scopes what commands and reads context with."""

    async def context(
        session: TransactionDep,
        actor: Annotated[Actor, Depends(needs(*scopes))],
        vault: OpenVault,
        rulebooks: RulebookCacheDep,
        now: NowDep,
    ) -> CommandContext:
        return CommandContext(session, actor, vault, rulebooks, now)

    return context


Filer = Annotated[CommandContext, Depends(_context_of(Scope.COMPLAINTS_FILE), scope="function")]
Reader = Annotated[CommandContext, Depends(_context_of(Scope.COMPLAINTS_READ, Scope.COMPLAINTS_FILE), scope="function")]
Office = Annotated[CommandContext, Depends(_context_of(Scope.COMPLAINTS_ANSWER), scope="function")]
