"""Ports and passwords of the embedded servers, remembered in their folder so that addresses stay the same."""

import json
import os
import secrets
import socket
import tempfile
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from app.core.embedded.errors import EmbeddedError
from app.core.embedded.home import Home
from app.core.embedded.processes import adopt


@dataclass(frozen=True, slots=True)
class ClusterState:
    """Ports and passwords of a home; they stay the same from run to run unless somebody else took a port."""

    postgres_port: int
    valkey_port: int
    superuser_password: str
    app_password: str
    valkey_password: str

    @property
    def database_url(self) -> str:
        """SQLAlchemy's address of database `estim` for the role `app`, who owns it and is no superuser."""
        return f"postgresql+asyncpg://app:{self.app_password}@127.0.0.1:{self.postgres_port}/estim"

    @property
    def redis_url(self) -> str:
        """Valkey's address."""
        return f"redis://:{self.valkey_password}@127.0.0.1:{self.valkey_port}/0"


def load_state(home: Path) -> ClusterState | None:
    """What the last run remembered; None in a fresh home. Raises EmbeddedError for an unreadable file."""
    path = home / "servers.json"
    if not path.exists():
        return None
    try:
        return ClusterState(**json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError) as error:
        raise EmbeddedError(f"{path} is damaged: restore it, or move {home} away to begin anew") from error


def settle_state(home: Home) -> ClusterState:
    """The remembered state with ports that are free now, made and stored (mode 600) where there is none."""
    state = remembered = load_state(home.folder)
    if state is None and home.postgres.exists():
        raise EmbeddedError(
            f"{home.folder}/servers.json with the passwords is missing: "
            f"restore it, or move {home.folder} away to begin anew"
        )
    if state is None:
        state = ClusterState(0, 0, *(secrets.token_urlsafe(24) for _ in range(3)))
    postgres_port = free_port(state.postgres_port)
    state = replace(state, postgres_port=postgres_port, valkey_port=free_port(state.valkey_port, postgres_port))
    if state != remembered:
        store_state(home.folder, state)
    return state


def store_state(home: Path, state: ClusterState) -> None:
    """Replace the state file in one step, readable for its owner alone."""
    handle, name = tempfile.mkstemp(dir=home, prefix=".servers-")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(asdict(state), file, indent=2)
        file.flush()
        os.fsync(file.fileno())
    adopt(Path(name))
    Path(name).replace(home / "servers.json")


def free_port(wanted: int = 0, *taken: int) -> int:
    """`wanted` if nobody listens on it (or it is 0), else another free TCP port of 127.0.0.1."""
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
