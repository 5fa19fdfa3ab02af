"""The commands of `estim`, and one line instead of a traceback for errors that a person can act on.

Each command imports its modules when it is called: `estim api` must serve within seconds.
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
report = typer.Typer(help="Reports of compliance with limits.", no_args_is_help=True)
calendar = typer.Typer(help="Working days: holidays, leave and changes.", no_args_is_help=True)
feed = typer.Typer(help="The change feed that other systems read.", no_args_is_help=True)
imports = typer.Typer(help="Records of retired systems.", no_args_is_help=True)
keys = typer.Typer(help="API keys, and the secrets of a new installation.", no_args_is_help=True)
notices = typer.Typer(help="Notices that wait or have failed.", no_args_is_help=True)
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
    """Fire due checkpoints and deliver notices until SIGTERM."""
    from workers.main import run_worker

    settings = running_stack_settings()
    configure_logging(level=settings.log_level, style=settings.log_format)
    run_worker(settings)


@app.command()
def migrate() -> None:
    """Migrate the database to the schema of this version."""
    from app.cli.context import database_url
    from migrations.revisions import head, upgrade

    upgrade(database_url(running_stack_settings()))
    out.print(f"[green]✓[/] The database is at {head()}.")


@app.command()
def doctor() -> None:
    """Check what is wrong or stuck, and print remedies. Exit with 1 if something is wrong."""
    from app.cli.doctor import examine

    raise typer.Exit(0 if asyncio.run(examine(out)) else 1)


@app.command()
def deadline(
    service: Annotated[str, typer.Option(help="A code of the catalogue, e.g. solution-desk.")],
    starts_at: Annotated[
        str, typer.Option("--from", help="Begin of the limit, e.g. 2026-05-12T10:00; without a zone in Istanbul.")
    ],
    formal: Annotated[bool, typer.Option("--formal", help="A signed petition (law 3071).")] = False,
    right_to_information: Annotated[bool, typer.Option("--right-to-information", help="Law 4982.")] = False,
    extended: Annotated[bool, typer.Option("--extended", help="The longer limit of law 4982.")] = False,
    pause: Annotated[
        list[str] | None,
        typer.Option(metavar="START/END:REASON", help="E.g. 2026-05-14/2026-05-18:awaiting_citizen; may be repeated."),
    ] = None,
) -> None:
    """Draw the due date of a request and the dates that count, by the present rules."""
    from app.cli.deadline import compute, parse_instant, parse_pause, show
    from app.deadlines.service import PreviewRequest

    pauses = tuple(parse_pause(each) for each in pause or ())
    request = PreviewRequest(service, parse_instant(starts_at), formal, right_to_information, pauses, extended)
    show(asyncio.run(compute(running_stack_settings(), request)), out)


@catalogue.command("check")
def catalogue_check(path: Annotated[Path, typer.Argument(help="A table file or a municipality's folder.")]) -> None:
    """Show what is read from a published table. Exit with 1 if a person must review something."""
    from app.cli.catalogue import check

    raise typer.Exit(1 if check(running_stack_settings(), path, out) else 0)


@catalogue.command("load")
def catalogue_load(folder: Annotated[Path, typer.Argument(help="A municipality's folder.")]) -> None:
    """Load a folder as the catalogue for new tickets; a faulty one changes nothing."""
    from app.cli.catalogue import load

    asyncio.run(load(running_stack_settings(), folder, out))


@catalogue.command("versions")
def catalogue_versions(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Maximum number of lines.")] = 20,
) -> None:
    """List the loaded catalogues, newest first."""
    from app.cli.catalogue import versions

    asyncio.run(versions(running_stack_settings(), out, limit=limit))


@catalogue.command("diff")
def catalogue_diff(
    folder: Annotated[Path | None, typer.Argument(help="A municipality's folder; else the configured one.")] = None,
    versions: Annotated[
        tuple[str, str] | None,
        typer.Option(metavar="OLD NEW", help="Two versions: the start of id or checksum."),
    ] = None,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit with 1 if something differs.")] = False,
) -> None:
    """Show the differences between the loaded catalogue and a folder, or between two versions."""
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
    reason: Annotated[str, typer.Option(help="Reason; stored encrypted with the event of every changed ticket.")],
    service: Annotated[str | None, typer.Option(help="Only tickets of this service, e.g. solution-desk.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show the changes.")] = False,
) -> None:
    """Apply the present catalogue to running limits; breached and ended limits stay unchanged."""
    from app.cli.catalogue_migration import migrate

    settings = running_stack_settings()
    asyncio.run(migrate(settings, service=service, reason=reason, dry_run=dry_run, console=out))


@report.command("compliance")
def report_compliance(
    month: Annotated[str, typer.Option(help="By the local calendar, e.g. 2026-05.")],
    csv: Annotated[Path | None, typer.Option(help="Write a sheet for a Turkish Excel to this file.")] = None,
) -> None:
    """Show the compliance with limits in a month, from stored dates."""
    from app.cli.report import read, show

    show(asyncio.run(read(running_stack_settings(), month)), csv, out)


@calendar.command("show")
def calendar_show(year: Annotated[int, typer.Argument(min=2006, max=2099, help="Which year.")]) -> None:
    """Show a year's holidays and decisions, and whether the holidays are confirmed."""
    from app.cli.calendar import show

    asyncio.run(show(running_stack_settings(), year, out))


@calendar.command("confirm")
def calendar_confirm(year: Annotated[int, typer.Argument(min=2006, max=2099, help="Which year.")]) -> None:
    """Confirm that you have compared a year's holidays with the official gazette."""
    from app.cli.calendar import confirm

    asyncio.run(confirm(running_stack_settings(), year, out))


@calendar.command("add")
def calendar_add(
    date: Annotated[str, typer.Argument(help="Such as 2026-05-25.")],
    name: Annotated[str, typer.Option(help="Name in ledgers and letters, e.g. İdari izin.")],
    reason: Annotated[str, typer.Option(help="Reason, e.g. the circular; stored with the decision.")],
    kind: Annotated[Literal["leave", "half_day", "working"], typer.Option(help="Kind of the day.")] = "leave",
    ends_at: Annotated[str | None, typer.Option(help="Early closing time, e.g. 12:00.")] = None,
    counts_for: Annotated[
        list[str] | None,
        typer.Option(help="promise or statutory: clock for which it is still a working day; default: both."),
    ] = None,
    counts_for_none: Annotated[bool, typer.Option("--counts-for-none", help="A working day for no clock.")] = False,
    open_from_to: Annotated[
        list[str] | None, typer.Option("--open", help="Opening hours of a working day, e.g. 09:00-13:00.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show the moved dates.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Also for a past date.")] = False,
) -> None:
    """Decide on a date and recompute every open clock; show the moved dates first."""
    from app.calendar_admin.service import CalendarChange
    from app.cli.calendar import change, parse_date, parse_special_day
    from app.sla.calendar import DayKind

    clocks = [] if counts_for_none else counts_for or None
    day = parse_special_day(DayKind(kind), name, ends_at=ends_at, counts_for=clocks, segments=open_from_to or [])
    wanted = CalendarChange({parse_date(date): day}, frozenset())
    settings = running_stack_settings()
    asyncio.run(change(settings, wanted, reason=reason, dry_run=dry_run, force=force, console=out))


@calendar.command("revoke")
def calendar_revoke(
    date: Annotated[str, typer.Argument(help="Such as 2026-05-25.")],
    reason: Annotated[str, typer.Option(help="Reason; stored with the version.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show the moved dates.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Also for a past date.")] = False,
) -> None:
    """Revoke a decision on a date and recompute every open clock."""
    from app.calendar_admin.service import CalendarChange
    from app.cli.calendar import change, parse_date

    wanted = CalendarChange({}, frozenset({parse_date(date)}))
    settings = running_stack_settings()
    asyncio.run(change(settings, wanted, reason=reason, dry_run=dry_run, force=force, console=out))


@notices.command("list")
def notices_list(
    state: Annotated[str, typer.Option(help="queued, sending, sent, delivered, failed or skipped.")] = "failed",
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Maximum number of lines.")] = 50,
) -> None:
    """List notices in a state, newest first, with reason and attempts."""
    from app.cli.notices import show

    asyncio.run(show(running_stack_settings(), out, state=state, limit=limit))


@notices.command("retry")
def notices_retry(numbers: Annotated[list[str], typer.Argument(help="As the list shows them: 26-000123.")]) -> None:
    """Send failed or waiting notices again; a running worker sends them within seconds."""
    from app.cli.notices import retry

    for number, found in asyncio.run(retry(running_stack_settings(), numbers)):
        out.print(f"[green]✓[/] {number} {found}.")


@feed.callback()
@imports.callback()
def _group() -> None:
    """Make typer treat a group with a single command as a group."""


@feed.command("new-epoch")
def feed_new_epoch() -> None:
    """Refuse all earlier cursors after an older backup was restored, so that no reader continues wrongly."""
    from app.cli.feed import new_epoch

    epoch = asyncio.run(new_epoch(running_stack_settings()))
    out.print(f"[green]✓[/] The feed is in epoch {epoch}; cursors of others are refused.")


@imports.command("bimer")
def import_bimer(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A CSV with headings, in UTF-8.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what is read; store nothing.")] = False,
    refused: Annotated[Path | None, typer.Option(help="Write refused lines to this new file, for correction.")] = None,
    column: Annotated[
        list[str] | None, typer.Option(metavar="NAME=HEADING", help="Heading of a column that differs; repeatable.")
    ] = None,
) -> None:
    """Import answered BİMER records as closed tickets, each once. Exit with 1 if a line was refused."""
    from app.cli.history_import import import_bimer as take

    taking = take(running_stack_settings(), file, columns=column or [], dry_run=dry_run, refused=refused, console=out)
    raise typer.Exit(0 if asyncio.run(taking) else 1)


@keys.command("create")
def keys_create(
    name: Annotated[str, typer.Option(help="Program or desk that gets the key.")],
    role: Annotated[str, typer.Option(help="Role with its scopes, e.g. call-centre, field-team, ops.")],
    unit: Annotated[str | None, typer.Option(help="The only directorate whose tickets it sees.")] = None,
) -> None:
    """Create a client with a key. The key is printed only now; it is not stored."""
    from app.cli.keys import create

    typer.echo(asyncio.run(create(running_stack_settings(), name=name, role=role, unit=unit)))


@keys.command("list")
def keys_list() -> None:
    """List keys by prefix, with client and state."""
    from app.cli.keys import show

    asyncio.run(show(running_stack_settings(), out))


@keys.command("revoke")
def keys_revoke(prefix: Annotated[str, typer.Argument(help="As `keys list` shows it.")]) -> None:
    """Revoke a key; running programs refuse it within 5 seconds."""
    from app.cli.keys import revoke

    client = asyncio.run(revoke(running_stack_settings(), prefix))
    out.print(f"[green]✓[/] The key of {client} no longer works.")


@keys.command("secrets")
def keys_secrets() -> None:
    """Print new ESTIM_VAULT_KEYS, ESTIM_INDEX_KEY and ESTIM_KEY_PEPPER for production."""
    from app.cli.keys import generate_secrets

    typer.echo(generate_secrets(), nl=False)


def main() -> None:
    """Run the command; print one line for an error that a person can act on and exit with 1."""
    try:
        app(prog_name="estim")
    except Exception as error:
        from app.cli.errors import explain_error

        line = explain_error(error)
        if line is None:
            raise
        sys.stderr.write(f"estim: {line}\n")
        sys.exit(1)
