"""Files of the data folder that only their owner may read."""

import os
import tempfile
from pathlib import Path

from app.core.embedded.processes import chown_like_parent


def make_data_folder(folder: Path) -> None:
    """Make the data folder if it is new: closed to others, but root's lets the servers' account pass through."""
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        return
    folder.chmod(0o711 if os.geteuid() == 0 else 0o700)


def write_private(path: Path, content: str) -> None:
    """Put a file of mode 600 in place in one step; root's belongs to the folder's owner, who may start next time."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    chown_like_parent(Path(name))
    Path(name).replace(path)
