"""Tickets and notices to deliver and to read, made the way the service makes them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.access.actor import Actor
from app.channels.schemas import ApplicantBody, TicketBody
from app.container import Container
from app.core.db import bulk_insert
from app.notices.delivery.adapters.base import OutgoingMessage, SentMessage
from app.notices.delivery.adapters.registry import Adapters
from app.notices.delivery.dispatcher import NoticeDispatcher
from app.notices.kinds import Medium, NoticeKind
from app.notices.model import Notice
from app.notices.payloads import EscalationPayload, OfficeFacts, WarningPayload
from app.notices.rows import Recipient, notice_row
from app.tickets.model import Escalation, Ticket
from tests.installation import new_key
from workers.delivery import open_notice_dispatcher

NAME, PHONE, EMAIL = "Örnek Vatandaş", "+905321234567", "ornek.vatandas@example.org"
WRITER = ApplicantBody(name=NAME, email=EMAIL)
CALLER = ApplicantBody(name=NAME, phone="0532 123 45 67")
OFFICE = OfficeFacts(
    place="İlk Müracaat Yeri", official="Örnek Müdür", title="Halkla İlişkiler Müdürü", phone="444 00 73"
)


class Recorder:
    """Adapter that records messages; it raises `failures` one a call, in order."""

    def __init__(self, *failures: Exception) -> None:
        self.messages: list[OutgoingMessage] = []
        self.failures = list(failures)

    async def send(self, message: OutgoingMessage) -> SentMessage:
        """Record the message, or raise the next failure."""
        if self.failures:
            raise self.failures.pop(0)
        self.messages.append(message)
        return SentMessage(message.medium, str(message.notice_id))


def dispatcher_with(container: Container, adapter: Any) -> NoticeDispatcher:
    """Return the dispatcher of `container` with another adapter."""
    dispatcher = open_notice_dispatcher(container)
    dispatcher.adapters = Adapters.only(adapter)
    return dispatcher


async def actor_of(container: Container, role: str = "developer", unit: str | None = None) -> Actor:
    """A new client of that role."""
    return await container.authenticator.identify(await new_key(container, role, unit), now=container.clock.now())


async def open_ticket(
    container: Container, actor: Actor, applicant: ApplicantBody | None = CALLER, **other: Any
) -> str:
    """Open a ticket, which queues the receipt to the applicant; return its number."""
    given: dict[str, Any] = {"channel": "call-center", "description": "Kaldırımda çukur var, 0532 123 45 67."}
    body = TicketBody(**given | other, applicant=applicant)
    admission = await container.intake_service.store(
        actor, body.to_intake(container.vault.blind_index("message", str(id(body))))
    )
    number: str = admission.receipt["number"]
    return number


async def notices_of(container: Container, *numbers: str) -> list[Notice]:
    """The stored notices of these tickets (all without a number), oldest first."""
    query = select(Notice).join(Ticket, Ticket.id == Notice.ticket_id).order_by(Notice.running)
    async with container.database.reading() as session:
        return list(await session.scalars(query.where(Ticket.number.in_(numbers)) if numbers else query))


async def ids(container: Container) -> list[UUID]:
    """The ids of all notices, oldest first."""
    return [notice.id for notice in await notices_of(container)]


async def plan(container: Container, number: str, kind: NoticeKind, recipient: Recipient, **columns: Any) -> Notice:
    """Plan a warning or a level-1 notice of that ticket; `columns` overrides what would be stored."""
    async with container.database.transaction() as session:
        ticket = (await session.scalars(select(Ticket).where(Ticket.number == number))).one()
        facts: dict[str, Any] = {
            "number": number,
            "subject_label": "Talep",
            "neighbourhood": None,
            "service_name": "ESTİM (Çağrı Merkezi)",
            "limit_text": "15 GÜN",
            "received_at": ticket.received_at,
            "promise_due": ticket.received_at,
            "raised_at": container.clock.now(),
            "unit_name": "Fen İşleri Müdürlüğü",
            "referred_at": None,
        }
        payload = (
            WarningPayload(**facts, internal_target=None)
            if kind is NoticeKind.WARNING
            else EscalationPayload(
                **facts, office=OFFICE, last_action=None, last_action_at=None, statutory_regime=None, statutory_due=None
            )
        )
        row = notice_row(
            kind,
            payload,
            ticket_id=ticket.id,
            cycle=ticket.cycle,
            level=80 if kind is NoticeKind.WARNING else 1,
            recipient=recipient,
            medium=Medium.EMAIL,
            now=container.clock.now(),
        )
        await bulk_insert(session, Notice, [{**row, **columns}])
    return next(notice for notice in await notices_of(container, number) if notice.id == row["id"])


async def escalate(container: Container, number: str) -> Notice:
    """Raise a ticket to the first office, with its notice."""
    async with container.database.transaction() as session:
        ticket = (await session.scalars(select(Ticket).where(Ticket.number == number))).one()
        session.add(
            Escalation(
                ticket_id=ticket.id,
                cycle=ticket.cycle,
                level=1,
                source="system",
                office={"Müracaat Yeri": OFFICE.place},
                raised_at=container.clock.now(),
            )
        )
    return await plan(
        container, number, NoticeKind.ESCALATION_1, Recipient("office:1", OFFICE.official, "x@example.org")
    )


def files_in(container: Container) -> Sequence[str]:
    """Names of the files in the outbox."""
    return sorted(path.name for path in container.settings.outbox.glob("*"))
