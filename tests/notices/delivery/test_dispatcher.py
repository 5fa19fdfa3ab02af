"""Dispatcher: lease, send, record the outcome; once, whatever fails."""

import asyncio
import hashlib
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select, text, update
from structlog.testing import capture_logs

from app.channels.schemas import ApplicantBody
from app.container import Container
from app.notices.delivery.adapters.base import PermanentFailure, TemporaryFailure
from app.notices.delivery.backoff import MAX_ATTEMPTS, clock_duration
from app.notices.delivery.dispatcher import LEASE_SECONDS, NoticeDispatcher, due_notices, outgoing_message
from app.notices.delivery.outcomes import AttemptOutcome, AttemptResult, LeasedNotice, record_outcomes
from app.notices.kinds import Medium, NoticeKind
from app.notices.model import Notice
from app.notices.rows import Recipient
from app.notices.texts.render import Renderer
from app.people.model import Applicant
from app.tickets.model import Ticket
from tests.installation import ESENLER, SettableClock
from tests.notices.cases import (
    CALLER,
    NAME,
    PHONE,
    WRITER,
    Recorder,
    actor_of,
    dispatcher_with,
    files_in,
    ids,
    notices_of,
    open_ticket,
    plan,
)
from workers.delivery import open_notice_dispatcher

TEMPLATES = ESENLER / "templates"
UNIT = Recipient("unit:public-works", "Fen İşleri Müdürlüğü", "fen@example.org")


async def receipt(container: Container, applicant: ApplicantBody | None = WRITER) -> Notice:
    """Return the planned receipt of a new ticket."""
    number = await open_ticket(container, await actor_of(container), applicant)
    [notice] = await notices_of(container, number)
    return notice


async def stored(container: Container, notice: Notice) -> Notice:
    """Return the notice as stored now."""
    return next(one for one in await notices_of(container) if one.id == notice.id)


async def test_a_notice_is_sent_once_and_stores_which_text_it_used(container: Container) -> None:
    notice = await receipt(container)
    dispatcher = open_notice_dispatcher(container)
    assert await dispatcher.deliver([notice.id]) == 1
    assert await dispatcher.deliver([notice.id]) == 0
    after = await stored(container, notice)
    assert (after.state, after.attempts, after.state_reason) == ("sent", 1, None)
    assert after.sent_at == container.clock.now()
    assert after.template == "receipt.email.txt"
    assert after.template_version == hashlib.sha256((TEMPLATES / "receipt.email.txt").read_bytes()).hexdigest()[:12]


async def test_a_person_is_named_in_what_leaves_and_not_in_what_is_stored(container: Container) -> None:
    notice = await receipt(container)
    assert await open_notice_dispatcher(container).deliver([notice.id]) == 1
    after = await stored(container, notice)
    assert after.body is not None
    assert "⟦applicant.name⟧" in after.body
    assert NAME not in after.body
    assert files_in(container) == [f"{after.number}.eml"]
    assert f"Sayın {NAME}" in (container.settings.outbox / f"{after.number}.eml").read_text(encoding="utf-8")


async def test_an_sms_goes_to_the_number_in_the_vault(container: Container) -> None:
    notice = await receipt(container, CALLER)
    recorder = Recorder()
    await dispatcher_with(container, recorder).deliver([notice.id])
    [message] = recorder.messages
    assert (message.recipient_name, message.recipient_address, message.medium) == (NAME, PHONE, "sms")
    assert message.at == notice.created_at


async def test_two_workers_deliver_every_notice_once(container: Container) -> None:
    actor = await actor_of(container)
    await asyncio.gather(*(open_ticket(container, actor) for _ in range(80)))
    first, second = Recorder(), Recorder()
    dispatchers = [dispatcher_with(container, first), dispatcher_with(container, second)]
    everything = await ids(container)
    counts = await asyncio.gather(*(dispatcher.deliver(everything) for dispatcher in dispatchers))
    delivered = [message.number for message in (*first.messages, *second.messages)]
    assert sum(counts) == len(everything) == 80
    assert sorted(delivered) == sorted(notice.number for notice in await notices_of(container))
    assert {notice.state for notice in await notices_of(container)} == {"sent"}


async def test_a_crash_between_sending_and_its_outcome_repeats_the_same_notice(
    container: Container, clock: SettableClock
) -> None:
    notice = await receipt(container)
    dying, heir = open_notice_dispatcher(container), open_notice_dispatcher(container)
    leased = await leased_by(dying, notice)
    await container.adapters.for_medium(Medium.EMAIL).adapter.send(outgoing_message(leased))
    first = (container.settings.outbox / f"{notice.number}.eml").read_bytes()

    assert await heir.deliver([notice.id]) == 0
    clock.advance(clock_duration(clock, LEASE_SECONDS))
    assert await heir.deliver([notice.id]) == 1
    assert files_in(container) == [f"{notice.number}.eml"]
    assert (container.settings.outbox / f"{notice.number}.eml").read_bytes() == first
    after = await stored(container, notice)
    assert (after.state, after.attempts) == ("sent", 2)


async def test_an_outcome_after_another_worker_leased_the_notice_changes_nothing(
    container: Container, clock: SettableClock
) -> None:
    notice = await receipt(container)
    slow, heir = open_notice_dispatcher(container), open_notice_dispatcher(container)
    leased = await leased_by(slow, notice)
    clock.advance(clock_duration(clock, LEASE_SECONDS))
    await heir.deliver([notice.id])
    async with container.database.transaction() as session:
        await record_outcomes(session, [AttemptResult(leased, AttemptOutcome.LATER, "console", "timeout")], clock=clock)
    assert (await stored(container, notice)).state == "sent"


async def test_a_temporary_failure_is_retried_after_a_pause(container: Container, clock: SettableClock) -> None:
    notice = await receipt(container)
    recorder = Recorder(TemporaryFailure("server_away", "no answer"))
    dispatcher = dispatcher_with(container, recorder)
    await dispatcher.deliver([notice.id])
    waiting = await stored(container, notice)
    assert (waiting.state, waiting.state_reason, waiting.attempts) == ("queued", "server_away", 1)
    assert waiting.due_at > clock.now()

    assert await dispatcher.deliver([notice.id]) == 0
    clock.set(waiting.due_at)
    assert await dispatcher.deliver([notice.id]) == 1
    after = await stored(container, notice)
    assert (after.state, after.state_reason, after.attempts) == ("sent", None, 2)
    assert len(recorder.messages) == 1


async def test_a_permanent_failure_ends_it_with_its_code(container: Container, clock: SettableClock) -> None:
    notice = await receipt(container)
    dispatcher = dispatcher_with(container, Recorder(PermanentFailure("unknown_recipient", "550")))
    with capture_logs() as logs:
        await dispatcher.deliver([notice.id])
    after = await stored(container, notice)
    assert (after.state, after.state_reason, after.sent_at) == ("failed", "unknown_recipient", None)
    assert [entry["code"] for entry in logs if entry["event"] == "notice_given_up"] == ["unknown_recipient"]
    clock.advance(days=30)
    assert await dispatcher.deliver([notice.id]) == 0


async def test_the_last_allowed_attempt_ends_in_failure(container: Container) -> None:
    notice = await receipt(container)
    await set_columns(container, notice, attempts=MAX_ATTEMPTS - 1)
    await dispatcher_with(container, Recorder(TemporaryFailure("server_away", "no answer"))).deliver([notice.id])
    after = await stored(container, notice)
    assert (after.state, after.state_reason, after.attempts) == ("failed", "server_away", MAX_ATTEMPTS)


async def test_a_notice_whose_last_attempt_has_no_outcome_is_given_up(container: Container) -> None:
    notice = await receipt(container)
    await set_columns(container, notice, attempts=MAX_ATTEMPTS, state="sending")
    recorder = Recorder()
    await dispatcher_with(container, recorder).deliver([notice.id])
    after = await stored(container, notice)
    assert (after.state, after.state_reason) == ("failed", "abandoned")
    assert recorder.messages == []


async def test_a_broken_attempt_delays_no_other_and_its_message_stays_out_of_the_log(container: Container) -> None:
    actor = await actor_of(container)
    await asyncio.gather(*(open_ticket(container, actor) for _ in range(3)))
    dispatcher = dispatcher_with(container, Recorder(RuntimeError(f"no route to {PHONE}")))
    with capture_logs() as logs:
        await dispatcher.deliver(await ids(container))
    states = sorted((notice.state, notice.state_reason) for notice in await notices_of(container))
    assert states == [("queued", "unexpected"), ("sent", None), ("sent", None)]
    assert [entry["error"] for entry in logs if entry["event"] == "delivery_broke"] == ["RuntimeError"]
    assert PHONE not in str(logs)


async def test_a_hanging_attempt_times_out(container: Container) -> None:
    class Hanging:
        async def send(self, _message: object) -> object:
            return await asyncio.Event().wait()

    notice = await receipt(container)
    dispatcher = dispatcher_with(container, Hanging())
    dispatcher.delivery_seconds = 0.01
    await dispatcher.deliver([notice.id])
    after = await stored(container, notice)
    assert (after.state, after.state_reason) == ("queued", "timeout")


async def test_a_broken_text_file_sends_the_plain_facts_and_says_so(container: Container, tmp_path: Path) -> None:
    folder = tmp_path / "templates"
    folder.mkdir()
    (folder / "receipt.email.txt").write_text("Konu: {{ number }}\n{{ no_such_fact }}\n", encoding="utf-8")
    notice = await receipt(container)
    dispatcher = open_notice_dispatcher(container)
    dispatcher.renderer = Renderer(folder)
    with capture_logs() as logs:
        await dispatcher.deliver([notice.id])
    after = await stored(container, notice)
    assert after.state == "sent"
    assert after.body is not None
    assert "Hizmetin tamamlanma süresi (en geç): 15 GÜN" in after.body
    [said] = [entry for entry in logs if entry["event"] == "notice_in_plain_words"]
    assert (said["log_level"], said["notice"], said["template"]) == ("error", notice.number, "receipt.email.txt")
    assert NAME not in str(logs)


async def test_facts_that_do_not_fit_their_kind_are_sent_in_one_line(container: Container) -> None:
    notice = await receipt(container)
    await set_columns(container, notice, payload={"number": "2600000001"})
    await open_notice_dispatcher(container).deliver([notice.id])
    after = await stored(container, notice)
    assert (after.state, after.body) == ("sent", "Alındı bildirimi: 2600000001")


async def test_an_erased_person_is_not_named_any_more(container: Container, clock: SettableClock) -> None:
    notice = await receipt(container)
    failing = dispatcher_with(container, Recorder(TemporaryFailure("server_away", "no answer")))
    await failing.deliver([notice.id])
    async with container.database.transaction() as session:
        await session.execute(update(Applicant).values(name=None))
    clock.advance(days=1)
    recorder = Recorder()
    await dispatcher_with(container, recorder).deliver([notice.id])
    [message] = recorder.messages
    assert "Sayın [silindi]," in message.body
    assert message.recipient_name == "Başvuru sahibi"


async def test_an_applicant_without_an_address_can_not_be_notified(container: Container) -> None:
    notice = await receipt(container)
    async with container.database.transaction() as session:
        await session.execute(update(Applicant).values(email=None))
    await open_notice_dispatcher(container).deliver([notice.id])
    after = await stored(container, notice)
    assert (after.state, after.state_reason) == ("failed", "no_address")


async def test_one_unreadable_ticket_waits_and_delays_no_other(container: Container) -> None:
    spoilt, sound = await receipt(container), await receipt(container)
    async with container.database.transaction() as session:
        moved = select(Ticket.description).where(Ticket.id == sound.ticket_id).scalar_subquery()
        await session.execute(update(Ticket).where(Ticket.id == spoilt.ticket_id).values(description=moved))
    await open_notice_dispatcher(container).deliver([spoilt.id, sound.id])
    assert (await stored(container, sound)).state == "sent"
    after = await stored(container, spoilt)
    assert (after.state, after.state_reason) == ("queued", "facts_unreadable")


async def test_a_unit_does_not_see_an_applicant_who_asked_to_stay_hidden(container: Container) -> None:
    hidden = WRITER.model_copy(update={"hide_identity": True})
    number = await open_ticket(container, await actor_of(container), hidden)
    words = {"subject": "Konu", "body": "⟦applicant.name⟧: ⟦ticket.description⟧"}
    await plan(container, number, NoticeKind.WARNING, UNIT, **words)
    await plan(container, number, NoticeKind.ESCALATION_1, Recipient("office:1", "Müdür", "m@example.org"), **words)
    recorder = Recorder()
    await dispatcher_with(container, recorder).deliver(await ids(container))
    bodies = {message.recipient_name: message.body for message in recorder.messages}
    assert bodies == {
        "Fen İşleri Müdürlüğü": "***: Kaldırımda çukur var, ***.",
        "Müdür": f"{NAME}: Kaldırımda çukur var, 0532 123 45 67.",
    }


async def test_due_notices_come_oldest_first_and_only_what_is_due(container: Container, clock: SettableClock) -> None:
    queued, leased, sent, later = [await receipt(container) for _ in range(4)]
    now = clock.now()
    await set_columns(container, queued, due_at=now)
    await set_columns(container, leased, state="sending", due_at=now - timedelta(seconds=1))
    await set_columns(container, sent, state="sent", due_at=now - timedelta(days=1))
    await set_columns(container, later, due_at=now + timedelta(microseconds=1))
    async with container.database.reading() as session:
        assert await due_notices(session, now, 10) == [leased.id, queued.id]
        assert await due_notices(session, now, 1) == [leased.id]


async def test_what_is_due_is_found_by_the_partial_index(container: Container) -> None:
    async with container.database.reading() as session:
        await session.execute(text("SET enable_seqscan = off"))
        plan_lines = await session.scalars(
            text(
                "EXPLAIN SELECT id FROM notice WHERE notice.state IN ('queued', 'sending') AND due_at <= now() "
                "ORDER BY due_at, id LIMIT 10"
            )
        )
        assert "ix_notice_undelivered" in "\n".join(plan_lines)


async def leased_by(dispatcher: NoticeDispatcher, notice: Notice) -> LeasedNotice:
    """Return the notice, leased by a dispatcher that records no outcome."""
    calendar = (await dispatcher.rulebooks.current()).calendars["office"]
    _, [leased] = await dispatcher._lease([notice.id], calendar)
    return leased


async def set_columns(container: Container, notice: Notice, **columns: object) -> None:
    """Change a stored notice directly in the database."""
    async with container.database.transaction() as session:
        await session.execute(update(Notice).where(Notice.id == notice.id).values(**columns))
