"""Delivery: queued notices that one worker sends per second, half of them e-mails and half SMS."""

import asyncio
from typing import Any

import asyncpg

from app.channels.schemas import ApplicantBody, TicketBody
from app.container import Container, open_container
from bench.installation import BenchmarkError, ChildProgram, Installation, environment
from bench.intake import asyncpg_url
from config.settings import Settings
from workers.upkeep import JOB_GRACE_SECONDS

CONCURRENT = 200
"""Concurrent requests while the notices are created."""

CHECK = """
SELECT count(*) FILTER (WHERE state = 'sent') AS sent, count(DISTINCT id) AS notices,
       (SELECT count(*) FROM delivery_attempt WHERE outcome = 'accepted') AS accepted
FROM notice
"""


def measure(installation: Installation, notices: int) -> dict[str, Any]:
    """Create the receipts of `notices` tickets, then deliver them with one worker."""
    with ChildProgram("bench.sinks", environment={}) as sinks:
        smtp, http = sinks.receive()
        settings = _delivery_settings(installation.copy("delivery"), smtp, http)
        asyncio.run(_create_notices(settings, installation.key, notices))
        with ChildProgram("bench.notice_dispatcher", environment=environment(settings)) as worker:
            worker.receive()
            worker.send("drain")
            result = worker.receive()
        sinks.send("count")
        asyncio.run(_check(settings, sinks.receive(), notices))
    return {
        "notices": notices,
        "per_second": round(notices / result["seconds"]),
        "seconds": round(result["seconds"], 1),
        "worker_load": round(result["load"], 2),
    }


def _delivery_settings(settings: Settings, smtp: int, http: int) -> Settings:
    explicit = {name: getattr(settings, name) for name in settings.model_fields_set}
    adapters = {
        "email": "smtp",
        "smtp_host": "127.0.0.1",
        "smtp_port": smtp,
        "smtp_security": "none",
        "smtp_from": "estim@belediye.example",
        "sms": "verimor",
        "sms_url": f"http://127.0.0.1:{http}",
        "sms_user": "bench",
        "sms_password": "bench",
        "sms_sender": "BENCH",
    }
    return Settings(**explicit | adapters)


async def _create_notices(settings: Settings, key: str, notices: int) -> None:
    """Create tickets with a receipt each; no worker reads the job queue."""
    async with open_container(settings) as container:
        actor = await container.authenticator.identify(key, now=container.clock.now())
        for first in range(0, notices, CONCURRENT):
            numbers = range(first, min(first + CONCURRENT, notices))
            await asyncio.gather(
                *(container.intake_service.store(actor, _intake(container, number)) for number in numbers)
            )
    await asyncio.sleep(JOB_GRACE_SECONDS)  # sweeps leave recent notices to the job queue


def _intake(container: Container, number: int) -> Any:
    contact = {"email": f"ornek.{number}@example.org"} if number % 2 else {"phone": f"0532{number:07d}"}
    applicant = ApplicantBody(name="Örnek Vatandaş", **contact)
    body = TicketBody(channel="call-center", description="Kaldırımda çukur var.", applicant=applicant)
    return body.to_intake(container.vault.blind_index("message", str(number)))


async def _check(settings: Settings, received: dict[str, int], notices: int) -> None:
    """Check that each notice was sent once, with one attempt, and received once."""
    connection = await asyncpg.connect(asyncpg_url(settings))
    found = dict(await connection.fetchrow(CHECK))
    await connection.close()
    counts = {received["different"], received["mails"] + received["texts"]}
    if {*found.values(), *counts} != {notices}:
        raise BenchmarkError(f"of {notices} notices {found}, and the servers received {received}")
