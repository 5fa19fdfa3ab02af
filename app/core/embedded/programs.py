"""The wheels' server programs, at a path that the servers' account can run.

Only a start by root needs more than the wheel's own path. If the account can't enter the environment's folder (mode
700), the programs are copied into the servers' folder, once per version.
"""

import shutil
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from app.core.embedded.errors import EmbeddedError
from app.core.embedded.home import Home
from app.core.embedded.processes import run_as


def wheel_folder(wheel: str) -> Path:
    """Return the folder of an installed wheel without importing it: imports have side effects (locks, warnings)."""
    spec = find_spec(wheel.replace("-", "_"))
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedError(f"the package {wheel} is not installed: run “make run”, or install requirements.lock")
    return Path(spec.submodule_search_locations[0])


def accessible_folder(home: Home, *, wheel: str, parts: tuple[str, ...]) -> Path:
    """Return site-packages if the home's account can run the first of `parts`, else a folder with a copy of `parts`.

    Parts are relative to site-packages: programs find their libraries relative to their own path.
    """
    root = wheel_folder(wheel).parent
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
