"""Notices for their readers: text, recipient, and the acknowledgement by an office."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.access.actor import Actor
from app.access.scopes import Scope
from app.access.service import record_unmasked_read
from app.core.email_address import readable_email
from app.core.errors import NotFound
from app.notices.kinds import Medium, NoticeKind, restore
from app.notices.model import Notice
from app.notices.ports import EMAIL, PersonalFacts, PersonalValues
from app.notices.queries import FoundNotice, find_notice
from app.notices.rows import APPLICANT, OFFICE_PREFIX
from app.notices.schemas import STATE_LABELS, NoticeOut, NoticeRecipient
from app.notices.texts.references import names, resolve
from app.notices.texts.render import RenderedNotice, Renderer


async def acknowledge(session: AsyncSession, number: str, *, actor: Actor, now: datetime) -> FoundNotice:
    """Acknowledge a notice on behalf of `actor`; an earlier acknowledgement stays.

    Raises `NotFound` for a notice that the actor may not see, and for one to an applicant, which needs no
    acknowledgement. Raises `Forbidden` for a notice to an office that the actor does not act for.
    """
    found = await find_notice(session, actor, number, lock=True)
    notice = found.notice
    if notice.recipient == APPLICANT.code:
        raise NotFound
    if notice.recipient.startswith(OFFICE_PREFIX):
        actor.require_office(int(notice.recipient.removeprefix(OFFICE_PREFIX)))
    if notice.acknowledged_at is not None:
        return found
    notice.acknowledged_at, notice.acknowledged_by = now, actor.client_id
    return FoundNotice(notice, actor.name)


def notice_text(notice: Notice, renderer: Renderer) -> RenderedNotice:
    """Return the text of a notice: the stored one, else the one it would be sent with now; never raises."""
    if notice.subject is not None and notice.body is not None:
        version = notice.template_version or ""
        return RenderedNotice(subject=notice.subject, body=notice.body, template=notice.template or "", version=version)
    try:
        kind = NoticeKind(notice.kind)
        return renderer.render(kind, Medium(notice.medium).text, restore(kind, notice.payload))
    except ValueError as error:
        line = f"{label_of(notice.kind)}: {notice.payload.get('number', '')}"
        problem = f"the stored facts do not fit the kind ({type(error).__name__})"
        return RenderedNotice(subject=line, body=line, template="", version="", fallback=True, problem=problem)


def label_of(kind: str) -> str:
    """Return the Turkish name of a kind, or the code itself if this program does not know the kind."""
    return NoticeKind(kind).label_tr if kind in set(NoticeKind) else kind


def address_of(medium: Medium, values: PersonalValues) -> str | None:
    """Return the applicant's address by `medium`: an E.164 number without extension, or an e-mail address."""
    stored = values.get(EMAIL if medium is Medium.EMAIL else "applicant.phone")
    return stored if medium is Medium.EMAIL or stored is None else stored.partition(";")[0]


@dataclass(frozen=True, slots=True)
class NoticeReader:
    """Reader of notices for an actor: personal data are in clear, masked or hidden, as the actor may see them."""

    renderer: Renderer
    personal_facts: PersonalFacts

    async def show(
        self, session: AsyncSession, found: Sequence[FoundNotice], *, actor: Actor, operation: str, now: datetime
    ) -> list[NoticeOut]:
        """Return the notices as callers see them; record a reading in clear in the same transaction."""
        masked = not actor.may(Scope.PERSONAL_DATA_READ)
        rendered = [(one, notice_text(one.notice, self.renderer)) for one in found]
        personal = [one.notice for one, text in rendered if _is_personal(one.notice, text)]
        tickets = {notice.ticket_id for notice in personal if notice.ticket_id is not None}
        for_unit = actor.unit is not None
        values = await self.personal_facts.reference_values(session, tickets, masked=masked, for_unit=for_unit)
        if personal and not masked:
            facts = {"notices": " ".join(notice.number for notice in personal)}
            await record_unmasked_read(session, actor=actor, operation=operation, facts=facts, now=now)
        return [_serialize(one, text, values, masked=masked) for one, text in rendered]


def _is_personal(notice: Notice, text: RenderedNotice) -> bool:
    return notice.recipient == APPLICANT.code or bool(names(text.subject) | names(text.body))


def _serialize(
    found: FoundNotice, text: RenderedNotice, all_values: Mapping[UUID, PersonalValues], *, masked: bool
) -> NoticeOut:
    notice = found.notice
    values = all_values.get(notice.ticket_id, {}) if notice.ticket_id else {}
    return NoticeOut(
        number=notice.number,
        kind=notice.kind,
        kind_label=label_of(notice.kind),
        ticket=notice.case_number,
        cycle=notice.cycle,
        level=notice.level,
        recipient=_recipient(notice, values),
        medium=notice.medium,
        subject=resolve(text.subject, values),
        body=resolve(text.body, values),
        masked=masked,
        template=text.template,
        template_version=text.version,
        state=notice.state,
        state_label=STATE_LABELS[notice.state],
        state_reason=notice.state_reason,
        attempts=notice.attempts,
        created_at=notice.created_at,
        sent_at=notice.sent_at,
        next_attempt_at=notice.due_at if notice.state == "queued" else None,
        acknowledged_at=notice.acknowledged_at,
        acknowledged_by=found.acknowledged_by,
    )


def _recipient(notice: Notice, values: PersonalValues) -> NoticeRecipient:
    name, address = notice.recipient_name, notice.recipient_address
    if notice.recipient == APPLICANT.code:
        name, address = values.get("applicant.name"), address_of(Medium(notice.medium), values)
    if address is not None and notice.medium == Medium.EMAIL:
        address = readable_email(address)
    return NoticeRecipient(code=notice.recipient, name=name, address=address)
