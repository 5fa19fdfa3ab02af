"""FastAPI dependencies of the routes that read notices and letters."""

from typing import Annotated

from fastapi import Depends, Request

from app.notices.letter_reader import LetterReader
from app.notices.ports import TicketNumbers
from app.notices.service import NoticeReader


async def _notice_reader(request: Request) -> NoticeReader:
    container = request.app.state.container
    return NoticeReader(container.renderer, container.personal_facts)


NoticeReaderDep = Annotated[NoticeReader, Depends(_notice_reader)]
"""Reader that shows notices to an actor."""


async def _letter_reader(request: Request) -> LetterReader:
    container = request.app.state.container
    return LetterReader(container.database, container.personal_facts, container.renderer.letters)


LetterReaderDep = Annotated[LetterReader, Depends(_letter_reader)]
"""Reader that sets letters for an actor."""


async def _ticket_numbers(request: Request) -> TicketNumbers:
    numbers: TicketNumbers = request.app.state.container.ticket_lookup
    return numbers


TicketNumbersDep = Annotated[TicketNumbers, Depends(_ticket_numbers)]
"""Lookup of the ids behind the numbers of tickets."""
