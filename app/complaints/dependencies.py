"""Dependencies of the routes of complaints: a command context for callers with the scopes of the route."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import Depends

from app.access.actor import Actor
from app.access.dependencies import require_scope
from app.access.scopes import Scope
from app.core.dependencies import NowDep, TransactionDep
from app.people.dependencies import VaultDep
from app.standards.dependencies import RulebookCacheDep
from app.tickets.commands.context import CommandContext


def _context_for(*scopes: Scope) -> Callable[..., Coroutine[Any, Any, CommandContext]]:
    """Return a dependency that opens a command context for a caller with any of the scopes."""

    async def context(
        session: TransactionDep,
        actor: Annotated[Actor, Depends(require_scope(*scopes))],
        vault: VaultDep,
        rulebooks: RulebookCacheDep,
        now: NowDep,
    ) -> CommandContext:
        return CommandContext(session, actor, vault, rulebooks, now)

    return context


FilingDep = Annotated[CommandContext, Depends(_context_for(Scope.COMPLAINTS_FILE), scope="function")]
ReadingDep = Annotated[
    CommandContext, Depends(_context_for(Scope.COMPLAINTS_READ, Scope.COMPLAINTS_FILE), scope="function")
]
AnsweringDep = Annotated[CommandContext, Depends(_context_for(Scope.COMPLAINTS_ANSWER), scope="function")]
