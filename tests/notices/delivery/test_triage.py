"""Triage: skip moot notices, respect quiet hours, bundle for offices, cap the hourly rate."""

import asyncio
from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.channels.schemas import ApplicantBody
from app.container import Container
from app.notices.delivery.adapters.base import PermanentFailure, TemporaryFailure
from app.notices.kinds import NoticeKind
from app.notices.model import Notice
from app.notices.ports import TicketStatus
from app.tickets.model import Ticket
from app.tickets.notice_ports import TicketLookup
from config.settings import Settings
from tests.installation import SettableClock
from tests.notices.cases import CALLER, WRITER, Recorder, actor_of, dispatcher_with, notices_of, open_ticket, plan
from tests.notices.delivery.cases import (
    OFFICE,
    UNIT,
    all_notices,
    by_smtp,
    container_with,
    drain,
    escalations,
    run_for,
    states,
)
from tests.notices.delivery.mail_server import Mailbox, mail_server
from workers.delivery import open_notice_dispatcher

LATE: dict[str, Any] = {"promise_due": "2026-05-20T20:59:59.999999Z"}


async def answered(container: Container, number: str, state: str = "resolved", **columns: object) -> None:
    """Set the state of the ticket directly, without touching its waiting notices."""
    async with container.database.transaction() as session:
        await session.execute(update(Ticket).where(Ticket.number == number).values(state=state, **columns))


@pytest.mark.parametrize("state", ["resolved", "closed", "withdrawn"])
async def test_a_resolved_tickets_waiting_escalation_is_skipped(container: Container, state: str) -> None:
    """B72, B73: its content is out of date."""
    [notice] = await escalations(container, 1)
    await answered(container, str(notice.payload["number"]), state)
    recorder = Recorder()
    await dispatcher_with(container, recorder).deliver([notice.id])
    assert await states(container) == {("skipped", "resolved_meanwhile"): 1}
    assert recorder.messages == []


async def test_a_notice_of_a_cycle_that_is_over_is_skipped(container: Container) -> None:
    [notice] = await escalations(container, 1)
    await answered(container, str(notice.payload["number"]), "reopened", cycle=2)
    await drain(container)
    assert await states(container) == {("skipped", "resolved_meanwhile"): 1}


async def test_two_breaches_in_two_cycles_are_two_notices(container: Container) -> None:
    """The dedupe key does not suppress a second breach."""
    recorder = Recorder()
    [first] = await escalations(container, 1)
    number = str(first.payload["number"])
    await dispatcher_with(container, recorder).deliver([first.id])
    await answered(container, number, "reopened", cycle=2)
    second = await plan(container, number, NoticeKind.ESCALATION_1, OFFICE)
    await dispatcher_with(container, recorder).deliver([second.id])
    assert [message.number for message in recorder.messages] == [first.number, second.number]
    assert len({message.dedupe_key for message in recorder.messages}) == 2


async def test_receipts_are_owed_whatever_happened(container: Container) -> None:
    number = await open_ticket(container, await actor_of(container), WRITER)
    await answered(container, number)
    await drain(container)
    assert await states(container) == {("sent", None): 1}


async def test_a_warning_is_pointless_once_the_limit_is_past(container: Container, clock: SettableClock) -> None:
    number = await open_ticket(container, await actor_of(container), None)
    await plan(container, number, NoticeKind.WARNING, UNIT, due_at=clock.now())
    async with container.database.transaction() as session:
        notice = (await session.scalars(select(Notice))).one()
        notice.payload = {**notice.payload, "promise_due": (clock.now() + timedelta(minutes=5)).isoformat()}
    clock.advance(minutes=5, seconds=1)
    await drain(container)
    assert await states(container) == {("skipped", "expired"): 1}


async def test_office_mail_waits_for_the_opening_and_citizens_receipts_do_not(
    container: Container, clock: SettableClock
) -> None:
    """B57, B66: postponed on Saturday, sent on Monday morning, by whichever worker is up then."""
    clock.advance(days=4, hours=3)
    await escalations(container, 1, **LATE)
    await open_ticket(container, await actor_of(container), WRITER)
    await drain(container)
    assert await states(container) == {("queued", "quiet_hours"): 1, ("sent", None): 1}
    [postponed] = [notice for notice in await notices_of(container) if notice.state == "queued"]
    assert (postponed.attempts, f"{postponed.due_at.astimezone():%A}") == (0, "Monday")
    await run_for(container, clock, timedelta(days=3))
    assert await states(container) == {("sent", None): 2}


async def test_without_quiet_hours_nothing_is_postponed(settings: Settings, clock: SettableClock) -> None:
    clock.advance(days=4, hours=3)
    async with container_with(settings, clock, quiet_hours=False) as container:
        await escalations(container, 1)
        await drain(container)
        assert await states(container) == {("sent", None): 1}


async def test_several_notices_for_an_office_are_one_mail(settings: Settings, clock: SettableClock) -> None:
    async with mail_server(Mailbox()) as box, container_with(settings, clock, **by_smtp(box)) as container:
        planned = await escalations(container, 4)
        late = clock.now() - timedelta(days=9)
        async with container.database.transaction() as session:
            for days, notice in enumerate(await session.scalars(select(Notice).order_by(Notice.running))):
                due = (late + timedelta(days=days)).isoformat()
                notice.payload = {**notice.payload, "promise_due": due}
        await drain(container)
        *lines, digest = await all_notices(container)
    assert [notice.id for notice in lines] == [notice.id for notice in planned]
    assert {(notice.state, notice.digest_id) for notice in lines} == {("sent", digest.id)}
    assert {notice.sent_at for notice in lines} == {digest.sent_at} != {None}
    assert (digest.kind, digest.state, digest.ticket_id, digest.recipient) == ("digest", "sent", None, "office:1")
    assert box.numbers == [digest.number]
    text = box.mails[0].get_content()
    found = [text.index(str(notice.payload["number"])) for notice in lines]
    assert found == sorted(found)


async def test_what_failed_before_joins_the_digest_once_the_server_is_back(
    settings: Settings, clock: SettableClock
) -> None:
    box = Mailbox()
    async with mail_server(box):
        pass
    async with container_with(settings, clock, **by_smtp(box)) as container:
        early = await escalations(container, 2)
        await drain(container)
        late = await escalations(container, 3)
        async with mail_server(box):
            await drain(container)
            await run_for(container, clock, timedelta(hours=2))
        notices = await all_notices(container)
    assert len(early) + len(late) == 5
    assert {notice.state for notice in notices} == {"sent"}
    assert box.numbers == [notice.number for notice in notices if notice.kind == "digest"]


async def test_a_waiting_digest_is_rebuilt_without_answered_tickets(settings: Settings, clock: SettableClock) -> None:
    """B72: a mail server that comes back an hour later must not report resolved tickets."""
    box = Mailbox()
    async with mail_server(box):
        pass
    async with container_with(settings, clock, **by_smtp(box)) as container:
        first, *rest = await escalations(container, 4)
        await drain(container)
        assert await states(container) == {("queued", None): 4}
        await answered(container, str(first.payload["number"]))
        async with mail_server(box):
            await run_for(container, clock, timedelta(hours=2))
        *lines, old, new = await all_notices(container)
    assert [(line.state, line.state_reason) for line in lines] == [("skipped", "resolved_meanwhile")] + 3 * [
        ("sent", None)
    ]
    assert [line.digest_id for line in lines] == [None] + 3 * [new.id]
    assert (old.kind, old.state, old.state_reason) == ("digest", "skipped", "resolved_meanwhile")
    assert box.numbers == [new.number]
    text = box.mails[0].get_content()
    assert str(first.payload["number"]) not in text
    assert all(str(notice.payload["number"]) in text for notice in rest)


async def test_a_digest_of_answered_tickets_only_is_not_sent(settings: Settings, clock: SettableClock) -> None:
    box = Mailbox()
    async with mail_server(box):
        pass
    async with container_with(settings, clock, **by_smtp(box)) as container:
        for notice in await escalations(container, 3):
            await drain(container)
            await answered(container, str(notice.payload["number"]))
        async with mail_server(box):
            await run_for(container, clock, timedelta(hours=2))
        assert {(one.state, one.state_reason) for one in await all_notices(container)} == {
            ("skipped", "resolved_meanwhile")
        }
    assert box.mails == []


async def test_a_notice_that_may_have_left_joins_no_digest(container: Container, clock: SettableClock) -> None:
    """Three notices leased by a worker that died at the end of the day keep their numbers on the next."""
    clock.advance(hours=6, minutes=59, seconds=50)
    planned = await escalations(container, 3)
    dying = open_notice_dispatcher(container)
    dying.triage = replace(dying.triage, rules=replace(dying.triage.rules, digest_from=0))
    calendar = (await container.rulebooks.current()).calendars["office"]
    await dying._lease([notice.id for notice in planned], calendar)
    clock.advance(seconds=30)
    recorder = Recorder()
    dispatcher = dispatcher_with(container, recorder)
    await drain(container, dispatcher)
    assert recorder.messages == []
    clock.advance(hours=16)
    await drain(container, dispatcher)
    assert [message.number for message in recorder.messages] == [notice.number for notice in planned]


async def test_a_notice_that_a_slow_server_may_have_accepted_joins_no_digest(
    container: Container, clock: SettableClock
) -> None:
    planned = await escalations(container, 3)
    recorder = Recorder(TemporaryFailure("timeout", "no answer"), TemporaryFailure("disconnected", "no answer"))
    dispatcher = dispatcher_with(container, recorder)
    for notice in planned[:2]:
        await dispatcher.deliver([notice.id])
    clock.advance(hours=1)
    await drain(container, dispatcher)
    assert sorted(message.number for message in recorder.messages) == [notice.number for notice in planned]


async def test_a_digest_that_is_refused_takes_its_notices_along(settings: Settings, clock: SettableClock) -> None:
    async with (
        mail_server(Mailbox(on_rcpt=lambda _: "550 5.1.1 unknown")) as box,
        container_with(settings, clock, **by_smtp(box)) as container,
    ):
        await escalations(container, 3)
        await drain(container)
        found = [(notice.state, notice.state_reason) for notice in await all_notices(container)]
    assert found == [("failed", "recipient_refused")] * 4


async def test_two_notices_or_two_offices_are_no_digest(container: Container) -> None:
    await escalations(container, 2)
    await escalations(container, 2, UNIT)
    await drain(container)
    assert {notice.kind for notice in await all_notices(container)} == {"escalation_1"}
    assert await states(container) == {("sent", None): 4}


async def test_hospitality_is_reported_once_a_day(container: Container, clock: SettableClock) -> None:
    await escalations(container, 3, under_a_day=True)
    await drain(container)
    assert await states(container) == {("queued", "quiet_hours"): 3}
    await run_for(container, clock, timedelta(days=1))
    kinds = [(notice.kind, notice.state) for notice in await all_notices(container)]
    assert kinds == [("escalation_1", "sent")] * 3 + [("digest", "sent")]


async def test_a_recipient_gets_so_many_in_an_hour(settings: Settings, clock: SettableClock) -> None:
    """B55: one mistake would send hundreds of mails."""
    async with (
        mail_server(Mailbox()) as box,
        container_with(settings, clock, recipient_per_hour=2, digest_from=0, **by_smtp(box)) as container,
    ):
        await escalations(container, 5)
        await open_ticket(container, await actor_of(container), WRITER)
        await drain(container)
        assert await states(container) == {("sent", None): 3, ("queued", "recipient_rate"): 3}
        await run_for(container, clock, timedelta(minutes=59))
        assert len(box.mails) == 3
        await run_for(container, clock, timedelta(minutes=2))
        assert len(box.mails) == 5
        await run_for(container, clock, timedelta(hours=2))
        assert await states(container) == {("sent", None): 6}
    assert len(set(box.numbers)) == len(box.numbers) == 6


async def test_concurrent_workers_share_the_hourly_rate(settings: Settings, clock: SettableClock) -> None:
    async with container_with(settings, clock, recipient_per_hour=2, digest_from=0) as container:
        planned = [notice.id for notice in await escalations(container, 8)]
        recorder, begun = Recorder(), asyncio.Barrier(4)

        class Together(TicketLookup):
            """Wait until all workers sort before one of them counts."""

            async def statuses(self, session: AsyncSession, ticket_ids: Collection[UUID]) -> dict[UUID, TicketStatus]:
                await begun.wait()
                return await super().statuses(session, ticket_ids)

        dispatchers = [dispatcher_with(container, recorder) for _ in range(4)]
        for dispatcher in dispatchers:
            dispatcher.triage = replace(dispatcher.triage, statuses=Together())
        await asyncio.gather(*(dispatcher.deliver(planned[n::4]) for n, dispatcher in enumerate(dispatchers)))
        assert await states(container) == {("sent", None): 2, ("queued", "recipient_rate"): 6}
    assert len(recorder.messages) == 2


async def test_a_refused_sms_gives_way_to_e_mail_once(container: Container) -> None:
    """The citizen is notified once, by the medium that works; B63: no failure makes a notice about itself."""
    reachable = CALLER.model_copy(update={"email": WRITER.email})
    await open_ticket(container, await actor_of(container), reachable)
    recorder = Recorder(PermanentFailure("number_refused", "no"))
    dispatcher = dispatcher_with(container, recorder)
    await drain(container, dispatcher)
    first, second = await all_notices(container)
    assert (first.medium, first.state, first.state_reason) == ("sms", "failed", "number_refused")
    assert first.instead_id == second.id
    assert (second.medium, second.kind, second.ticket_id) == ("email", first.kind, first.ticket_id)
    assert second.dedupe_key == f"{first.dedupe_key.removesuffix('sms')}email"
    await drain(container, dispatcher)
    [message] = recorder.messages
    assert (message.medium, message.recipient_address) == ("email", WRITER.email)
    assert [notice.state for notice in await all_notices(container)] == ["failed", "sent"]


@pytest.mark.parametrize("applicant", [CALLER, WRITER])
async def test_without_another_medium_a_refusal_ends_it(container: Container, applicant: ApplicantBody) -> None:
    await open_ticket(container, await actor_of(container), applicant)
    dispatcher = dispatcher_with(container, Recorder(PermanentFailure("refused", "no")))
    await drain(container, dispatcher)
    [notice] = await all_notices(container)
    assert (notice.state, notice.instead_id) == ("failed", None)


async def test_an_app_that_is_gone_gives_way_to_sms(container: Container) -> None:
    await open_ticket(container, await actor_of(container), CALLER)
    async with container.database.transaction() as session:
        notice = (await session.scalars(select(Notice))).one()
        notice.medium, notice.dedupe_key = "webhook", f"{notice.dedupe_key.removesuffix('sms')}webhook"
    dispatcher = dispatcher_with(container, Recorder(PermanentFailure("no_device", "no")))
    await drain(container, dispatcher)
    await drain(container, dispatcher)
    assert [(one.medium, one.state) for one in await all_notices(container)] == [("webhook", "failed"), ("sms", "sent")]
