"""Ports and passwords of the embedded servers, stored in their folder so that addresses stay the same."""

import json
import os
import secrets
import socket
import tempfile
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from app.core.embedded.errors import EmbeddedError
from app.core.embedded.home import Home
from app.core.embedded.processes import chown_like_parent


@dataclass(frozen=True, slots=True)
class ClusterState:
    """Ports and passwords of a home; a port changes only if another program has taken it."""

    postgres_port: int
    valkey_port: int
    superuser_password: str
    app_password: str
    valkey_password: str

    @property
    def database_url(self) -> str:
        """Return SQLAlchemy's URL of database `estim` for its owner `app`, who is no superuser."""
        return f"postgresql+asyncpg://app:{self.app_password}@127.0.0.1:{self.postgres_port}/estim"

    @property
    def redis_url(self) -> str:
        """Return the URL of Valkey."""
        return f"redis://:{self.valkey_password}@127.0.0.1:{self.valkey_port}/0"


def load_state(home: Path) -> ClusterState | None:
    """Return the stored state, None in a new home; raise EmbeddedError for a damaged file."""
    path = home / "servers.json"
    if not path.exists():
        return None
    try:
        return ClusterState(**json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError) as error:
        raise EmbeddedError(f"{path} is damaged: restore it, or move {home} away to begin anew") from error


def load_or_create_state(home: Home) -> ClusterState:
    """Load the stored state, or create one; choose free ports and store any change (mode 600)."""
    state = stored = load_state(home.folder)
    if state is None and home.postgres.exists():
        raise EmbeddedError(
            f"{home.folder}/servers.json with the passwords is missing: "
            f"restore it, or move {home.folder} away to begin anew"
        )
    if state is None:
        state = ClusterState(0, 0, *(secrets.token_urlsafe(24) for _ in range(3)))
    postgres_port = free_port(state.postgres_port)
    state = replace(state, postgres_port=postgres_port, valkey_port=free_port(state.valkey_port, postgres_port))
    if state != stored:
        store_state(home.folder, state)
    return state


def store_state(home: Path, state: ClusterState) -> None:
    """Replace the state file atomically, readable only by its owner."""
    handle, name = tempfile.mkstemp(dir=home, prefix=".servers-")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(asdict(state), file, indent=2)
        file.flush()
        os.fsync(file.fileno())
    chown_like_parent(Path(name))
    Path(name).replace(home / "servers.json")


def free_port(wanted: int = 0, *taken: int) -> int:
    """Return `wanted` if it is free, else (or if it is 0) another free TCP port of 127.0.0.1."""
    for candidate in (wanted, 0, 0, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", candidate))
            except OSError:
                continue
            port: int = probe.getsockname()[1]
        if port not in taken:
            return port
    raise EmbeddedError("no free TCP port on 127.0.0.1")
