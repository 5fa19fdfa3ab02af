"""`estim doctor`: check everything that can be wrong or stuck, and print a remedy for each finding."""

import shutil
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text
from sqlalchemy.exc import SQLAlchemyError

from app.cli.errors import explain_error
from app.container import Container, open_container
from app.core.clock import ISTANBUL, Clock
from app.core.errors import Unavailable
from app.feed.queries import StuckWebhook, stuck_webhooks
from app.feed.watermark import OldWriter, old_writers
from app.notices.model import Notice
from app.notices.recipients import holder
from app.operations.queries import (
    AbandonedNotices,
    Backlog,
    oldest_overdue,
    read_abandoned,
    read_backlog,
    retry_reasons,
)
from app.operations.readiness import Check, check_queue
from app.sla.calendar_years import stored_years
from app.sla.model import CalendarYear
from app.standards.catalogue import check_folder_or_file
from app.standards.values import Catalogue
from config.settings import Settings, running_stack_settings
from migrations import revisions

LATE_CHECKPOINT = timedelta(seconds=30)
"""A running worker fires within 2 s; after this no worker runs."""

LATE_DELIVERY = timedelta(minutes=5)

LONG_WRITE = timedelta(minutes=1)
"""Longer than any transaction of ours; an open one delays all readers of the change feed."""

CONFIRMED_AHEAD = timedelta(days=90)
"""Lead time for confirming a year's holidays: limits of thirty working days reach into it."""

MAX_NAMED = 3
"""Stuck notices that a finding names; the rest is counted."""

LEVELS = (1, 2)
"""The levels of the two application offices that every published table names."""

LEAST_FREE_BYTES = 200 * 1024 * 1024


class FindingState(StrEnum):
    """Severity of a finding; only `WRONG` makes the command fail."""

    FINE = "✓"
    NOTE = "!"
    WRONG = "✗"


_STYLES = {FindingState.FINE: "green", FindingState.NOTE: "yellow", FindingState.WRONG: "bold red"}


@dataclass(frozen=True, slots=True)
class Finding:
    """Result of one check; `remedy` is the action that solves it."""

    subject: str
    state: FindingState
    found: str
    remedy: str = ""


async def examine(console: Console) -> bool:
    """Print all findings; return whether nothing is wrong."""
    findings = [finding async for finding in _all_findings()]
    table = Table(title="ESTİM", title_justify="left", show_edge=False)
    for heading in ("", "what", "found", "what to do"):
        table.add_column(heading, overflow="fold")
    for each in findings:
        table.add_row(Text(each.state, style=_STYLES[each.state]), each.subject, each.found, each.remedy)
    console.print(table)
    wrong = sum(each.state is FindingState.WRONG for each in findings)
    console.print(Text(f"\n{wrong} wrong" if wrong else "\nNothing is wrong.", style="bold red" if wrong else "green"))
    return not wrong


async def _all_findings() -> AsyncIterator[Finding]:
    """Yield findings in the order of their dependencies; skip checks whose dependency fails."""
    try:
        settings = running_stack_settings()
        async with open_container(settings) as container:
            yield Finding("settings", FindingState.FINE, f"{settings.municipality} served, data in {settings.data_dir}")
            yield _templates(container)
            yield _disk(settings)
            yield await _queue(container)
            async for finding in _database(container):
                yield finding
    except Exception as error:
        line = explain_error(error)
        if line is None:
            raise
        yield Finding("settings", FindingState.WRONG, line, "correct the variable, or start “make run” in this folder")


async def _database(container: Container) -> AsyncIterator[Finding]:
    try:
        async with container.database.reading() as session:
            revision, head = await revisions.current(session), revisions.head()
    except (SQLAlchemyError, OSError, TimeoutError) as error:
        yield Finding(
            "database",
            FindingState.WRONG,
            explain_error(error) or type(error).__name__,
            "start it, or correct its address",
        )
        return
    if revision != head:
        yield Finding("database", FindingState.WRONG, f"at {revision or 'nothing'}, needed is {head}", "estim migrate")
        return
    yield Finding("database", FindingState.FINE, f"reachable, at {head}")
    now = container.clock.now()
    async for finding in _loaded_catalogue(container, now):
        yield finding
    async for finding in _stored_work(container, now):
        yield finding


async def _loaded_catalogue(container: Container, now: datetime) -> AsyncIterator[Finding]:
    try:
        catalogue = (await container.rulebooks.current()).catalogue
    except Unavailable:
        load = f"estim catalogue load {container.settings.municipality}"
        yield Finding("catalogue", FindingState.WRONG, "none is loaded: every request is refused", load)
    else:
        yield _catalogue(catalogue, container.settings.municipality)
        yield _addresses(catalogue, now.astimezone(ISTANBUL).date())


async def _stored_work(container: Container, now: datetime) -> AsyncIterator[Finding]:
    """Yield the findings about calendar, timers, notices, quarantine and feed, read in one session."""
    async with container.database.reading() as session:
        waiting = await read_backlog(session, now)
        overdue = await oldest_overdue(session, now, MAX_NAMED)
        refused = await retry_reasons(session)
        failed_offices = await read_abandoned(session, MAX_NAMED, to_applicants=False)
        failed_applicants = await read_abandoned(session, MAX_NAMED, to_applicants=True)
        stored = await stored_years(session)
        broken = await stuck_webhooks(session)
        writers = await old_writers(session, LONG_WRITE)
    yield _calendar(stored, now)
    yield _checkpoints(waiting, container.clock, now)
    yield _delivery(waiting, overdue, refused, container.clock, now)
    yield _failed_to_offices(failed_offices)
    yield _failed_to_applicants(failed_applicants)
    yield _quarantine(waiting)
    yield _feed(writers)
    yield _webhooks(broken)


def _templates(container: Container) -> Finding:
    broken = container.renderer.problems
    if not broken:
        return Finding("texts", FindingState.FINE, "every notice has its text")
    named = "; ".join(f"{name}: {reason}" for name, reason in broken.items())
    return Finding(
        "texts", FindingState.WRONG, named, f"mend {container.settings.municipality}/templates, restart the worker"
    )


def _disk(settings: Settings) -> Finding:
    folder = next(each for each in (settings.outbox, *settings.outbox.resolve().parents) if each.exists())
    free = shutil.disk_usage(folder).free
    found = f"{free // 1024**2:,} MiB free in {folder}"
    if free < LEAST_FREE_BYTES:
        return Finding(
            "disk", FindingState.WRONG, found, "make room; the outbox may be emptied once its mails are kept elsewhere"
        )
    return Finding("disk", FindingState.FINE, found)


async def _queue(container: Container) -> Finding:
    if await check_queue(container.job_queue) is Check.OK:
        return Finding("Valkey", FindingState.FINE, "answers")
    remedy = "start it, or correct ESTIM_REDIS_URL; nothing is lost meanwhile, workers sweep"
    return Finding("Valkey", FindingState.WRONG, "does not answer", remedy)


def _catalogue(loaded: Catalogue, folder: Path) -> Finding:
    on_disk = check_folder_or_file(folder).catalogue
    if on_disk is None:
        return Finding(
            "catalogue", FindingState.NOTE, f"loaded, but {folder} has faults now", f"estim catalogue check {folder}"
        )
    if on_disk.sha256 != loaded.sha256:
        found = f"loaded; {folder} has changed since"
        return Finding("catalogue", FindingState.NOTE, found, f"estim catalogue load {folder}")
    return Finding("catalogue", FindingState.FINE, f"{len(loaded.services)} services, {loaded.municipality.name}")


def _addresses(catalogue: Catalogue, on: date) -> Finding:
    """Check e-mail addresses: without one an office misses escalations, a directorate its warnings."""
    holders = [(level, holder(catalogue, level, on)) for level in LEVELS]
    offices = [f"level {level} ({one.office.printed.place})" for level, one in holders if not one.address]
    if offices:
        remedy = "offices.yaml: give a role_mailbox, or a head or a deputy for today; then load the catalogue"
        return Finding("addresses", FindingState.WRONG, f"no mail reaches the office of {', '.join(offices)}", remedy)
    units = [unit.name for unit in catalogue.units if not unit.email]
    if units:
        named = ", ".join(units[:MAX_NAMED]) + (" …" if len(units) > MAX_NAMED else "")
        found = f"{len(units)} of {len(catalogue.units)} directorates have no e-mail address: {named}"
        return Finding(
            "addresses", FindingState.NOTE, found, "give each an email in units.yaml, then load the catalogue"
        )
    return Finding("addresses", FindingState.FINE, "both offices and all directorates have one")


def _calendar(stored: Sequence[CalendarYear], now: datetime) -> Finding:
    """Check that a person has confirmed the holidays of this year, and from autumn on of the next."""
    needed = {now.year, (now + CONFIRMED_AHEAD).year}
    open_years = sorted(needed - {year.year for year in stored if year.confirmed_at is not None})
    if not open_years:
        return Finding("calendar", FindingState.FINE, f"{', '.join(map(str, sorted(needed)))} confirmed")
    named = ", ".join(map(str, open_years))
    remedy = (
        f"compare “estim calendar show {open_years[0]}” with the gazette, then “estim calendar confirm {open_years[0]}”"
    )
    return Finding("calendar", FindingState.NOTE, f"nobody has confirmed the holidays of {named}", remedy)


def _feed(writers: Sequence[OldWriter]) -> Finding:
    """Check for old open transactions: the feed publishes later events only after they end."""
    if not writers:
        return Finding("change feed", FindingState.FINE, "nothing holds it back")
    found = f"held back for {_duration(writers[0].age)} by an open transaction, {writers[0].name}; webhooks wait, too"
    return Finding("change feed", FindingState.WRONG, found, f"end it: {writers[0].ending}")


def _webhooks(broken: Sequence[StuckWebhook]) -> Finding:
    if not broken:
        return Finding("webhooks", FindingState.FINE, "none fails")
    named = ", ".join(
        f"{one.client}: {one.url} ({one.disabled_reason or 'retrying'}, {one.id})" for one in broken[:MAX_NAMED]
    )
    remedy = "tell its owner; once it answers: PATCH /v1/webhooks/{id} with enabled true"
    return Finding("webhooks", FindingState.NOTE, f"{len(broken)} get nothing, {named}", remedy)


def _checkpoints(waiting: Backlog, clock: Clock, now: datetime) -> Finding:
    armed = f"{waiting.armed_checkpoints:,} set"
    late = _real_age(waiting.oldest_unfired, clock, now)
    if late > LATE_CHECKPOINT:
        return Finding(
            "timers",
            FindingState.WRONG,
            f"{armed}, the oldest should have fired {_duration(late)} ago",
            "start a worker",
        )
    return Finding("timers", FindingState.FINE, f"{armed}, none late")


def _delivery(
    waiting: Backlog, overdue: Sequence[Notice], refused: Mapping[str, int], clock: Clock, now: datetime
) -> Finding:
    found = f"{waiting.undelivered_notices:,} on their way"
    if waiting.oldest_undelivered is not None:
        found += f", the oldest made {_duration(_real_age(waiting.oldest_undelivered, clock, now))} ago"
    if _real_age(waiting.overdue_delivery, clock, now) > LATE_DELIVERY:
        return Finding("notices", FindingState.WRONG, f"{found}; overdue: {_numbers(overdue)}", "start a worker")
    if refused:
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in refused.items())
        remedy = (
            "docs/delivery.md says what frees each code; then they leave by themselves, or at once by “estim notices "
            "retry NUMBER” (“estim notices list --state queued”)"
        )
        return Finding(
            "notices", FindingState.NOTE, f"{found}; {sum(refused.values()):,} refused for now: {reasons}", remedy
        )
    return Finding("notices", FindingState.FINE, found)


def _failed_to_offices(failed: AbandonedNotices) -> Finding:
    if failed.count == 0:
        return Finding("given up", FindingState.FINE, "no notice to an office or a directorate")
    remedy = (
        "“estim notices list --state failed” has all; mend the address or the server, then “estim notices retry NUMBER”"
    )
    found = (
        f"{failed.count:,} to offices and directorates will not go out by themselves, lately {_numbers(failed.newest)}"
    )
    return Finding("given up", FindingState.WRONG, found, remedy)


def _failed_to_applicants(failed: AbandonedNotices) -> Finding:
    """Report applicants whom no medium reached; no fault, because the municipality can't correct addresses."""
    if failed.count == 0:
        return Finding("not told", FindingState.FINE, "no applicant")
    remedy = "“estim notices retry NUMBER” if a server was at fault; else tell them by telephone or post"
    found = f"{failed.count:,} notices to applicants did not arrive, lately {_numbers(failed.newest)}"
    return Finding("not told", FindingState.NOTE, found, remedy)


def _numbers(notices: Sequence[Notice]) -> str:
    return ", ".join(f"{notice.number} ({notice.state_reason or 'no attempt yet'})" for notice in notices)


def _quarantine(waiting: Backlog) -> Finding:
    if waiting.oldest_quarantined is None:
        return Finding("quarantine", FindingState.FINE, "empty")
    found = f"{waiting.quarantined_messages:,} messages, the oldest of {waiting.oldest_quarantined:%d.%m.%Y}"
    return Finding("quarantine", FindingState.NOTE, found, "GET /v1/channels/quarantine; retry or discard each")


def _real_age(since: datetime | None, clock: Clock, now: datetime) -> timedelta:
    return timedelta(seconds=0 if since is None else max(0.0, clock.real_seconds(now - since)))


def _duration(duration: timedelta) -> str:
    seconds = int(duration.total_seconds())
    for size, name in ((86400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds // size} {name}"
    return f"{seconds} seconds"
