"""`estim keys`: API keys of clients, and the secrets of a new installation."""

from datetime import datetime

from rich.console import Console
from rich.table import Table
from rich.text import Text

from app.access.queries import ListedKey, list_keys
from app.access.scopes import ROLES
from app.access.service import create_client, revoke_key
from app.cli.context import CommandError, current_time, open_database
from app.container import SettingsError
from app.core.clock import ISTANBUL
from app.core.db import Database
from app.core.errors import Unavailable
from app.people.vault import decode_key, generate_key
from app.standards.rulebook import RulebookCache
from config.settings import Settings


async def create(settings: Settings, *, name: str, role: str, unit: str | None) -> str:
    """Create a client with its first key and return the key, which is not stored."""
    if role not in ROLES:
        raise CommandError(f"There is no role {role!r}. Roles: {', '.join(ROLES)}.")
    if not name.strip():
        raise CommandError("--name must not be empty.")
    pepper = settings.key_pepper.get_secret_value()
    if not pepper:
        raise SettingsError("ESTIM_KEY_PEPPER is not set: API keys can't be made without it.")
    async with open_database(settings) as database:
        if unit is not None:
            await _check_unit(database, unit)
        async with database.transaction() as session:
            return await create_client(
                session,
                name=name.strip(),
                role=role,
                unit=unit,
                pepper=decode_key(pepper),
                now=current_time(settings),
            )


async def show(settings: Settings, console: Console) -> None:
    """Print client and state of every key, never the key itself."""
    async with open_database(settings) as database, database.reading() as session:
        found = await list_keys(session)
    now = current_time(settings)
    table = Table(title=f"API keys ({len(found)})", title_justify="left")
    table.add_column("prefix", no_wrap=True)
    for heading in ("client", "role", "unit", "made", "state"):
        table.add_column(heading, overflow="fold")
    for key in found:
        table.add_row(key.prefix, key.client, key.role, key.unit or "", _day(key.created_at), _state(key, now))
    console.print(table)


async def revoke(settings: Settings, prefix: str) -> str:
    """Revoke a key and return the name of its client."""
    async with open_database(settings) as database, database.transaction() as session:
        now = current_time(settings)
        client = await revoke_key(session, prefix=prefix, now=now)
    if client is None:
        raise CommandError(f"No working key has the prefix {prefix}: “estim keys list” shows them.")
    return client


def generate_secrets() -> str:
    """Return new secrets of an installation as lines of an environment file."""
    secrets = {
        "ESTIM_VAULT_KEYS": f"k1:{generate_key()}",
        "ESTIM_INDEX_KEY": generate_key(),
        "ESTIM_KEY_PEPPER": generate_key(),
    }
    return "".join(f"{name}={value}\n" for name, value in secrets.items())


async def _check_unit(database: Database, unit: str) -> None:
    try:
        catalogue = (await RulebookCache(database).current()).catalogue
    except Unavailable:
        raise CommandError(
            "No catalogue is loaded, so --unit can't be checked: “estim catalogue load” first."
        ) from None
    if catalogue.unit(unit) is None:
        units = ", ".join(each.code for each in catalogue.units)
        raise CommandError(f"There is no unit {unit!r}. Units: {units}.")


def _day(instant: datetime) -> str:
    return f"{instant.astimezone(ISTANBUL):%d.%m.%Y}"


def _state(key: ListedKey, now: datetime) -> Text:
    if key.revoked_at is not None:
        return Text(f"revoked {_day(key.revoked_at)}", style="red")
    if key.expires_at is not None and key.expires_at <= now:
        return Text(f"expired {_day(key.expires_at)}", style="yellow")
    return Text("works", style="green")
