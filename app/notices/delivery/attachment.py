"""The letter that an office's e-mail carries, so that it can be registered and signed without asking this service.

It is set anew for each attempt, with no transaction open. One that can't be set costs the attachment, never the mail.
"""

import asyncio

import structlog

from app.notices.delivery.adapters.base import Attachment
from app.notices.delivery.outcomes import LeasedNotice
from app.notices.kinds import SPECS, Medium, NoticeKind, restore
from app.notices.model import Notice
from app.notices.texts.letters import Letters

LETTER_SECONDS = 3.0
"""What setting a letter may take, waiting for its turn included; milliseconds are usual. With the longest hand-over
that can be configured it still fits into a lease."""

LETTER_CARRYING_KINDS = frozenset(kind for kind, spec in SPECS.items() if spec.attaches_letter)

log = structlog.get_logger(__name__)


def carries_letter(notice: Notice) -> bool:
    """Whether a notice carries its letter."""
    return notice.kind in LETTER_CARRYING_KINDS and notice.medium == Medium.EMAIL


async def letter_attachments(leased: LeasedNotice, letters: Letters, *, seconds: float) -> tuple[Attachment, ...]:
    """The notice's letter with the personal words that its text shows too; nothing for a kind or medium without one.

    Never raises: what prevents a letter is logged once, with the first attempt, and the mail goes without it.
    """
    notice, values = leased.notice, leased.values
    if values is None or not carries_letter(notice):
        return ()
    kind, reported = NoticeKind(notice.kind), notice.attempts > 1
    try:
        payload = restore(kind, notice.payload)
        async with asyncio.timeout(seconds):
            letter = await letters.write(
                kind, payload, values, number=notice.number, at=notice.created_at, source=leased.letter_source
            )
    except Exception as error:  # noqa: BLE001 - the mail itself says everything that the letter would
        if not reported:
            log.error("letter_left_out", notice=notice.number, kind=notice.kind, error=type(error).__name__)  # noqa: TRY400 - its words may hold a person's
        return ()
    if letter.problem is not None and not reported:
        log.error("letter_in_plain_words", notice=notice.number, template=letter.template, problem=letter.problem)
    return (Attachment(name=f"{notice.number}.pdf", media_type="application/pdf", content=letter.pdf),)
