"""Letter sources: a letter stays as first typeset, even if its file changes, for the office and the desk."""

import asyncio
import shutil
from collections.abc import Collection
from pathlib import Path

from sqlalchemy import select, text
from structlog.testing import capture_logs

from app.container import Container
from app.notices.kinds import NoticeKind
from app.notices.letter_reader import LetterReader
from app.notices.model import LetterSource, Notice
from app.notices.texts import letter_sources
from app.notices.texts.letters import LETTER_KINDS
from app.notices.texts.render import Renderer
from tests.notices.cases import Recorder, actor_of, dispatcher_with
from tests.notices.delivery.letter_notices import planned, stored, unmarked
from tests.notices.letters import pdf_text
from tests.notices.samples import TEMPLATES
from tests.tickets.bulk.steps import WAITING

LEVEL_2 = NoticeKind.ESCALATION_2


def templates_with(folder: Path, letter: str) -> Renderer:
    """Return the texts of the container with another letter to the second office."""
    copied = shutil.copytree(TEMPLATES, folder)
    (copied / "letters" / f"{LEVEL_2}.typ").write_text(letter, encoding="utf-8")
    return Renderer(copied)


async def sent_with(container: Container, renderer: Renderer, notice: Notice) -> bytes:
    """Return the letter attached to the notice's mail by a worker with these texts."""
    recorder = Recorder()
    dispatcher = dispatcher_with(container, recorder)
    dispatcher.renderer = renderer
    await dispatcher.deliver([notice.id])
    [message] = recorder.messages
    return message.attachments[0].content


async def read_with(container: Container, renderer: Renderer, notice: Notice) -> bytes:
    """Return the letter from the API."""
    desk = LetterReader(container.database, container.personal_facts, renderer.letters)
    return await desk.read(notice.number, actor=await actor_of(container), now=container.clock.now())


async def sources(container: Container) -> list[str]:
    async with container.database.reading() as session:
        return list(await session.scalars(select(LetterSource.version)))


async def test_an_edited_file_changes_the_letters_to_come_and_no_old_one(container: Container, tmp_path: Path) -> None:
    old, waiting = await planned(container, LEVEL_2), await planned(container, LEVEL_2)
    before = await sent_with(container, container.renderer, old)
    edited = templates_with(tmp_path / "edited", "Yeni metin: #facts.number")

    assert await read_with(container, edited, old) == before
    await unmarked(container, LEVEL_2)
    assert await sent_with(container, edited, await stored(container, old.id)) == before
    assert pdf_text(await sent_with(container, edited, waiting)).startswith("Yeni metin")
    assert pdf_text(await read_with(container, container.renderer, waiting)).startswith("Yeni metin")
    assert len(await sources(container)) == 2


async def test_a_notice_without_words_yet_shows_the_letter_of_today(container: Container, tmp_path: Path) -> None:
    """A request binds no source: a notice sent later is typeset from the files of that time."""
    notice = await planned(container, LEVEL_2)
    first = await read_with(container, container.renderer, notice)
    edited = templates_with(tmp_path / "edited", "Yeni metin: #facts.number")
    assert pdf_text(await sent_with(container, edited, notice)).startswith("Yeni metin")
    assert await read_with(container, container.renderer, notice) != first


async def test_a_letter_that_could_not_be_set_gets_the_mended_form(container: Container, tmp_path: Path) -> None:
    notice = await planned(container, LEVEL_2)
    with capture_logs() as logs:
        plain = await sent_with(container, templates_with(tmp_path / "broken", "#let x = ("), notice)
        mended = await read_with(container, container.renderer, notice)
    assert "BAŞKAN YARDIMCILIĞI MAKAMINA" not in pdf_text(plain)
    assert "BAŞKAN YARDIMCILIĞI MAKAMINA" in pdf_text(mended)
    assert [entry["event"] for entry in logs if entry["event"].startswith("letter")] == ["letter_in_plain_words"]


async def bound(container: Container, kinds: Collection[NoticeKind]) -> list[str | None]:
    """Return the versions that another worker binds new notices of these kinds to."""
    notices = [Notice(kind=kind) for kind in kinds]
    async with container.database.transaction() as session:
        await letter_sources.bind(session, notices, container.renderer.letters, now=container.clock.now())
    return [notice.letter_version for notice in notices]


async def test_two_workers_store_a_new_source_once(container: Container) -> None:
    """The second worker finds none, conflicts with the first on insert, and waits for it."""
    first = Notice(kind=LEVEL_2)
    async with container.database.transaction() as session:
        await letter_sources.bind(session, [first], container.renderer.letters, now=container.clock.now())
        second = asyncio.create_task(bound(container, [LEVEL_2]))
        async with container.database.reading() as looking:
            while not second.done() and await looking.scalar(WAITING) == 0:
                await looking.rollback()
    assert await second == [first.letter_version] == await sources(container)


async def test_new_sources_are_stored_in_one_order(container: Container) -> None:
    """Two workers that store several in different orders would wait for each other; the heap shows the order."""
    versions = await bound(container, LETTER_KINDS)
    async with container.database.reading() as session:
        stored_versions = list(await session.scalars(select(LetterSource.version).order_by(text("ctid"))))
    assert stored_versions == sorted(map(str, versions))
