"""`estim doctor`: looks at everything that can be wrong or stuck, and says in one line how to free it."""

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

from app.cli.failures import explain
from app.container import Container, open_container
from app.core.clock import ISTANBUL, Clock
from app.core.errors import Unavailable
from app.feed.queries import StuckWebhook, stuck_webhooks
from app.feed.watermark import OldWriter, old_writers
from app.notices.model import Notice
from app.notices.recipients import holder
from app.operations.queries import GivenUp, Waiting, oldest_overdue, read_given_up, read_waiting, refused_for_now
from app.operations.readiness import Check, check_queue
from app.sla.calendar_years import years
from app.sla.model import CalendarYear
from app.standards.catalogue import check_folder_or_file
from app.standards.values import Catalogue
from config.settings import Settings, running_stack_settings
from migrations import revisions

LATE_CHECKPOINT = timedelta(seconds=30)
"""A running worker fires within 2 s; after this nobody does."""

LATE_DELIVERY = timedelta(minutes=5)

LONG_WRITE = timedelta(minutes=1)
"""No transaction of ours is open for so long; one that is keeps all readers of the change feed waiting."""

CONFIRMED_AHEAD = timedelta(days=90)
"""So long before a year begins its holidays should be confirmed: limits of thirty working days reach into it."""

NAMED = 3
"""So many stuck notices are named; the rest is counted."""

LEVELS = (1, 2)
"""The application offices that every published table names."""

LEAST_FREE_BYTES = 200 * 1024 * 1024


class FindingState(StrEnum):
    """How bad a finding is; only `WRONG` makes the command fail."""

    FINE = "✓"
    NOTE = "!"
    WRONG = "✗"


_STYLES = {FindingState.FINE: "green", FindingState.NOTE: "yellow", FindingState.WRONG: "bold red"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `remedy` says what frees it."""

    subject: str
    state: FindingState
    found: str
    remedy: str = ""


async def examine(console: Console) -> bool:
    """Print what was found; True where nothing is wrong."""
    findings = [finding async for finding in _examined()]
    table = Table(title="ESTİM", title_justify="left", show_edge=False)
    for heading in ("", "what", "found", "what to do"):
        table.add_column(heading, overflow="fold")
    for each in findings:
        table.add_row(Text(each.state, style=_STYLES[each.state]), each.subject, each.found, each.remedy)
    console.print(table)
    wrong = sum(each.state is FindingState.WRONG for each in findings)
    console.print(Text(f"\n{wrong} wrong" if wrong else "\nNothing is wrong.", style="bold red" if wrong else "green"))
    return not wrong


async def _examined() -> AsyncIterator[Finding]:
    """Findings in the order in which they depend on each other; what can't be looked at any more is left out."""
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
        line = explain(error)
        if line is None:
            raise
        yield Finding("settings", FindingState.WRONG, line, "correct the variable, or start “make run” in this folder")


async def _database(container: Container) -> AsyncIterator[Finding]:
    try:
        async with container.database.reading() as session:
            revision, head = await revisions.current(session), revisions.head()
    except (SQLAlchemyError, OSError, TimeoutError) as error:
        yield Finding(
            "database", FindingState.WRONG, explain(error) or type(error).__name__, "start it, or correct its address"
        )
        return
    if revision != head:
        yield Finding("database", FindingState.WRONG, f"at {revision or 'nothing'}, needed is {head}", "estim migrate")
        return
    yield Finding("database", FindingState.FINE, f"reachable, at {head}")
    now = container.clock.now()
    try:
        catalogue = (await container.rulebooks.current()).catalogue
    except Unavailable:
        load = f"estim catalogue load {container.settings.municipality}"
        yield Finding("catalogue", FindingState.WRONG, "none is loaded: every request is refused", load)
    else:
        yield _catalogue(catalogue, container.settings.municipality)
        yield _addresses(catalogue, now.astimezone(ISTANBUL).date())
    async with container.database.reading() as session:
        waiting = await read_waiting(session, now)
        overdue = await oldest_overdue(session, now, NAMED)
        refused = await refused_for_now(session)
        untold_offices = await read_given_up(session, NAMED, to_applicants=False)
        untold_applicants = await read_given_up(session, NAMED, to_applicants=True)
        stored = await years(session)
        broken = await stuck_webhooks(session)
        writers = await old_writers(session, LONG_WRITE)
    yield _calendar(stored, now)
    yield _checkpoints(waiting, container.clock, now)
    yield _delivery(waiting, overdue, refused, container.clock, now)
    yield _given_up(untold_offices)
    yield _not_told(untold_applicants)
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
    """Whom no e-mail reaches: an application office is what escalation is for, a directorate misses its warnings."""
    holders = [(level, holder(catalogue, level, on)) for level in LEVELS]
    offices = [f"level {level} ({one.office.printed.place})" for level, one in holders if not one.address]
    if offices:
        remedy = "offices.yaml: give a role_mailbox, or a head or a deputy for today; then load the catalogue"
        return Finding("addresses", FindingState.WRONG, f"no mail reaches the office of {', '.join(offices)}", remedy)
    units = [unit.name for unit in catalogue.units if not unit.email]
    if units:
        named = ", ".join(units[:NAMED]) + (" …" if len(units) > NAMED else "")
        found = f"{len(units)} of {len(catalogue.units)} directorates have no e-mail address: {named}"
        return Finding(
            "addresses", FindingState.NOTE, found, "give each an email in units.yaml, then load the catalogue"
        )
    return Finding("addresses", FindingState.FINE, "both offices and all directorates have one")


def _calendar(stored: Sequence[CalendarYear], now: datetime) -> Finding:
    """Whether a person has confirmed the holidays of this year, and from autumn on those of the next."""
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
    """Events that were written after a transaction that is still open are told when it has ended."""
    if not writers:
        return Finding("change feed", FindingState.FINE, "nothing holds it back")
    found = f"held back for {_told(writers[0].age)} by an open transaction, {writers[0].name}; webhooks wait, too"
    return Finding("change feed", FindingState.WRONG, found, f"end it: {writers[0].ending}")


def _webhooks(broken: Sequence[StuckWebhook]) -> Finding:
    if not broken:
        return Finding("webhooks", FindingState.FINE, "none fails")
    named = ", ".join(
        f"{one.client}: {one.url} ({one.disabled_reason or 'retrying'}, {one.id})" for one in broken[:NAMED]
    )
    remedy = "tell its owner; once it answers: PATCH /v1/webhooks/{id} with enabled true"
    return Finding("webhooks", FindingState.NOTE, f"{len(broken)} get nothing, {named}", remedy)


def _checkpoints(waiting: Waiting, clock: Clock, now: datetime) -> Finding:
    armed = f"{waiting.armed_checkpoints:,} set"
    late = _real(waiting.oldest_unfired, clock, now)
    if late > LATE_CHECKPOINT:
        return Finding(
            "timers", FindingState.WRONG, f"{armed}, the oldest should have fired {_told(late)} ago", "start a worker"
        )
    return Finding("timers", FindingState.FINE, f"{armed}, none late")


def _delivery(
    waiting: Waiting, overdue: Sequence[Notice], refused: Mapping[str, int], clock: Clock, now: datetime
) -> Finding:
    found = f"{waiting.undelivered_notices:,} on their way"
    if waiting.oldest_undelivered is not None:
        found += f", the oldest made {_told(_real(waiting.oldest_undelivered, clock, now))} ago"
    if _real(waiting.overdue_delivery, clock, now) > LATE_DELIVERY:
        return Finding("notices", FindingState.WRONG, f"{found}; overdue: {_named(overdue)}", "start a worker")
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


def _given_up(failed: GivenUp) -> Finding:
    if failed.count == 0:
        return Finding("given up", FindingState.FINE, "no notice to an office or a directorate")
    remedy = (
        "“estim notices list --state failed” has all; mend the address or the server, then “estim notices retry NUMBER”"
    )
    found = (
        f"{failed.count:,} to offices and directorates will not go out by themselves, lately {_named(failed.newest)}"
    )
    return Finding("given up", FindingState.WRONG, found, remedy)


def _not_told(failed: GivenUp) -> Finding:
    """Applicants whom no medium reached: nobody here can mend their addresses, so this alone is no fault."""
    if failed.count == 0:
        return Finding("not told", FindingState.FINE, "no applicant")
    remedy = "“estim notices retry NUMBER” if a server was at fault; else tell them by telephone or post"
    found = f"{failed.count:,} notices to applicants did not arrive, lately {_named(failed.newest)}"
    return Finding("not told", FindingState.NOTE, found, remedy)


def _named(notices: Sequence[Notice]) -> str:
    return ", ".join(f"{notice.number} ({notice.state_reason or 'no attempt yet'})" for notice in notices)


def _quarantine(waiting: Waiting) -> Finding:
    if waiting.oldest_quarantined is None:
        return Finding("quarantine", FindingState.FINE, "empty")
    found = f"{waiting.quarantined_messages:,} messages, the oldest of {waiting.oldest_quarantined:%d.%m.%Y}"
    return Finding("quarantine", FindingState.NOTE, found, "GET /v1/channels/quarantine; retry or discard each")


def _real(since: datetime | None, clock: Clock, now: datetime) -> timedelta:
    return timedelta(seconds=0 if since is None else max(0.0, clock.real_seconds(now - since)))


def _told(stretch: timedelta) -> str:
    seconds = int(stretch.total_seconds())
    for size, name in ((86400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds // size} {name}"
    return f"{seconds} seconds"
