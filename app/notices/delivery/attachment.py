"""The letter attached to an office's e-mail, ready to be registered and signed.

It is typeset again for each attempt, with no transaction open. A failed letter costs the attachment, never the mail.
"""

import asyncio

import structlog

from app.notices.delivery.adapters.base import Attachment
from app.notices.delivery.outcomes import LeasedNotice
from app.notices.kinds import SPECS, Medium, NoticeKind, restore
from app.notices.model import Notice
from app.notices.texts.letters import Letters

LETTER_SECONDS = 3.0
"""Timeout of typesetting a letter, the wait for a free slot included; milliseconds are usual.

Together with the largest `delivery_seconds` that can be configured it fits into a lease.
"""

LETTER_KINDS = frozenset(kind for kind, spec in SPECS.items() if spec.attaches_letter)

log = structlog.get_logger(__name__)


def has_letter_attachment(notice: Notice) -> bool:
    """Return whether the notice is an e-mail with its letter attached."""
    return notice.kind in LETTER_KINDS and notice.medium == Medium.EMAIL


async def letter_attachment(leased: LeasedNotice, letters: Letters, *, seconds: float) -> tuple[Attachment, ...]:
    """Return the notice's letter with its personal values resolved; nothing for a kind or medium without one.

    Never raises: a failure is logged with the first attempt only, and the mail leaves without the letter.
    """
    notice, values = leased.notice, leased.values
    if values is None or not has_letter_attachment(notice):
        return ()
    kind, reported = NoticeKind(notice.kind), notice.attempts > 1
    try:
        payload = restore(kind, notice.payload)
        async with asyncio.timeout(seconds):
            letter = await letters.write(
                kind, payload, values, number=notice.number, at=notice.created_at, source=leased.letter_source
            )
    except Exception as error:  # noqa: BLE001 - the mail states everything that the letter does
        if not reported:
            log.error("letter_left_out", notice=notice.number, kind=notice.kind, error=type(error).__name__)  # noqa: TRY400 - its message may contain personal data
        return ()
    if letter.problem is not None and not reported:
        log.error("letter_in_plain_words", notice=notice.number, template=letter.template, problem=letter.problem)
    return (Attachment(name=f"{notice.number}.pdf", media_type="application/pdf", content=letter.pdf),)
