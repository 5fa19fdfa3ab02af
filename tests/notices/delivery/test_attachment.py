"""Letter attachment: only the second office's e-mail carries its letter, and a failed letter stops no mail."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from app.container import Container
from app.core.clock import ISTANBUL
from app.notices.delivery.adapters.base import TemporaryFailure
from app.notices.kinds import Audience, Medium, NoticeKind
from app.notices.model import Notice
from app.notices.texts.letters import MAX_CONCURRENT, Letters
from app.notices.texts.render import Renderer
from config.settings import Settings
from tests.desk import end_of
from tests.installation import SettableClock
from tests.notices.cases import NAME, Recorder, actor_of, dispatcher_with, notices_of, open_ticket
from tests.notices.delivery.cases import by_smtp, container_with, drain
from tests.notices.delivery.letter_notices import planned, stored, unmarked
from tests.notices.delivery.mail_server import Mailbox, mail_server
from tests.notices.delivery.messages import read_back
from tests.notices.letters import AT, VALUES, pdf_text
from tests.notices.samples import FULL, TEMPLATES
from workers.delivery import open_notice_dispatcher
from workers.timers import sweep

K = NoticeKind
MORNING = datetime(2026, 6, 5, 9, tzinfo=ISTANBUL)
"""The working morning after the three working days that follow the limit."""

TO_CITIZENS = [kind for kind in K if kind.spec.letter and Audience.CITIZEN in kind.spec.audiences]


@dataclass
class Raised:
    """Container with a ticket escalated to both offices, and its mail server."""

    container: Container
    box: Mailbox
    ticket: str

    async def notice(self) -> Notice:
        """Return the notice to the second office, as stored now."""
        return next(one for one in await notices_of(self.container, self.ticket) if one.kind == K.ESCALATION_2)

    @property
    def mails(self) -> list[EmailMessage]:
        """Return the mail of the second office."""
        return [mail for mail in self.box.mails if "2. KADEME" in mail["Subject"]]


@asynccontextmanager
async def raised(settings: Settings, clock: SettableClock) -> AsyncIterator[Raised]:
    """Open a container with a ticket escalated to both offices; no notice has left yet."""
    async with mail_server(Mailbox()) as box, container_with(settings, clock, **by_smtp(box)) as container:
        number = await open_ticket(container, await actor_of(container))
        for day in (1, 4):
            clock.set(end_of(2026, 6, day))
            await sweep(container)
        clock.set(MORNING)
        yield Raised(container, box, number)


def attached(mail: EmailMessage) -> list[tuple[str | None, str, bytes]]:
    """Return file name, type and content of all attachments of a mail."""
    return [(one.get_filename(), one.get_content_type(), one.get_content()) for one in mail.iter_attachments()]


async def test_the_second_office_gets_its_letter_with_the_mail(settings: Settings, clock: SettableClock) -> None:
    async with raised(settings, clock) as case:
        await drain(case.container)
        notice = await case.notice()
        [mail] = case.mails
        others = [other for other in case.box.mails if other is not mail]
    [(name, media_type, pdf)] = attached(mail)
    assert (name, media_type) == (f"{notice.number}.pdf", "application/pdf")
    text = pdf_text(pdf)
    for words in ("TASLAKTIR", "BAŞKAN YARDIMCILIĞI MAKAMINA", case.ticket, NAME, f"ESTİM {notice.number}"):
        assert words in text
    body = mail.get_body(("plain",))
    assert body is not None
    assert "PDF olarak bu e-postanın ekinde sunulmuştur." in body.get_content()
    assert others
    assert [attached(other) for other in others] == [[] for _ in others]


async def test_a_second_attempt_brings_the_same_mail(settings: Settings, clock: SettableClock) -> None:
    """B65: a mail program with the first one recognises the second as its duplicate."""
    async with raised(settings, clock) as case:
        await drain(case.container)
        await unmarked(case.container, K.ESCALATION_2)
        await drain(case.container)
        notice = await case.notice()
    assert (notice.state, notice.attempts) == ("sent", 2)
    first, second = case.mails
    assert attached(first)
    assert first.as_bytes() == second.as_bytes()


async def test_a_file_in_the_outbox_carries_the_letter_too(container: Container) -> None:
    notice = await planned(container, K.ESCALATION_2)
    await open_notice_dispatcher(container).deliver([notice.id])
    path = container.settings.outbox / f"{notice.number}.eml"
    [(name, _, pdf)] = attached(read_back(path))
    assert name == f"{notice.number}.pdf"
    assert NAME in pdf_text(pdf)
    before = path.read_bytes()
    await unmarked(container, K.ESCALATION_2)
    await open_notice_dispatcher(container).deliver([notice.id])
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("kind", "medium"),
    [
        *((kind, Medium.EMAIL) for kind in TO_CITIZENS),
        (K.ESCALATION_2, Medium.SMS),
        (K.ESCALATION_2, Medium.WEBHOOK),
    ],
)
async def test_no_citizen_gets_a_draft_and_no_other_medium_a_file(
    container: Container, kind: NoticeKind, medium: Medium
) -> None:
    """A citizen's letter comes signed, with Sayı and date, from the records system."""
    notice = await planned(container, kind, medium)
    recorder = Recorder()
    await dispatcher_with(container, recorder).deliver([notice.id])
    [message] = recorder.messages
    assert (message.kind, message.attachments) == (kind, ())


@pytest.mark.parametrize("content", ["#let x = (", "#facts.colour", '#panic("x")'])
async def test_a_broken_letter_lets_the_mail_go_with_the_plain_facts(
    container: Container, tmp_path: Path, content: str
) -> None:
    """Two attempts, one log entry."""
    folder = shutil.copytree(TEMPLATES, tmp_path / "templates")
    (folder / "letters" / "escalation_2.typ").write_text(content, encoding="utf-8")
    notice = await planned(container, K.ESCALATION_2)
    recorder = Recorder(TemporaryFailure("unreachable", "no answer"))
    dispatcher = dispatcher_with(container, recorder)
    dispatcher.renderer = Renderer(folder)
    with capture_logs() as logs:
        await dispatcher.deliver([notice.id])
        await unmarked(container, K.ESCALATION_2)
        await dispatcher.deliver([notice.id])
    [message] = recorder.messages
    assert "BAŞKAN YARDIMCILIĞI MAKAMINA" in message.body
    assert "Başvuru numarası: 2600012349" in pdf_text(message.attachments[0].content)
    broken = [entry["template"] for entry in logs if entry["event"] == "letter_in_plain_words"]
    assert broken == ["letters/escalation_2.typ"]
    assert (await stored(container, notice.id)).state == "sent"


async def test_a_letter_that_takes_too_long_is_left_out(container: Container) -> None:
    notice = await planned(container, K.ESCALATION_2)
    recorder = Recorder()
    dispatcher = dispatcher_with(container, recorder)
    dispatcher.letter_seconds = 0.0
    with capture_logs() as logs:
        await dispatcher.deliver([notice.id])
    [message] = recorder.messages
    assert message.attachments == ()
    assert (await stored(container, notice.id)).state == "sent"
    left_out = [(entry["notice"], entry["error"]) for entry in logs if entry["event"] == "letter_left_out"]
    assert left_out == [(notice.number, "TimeoutError")]


async def test_facts_that_make_no_letter_still_make_a_mail(container: Container) -> None:
    notice = await planned(container, K.ESCALATION_2, payload={"number": "2600000001"})
    recorder = Recorder()
    with capture_logs() as logs:
        await dispatcher_with(container, recorder).deliver([notice.id])
    [message] = recorder.messages
    assert (message.body, message.attachments) == ("Süre aşımı yazısı (2. kademe): 2600000001", ())
    assert [entry["error"] for entry in logs if entry["event"] == "letter_left_out"] == ["ValidationError"]


async def test_an_abandoned_letter_keeps_its_slot_until_it_is_typeset() -> None:
    """A file that computes endlessly must not take every thread of the process, one letter after another."""
    letters = Letters(TEMPLATES / "letters")

    async def write() -> bytes:
        return (await letters.write(K.EXTENSION, FULL[K.EXTENSION], VALUES, number="26-000131", at=AT)).pdf

    given_up = [asyncio.create_task(write()) for _ in range(MAX_CONCURRENT)]
    await asyncio.sleep(0)
    for task in given_up:
        task.cancel()
    await asyncio.gather(*given_up, return_exceptions=True)
    assert letters._slots.locked()
    assert await write() == await write()


async def test_a_message_prints_nothing_about_a_person(container: Container) -> None:
    notice = await planned(container, K.ESCALATION_2)
    recorder = Recorder()
    await dispatcher_with(container, recorder).deliver([notice.id])
    [message] = recorder.messages
    assert NAME in message.body
    assert NAME not in repr(message)
    assert "çukur" not in repr(message)
    assert "%PDF" not in repr(message)
