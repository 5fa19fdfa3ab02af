"""Unreachable, slow, busy or broken servers: every notice leaves afterwards, once, and each attempt is recorded."""

from contextlib import AsyncExitStack
from datetime import timedelta

from fastapi import Response
from fastapi.responses import PlainTextResponse
from sqlalchemy import update

from app.notices.delivery.backoff import MAX_ATTEMPTS, MAX_BACKOFF_SECONDS, backoff_seconds, max_backoff_seconds
from app.notices.model import Notice
from config.settings import Settings
from tests.installation import SettableClock
from tests.notices.cases import CALLER, WRITER, actor_of, notices_of, open_ticket
from tests.notices.delivery.cases import attempts, by_smtp, container_with, drain, run_for, states
from tests.notices.delivery.http_receiver import receiving
from tests.notices.delivery.mail_server import Mailbox, mail_server
from workers.delivery import open_notice_dispatcher


async def test_a_mail_server_that_was_away_for_an_hour_gets_everything_once(
    settings: Settings, clock: SettableClock
) -> None:
    """B78: a late notice is not lost, and none comes twice."""
    box = Mailbox()
    async with mail_server(box):
        pass
    async with container_with(settings, clock, **by_smtp(box)) as container:
        actor = await actor_of(container)
        for _ in range(12):
            await open_ticket(container, actor, WRITER)
        await run_for(container, clock, timedelta(hours=1))
        assert box.mails == []
        assert await states(container) == {("queued", "unreachable"): 12}
        async with mail_server(box):
            await run_for(container, clock, timedelta(hours=6))
        assert sorted(box.numbers) == sorted(notice.number for notice in await notices_of(container))
        assert await states(container) == {("sent", None): 12}
        tried = await attempts(container)
    assert {one.outcome for one in tried if one.code == "unreachable"} == {"later"}
    accepted = [one for one in tried if one.outcome == "accepted"]
    assert len(accepted) == 12
    assert {one.provider_id for one in accepted} == {str(mail["Message-ID"]) for mail in box.mails}
    assert {(one.medium, one.adapter, one.code) for one in accepted} == {("email", "smtp", None)}


async def test_a_4xx_reply_is_retried_and_5xx_is_final(settings: Settings, clock: SettableClock) -> None:
    answers = iter(["451 4.7.1 greylisted", "250 OK", "550 5.1.1 unknown"])
    async with (
        mail_server(Mailbox(on_rcpt=lambda _: next(answers))) as box,
        container_with(settings, clock, **by_smtp(box)) as container,
    ):
        await open_ticket(container, await actor_of(container), WRITER)
        await run_for(container, clock, timedelta(minutes=10))
        assert await states(container) == {("sent", None): 1}
        await open_ticket(container, await actor_of(container), WRITER)
        await run_for(container, clock, timedelta(hours=1))
        assert await states(container) == {("sent", None): 1, ("failed", "recipient_refused"): 1}
        found = [(one.outcome, one.code) for one in await attempts(container)]
    assert found == [("later", "recipient_deferred"), ("accepted", None), ("refused", "recipient_refused")]


async def test_a_provider_that_fails_in_every_form_is_retried_no_sooner_than_it_asks(
    settings: Settings, clock: SettableClock
) -> None:
    answers = (
        Response(status_code=500),
        None,
        Response(status_code=429, headers={"Retry-After": "900"}),
        PlainTextResponse("20212"),
    )
    async with AsyncExitStack() as stack:
        receiver = await stack.enter_async_context(receiving(*answers))
        account = {"sms": "verimor", "sms_url": receiver.url, "sms_user": "u", "sms_password": "p", "sms_sender": "s"}
        container = await stack.enter_async_context(container_with(settings, clock, delivery_seconds=2.0, **account))
        await open_ticket(container, await actor_of(container), CALLER)
        await run_for(container, clock, timedelta(hours=1))
        tried = await attempts(container)
        [notice] = await notices_of(container)
    assert [one.code for one in tried] == ["provider_error", "timeout", "rate_limited", None]
    assert tried[3].at - tried[2].at >= timedelta(seconds=900)
    assert (notice.state, notice.attempts, tried[3].provider_id) == ("sent", 4, "20212")
    assert len({call.json["custom_id"] for call in receiver.calls}) == 1


async def test_a_slow_server_keeps_no_notice_beyond_its_lease(settings: Settings, clock: SettableClock) -> None:
    """A notice for which the lease is too short returns to the queue and costs no attempt."""
    async with mail_server(Mailbox()) as box, container_with(settings, clock, **by_smtp(box)) as container:
        await open_ticket(container, await actor_of(container), WRITER)
        async with container.database.transaction() as session:
            await session.execute(update(Notice).values(attempts=3))
        dispatcher = open_notice_dispatcher(container)
        dispatcher.delivery_seconds = 3600.0
        await drain(container, dispatcher)
        [notice] = await notices_of(container)
        assert (notice.state, notice.state_reason, notice.attempts) == ("queued", "no_time", 3)
        await drain(container)
        assert await states(container) == {("sent", None): 1}
    assert len(box.mails) == 1


def test_pauses_double_are_drawn_and_end_at_six_hours() -> None:
    longest = [max_backoff_seconds(number) for number in range(1, MAX_ATTEMPTS)]
    assert longest[:4] == [10.0, 20.0, 40.0, 80.0]
    assert max(longest) == MAX_BACKOFF_SECONDS
    drawn = [backoff_seconds(1) for _ in range(200)]
    assert all(1.0 <= one <= 10.0 for one in drawn)
    assert max(drawn) - min(drawn) > 5.0


def test_the_backoff_takes_about_three_days() -> None:
    average = timedelta(seconds=sum(max_backoff_seconds(number) / 2 for number in range(1, MAX_ATTEMPTS)))
    assert timedelta(days=2, hours=12) < average < timedelta(days=3, hours=12)


def test_retry_after_is_respected_and_capped() -> None:
    assert backoff_seconds(1, 900.0) == 900.0
    assert backoff_seconds(1, 90_000.0) == MAX_BACKOFF_SECONDS
