"""`estim catalogue migrate`: apply the present catalogue to running limits, with a preview."""

from rich.console import Console

from app.cli.calendar import print_moves
from app.cli.context import CommandError, current_time, current_user, open_database
from app.container import make_vault
from app.standards.rulebook import Rulebook, RulebookCache
from app.tickets.bulk.catalogue_migration import migrate as migrate_clocks
from app.tickets.bulk.catalogue_migration import preview_migration
from app.tickets.bulk.recompute import RecomputePreview
from config.settings import Settings


async def migrate(settings: Settings, *, service: str | None, reason: str, dry_run: bool, console: Console) -> None:
    """Print which running limits change; change them unless `dry_run` is set."""
    if not reason.strip():
        raise CommandError("Say why: the reason stands in the history of every ticket that is concerned.")
    now = current_time(settings)
    async with open_database(settings) as database:
        rules = await RulebookCache(database).current()
        _check_service(rules, service)
        async with database.reading() as session:
            previewed = await preview_migration(session, rules, service=service, now=now)
        _print_preview(previewed, console)
        if dry_run or not previewed.repinned:
            return
        done = await migrate_clocks(
            database, make_vault(settings), rules, service=service, actor=current_user(), reason=reason, now=now
        )
    console.print(f"[green]✓[/] {done.examined} limits follow the catalogue now; {done.moved} dates moved.")


def _check_service(rules: Rulebook, service: str | None) -> None:
    known = sorted(one.code for one in rules.catalogue.services)
    if service is not None and service not in known:
        raise CommandError(f"The catalogue that applies has no service {service!r}. It has: {', '.join(known)}.")


def _print_preview(previewed: RecomputePreview, console: Console) -> None:
    print_moves(previewed.first_moves, console)
    if len(previewed.first_moves) < previewed.moved:
        console.print(f"  … and {previewed.moved - len(previewed.first_moves)} more")
    console.print(
        f"{previewed.repinned} of {previewed.examined} running limits have another policy now; "
        f"{previewed.moved} dates move, {previewed.earlier} of them to an earlier date.",
        soft_wrap=True,
    )
    if previewed.overdue_at_once:
        console.print(f"[yellow]![/] {previewed.overdue_at_once} would be late at once, and their offices told.")
