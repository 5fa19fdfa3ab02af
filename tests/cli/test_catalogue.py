"""`estim catalogue diff` and `versions`: what a folder would change, and what changed when."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from app.container import Container
from app.standards.catalogue import CatalogueError, load_catalogue
from app.standards.service import store_catalogue
from config.settings import Settings
from tests.cli_runner import environment, run_estim, run_estim_process
from tests.installation import ESENLER, START


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Esenler's folder, to be edited."""
    return Path(shutil.copytree(ESENLER, tmp_path / "folder"))


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


async def load(container: Container, folder: Path, *, days: int) -> str:
    """Make the folder the version that applies `days` after the first; its checksum."""
    catalogue = load_catalogue(folder)
    async with container.database.transaction() as session:
        await store_catalogue(session, catalogue, now=START + timedelta(days=days))
    return catalogue.sha256


def test_the_folder_that_was_loaded_does_not_differ(settings: Settings, tmp_path: Path) -> None:
    done = run_estim_process("catalogue", "diff", "--exit-code", env=environment(settings), folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Nothing differs." in done.stdout
    assert "Only comments" not in done.stdout


def test_a_comment_is_no_difference_and_its_file_is_named(settings: Settings, folder: Path, tmp_path: Path) -> None:
    edit(folder / "units.yaml", "units:", "# sorted by use\nunits:")
    done = run_estim("catalogue", "diff", str(folder), "--exit-code", env=environment(settings), folder=tmp_path)
    assert done.returncode == 0
    assert "Nothing differs." in done.stdout
    assert "Only comments, blanks or the places of lines: units.yaml" in done.stdout


def test_a_new_limit_is_shown_with_what_it_moves(settings: Settings, folder: Path, tmp_path: Path) -> None:
    edit(folder / "standards-table.txt", "1 GÜN", "2 GÜN")
    done = run_estim("catalogue", "diff", str(folder), env=environment(settings), folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    for words in ("service info-desk", "limit_text", "1 GÜN", "2 GÜN", "2 gün", "move"):
        assert words in done.stdout
    assert "2 differences. 1 may move due dates of new tickets; tickets that run keep theirs." in done.stdout
    asked = run_estim("catalogue", "diff", str(folder), "--exit-code", env=environment(settings), folder=tmp_path)
    assert (asked.returncode, asked.stdout) == (1, done.stdout)


def test_a_closure_is_shown_to_move_open_tickets_too(settings: Settings, folder: Path, tmp_path: Path) -> None:
    """Closures belong to the calendar, which applies to every open clock after the folder is loaded."""
    leave = "closures: [{date: 2027-05-25, name: İdari izin, kind: leave, counts_as_working: []}]"
    edit(folder / "closures.yaml", "closures: []", leave)
    edit(folder / "standards-table.txt", "1 GÜN", "2 GÜN")
    done = run_estim("catalogue", "diff", str(folder), env=environment(settings), folder=tmp_path)
    shown = " ".join(done.stdout.split())
    assert (
        "3 differences. 2 may move due dates of new tickets, 1 of them (the calendar) those of open tickets too"
        in shown
    )
    assert (shown.count("new move"), shown.count("all move")) == (1, 1)


def test_a_faulty_folder_prints_its_findings(settings: Settings, folder: Path, tmp_path: Path) -> None:
    (folder / "offices.yaml").unlink()
    done = run_estim("catalogue", "diff", str(folder), env=environment(settings), folder=tmp_path)
    assert done.returncode == 1
    assert "offices.yaml" in done.stdout
    assert done.stderr == f"estim: {folder} has faults, so there is nothing to compare.\n"


async def test_versions_are_listed_and_compared_by_how_they_begin(
    settings: Settings, container: Container, folder: Path, tmp_path: Path
) -> None:
    first = load_catalogue(ESENLER).sha256
    edit(folder / "units.yaml", "name: Fen İşleri Müdürlüğü", "name: Yol Müdürlüğü")
    second = await load(container, folder, days=1)
    env = environment(settings)
    listed = run_estim("catalogue", "versions", env=env, folder=tmp_path).stdout
    assert listed.index(second[:12]) < listed.index(first[:12])
    assert "13.05.2026 10:00" in listed
    assert "older" not in listed
    assert "There are older ones" in run_estim("catalogue", "versions", "--limit", "1", env=env, folder=tmp_path).stdout

    done = run_estim("catalogue", "diff", "--versions", first[:8], second[:8].upper(), env=env, folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    for words in ("unit public-works", "Fen İşleri Müdürlüğü", "Yol Müdürlüğü", "No due date of a new ticket moves"):
        assert words in done.stdout


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--versions", "ffffffff", "ffffffff"), "No version begins with 'ffffffff': “estim catalogue versions”"),
        (("--versions", "", ""), "More than one version begins with ''"),
    ],
)
async def test_an_ambiguous_version_is_refused_in_one_line(
    settings: Settings, container: Container, folder: Path, tmp_path: Path, arguments: tuple[str, ...], expected: str
) -> None:
    edit(folder / "units.yaml", "units:", "# again\nunits:")
    await load(container, folder, days=1)
    done = run_estim("catalogue", "diff", *arguments, env=environment(settings), folder=tmp_path)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert expected in done.stderr


@pytest.mark.parametrize("kind", ["leave", "half_day"])
def test_a_folder_that_changes_dates_that_are_past_is_refused(
    settings: Settings, folder: Path, tmp_path: Path, kind: str
) -> None:
    """Past dates were counted before; the calendar command decides on them, and shows the moved dates."""
    past = f"closures: [{{date: 2026-02-02, name: Kar tatili, kind: {kind}}}]"
    edit(folder / "closures.yaml", "closures: []", past)
    done = run_estim("catalogue", "load", str(folder), env=environment(settings), folder=tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    for words in ("2026-02-02", "unchanged", "estim calendar add", "--force"):
        assert words in done.stderr
    shown = run_estim("calendar", "show", "2026", env=environment(settings), folder=tmp_path).stdout
    assert "Kar tatili" not in shown
    assert (
        "applies already"
        in run_estim("catalogue", "load", str(ESENLER), env=environment(settings), folder=tmp_path).stdout
    )


async def test_a_folder_may_go_on_to_name_the_dates_that_have_passed_since(container: Container, folder: Path) -> None:
    edit(folder / "closures.yaml", "closures: []", "closures: [{date: 2026-05-13, name: İdari izin, kind: leave}]")
    await load(container, folder, days=0)
    edit(folder / "units.yaml", "units:", "# again\nunits:")
    await load(container, folder, days=9)
    with pytest.raises(CatalogueError, match="2026-05-13"):
        await load(container, ESENLER, days=9)


def test_a_folder_and_versions_together_are_refused(settings: Settings, tmp_path: Path) -> None:
    arguments = ("catalogue", "diff", str(ESENLER), "--versions", "a", "b")
    assert run_estim(*arguments, env=environment(settings), folder=tmp_path).returncode == 2
