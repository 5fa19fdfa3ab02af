"""Write the next migration: `make migration name="add a column"`.

The draft contains what alembic finds different between the tables in the code and a database that was migrated to the
head. The database is a throw-away one of the embedded server. Read the draft: alembic sees no data, no changed `CHECK`
and no trigger.
"""

import re
import sys
import tempfile
from contextlib import redirect_stdout
from pathlib import Path

from alembic import command
from alembic.config import Config

from app.core import embedded
from migrations import revisions


def main() -> None:
    """Write the file and print its path; exit with one line if the name can't be used."""
    name = "_".join(sys.argv[1:]).strip().lower().replace(" ", "_")
    if not re.fullmatch(r"[a-z][a-z0-9_]{2,39}", name):
        sys.exit('say in up to 40 letters what it does: make migration name="add a column" (a-z, 0-9)')
    print(write(name))


def write(name: str) -> Path:
    """Write the next numbered file from the template, with the differences found, and return its path."""
    number = f"{int(revisions.head()) + 1:04}"
    config = Config(str(revisions.FOLDER.parent / "alembic.ini"))
    with (
        redirect_stdout(sys.stderr),
        tempfile.TemporaryDirectory(prefix="estim-migration-", ignore_cleanup_errors=True) as place,
    ):
        Path(place).chmod(0o711)  # the account that runs the server has to enter
        with embedded.start(Path(place), announce=print, durable=False) as servers:
            revisions.upgrade(servers.database_url)
            config.set_main_option("sqlalchemy.url", servers.database_url.replace("%", "%%"))
            message = name.replace("_", " ").capitalize()
            command.revision(config, message=message, rev_id=number, autogenerate=True)
    file = revisions.FOLDER / "versions" / f"{number}_{name}.py"
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join(line for line in lines if not line.lstrip().startswith("# ###")))
    return file


if __name__ == "__main__":
    main()
