"""Notices for their readers: acknowledged once, shown in words, personal ones only to whoever may read them."""

import pytest
from sqlalchemy import select

from app.access.model import PersonalDataAccess
from app.container import Container
from app.core.errors import NotFound
from app.notices.delivery.dispatcher import NoticeDispatcher
from app.notices.kinds import NoticeKind
from app.notices.queries import find_notice
from app.notices.rows import Recipient
from app.notices.schemas import NoticeOut
from app.notices.service import NoticeReader, acknowledge, label_of, notice_text
from tests.installation import SettableClock
from tests.notices.cases import EMAIL, NAME, WRITER, actor_of, escalate, notices_of, open_ticket, plan
from workers.delivery import open_notice_dispatcher

TO_UNIT = Recipient("unit:public-works", "Fen İşleri Müdürlüğü", "fen@example.org")


async def shown(container: Container, number: str, role: str, unit: str | None = None) -> NoticeOut:
    """The notice as a client of that role reads it."""
    actor = await actor_of(container, role, unit)
    async with container.database.transaction() as session:
        found = await find_notice(session, actor, number)
        desk = NoticeReader(container.renderer, container.personal_facts)
        [answer] = await desk.show(session, [found], actor=actor, operation="test", now=container.clock.now())
        return answer


async def reads(container: Container) -> list[tuple[str, dict[str, str]]]:
    """Return the logged unmasked readings."""
    async with container.database.reading() as session:
        return [(row.operation, row.facts) for row in await session.scalars(select(PersonalDataAccess))]


async def test_the_first_acknowledgement_stays(container: Container, clock: SettableClock) -> None:
    notice = await escalate(container, await open_ticket(container, await actor_of(container)))
    first, second = await actor_of(container, "pr-director"), await actor_of(container, "developer")
    at = clock.now()
    async with container.database.transaction() as session:
        found = await acknowledge(session, notice.number, actor=first, now=at)
        assert found.acknowledged_by == first.name
    clock.advance(hours=1)
    async with container.database.transaction() as session:
        again = await acknowledge(session, notice.number, actor=second, now=clock.now())
        assert (again.notice.acknowledged_at, again.notice.acknowledged_by) == (at, first.client_id)
        assert again.acknowledged_by == first.name


async def test_no_client_acknowledges_for_another_unit_or_for_the_applicant(container: Container) -> None:
    actor = await actor_of(container)
    number = await open_ticket(container, actor)
    [receipt] = await notices_of(container, number)
    to_unit = await plan(container, number, NoticeKind.WARNING, TO_UNIT)
    stranger = await actor_of(container, "developer", "parks-gardens")
    async with container.database.transaction() as session:
        with pytest.raises(NotFound):
            await acknowledge(session, receipt.number, actor=actor, now=container.clock.now())
        with pytest.raises(NotFound):
            await acknowledge(session, to_unit.number, actor=stranger, now=container.clock.now())


@pytest.mark.parametrize("number", ["", "26-1", "26-9999999", "25-000001", "26-000001 ", "26-٠٠٠٠٠١", "26-" + "9" * 40])
async def test_what_is_no_number_of_a_notice_is_not_found(container: Container, number: str) -> None:
    actor = await actor_of(container)
    await open_ticket(container, actor)
    async with container.database.reading() as session:
        with pytest.raises(NotFound):
            await find_notice(session, actor, number)


async def test_without_the_right_personal_words_are_masked_and_nothing_is_written_down(container: Container) -> None:
    number = await open_ticket(container, await actor_of(container), WRITER)
    [receipt] = await notices_of(container, number)
    answer = await shown(container, receipt.number, "unit-officer")
    assert answer.masked
    assert answer.recipient.name == "Ö**** V*******"
    assert answer.recipient.address == "o***@***"
    assert "Sayın Ö**** V*******," in answer.body
    assert await reads(container) == []


async def test_with_the_right_they_are_in_clear_and_the_reading_is_written_down(container: Container) -> None:
    number = await open_ticket(container, await actor_of(container), WRITER)
    [receipt] = await notices_of(container, number)
    answer = await shown(container, receipt.number, "pr-director")
    assert not answer.masked
    assert (answer.recipient.name, answer.recipient.address) == (NAME, EMAIL)
    assert f"Sayın {NAME}," in answer.body
    assert await reads(container) == [("test", {"notices": receipt.number})]


async def test_reading_a_notice_that_names_no_person_is_not_logged(container: Container) -> None:
    number = await open_ticket(container, await actor_of(container))
    warning = await plan(container, number, NoticeKind.WARNING, TO_UNIT)
    answer = await shown(container, warning.number, "pr-director")
    assert answer.recipient.name == "Fen İşleri Müdürlüğü"
    assert await reads(container) == []


async def test_a_unit_never_reads_who_asked_to_stay_hidden(container: Container) -> None:
    hidden = WRITER.model_copy(update={"hide_identity": True})
    number = await open_ticket(container, await actor_of(container), hidden)
    words = {"subject": "Konu", "body": "⟦applicant.name⟧, ⟦applicant.phone⟧, ⟦ticket.description⟧"}
    notice = await plan(container, number, NoticeKind.WARNING, TO_UNIT, **words)
    of_the_unit = await shown(container, notice.number, "pr-desk", "public-works")
    of_the_desk = await shown(container, notice.number, "pr-desk")
    assert of_the_unit.body == "***, [silindi], Kaldırımda çukur var, ***."
    assert of_the_desk.body == f"{NAME}, [silindi], Kaldırımda çukur var, 0532 123 45 67."


async def test_the_words_before_and_after_the_delivery_are_the_same(container: Container) -> None:
    number = await open_ticket(container, await actor_of(container), WRITER)
    [receipt] = await notices_of(container, number)
    before = await shown(container, receipt.number, "pr-director")
    dispatcher: NoticeDispatcher = open_notice_dispatcher(container)
    await dispatcher.deliver([receipt.id])
    after = await shown(container, receipt.number, "pr-director")
    assert (before.state, after.state) == ("queued", "sent")
    assert (after.subject, after.body, after.template_version) == (
        before.subject,
        before.body,
        before.template_version,
    )


async def test_a_kind_that_this_program_does_not_know_is_shown_by_its_code(container: Container) -> None:
    number = await open_ticket(container, await actor_of(container))
    [receipt] = await notices_of(container, number)
    receipt.kind = "yearly_greeting"
    assert label_of(receipt.kind) == "yearly_greeting"
    assert notice_text(receipt, container.renderer).body == f"yearly_greeting: {number}"
