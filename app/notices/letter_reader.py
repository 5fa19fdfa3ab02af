"""Letters for their readers: permission, personal data, and the record of a reading in clear."""

from dataclasses import dataclass
from datetime import datetime

import structlog
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.actor import Actor
from app.access.scopes import Scope
from app.access.service import record_unmasked_read
from app.core.db import Database
from app.core.errors import NoLetter, Unavailable
from app.notices.kinds import SPECS, NoticeKind, restore
from app.notices.model import Notice
from app.notices.payloads import Payload
from app.notices.ports import PersonalFacts, PersonalValues
from app.notices.queries import find_notice
from app.notices.texts.letter_sources import former_source
from app.notices.texts.letters import Letters

UNREADABLE_SECONDS = 60
"""`Retry-After` for a letter whose personal data do not open: someone has to mend the keys first."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class LetterReader:
    """Reader of the letters of notices; each letter is set again from the stored facts and its first source.

    So no file contains a person's name, and the letter of an old number does not change.
    """

    database: Database
    personal_facts: PersonalFacts
    letters: Letters

    async def read(self, number: str, *, actor: Actor, now: datetime) -> bytes:
        """Return the letter of a notice as PDF.

        Personal data are masked unless the actor may read them; a reading in clear is recorded first. No transaction
        is open while the letter is set.

        Raises `NotFound`, `NoLetter` for a kind without a letter, and `Unavailable` while the personal data do not
        open.
        """
        masked = not actor.may(Scope.PERSONAL_DATA_READ)
        async with self.database.transaction() as session:
            notice = (await find_notice(session, actor, number)).notice
            kind, payload = _letter_facts(notice)
            values = await self._values(session, notice, masked=masked, for_unit=actor.unit is not None)
            source = await former_source(session, notice, self.letters)
            if not masked:
                facts = {"notices": number}
                await record_unmasked_read(session, actor=actor, operation="read_letter", facts=facts, now=now)
        letter = await self.letters.write(kind, payload, values, number=number, at=notice.created_at, source=source)
        if letter.problem is not None:
            log.error("letter_in_plain_words", notice=number, template=letter.template, problem=letter.problem)
        return letter.pdf

    async def _values(self, session: AsyncSession, notice: Notice, *, masked: bool, for_unit: bool) -> PersonalValues:
        ticket_id = notice.ticket_id
        if ticket_id is None:
            return {}
        opened = await self.personal_facts.reference_values(session, {ticket_id}, masked=masked, for_unit=for_unit)
        if ticket_id not in opened:
            raise Unavailable(retry_after=UNREADABLE_SECONDS)
        return opened[ticket_id]


def _letter_facts(notice: Notice) -> tuple[NoticeKind, Payload]:
    if notice.kind not in set(NoticeKind) or not SPECS[kind := NoticeKind(notice.kind)].letter:
        raise NoLetter(kind=notice.kind)
    try:
        return kind, restore(kind, notice.payload)
    except ValidationError:
        raise NoLetter(kind=notice.kind) from None
