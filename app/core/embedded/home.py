"""Where the embedded servers live, under which account, and who may run them.

PostgreSQL refuses to run as root. Started by root, both servers run as an account without privileges, which
must be able to enter their folder; no folder's mode is ever changed for that: a data folder behind closed
doors (a home of mode 700) gets its servers' part under /var/lib/estim and a link to it.
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
SHARED_PLACE = Path("/var/lib/estim")


@dataclass(frozen=True, slots=True)
class Home:
    """The servers' folder and the account (user, group; None: ourselves) that they run as."""

    folder: Path
    owner: Owner

    @property
    def postgres(self) -> Path:
        """PostgreSQL's data folder."""
        return self.folder / "postgres"

    @property
    def valkey(self) -> Path:
        """Valkey's data folder."""
        return self.folder / "valkey"

    def give(self, path: Path) -> None:
        """Make a file or folder the servers' own."""
        if self.owner is not None:
            os.chown(path, *self.owner)


def find_home(data_dir: Path) -> Path:
    """The servers' folder of a data folder, without making anything."""
    return (data_dir / "servers").resolve()


def open_home(data_dir: Path, announce: Announce) -> Home:
    """Make (or find) the servers' folder of `data_dir` and settle who runs them."""
    _make(data_dir, 0o700 if os.geteuid() != 0 else 0o711)
    data_dir = data_dir.resolve()
    folder = find_home(data_dir)
    if os.geteuid() != 0:
        folder.mkdir(exist_ok=True, mode=0o700)  # others need no way in: the servers run as ourselves
        return Home(folder, None)
    owner = _owner(folder, announce)
    if not folder.exists():
        folder = _place(data_dir, owner, announce)
    if not may_enter(folder, owner):
        raise EmbeddedError(f"account {_name(owner)} can't enter {folder}: move that folder where it can")
    return Home(folder, owner)


def _owner(folder: Path, announce: Announce) -> tuple[int, int]:
    """Whoever owns the data already, else the account `estim`, which is made if the machine has none."""
    data = folder / "postgres"
    if data.exists() and data.stat().st_uid != 0:
        return data.stat().st_uid, data.stat().st_gid
    try:
        entry = pwd.getpwnam(ACCOUNT)
    except KeyError:
        entry = _make_account(announce)
    return entry.pw_uid, entry.pw_gid


def _make_account(announce: Announce) -> pwd.struct_passwd:
    """Add the system account `estim`; `nobody` serves where accounts can't be added."""
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
        fcntl.flock(lock, fcntl.LOCK_EX)  # two checkouts, or two test runs, may want it in the same second
        try:
            subprocess.run(program, capture_output=True, check=True)  # noqa: S603  a fixed command line
        except (OSError, subprocess.CalledProcessError):
            return _settled_account(announce)
    return pwd.getpwnam(ACCOUNT)


def _settled_account(announce: Announce) -> pwd.struct_passwd:
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


def _place(data_dir: Path, owner: tuple[int, int], announce: Announce) -> Path:
    """A new servers' folder: in the data folder if the account can enter it, else a link."""
    folder = data_dir / "servers"
    folder.unlink(missing_ok=True)  # a link whose target is gone
    if may_enter(data_dir, owner):
        _make(folder, 0o711)
        return folder.resolve()
    place = SHARED_PLACE / f"{data_dir.parent.name or 'data'}-{secrets.token_hex(4)}"
    announce(
        f"{data_dir} is closed to other accounts and stays so: "
        f"the embedded servers keep their data in {place} (linked from {folder})."
    )
    _make(SHARED_PLACE, 0o755)
    _make(place, 0o711)
    folder.symlink_to(place)
    return place.resolve()


def _make(folder: Path, mode: int) -> None:
    """A new folder of exactly this mode, whatever the umask; one that exists keeps its own."""
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        return
    folder.chmod(mode)


def may_enter(path: Path, owner: Owner) -> bool:
    """Whether the account can go into a folder: tried, not computed, so that access lists count too."""
    try:
        run_as(owner, ["/bin/sh", "-c", 'cd -- "$1"', "sh", str(path)])
    except EmbeddedError:
        return False
    return True


class Lock:
    """Held by the one process that runs a home's servers; the kernel frees it when that process ends."""

    def __init__(self, home: Path) -> None:
        self._path = home / "lock"
        self._file = self._path.open("a+")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = self._path.read_text().strip() or "unknown"
            self._file.close()
            raise AlreadyRunningError(
                f"ESTİM is already running with the data in {home} (process {holder}): stop that one first."
            ) from error
        self._file.truncate(0)
        self._file.write(f"{os.getpid()}\n")
        self._file.flush()

    def release(self) -> None:
        """Let the next one in."""
        self._file.close()
