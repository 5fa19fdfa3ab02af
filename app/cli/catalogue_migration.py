"""`estim catalogue migrate`: running limits judged by the catalogue that applies now, shown before it is done."""

from rich.console import Console

from app.cli.calendar import print_moves
from app.cli.database import connected
from app.cli.errors import CommandError
from app.cli.occasion import person, present
from app.container import make_vault
from app.standards.rulebook import Rulebook, RulebookCache
from app.tickets.bulk.catalogue_migration import migrate as migrate_clocks
from app.tickets.bulk.catalogue_migration import preview_migration
from app.tickets.bulk.recompute import RecomputePreview
from config.settings import Settings


async def migrate(settings: Settings, *, service: str | None, reason: str, dry_run: bool, console: Console) -> None:
    """Print which running limits change, and change them unless it is only to be looked at."""
    if not reason.strip():
        raise CommandError("Say why: the reason stands in the history of every ticket that is concerned.")
    now = present(settings)
    async with connected(settings) as database:
        rules = await RulebookCache(database).current()
        _check_service(rules, service)
        async with database.reading() as session:
            seen = await preview_migration(session, rules, service=service, now=now)
        _print(seen, console)
        if dry_run or not seen.repinned:
            return
        done = await migrate_clocks(
            database, make_vault(settings), rules, service=service, actor=person(), reason=reason, now=now
        )
    console.print(f"[green]✓[/] {done.looked_at} limits follow the catalogue now; {done.moved} dates moved.")


def _check_service(rules: Rulebook, service: str | None) -> None:
    known = sorted(one.code for one in rules.catalogue.services)
    if service is not None and service not in known:
        raise CommandError(f"The catalogue that applies has no service {service!r}. It has: {', '.join(known)}.")


def _print(seen: RecomputePreview, console: Console) -> None:
    print_moves(seen.first, console)
    if len(seen.first) < seen.moved:
        console.print(f"  … and {seen.moved - len(seen.first)} more")
    console.print(
        f"{seen.repinned} of {seen.looked_at} running limits have another policy now; {seen.moved} dates move, "
        f"{seen.earlier} of them to an earlier date.",
        soft_wrap=True,
    )
    if seen.overdue_at_once:
        console.print(f"[yellow]![/] {seen.overdue_at_once} would be late at once, and their offices told.")
