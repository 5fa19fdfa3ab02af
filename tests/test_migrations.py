"""The migrations: upgrade and downgrade, equality with the models, and two concurrent upgrades."""

import asyncio
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import text

from app.core.db import Base, Database
from migrations import revisions
from tests.cli_runner import PROGRAM, environment
from tests.desk import PETITION, opened_desk
from tests.installation import ROOT
from tests.servers import TestServers

BOOKKEEPING = {"alembic_version"}


@pytest.fixture
def empty(servers: TestServers) -> Iterator[str]:
    """Yield the URL of a database without tables."""
    with servers.database("template1") as url:
        yield url


def config(url: str) -> Config:
    found = Config(ROOT / "alembic.ini")
    found.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return found


def tables(url: str) -> set[str]:
    async def read() -> set[str]:
        database = Database(url)
        async with database.reading() as session:
            found = set(await session.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")))
        await database.close()
        return found

    return asyncio.run(read())


def revision(url: str) -> str | None:
    async def read() -> str | None:
        database = Database(url)
        async with database.reading() as session:
            found = await revisions.current(session)
        await database.close()
        return found

    return asyncio.run(read())


def test_the_head_by_file_name_is_the_head_by_history() -> None:
    assert ScriptDirectory(str(revisions.FOLDER)).get_current_head() == revisions.head()


def test_up_down_and_up_again_leaves_the_same_structure(empty: str) -> None:
    assert revision(empty) is None
    revisions.upgrade(empty)
    assert revision(empty) == revisions.head()
    assert tables(empty) == set(Base.metadata.tables) | BOOKKEEPING
    command.downgrade(config(empty), "base")
    assert tables(empty) == BOOKKEEPING
    revisions.upgrade(empty)
    assert tables(empty) == set(Base.metadata.tables) | BOOKKEEPING


def test_migrations_make_exactly_the_tables_of_the_code(empty: str) -> None:
    revisions.upgrade(empty)
    command.check(config(empty))


def test_migrating_what_is_migrated_changes_nothing(empty: str) -> None:
    revisions.upgrade(empty)
    revisions.upgrade(empty)
    assert revision(empty) == revisions.head()


def test_two_that_migrate_at_once_do_not_collide(empty: str, tmp_path: Path) -> None:
    env = environment(database_url=empty)
    both = [
        subprocess.Popen([*PROGRAM, "migrate"], env=env, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    warnings = [each.communicate() for each in both]
    assert [each.returncode for each in both] == [0, 0], warnings
    assert tables(empty) == set(Base.metadata.tables) | BOOKKEEPING


async def test_a_clock_of_before_belongs_to_the_service_of_its_ticket(
    servers: TestServers, template: str, tmp_path: Path
) -> None:
    async with opened_desk(servers, template, tmp_path) as desk:
        number = await desk.open(PETITION)
        pinned = [clock.policy for clock in await desk.rows_of_clocks(number)]
        url = desk.container.settings.database_url
        assert url is not None
        await asyncio.to_thread(command.downgrade, config(url.get_secret_value()), "0008")
        assert ["service" in clock.policy for clock in await desk.rows_of_clocks(number)] == [False, False]
        await asyncio.to_thread(revisions.upgrade, url.get_secret_value())
        assert [clock.policy for clock in await desk.rows_of_clocks(number)] == pinned
