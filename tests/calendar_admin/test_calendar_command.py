"""The command `estim calendar`, as an administrator types it."""

import getpass
from pathlib import Path

import pytest

from config.settings import Settings
from tests.cli_runner import environment, run_estim, run_estim_process


def test_leave_is_previewed_decided_listed_and_revoked(settings: Settings, tmp_path: Path) -> None:
    env, person = environment(settings), getpass.getuser()
    given = ("2027-05-25", "--name", "İdari izin", "--reason", "Genelge 2027/5", "--counts-for", "statutory")
    looked = run_estim_process("calendar", "add", *given, "--dry-run", env=env, folder=tmp_path)
    assert (looked.returncode, looked.stderr) == (0, "")
    assert looked.stdout.startswith("0 of 0 open clocks move")
    assert "İdari izin" not in run_estim("calendar", "show", "2027", env=env, folder=tmp_path).stdout
    assert "0 dates moved" in run_estim("calendar", "add", *given, env=env, folder=tmp_path).stdout
    listed = run_estim("calendar", "show", "2027", env=env, folder=tmp_path).stdout
    [line] = [line for line in listed.splitlines() if "25.05.2027" in line]
    for words in ("Salı", "idari izin", "İdari izin", f"{person}: Genelge 2027/5"):
        assert words in line
    revoked = run_estim("calendar", "revoke", "2027-05-25", "--reason", "Geri alındı", env=env, folder=tmp_path)
    assert revoked.returncode == 0, revoked.stderr
    assert "25.05.2027" not in run_estim("calendar", "show", "2027", env=env, folder=tmp_path).stdout


def test_a_year_is_confirmed_by_name(settings: Settings, tmp_path: Path) -> None:
    env = environment(settings)
    assert "Not confirmed" in run_estim("calendar", "show", "2027", env=env, folder=tmp_path).stdout
    confirmed = run_estim("calendar", "confirm", "2027", env=env, folder=tmp_path)
    assert "29.10.2027 Cuma  Cumhuriyet Bayramı" in confirmed.stdout
    assert confirmed.stdout.endswith(f"✓ 2027 is confirmed by {getpass.getuser()}.\n")
    assert f"Confirmed by {getpass.getuser()}" in run_estim("calendar", "show", "2027", env=env, folder=tmp_path).stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("add", "25.05.2027", "--name", "İzin", "--reason", "–"), "25.05.2027 is no date such as 2026-05-25."),
        (("add", "2020-05-25", "--name", "İzin", "--reason", "–"), "A date that is past needs 'force'"),
        (("add", "2027-05-22", "--name", "Telafi", "--reason", "–", "--kind", "working"), "Not a possible day"),
        (("add", "2027-05-22", "--name", "İzin", "--reason", "–", "--counts-for", "all"), "Not a possible day"),
        (("revoke", "2027-05-25", "--reason", "–"), "Nothing was decided for these dates: 2027-05-25"),
        (("confirm", "2098"), "The holidays of 2098 are not stored"),
    ],
)
def test_invalid_options_are_refused_in_one_line(
    settings: Settings, tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    refused = run_estim("calendar", *arguments, env=environment(settings), folder=tmp_path)
    assert refused.returncode == 1
    assert refused.stderr.startswith("estim: ")
    assert words in refused.stderr
    assert refused.stderr.count("\n") == 1
