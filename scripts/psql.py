"""Open psql on the database of the running stack: `make psql`, or `make psql ARGS='-c "SELECT count(*) FROM ticket"'`.

The program is the one of the embedded server's package, so the machine needs no PostgreSQL of its own.
"""

import os
import sys

from sqlalchemy import make_url

from app.core import embedded
from app.core.embedded.postgres import psql_program
from config.settings import Settings


def main() -> None:
    """Replace this process by psql; exit with one line if no stack is running here."""
    settings = Settings()
    try:
        given = settings.database_url
        address = make_url(given.get_secret_value() if given else embedded.attach(settings.data_dir).database_url)
    except embedded.EmbeddedError as error:
        sys.exit(str(error))
    variables = {
        "PGHOST": address.host,
        "PGPORT": str(address.port or 5432),
        "PGDATABASE": address.database,
        "PGUSER": address.username,
        "PGPASSWORD": address.password,
    }
    os.environ.update({name: str(value) for name, value in variables.items() if value})
    program = str(psql_program())
    os.execv(program, [program, *sys.argv[1:]])  # noqa: S606 - the program is the installed wheel's


if __name__ == "__main__":
    main()
