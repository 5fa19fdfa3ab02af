"""A worker killed after the server accepted the mail but before the outcome: one duplicate, the same id."""

import asyncio
import subprocess
from datetime import timedelta

from app.notices.delivery.dispatcher import LEASE_SECONDS
from config.settings import Settings
from tests.faults.processes import environment, eventually, running
from tests.installation import SettableClock
from tests.notices.cases import WRITER, actor_of, notices_of, open_ticket
from tests.notices.delivery.cases import attempts, by_smtp, container_with, states
from tests.notices.delivery.mail_server import OK, Mailbox, mail_server


async def test_a_worker_killed_between_sending_and_the_outcome_leaves_one_duplicate_at_most(
    settings: Settings, clock: SettableClock
) -> None:
    """kill -9 while the server accepts: the next worker sends the same Message-ID once more."""
    doomed: list[subprocess.Popen[bytes]] = []

    def kill_the_sender() -> str:
        if doomed and doomed[0].poll() is None:
            doomed[0].kill()
            doomed[0].wait()
        return OK

    async with (
        mail_server(Mailbox(on_data=kill_the_sender)) as box,
        container_with(settings, clock, **by_smtp(box)) as container,
    ):
        await open_ticket(container, await actor_of(container), WRITER, kind="thanks")
        at = clock.now() + timedelta(seconds=5)
        with running("worker", environment(container.settings, now=at)) as first:
            doomed.append(first)
            await asyncio.to_thread(first.wait, 60)
        assert await states(container) == {("sending", None): 1}
        assert [one.outcome for one in await attempts(container)] == ["started"]

        async def notified() -> bool:
            return await states(container) == {("sent", None): 1}

        later = at + timedelta(minutes=1, seconds=LEASE_SECONDS)
        with running("worker", environment(container.settings, now=later)) as heir:
            await eventually(notified, heir, "the heir has sent it")
        [notice] = await notices_of(container)
        outcomes = [one.outcome for one in await attempts(container)]
    assert outcomes == ["started", "accepted"]
    assert notice.attempts == 2
    assert len(box.mails) == 2
    assert len({str(mail["Message-ID"]) for mail in box.mails}) == 1
    assert len({mail.as_bytes() for mail in box.mails}) == 1
