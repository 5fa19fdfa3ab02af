"""`estim catalogue`: look at a published table, and make a municipality's folder the version that applies."""

from pathlib import Path

from rich.console import Console

from app.commands.database import connected
from app.commands.errors import CommandError
from app.core.clock import make_clock
from app.core.db import Database
from app.standards.catalogue import CheckResult, check_folder_or_file
from app.standards.report import print_check
from app.standards.service import StoredCatalogue, store_catalogue
from config.settings import Settings


def check(settings: Settings, path: Path, console: Console) -> bool:
    """Print what was understood of a table or a folder; whether a person has to look at it."""
    if not path.exists():
        raise CommandError(f"There is no {path}.")
    result = check_folder_or_file(path, settings.municipality)
    print_check(result, console)
    return result.needs_person


async def load(settings: Settings, folder: Path, console: Console) -> None:
    """Store a folder as the catalogue for new tickets; a faulty one is printed and changes nothing."""
    result = readable(folder, console)
    async with connected(settings) as database:
        stored = await store(settings, database, result)
    words = "is now the version for new tickets" if stored.is_new else "applies already"
    console.print(f"[green]✓[/] {folder}: catalogue {stored.version_id} {words}.", soft_wrap=True)


def readable(folder: Path, console: Console) -> CheckResult:
    """What a folder says; raises `CommandError` after printing the findings that stop the load."""
    if not folder.is_dir():
        raise CommandError(f"There is no folder {folder}: ESTIM_MUNICIPALITY names the municipality's folder.")
    result = check_folder_or_file(folder)
    if result.catalogue is None:
        print_check(result, console)
        raise CommandError(f"{folder} was not loaded; the catalogue that applies is unchanged.")
    return result


async def store(settings: Settings, database: Database, result: CheckResult) -> StoredCatalogue:
    """Make a readable catalogue the version for new tickets."""
    if result.catalogue is None:
        raise CommandError(f"{result.path} can't be loaded.")
    async with database.transaction() as session:
        return await store_catalogue(session, result.catalogue, now=make_clock(settings.virtual_clock).now())
