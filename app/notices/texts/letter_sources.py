"""What letters were set from, kept: an edit of a letter file changes the letters to come, and no old number.

A notice is bound to its source when it gets its words. No personal word is in a source; a letter is set from it, the
stored facts and the sealed values whenever somebody asks.
"""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import bulk_insert, equals_any
from app.notices.kinds import NoticeKind
from app.notices.model import LetterSource, Notice
from app.notices.texts.letters import LETTER_KINDS, Letters, version_of


async def bind(session: AsyncSession, notices: Iterable[Notice], letters: Letters, *, now: datetime) -> None:
    """Bind notices that get their words now to today's sources, and keep those that are new.

    They are kept in the order of their names: of two workers that find the same ones new, one waits for the other.
    """
    of_letters = [notice for notice in notices if notice.kind in LETTER_KINDS]
    sources = {kind: letters.source_of(NoticeKind(kind)) for kind in {notice.kind for notice in of_letters}}
    versions = {kind: version_of(source) for kind, source in sources.items() if source is not None}
    if not versions:
        return
    named = equals_any(LetterSource.version, sorted(versions.values()))
    kept = set(await session.scalars(select(LetterSource.version).where(named)))
    rows = [
        {"version": version, "source": sources[kind], "kept_at": now}
        for version, kind in sorted((version, kind) for kind, version in versions.items())
        if version not in kept
    ]
    await bulk_insert(session, LetterSource, rows, skip_conflicts=True)
    for notice in of_letters:
        notice.letter_version = versions.get(notice.kind)


async def former_source(session: AsyncSession, notice: Notice, letters: Letters) -> bytes | None:
    """What the letter of a notice was first set from, where that is not today's source; else None."""
    version = notice.letter_version
    if version is None:
        return None
    today = letters.source_of(NoticeKind(notice.kind))
    if today is not None and version_of(today) == version:
        return None
    source: bytes | None = await session.scalar(select(LetterSource.source).where(LetterSource.version == version))
    return source
