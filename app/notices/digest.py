"""Several notices for one office in one mail: the digest is a notice of its own, numbered and immutable like any other.

The notices in it name it (`digest_id`) and wait with it; when it is sent, they are. Second-level letters are never
bundled: each is a document of its own in the records system.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import ISTANBUL
from app.core.db import draw_numbers
from app.core.ids import new_id
from app.notices.kinds import CasePayload, DigestLine, DigestPayload, Medium, NoticeKind, Office, restore, snapshot
from app.notices.model import NOTICE_SEQUENCE, Notice
from app.notices.queries import to_unit

BUNDLED_KINDS = frozenset({NoticeKind.WARNING, NoticeKind.ESCALATION_1, NoticeKind.REMINDER})


async def digest_of(session: AsyncSession, notices: Sequence[Notice], now: datetime) -> Notice:
    """A queued digest of notices to one recipient, stored, with the notices bound to it.

    Its key needs no more than its own id: that no notice is in two digests is seen to by the locks on them.
    """
    payload = _payload(notices, now)
    [running] = await draw_numbers(session, NOTICE_SEQUENCE, 1)
    first = notices[0]
    identity = new_id()
    digest = Notice(
        id=identity,
        running=running,
        dedupe_key=f"digest:{identity}:{first.recipient}:{Medium.EMAIL}",
        kind=NoticeKind.DIGEST.value,
        ticket_id=None,
        cycle=0,
        level=0,
        recipient=first.recipient,
        recipient_name=first.recipient_name,
        recipient_address=first.recipient_address,
        medium=Medium.EMAIL.value,
        payload=snapshot(payload),
        created_at=now,
        state="queued",
        attempts=0,
        due_at=now,
    )
    session.add(digest)
    await session.flush()  # the notices' foreign key needs the row
    for notice in notices:
        notice.digest_id, notice.state_reason = identity, None
    return digest


def _payload(notices: Iterable[Notice], now: datetime) -> DigestPayload:
    found = [(notice, _case(notice)) for notice in notices]
    office = next((one for _, case in found if isinstance(one := getattr(case, "office", None), Office)), None)
    reader = found[0][0]
    return DigestPayload.of(
        (_line(notice, case, now) for notice, case in found),
        as_of=now,
        office=None if to_unit(reader) else office,
        unit_name=reader.recipient_name if to_unit(reader) else None,
    )


def _case(notice: Notice) -> CasePayload:
    payload = restore(NoticeKind(notice.kind), notice.payload)
    if not isinstance(payload, CasePayload):
        raise TypeError(f"{notice.kind} is about no running application")
    return payload


def _line(notice: Notice, case: CasePayload, now: datetime) -> DigestLine:
    late = now.astimezone(ISTANBUL).date() - case.promise_due.astimezone(ISTANBUL).date()
    return DigestLine(
        number=case.number,
        service_name=case.service_name,
        unit_name=case.unit_name,
        due=case.promise_due,
        days_late=late.days,
        notice_number=notice.number,
    )
