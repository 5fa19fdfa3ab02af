"""The dependency container of a process: all services, created once from the settings.

The API, the worker and the command line each open a container and close it; nothing is created at import.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from app.access.service import Authenticator
from app.channels.intake import IntakeService
from app.core.attempt_limiter import AttemptLimiter
from app.core.clock import Clock, make_clock
from app.core.db import Database
from app.core.jobs import ArqJobQueue
from app.feed.guard import AddressGuard
from app.feed.watermark import Watermark
from app.notices.delivery.adapters.registry import Adapters, make_adapters
from app.notices.texts.render import Renderer
from app.people.vault import Vault, decode_key, parse_keys
from app.standards.rulebook import RulebookCache
from app.tickets.notice_ports import TicketFacts, TicketLookup
from config.settings import Settings

TRACKING_PATH = "/v1/tracking"


class SettingsError(Exception):
    """A required setting is missing or can't be used; the message names it."""


@dataclass(frozen=True, slots=True)
class Container:
    """The services of a process."""

    settings: Settings
    clock: Clock
    database: Database
    job_queue: ArqJobQueue
    vault: Vault
    rulebooks: RulebookCache
    authenticator: Authenticator
    intake_service: IntakeService
    tracking_limiter: AttemptLimiter
    personal_facts: TicketFacts
    ticket_lookup: TicketLookup
    renderer: Renderer
    adapters: Adapters
    watermark: Watermark
    address_guard: AddressGuard


@asynccontextmanager
async def open_container(settings: Settings, clock: Clock | None = None) -> AsyncIterator[Container]:
    """Create a container and close it in order: intake first, so that every accepted request is stored."""
    if settings.database_url is None or settings.redis_url is None:
        raise SettingsError("ESTIM_DATABASE_URL and ESTIM_REDIS_URL are not set, and no embedded stack is running")
    clock = clock or make_clock(settings.virtual_clock)
    job_queue = ArqJobQueue(settings.redis_url.get_secret_value())
    database = Database(settings.database_url.get_secret_value(), pool_size=settings.database_pool, job_queue=job_queue)
    vault = make_vault(settings)
    rulebooks = RulebookCache(database)
    intake_service = IntakeService(
        database=database,
        rulebooks=rulebooks,
        vault=vault,
        clock=clock,
        tracking_url=settings.base_url + TRACKING_PATH,
        max_batch=settings.intake_batch,
        max_pending=settings.intake_queue,
    )
    container = Container(
        settings=settings,
        clock=clock,
        database=database,
        job_queue=job_queue,
        vault=vault,
        rulebooks=rulebooks,
        authenticator=Authenticator(database, pepper=decode_key(settings.key_pepper.get_secret_value())),
        intake_service=intake_service,
        tracking_limiter=AttemptLimiter(settings.redis_url.get_secret_value(), per_hour=settings.tracking_attempts),
        personal_facts=TicketFacts(vault),
        ticket_lookup=TicketLookup(),
        renderer=Renderer(settings.municipality / "templates"),
        adapters=open_adapters(settings),
        watermark=Watermark(database),
        address_guard=AddressGuard(allowed=settings.webhook_allow_private, allow_http=settings.webhook_allow_http),
    )
    try:
        yield container
    finally:
        await intake_service.close()
        await container.adapters.close()
        await job_queue.close()
        await database.close()


def open_adapters(settings: Settings) -> Adapters:
    """Create the delivery adapters; raise `SettingsError` naming a setting that can't be used."""
    try:
        return make_adapters(settings)
    except ValueError as error:
        raise SettingsError(str(error)) from error


def make_vault(settings: Settings) -> Vault:
    """Create the vault with the configured keys; raise `SettingsError` if they are missing."""
    keys, index_key = settings.vault_keys.get_secret_value(), settings.index_key.get_secret_value()
    if not keys or not index_key or not settings.key_pepper.get_secret_value():
        raise SettingsError("ESTIM_VAULT_KEYS, ESTIM_INDEX_KEY and ESTIM_KEY_PEPPER have to be set")
    return Vault(parse_keys(keys), index_key=decode_key(index_key))
