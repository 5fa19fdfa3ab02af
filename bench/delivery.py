"""Delivery: how many waiting notices one worker hands over in a second, half of them e-mails and half SMS."""

import asyncio
from typing import Any

import asyncpg

from app.channels.schemas import ApplicantBody, TicketBody
from app.container import Container, open_container
from bench.ground import Ground, Program, Wrong, environment
from bench.intake import address
from config.settings import Settings
from workers.upkeep import JOB_GRACE_SECONDS

AT_ONCE = 200
"""Requests that wait at the door together while the notices are made."""

PROOF = """
SELECT count(*) FILTER (WHERE state = 'sent') AS sent, count(DISTINCT id) AS notices,
       (SELECT count(*) FROM delivery_attempt WHERE outcome = 'accepted') AS accepted
FROM notice
"""


def measure(ground: Ground, notices: int) -> dict[str, Any]:
    """Make the receipts of so many tickets through the door, then drain them with one worker."""
    with Program("bench.sinks", environment={}) as sinks:
        smtp, http = sinks.hear()
        settings = _leaving(ground.copy("delivery"), smtp, http)
        asyncio.run(_plant(settings, ground.key, notices))
        with Program("bench.notice_dispatcher", environment=environment(settings)) as worker:
            worker.hear()
            worker.tell("drain")
            drained = worker.hear()
        sinks.tell("count")
        asyncio.run(_prove(settings, sinks.hear(), notices))
    return {
        "notices": notices,
        "per_second": round(notices / drained["seconds"]),
        "seconds": round(drained["seconds"], 1),
        "worker_load": round(drained["load"], 2),
    }


def _leaving(settings: Settings, smtp: int, http: int) -> Settings:
    given = {name: getattr(settings, name) for name in settings.model_fields_set}
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
    return Settings(**given | adapters)


async def _plant(settings: Settings, key: str, notices: int) -> None:
    """As many tickets with a receipt each; nobody listens to the job queue."""
    async with open_container(settings) as container:
        actor = await container.authenticator.identify(key, now=container.clock.now())
        for first in range(0, notices, AT_ONCE):
            numbers = range(first, min(first + AT_ONCE, notices))
            await asyncio.gather(
                *(container.intake_service.store(actor, _intake(container, number)) for number in numbers)
            )
    await asyncio.sleep(JOB_GRACE_SECONDS)  # what was just made is left to the job queue


def _intake(container: Container, number: int) -> Any:
    contact = {"email": f"ornek.{number}@example.org"} if number % 2 else {"phone": f"0532{number:07d}"}
    applicant = ApplicantBody(name="Örnek Vatandaş", **contact)
    body = TicketBody(channel="call-center", description="Kaldırımda çukur var.", applicant=applicant)
    return body.to_intake(container.vault.blind_index("message", str(number)))


async def _prove(settings: Settings, given: dict[str, int], notices: int) -> None:
    """Each notice has left once, by one attempt, and the other side has it once."""
    connection = await asyncpg.connect(address(settings))
    found = dict(await connection.fetchrow(PROOF))
    await connection.close()
    came = {given["different"], given["mails"] + given["texts"]}
    if {*found.values(), *came} != {notices}:
        raise Wrong(f"of {notices} notices {found}, and the servers were given {given}")
