"""Stored sources of letters: an edit of a letter file changes future letters only, not those of old numbers.

A notice is bound to its source when its text is rendered. A source contains no personal data; each request sets the
letter from it, the stored facts and the sealed values.
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
    """Bind notices whose text is rendered now to today's sources, and store new sources.

    Sources are inserted in the order of their names, so that two workers with the same new ones do not deadlock.
    """
    with_letter = [notice for notice in notices if notice.kind in LETTER_KINDS]
    sources = {kind: letters.source_of(NoticeKind(kind)) for kind in {notice.kind for notice in with_letter}}
    versions = {kind: version_of(source) for kind, source in sources.items() if source is not None}
    if not versions:
        return
    named = equals_any(LetterSource.version, sorted(versions.values()))
    stored = set(await session.scalars(select(LetterSource.version).where(named)))
    rows = [
        {"version": version, "source": sources[kind], "kept_at": now}
        for version, kind in sorted((version, kind) for kind, version in versions.items())
        if version not in stored
    ]
    await bulk_insert(session, LetterSource, rows, skip_conflicts=True)
    for notice in with_letter:
        notice.letter_version = versions.get(notice.kind)


async def former_source(session: AsyncSession, notice: Notice, letters: Letters) -> bytes | None:
    """Return the source that the letter of a notice was first set from, or None if that is today's."""
    version = notice.letter_version
    if version is None:
        return None
    today = letters.source_of(NoticeKind(notice.kind))
    if today is not None and version_of(today) == version:
        return None
    source: bytes | None = await session.scalar(select(LetterSource.source).where(LetterSource.version == version))
    return source
