"""What an endpoint of complaints holds in its hands."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import Depends

from app.access.actor import Actor
from app.access.dependencies import needs
from app.access.scopes import Scope
from app.core.dependencies import Now, Transaction
from app.people.dependencies import OpenVault
from app.standards.dependencies import Rulebooks
from app.tickets.commands.context import Work


def _work_of(*scopes: Scope) -> Callable[..., Coroutine[Any, Any, Work]]:
    """A dependency that gives a caller with any of the scopes what commands and reads work with."""

    async def work(
        session: Transaction,
        actor: Annotated[Actor, Depends(needs(*scopes))],
        vault: OpenVault,
        rulebooks: Rulebooks,
        now: Now,
    ) -> Work:
        return Work(session, actor, vault, rulebooks, now)

    return work


Filer = Annotated[Work, Depends(_work_of(Scope.COMPLAINTS_FILE), scope="function")]
Reader = Annotated[Work, Depends(_work_of(Scope.COMPLAINTS_READ, Scope.COMPLAINTS_FILE), scope="function")]
Office = Annotated[Work, Depends(_work_of(Scope.COMPLAINTS_ANSWER), scope="function")]
