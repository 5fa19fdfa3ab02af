"""The home of the embedded servers: their folder, the account they run as, and the lock of the running process.

PostgreSQL refuses to run as root. If root starts them, both servers run as an account without privileges, which
must be able to enter their folder. No folder's mode is changed for that. If the account can't enter the data folder
(mode 700), the servers' folder lies under /var/lib/estim, and the data folder has a link to it.
"""

import fcntl
import os
import pwd
import secrets
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from app.core.embedded.errors import AlreadyRunningError, EmbeddedError
from app.core.embedded.processes import Owner, run_as

Announce = Callable[[str], None]

ACCOUNT = "estim"
SHARED_FOLDER = Path("/var/lib/estim")


@dataclass(frozen=True, slots=True)
class Home:
    """The servers' folder and the account (user and group id; None: the current user) that they run as."""

    folder: Path
    owner: Owner

    @property
    def postgres(self) -> Path:
        """Return PostgreSQL's data folder."""
        return self.folder / "postgres"

    @property
    def valkey(self) -> Path:
        """Return Valkey's data folder."""
        return self.folder / "valkey"

    def chown(self, path: Path) -> None:
        """Change the owner of a file or folder to the servers' account."""
        if self.owner is not None:
            os.chown(path, *self.owner)


def servers_folder(data_dir: Path) -> Path:
    """Return the servers' folder of a data folder, without creating anything."""
    return (data_dir / "servers").resolve()


def open_home(data_dir: Path, announce: Announce) -> Home:
    """Find or create the servers' folder of `data_dir` and choose the servers' account."""
    _make_folder(data_dir, 0o700 if os.geteuid() != 0 else 0o711)
    data_dir = data_dir.resolve()
    folder = servers_folder(data_dir)
    if os.geteuid() != 0:
        folder.mkdir(exist_ok=True, mode=0o700)  # no other account needs it: the servers run as the current user
        return Home(folder, None)
    owner = _owner(folder, announce)
    if not folder.exists():
        folder = _make_servers_folder(data_dir, owner, announce)
    if not can_enter(folder, owner):
        raise EmbeddedError(f"account {_name(owner)} can't enter {folder}: move that folder where it can")
    return Home(folder, owner)


def _owner(folder: Path, announce: Announce) -> tuple[int, int]:
    """Return the owner of existing data, else the account `estim`, which is added if it does not exist."""
    data = folder / "postgres"
    if data.exists() and data.stat().st_uid != 0:
        return data.stat().st_uid, data.stat().st_gid
    try:
        entry = pwd.getpwnam(ACCOUNT)
    except KeyError:
        entry = _make_account(announce)
    return entry.pw_uid, entry.pw_gid


def _make_account(announce: Announce) -> pwd.struct_passwd:
    """Add the system account `estim`; fall back to `nobody` if accounts can't be added."""
    announce(f"You are root, as whom PostgreSQL refuses to run: adding the system account “{ACCOUNT}” for it.")
    program = [
        "useradd",
        "--system",
        "--user-group",
        "--no-create-home",
        "--shell",
        "/usr/sbin/nologin",
        ACCOUNT,
    ]
    with Path(tempfile.gettempdir(), "estim-account.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two checkouts, or two test runs, may add it at the same time
        try:
            subprocess.run(program, capture_output=True, check=True)  # noqa: S603  a fixed command line
        except (OSError, subprocess.CalledProcessError):
            return _existing_account(announce)
    return pwd.getpwnam(ACCOUNT)


def _existing_account(announce: Announce) -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(ACCOUNT)
    except KeyError:
        announce("No account could be added; “nobody” runs the embedded servers.")
        return pwd.getpwnam("nobody")


def _name(owner: tuple[int, int]) -> str:
    try:
        return pwd.getpwuid(owner[0]).pw_name
    except KeyError:
        return str(owner[0])


def _make_servers_folder(data_dir: Path, owner: tuple[int, int], announce: Announce) -> Path:
    """Make the servers' folder in the data folder if the account can enter it, else elsewhere with a link to it."""
    folder = data_dir / "servers"
    folder.unlink(missing_ok=True)  # a link to a missing target
    if can_enter(data_dir, owner):
        _make_folder(folder, 0o711)
        return folder.resolve()
    shared = SHARED_FOLDER / f"{data_dir.parent.name or 'data'}-{secrets.token_hex(4)}"
    announce(
        f"{data_dir} is closed to other accounts and stays so: "
        f"the embedded servers keep their data in {shared} (linked from {folder})."
    )
    _make_folder(SHARED_FOLDER, 0o755)
    _make_folder(shared, 0o711)
    folder.symlink_to(shared)
    return shared.resolve()


def _make_folder(folder: Path, mode: int) -> None:
    """Make a folder of exactly this mode, regardless of the umask; leave an existing one unchanged."""
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        return
    folder.chmod(mode)


def can_enter(path: Path, owner: Owner) -> bool:
    """Return whether the account can enter a folder, by trying it, so that access control lists count too."""
    try:
        run_as(owner, ["/bin/sh", "-c", 'cd -- "$1"', "sh", str(path)])
    except EmbeddedError:
        return False
    return True


class Lock:
    """File lock of the process that runs a home's servers; the kernel releases it when the process ends."""

    def __init__(self, home: Path) -> None:
        self._path = home / "lock"
        self._file = self._path.open("a+")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            process = self._path.read_text().strip() or "unknown"
            self._file.close()
            raise AlreadyRunningError(
                f"ESTİM is already running with the data in {home} (process {process}): stop that one first."
            ) from error
        self._file.truncate(0)
        self._file.write(f"{os.getpid()}\n")
        self._file.flush()

    def release(self) -> None:
        """Release the lock."""
        self._file.close()
