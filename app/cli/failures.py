"""Failures that a person can do something about, each told in one line instead of a traceback."""

from pydantic import ValidationError
from pydantic_settings import SettingsError as UnreadableSettings
from sqlalchemy.exc import DBAPIError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.cli.errors import CommandError
from app.container import SettingsError
from app.core.embedded import EmbeddedError
from app.people.vault import VaultError


def explain(error: Exception) -> str | None:
    """One line for the person at the terminal; None for an error that nobody foresaw."""
    if isinstance(error, (CommandError, EmbeddedError, SettingsError)):
        return str(error)
    if isinstance(error, (ValidationError, UnreadableSettings)):
        return _settings(error)
    if isinstance(error, VaultError):
        return f"ESTIM_VAULT_KEYS, ESTIM_INDEX_KEY or ESTIM_KEY_PEPPER can't be used: {error}."
    if isinstance(error, ProgrammingError) and "does not exist" in str(error.orig):
        return "The database lacks tables of this version: run “estim migrate”."
    if isinstance(error, (DBAPIError, PoolTimeout)):
        cause = error.orig if isinstance(error, DBAPIError) else error
        return f"The database refuses: {_first_line(cause)}"
    if isinstance(error, OSError) and error.filename:
        return f"{error.strerror}: {error.filename}"
    if isinstance(error, OSError):
        return f"The database does not answer: start it, or correct ESTIM_DATABASE_URL ({_first_line(error)})."
    return None


def _settings(error: ValidationError | UnreadableSettings) -> str:
    """Every variable that is not valid, without its value, for it may be a password."""
    if isinstance(error, UnreadableSettings):
        return _first_line(error)
    found = error.errors(include_input=False, include_url=False)
    named = (
        ("ESTIM_" + "_".join(map(str, each["loc"])).upper(), each["msg"].removeprefix("Value error, "))
        for each in found
    )
    return "; ".join(message if name == "ESTIM_" else f"{name}: {message}" for name, message in named)


def _first_line(error: BaseException | None) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
