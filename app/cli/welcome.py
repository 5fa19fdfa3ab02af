"""What `estim up` says when it can be used: where everything lies, and what to try first."""

import shlex

from rich import box
from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from app.cli.install import KEY_FILE
from app.cli.port import reachable
from config.settings import Settings


def print_welcome(settings: Settings, console: Console) -> None:
    """Print where everything lies, and a request to copy: outside of the frame, whose spaces would break it."""
    address = settings.public_url or f"http://{reachable(settings.host)}:{settings.port}"
    key = settings.data_dir / KEY_FILE
    facts = Table.grid(padding=(0, 2))
    for label, value in (
        ("API docs", f"{address}/docs (or /redoc)"),
        ("API key", f"{key}, which may do everything here"),
        ("Outbox", f"{settings.outbox}, every notice as a mail file"),
    ):
        facts.add_row(Text(label, style="bold"), Text(value, overflow="fold"))
    title = Text(" ESTİM is ready ", style="bold green")
    console.print(Panel(facts, box=box.ROUNDED, title=title, title_align="left", border_style="green", expand=False))
    console.print(Text("Try next:", style="bold"))
    console.print(Text(_example(address, shlex.quote(str(key))), style="cyan"), soft_wrap=True)
    console.print(Text("Ctrl-C stops everything.", style="bold"))


def _example(address: str, key: str) -> str:
    lines = (
        f"curl {address}/v1/tickets \\",
        f'  -H "X-API-Key: $(cat {key})" \\',
        "  -H 'Content-Type: application/json' \\",
        """  -d '{"channel": "call-center", "description": "Kaldırımda çukur var",""",
        """       "applicant": {"phone": "0532 000 00 00"}}'""",
    )
    return "\n".join(lines)
