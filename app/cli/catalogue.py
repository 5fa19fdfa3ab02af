"""`estim catalogue`: check, load and compare catalogues of the published table."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text
from sqlalchemy.ext.asyncio import AsyncSession

from app.cli.context import CommandError, current_time, open_database
from app.core.clock import ISTANBUL
from app.core.db import Database
from app.core.turkish import format_datetime
from app.standards.catalogue import CatalogueCheck, CatalogueError, check_folder_or_file
from app.standards.diff import CatalogueChange, ChangeKind, diff_catalogues
from app.standards.model import CatalogueVersion
from app.standards.queries import current_version, list_versions, versions_by_prefix
from app.standards.report import print_check
from app.standards.service import StoredCatalogue, store_catalogue
from app.standards.values import Catalogue
from config.settings import Settings


def check(settings: Settings, path: Path, console: Console) -> bool:
    """Print what was read from a table or a folder; return whether a person must review it."""
    if not path.exists():
        raise CommandError(f"There is no {path}.")
    result = check_folder_or_file(path, settings.municipality)
    print_check(result, console)
    return result.needs_person


async def load(settings: Settings, folder: Path, console: Console) -> None:
    """Load a folder as the catalogue for new tickets; print the faults of an invalid one and change nothing."""
    result = check_loadable(folder, console)
    async with open_database(settings) as database:
        stored = await store(settings, database, result)
    words = "is now the version for new tickets" if stored.is_new else "applies already"
    console.print(f"[green]✓[/] {folder}: catalogue {stored.version_id} {words}.", soft_wrap=True)


async def versions(settings: Settings, console: Console, *, limit: int) -> None:
    """Print the loaded catalogues, newest first."""
    async with open_database(settings) as database, database.reading() as session:
        page = await list_versions(session, page_size=limit)
    table = Table(title="Versions of the catalogue, the newest applies to new tickets", title_justify="left")
    for heading in ("loaded", "version", "checksum"):
        table.add_column(heading, no_wrap=True)
    table.add_column("services", justify="right")
    for each in page.items:
        loaded = format_datetime(each.loaded_at.astimezone(ISTANBUL))
        table.add_row(loaded, str(each.id), each.sha256[:12], str(each.services))
    console.print(table)
    if page.next_cursor:
        console.print(Text(f"There are older ones: --limit shows more than {limit}.", style="dim"))


async def diff_folder(settings: Settings, folder: Path, console: Console) -> bool:
    """Print what loading the folder would change; return whether anything would."""
    new = check_loadable(folder, console, refusal=f"{folder} has faults, so there is nothing to compare.").catalogue
    async with open_database(settings) as database, database.reading() as session:
        applying = await current_version(session)
    if applying is None or new is None:
        raise CommandError(f"No catalogue is loaded yet: “estim catalogue load {folder}”.")
    return _print_differences(console, _version_name(applying), applying.catalogue, str(folder), new)


async def diff_versions(settings: Settings, old: str, new: str, console: Console) -> bool:
    """Print what differs between two versions, each named by the start of its id or checksum."""
    async with open_database(settings) as database, database.reading() as session:
        before, after = await _version(session, old), await _version(session, new)
    return _print_differences(console, _version_name(before), before.catalogue, _version_name(after), after.catalogue)


async def _version(session: AsyncSession, beginning: str) -> CatalogueVersion:
    found = await versions_by_prefix(session, beginning)
    if len(found) == 1:
        return found[0]
    reason = "More than one version begins" if found else "No version begins"
    raise CommandError(f"{reason} with {beginning!r}: “estim catalogue versions” lists them.")


def _version_name(version: CatalogueVersion) -> str:
    return f"version {version.sha256[:12]} of {format_datetime(version.loaded_at.astimezone(ISTANBUL))}"


def _print_differences(console: Console, old_name: str, old: Catalogue, new_name: str, new: Catalogue) -> bool:
    changes = diff_catalogues(old, new)
    console.print(Text(f"{old_name}  →  {new_name}", style="bold"))
    if changes:
        console.print(_table(changes))
        console.print(_summary(changes))
        return True
    console.print(Text("✓ Nothing differs.", style="green"))
    changed_files = sorted(name for name in old.sources | new.sources if old.sources.get(name) != new.sources.get(name))
    if changed_files:
        console.print(Text(f"Only comments, blanks or the places of lines: {', '.join(changed_files)}.", style="dim"))
    return False


_STYLES = {ChangeKind.ADDED: "green", ChangeKind.REMOVED: "red", ChangeKind.CHANGED: ""}


def _table(changes: Sequence[CatalogueChange]) -> Table:
    table = Table(show_lines=True, expand=True)
    table.add_column("what", ratio=2, overflow="fold")
    table.add_column("old", ratio=3, overflow="fold")
    table.add_column("new", ratio=3, overflow="fold")
    table.add_column("deadlines", no_wrap=True)
    for change in changes:
        what = Text(f"{change.subject.replace('_', ' ')} {change.code}".strip(), style=_STYLES[change.kind])
        what.append(f"\n{change.field or change.kind}", style="dim")
        table.add_row(what, *_sides(change), _moves(change))
    return table


def _sides(change: CatalogueChange) -> tuple[Text, Text]:
    old, new = (Text(words) if words else Text("(blank)", style="dim") for words in (change.old, change.new))
    return Text("") if change.kind is ChangeKind.ADDED else old, Text("") if change.kind is ChangeKind.REMOVED else new


def _moves(change: CatalogueChange) -> Text:
    if not change.moves_deadlines:
        return Text("stay", style="dim")
    return Text("all move" if change.moves_open_tickets else "new move", style="bold yellow")


def _summary(changes: Sequence[CatalogueChange]) -> Text:
    moving = sum(change.moves_deadlines for change in changes)
    of_calendar = sum(change.moves_open_tickets for change in changes)
    summary = f"{len(changes)} differences. "
    if not moving:
        return Text(summary + "No due date of a new ticket moves by them.")
    summary += f"{moving} may move due dates of new tickets"
    summary += f", {of_calendar} of them (the calendar) those of open tickets too; otherwise " if of_calendar else "; "
    return Text(summary + "tickets that run keep theirs.", style="yellow")


def check_loadable(folder: Path, console: Console, *, refusal: str | None = None) -> CatalogueCheck:
    """Check a folder; if its faults prevent loading, print them and raise `CommandError`."""
    if not folder.is_dir():
        raise CommandError(f"There is no folder {folder}: ESTIM_MUNICIPALITY names the municipality's folder.")
    result = check_folder_or_file(folder)
    if result.catalogue is None:
        print_check(result, console)
        raise CommandError(refusal or f"{folder} was not loaded; the catalogue that applies is unchanged.")
    return result


async def store(settings: Settings, database: Database, result: CatalogueCheck) -> StoredCatalogue:
    """Store a checked catalogue as the version for new tickets."""
    if result.catalogue is None:
        raise CommandError(f"{result.path} can't be loaded.")
    try:
        async with database.transaction() as session:
            return await store_catalogue(session, result.catalogue, now=current_time(settings))
    except CatalogueError as error:
        raise CommandError(f"The catalogue that applies is unchanged. {error}") from error
