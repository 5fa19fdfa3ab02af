"""One line for each error that a person can act on, instead of a traceback."""

from pydantic import ValidationError
from pydantic_settings import SettingsError as UnreadableSettings
from sqlalchemy.exc import DBAPIError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.cli.context import CommandError
from app.container import SettingsError
from app.core.embedded import EmbeddedError
from app.people.vault import VaultError


def explain_error(error: Exception) -> str | None:
    """Return one line for the person at the terminal; None for an unexpected error."""
    if isinstance(error, (CommandError, EmbeddedError, SettingsError)):
        return str(error)
    if isinstance(error, (ValidationError, UnreadableSettings)):
        return _explain_settings(error)
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


def _explain_settings(error: ValidationError | UnreadableSettings) -> str:
    """Name every invalid variable without its value, which may be a password."""
    if isinstance(error, UnreadableSettings):
        return _first_line(error)
    errors = error.errors(include_input=False, include_url=False)
    named = (
        ("ESTIM_" + "_".join(map(str, each["loc"])).upper(), each["msg"].removeprefix("Value error, "))
        for each in errors
    )
    return "; ".join(message if name == "ESTIM_" else f"{name}: {message}" for name, message in named)


def _first_line(error: BaseException | None) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
