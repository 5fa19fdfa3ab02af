"""Shared parts of the tests of escalations: another process on the same database, other officials in the offices."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date
from typing import Any

from app.container import Container, open_container
from app.standards.catalogue import load_catalogue
from app.standards.service import store_catalogue
from app.standards.values import ApplicationOffice, Deputy
from tests.desk import Desk, end_of
from tests.installation import ESENLER

DUE = end_of(2026, 6, 1)
"""End of the promise of a call on `START`."""

HEAD = load_catalogue(ESENLER).office(1).printed.name


@asynccontextmanager
async def second_container(desk: Desk, *, batch: int = 1000) -> AsyncIterator[Container]:
    """Another process on the same database, from the view of PostgreSQL; it reads the newest rules."""
    settings = desk.container.settings.model_copy(update={"sweep_batch": batch})
    async with open_container(settings, desk.clock) as container:
        yield container


def deputy(name: str, valid_from: date | None, valid_to: date | None) -> Deputy:
    """A sample deputy, valid on these days (inclusive)."""
    return Deputy(name, "Müdür V.", "vekil@belediye.example", valid_from, valid_to)


async def load_offices(container: Container, first: dict[str, Any], *, sha256: str = "0" * 64) -> None:
    """Load the catalogue with a first office that differs in these fields."""
    catalogue = load_catalogue(ESENLER)
    offices = tuple(_changed(office, first) for office in catalogue.offices)
    async with container.database.transaction() as session:
        await store_catalogue(session, replace(catalogue, offices=offices, sha256=sha256), now=container.clock.now())


def _changed(office: ApplicationOffice, first: dict[str, Any]) -> ApplicationOffice:
    return replace(office, **first) if office.printed.level == 1 else office
