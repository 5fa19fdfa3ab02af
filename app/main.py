"""The FastAPI application: `create_app(settings)` builds it, nothing is created at import."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from app.calendar_admin import routes as calendar
from app.channels import routes as channels
from app.complaints import routes as complaints
from app.container import open_container
from app.core.clock import Clock
from app.core.problem import install_problem_handlers
from app.deadlines import routes as deadlines
from app.escalation import routes as escalation
from app.feed import routes as feed
from app.http.docs_pages import add_docs_pages
from app.http.openapi import DESCRIPTION, TAGS, DocumentedApi, operation_id
from app.http.request_guard import RequestGuard
from app.notices import routes as notices
from app.notices.delivery import routes as receipts
from app.operations import routes as operations
from app.reports import routes as reports
from app.standards import routes as standards
from app.tickets import routes as tickets
from app.tickets.commands import routes as commands
from config.settings import Settings


def create_app(settings: Settings, clock: Clock | None = None) -> FastAPI:
    """Create the API of an installation; `clock` replaces the clock of the settings."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_container(settings, clock) as container:
            app.state.container = container
            yield

    app = DocumentedApi(
        title="ESTİM",
        version="1",
        description=DESCRIPTION,
        openapi_tags=TAGS,
        lifespan=lifespan,
        generate_unique_id_function=operation_id,
        docs_url=None,
        redoc_url=None,
        separate_input_output_schemas=False,
        redirect_slashes=False,
    )
    add_docs_pages(app)
    app.add_middleware(
        RequestGuard,
        max_body_bytes=settings.max_body_bytes,
        body_timeout_seconds=settings.body_timeout_seconds,
        any_type=(receipts.PREFIX + "/",),
    )
    install_problem_handlers(app)
    for router in (
        channels.ticket_router,
        calendar.router,
        tickets.router,
        commands.router,
        deadlines.router,
        tickets.tracking,
        notices.router,
        receipts.router,
        escalation.router,
        complaints.router,
        feed.router,
        channels.channel_router,
        channels.quarantine_router,
        standards.catalogue,
        deadlines.previews,
        reports.router,
        operations.health,
        operations.operations,
    ):
        app.include_router(router)
    feed.document_webhooks(app.webhooks)
    notices.document_app_notices(app.webhooks)
    return app
