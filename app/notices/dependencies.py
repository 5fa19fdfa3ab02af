"""The desks at which notices and their letters are read, for routes."""

from typing import Annotated

from fastapi import Depends, Request

from app.notices.letter_reader import LetterReader
from app.notices.service import NoticeReader


async def _desk(request: Request) -> NoticeReader:
    container = request.app.state.container
    return NoticeReader(container.renderer, container.facts)


NoticeReaderDep = Annotated[NoticeReader, Depends(_desk)]
"""The reading desk of this process."""


async def _letter_desk(request: Request) -> LetterReader:
    container = request.app.state.container
    return LetterReader(container.database, container.facts, container.renderer.letters)


LetterReaderDep = Annotated[LetterReader, Depends(_letter_desk)]
"""The desk of this process at which letters are read."""
