"""The `estim` command: its grammar, and one line instead of a traceback for what a person can mend.

Every command loads only what it needs, when it is called: `estim api` must answer within seconds.
"""

import asyncio
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

from config.logging import configure_logging
from config.settings import Settings, running_stack_settings

app = typer.Typer(
    help="ESTİM – the request desk of a municipality. Settings are the variables ESTIM_…; see the README.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
catalogue = typer.Typer(help="The published table and the municipality's folder.", no_args_is_help=True)
report = typer.Typer(help="Figures of what was done.", no_args_is_help=True)
calendar = typer.Typer(help="Working days: holidays, leave, and what a change moves.", no_args_is_help=True)
feed = typer.Typer(help="The change feed that other systems read.", no_args_is_help=True)
imports = typer.Typer(help="Records of systems that are gone.", no_args_is_help=True)
keys = typer.Typer(help="API keys, and the secrets of a new installation.", no_args_is_help=True)
notices = typer.Typer(help="Notices that wait or were given up.", no_args_is_help=True)
app.add_typer(calendar, name="calendar")
app.add_typer(catalogue, name="catalogue")
app.add_typer(feed, name="feed")
app.add_typer(imports, name="import")
app.add_typer(keys, name="keys")
app.add_typer(notices, name="notices")
app.add_typer(report, name="report")

out = Console(highlight=False)


@app.command()
def up(workers: Annotated[int, typer.Option(min=1, max=16, help="Worker processes.")] = 1) -> None:
    """Start everything here: PostgreSQL and Valkey unless yours are set, the API, a worker. Ctrl-C stops it."""
    from app.cli.up import up as start

    raise typer.Exit(start(Settings(), workers=workers, console=out))


@app.command()
def api() -> None:
    """Serve HTTP until SIGTERM."""
    from app.cli.serve import serve

    serve(running_stack_settings())


@app.command()
def worker() -> None:
    """Keep time and deliver notices until SIGTERM."""
    from workers.main import run_worker

    settings = running_stack_settings()
    configure_logging(level=settings.log_level, style=settings.log_format)
    run_worker(settings)


@app.command()
def migrate() -> None:
    """Bring the database to the structure of this version."""
    from app.cli.database import database_url
    from migrations.revisions import head, upgrade

    upgrade(database_url(running_stack_settings()))
    out.print(f"[green]✓[/] The database is at {head()}.")


@app.command()
def doctor() -> None:
    """Look for what is wrong or stuck, and say how to free it. Exits with 1 when something is wrong."""
    from app.cli.doctor import examine

    raise typer.Exit(0 if asyncio.run(examine(out)) else 1)


@app.command()
def deadline(
    service: Annotated[str, typer.Option(help="A code of the catalogue, e.g. solution-desk.")],
    starts_at: Annotated[
        str, typer.Option("--from", help="When it begins, e.g. 2026-05-12T10:00; without a zone in Istanbul.")
    ],
    formal: Annotated[bool, typer.Option("--formal", help="A signed petition (law 3071).")] = False,
    right_to_information: Annotated[bool, typer.Option("--right-to-information", help="Law 4982.")] = False,
    extended: Annotated[bool, typer.Option("--extended", help="The longer limit of law 4982.")] = False,
    pause: Annotated[
        list[str] | None,
        typer.Option(metavar="START/END:REASON", help="E.g. 2026-05-14/2026-05-18:awaiting_citizen; may be repeated."),
    ] = None,
) -> None:
    """Draw when a request would be due, and which dates count, by the rules that apply now."""
    from app.cli.deadline import find, parse_instant, parse_pause, show
    from app.deadlines.service import Supposed

    pauses = tuple(parse_pause(each) for each in pause or ())
    supposed = Supposed(service, parse_instant(starts_at), formal, right_to_information, pauses, extended)
    show(asyncio.run(find(running_stack_settings(), supposed)), out)


@catalogue.command("check")
def catalogue_check(path: Annotated[Path, typer.Argument(help="A table file or a municipality's folder.")]) -> None:
    """Show what is understood of a published table. Exits with 1 when a person has to look at something."""
    from app.cli.catalogue import check

    raise typer.Exit(1 if check(running_stack_settings(), path, out) else 0)


@catalogue.command("load")
def catalogue_load(folder: Annotated[Path, typer.Argument(help="A municipality's folder.")]) -> None:
    """Make a folder the catalogue for new tickets; a faulty one changes nothing."""
    from app.cli.catalogue import load

    asyncio.run(load(running_stack_settings(), folder, out))


@catalogue.command("versions")
def catalogue_versions(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many to show at most.")] = 20,
) -> None:
    """List the catalogues that were loaded, the newest first."""
    from app.cli.catalogue import versions

    asyncio.run(versions(running_stack_settings(), out, limit=limit))


@catalogue.command("diff")
def catalogue_diff(
    folder: Annotated[Path | None, typer.Argument(help="A municipality's folder; else the configured one.")] = None,
    versions: Annotated[
        tuple[str, str] | None, typer.Option(metavar="OLD NEW", help="Two stored versions: how id or checksum begins.")
    ] = None,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit with 1 when something differs.")] = False,
) -> None:
    """Show what a folder would change for new tickets, or what changed between two versions."""
    from app.cli.catalogue import diff_folder, diff_versions

    if folder is not None and versions is not None:
        raise typer.BadParameter("give a folder or two versions, not both")
    settings = running_stack_settings()
    if versions is None:
        differs = asyncio.run(diff_folder(settings, folder or settings.municipality, out))
    else:
        differs = asyncio.run(diff_versions(settings, *versions, out))
    raise typer.Exit(1 if differs and exit_code else 0)


@catalogue.command("migrate")
def catalogue_migrate(
    reason: Annotated[str, typer.Option(help="Why; sealed beside the event of every ticket concerned.")],
    service: Annotated[str | None, typer.Option(help="Only tickets of this service, e.g. solution-desk.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would change.")] = False,
) -> None:
    """Judge limits that run by the catalogue that applies now; late and settled ones keep what they were judged by."""
    from app.cli.catalogue_migration import migrate

    settings = running_stack_settings()
    asyncio.run(migrate(settings, service=service, reason=reason, dry_run=dry_run, console=out))


@report.command("compliance")
def report_compliance(
    month: Annotated[str, typer.Option(help="By the local calendar, e.g. 2026-05.")],
    csv: Annotated[Path | None, typer.Option(help="Write a sheet for a Turkish Excel to this file.")] = None,
) -> None:
    """Show how limits were kept in a month, from stored dates."""
    from app.cli.report import read, show

    show(asyncio.run(read(running_stack_settings(), month)), csv, out)


@calendar.command("show")
def calendar_show(year: Annotated[int, typer.Argument(min=2006, max=2099, help="Which year.")]) -> None:
    """Show a year's holidays and decisions, and whether a person has confirmed the holidays."""
    from app.cli.calendar import show

    asyncio.run(show(running_stack_settings(), year, out))


@calendar.command("confirm")
def calendar_confirm(year: Annotated[int, typer.Argument(min=2006, max=2099, help="Which year.")]) -> None:
    """Say that you have compared a year's holidays with the official gazette."""
    from app.cli.calendar import confirm

    asyncio.run(confirm(running_stack_settings(), year, out))


@calendar.command("add")
def calendar_add(
    date: Annotated[str, typer.Argument(help="Such as 2026-05-25.")],
    name: Annotated[str, typer.Option(help="What ledgers and letters call it, e.g. İdari izin.")],
    reason: Annotated[str, typer.Option(help="Why, e.g. the circular; kept with the decision.")],
    kind: Annotated[Literal["leave", "half_day", "working"], typer.Option(help="What the day is.")] = "leave",
    ends_at: Annotated[str | None, typer.Option(help="When the doors close early, e.g. 12:00.")] = None,
    counts_for: Annotated[
        list[str] | None,
        typer.Option(help="promise or statutory: for which clock it is a working day all the same; default: both."),
    ] = None,
    counts_for_none: Annotated[bool, typer.Option("--counts-for-none", help="A working day for no clock.")] = False,
    open_from_to: Annotated[
        list[str] | None, typer.Option("--open", help="Of a working day, e.g. 09:00-13:00.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would move.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Also for a date that is past.")] = False,
) -> None:
    """Decide on a date, and compute every open clock anew; shows first what moves."""
    from app.calendar_admin.service import CalendarChange
    from app.cli.calendar import change, one_date, special_day
    from app.sla.calendar import DayKind

    counted = [] if counts_for_none else counts_for or None
    day = special_day(DayKind(kind), name, ends_at=ends_at, counts_for=counted, segments=open_from_to or [])
    wanted = CalendarChange({one_date(date): day}, frozenset())
    settings = running_stack_settings()
    asyncio.run(change(settings, wanted, reason=reason, dry_run=dry_run, force=force, console=out))


@calendar.command("revoke")
def calendar_revoke(
    date: Annotated[str, typer.Argument(help="Such as 2026-05-25.")],
    reason: Annotated[str, typer.Option(help="Why; kept with the version.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would move.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Also for a date that is past.")] = False,
) -> None:
    """Take a decision on a date back, and compute every open clock anew."""
    from app.calendar_admin.service import CalendarChange
    from app.cli.calendar import change, one_date

    wanted = CalendarChange({}, frozenset({one_date(date)}))
    settings = running_stack_settings()
    asyncio.run(change(settings, wanted, reason=reason, dry_run=dry_run, force=force, console=out))


@notices.command("list")
def notices_list(
    state: Annotated[str, typer.Option(help="queued, sending, sent, delivered, failed or skipped.")] = "failed",
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many to show at most.")] = 50,
) -> None:
    """List notices in a state, the newest first, with the reason and the attempts."""
    from app.cli.notices import show

    asyncio.run(show(running_stack_settings(), out, state=state, limit=limit))


@notices.command("retry")
def notices_retry(numbers: Annotated[list[str], typer.Argument(help="As the list shows them: 26-000123.")]) -> None:
    """Send failed or waiting notices again, now; a running worker takes them within seconds."""
    from app.cli.notices import retry

    for number, found in asyncio.run(retry(running_stack_settings(), numbers)):
        out.print(f"[green]✓[/] {number} {found}.")


@feed.callback()
@imports.callback()
def _group() -> None:
    """Without it typer would make the only command of a group the group itself."""


@feed.command("new-epoch")
def feed_new_epoch() -> None:
    """After an older backup was restored: refuse all cursors given so far, so that nobody goes on wrongly."""
    from app.cli.feed import new_epoch

    epoch = asyncio.run(new_epoch(running_stack_settings()))
    out.print(f"[green]✓[/] The feed is in epoch {epoch}; cursors of others are refused.")


@imports.command("bimer")
def import_bimer(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A CSV with headings, in UTF-8.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what is understood; store nothing.")] = False,
    refused: Annotated[Path | None, typer.Option(help="Write refused lines to this new file, to be mended.")] = None,
    column: Annotated[
        list[str] | None, typer.Option(metavar="NAME=HEADING", help="Where a column has another heading; repeatable.")
    ] = None,
) -> None:
    """Import answered BİMER records as closed tickets, each once. Exits with 1 when a line was refused."""
    from app.cli.history_import import import_bimer as take

    taking = take(running_stack_settings(), file, columns=column or [], dry_run=dry_run, refused=refused, console=out)
    raise typer.Exit(0 if asyncio.run(taking) else 1)


@keys.command("create")
def keys_create(
    name: Annotated[str, typer.Option(help="The program or desk that gets the key.")],
    role: Annotated[str, typer.Option(help="What it may do, e.g. call-centre, field-team, ops.")],
    unit: Annotated[str | None, typer.Option(help="The only directorate whose tickets it sees.")] = None,
) -> None:
    """Make a client with a key. The key is printed this once; it is stored nowhere."""
    from app.cli.keys import create

    typer.echo(asyncio.run(create(running_stack_settings(), name=name, role=role, unit=unit)))


@keys.command("list")
def keys_list() -> None:
    """List keys by their prefix, with the client and whether they work."""
    from app.cli.keys import show

    asyncio.run(show(running_stack_settings(), out))


@keys.command("revoke")
def keys_revoke(prefix: Annotated[str, typer.Argument(help="As `keys list` shows it.")]) -> None:
    """End a key; running programs refuse it within 5 seconds."""
    from app.cli.keys import revoke

    client = asyncio.run(revoke(running_stack_settings(), prefix))
    out.print(f"[green]✓[/] The key of {client} no longer works.")


@keys.command("secrets")
def keys_secrets() -> None:
    """Print fresh ESTIM_VAULT_KEYS, ESTIM_INDEX_KEY and ESTIM_KEY_PEPPER for production."""
    from app.cli.keys import secrets

    typer.echo(secrets(), nl=False)


def main() -> None:
    """Run the command; failures that a person can mend are told in one line and exit with 1."""
    try:
        app(prog_name="estim")
    except Exception as error:
        from app.cli.failures import explain

        line = explain(error)
        if line is None:
            raise
        sys.stderr.write(f"estim: {line}\n")
        sys.exit(1)
