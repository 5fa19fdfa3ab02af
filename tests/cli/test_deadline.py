"""`estim deadline`: a calendar that is readable without colours, by the rules in the database."""

from pathlib import Path

import pytest

from config.settings import Settings
from tests.cli_runner import environment, run_estim, run_estim_process

VISIT = ("deadline", "--service", "solution-desk")

MAY_2026 = """\
Halkla İlişkiler - ESTİM (Çağrı Merkezi)

Hizmet standardı süresi: 15 GÜN

                       Mayıs 2026
     Pzt     Sal     Çar     Per     Cum     Cmt     Paz
                                       1       2       3
       4       5       6       7       8       9      10
      11      12      13      14      15      16      17
               ▸     (1)     (2)     (3)     (4)     (5)
      18      19      20      21      22      23      24
     (6)    (7)*     (8)     (9)    (10)    (11)    (12)
      25      26      27      28      29      30      31
    (13)   (14)*   (15)*       T       T       T       ×

                      Haziran 2026
     Pzt     Sal     Çar     Per     Cum     Cmt     Paz
       1       2       3       4       5       6       7
   [SON]
       8       9      10      11      12      13      14
      15      16      17      18      19      20      21
      22      23      24      25      26      27      28
      29      30

  (1)    o güne kadar sayılan gün
  ▸      sürenin başladığı gün, sayılmaz
  ×      hafta sonu
  T      resmî tatil: 28–30 Mayıs Kurban Bayramı
  *      tatil ya da yarım gün, sayılır: 19 Mayıs Atatürk'ü Anma, Gençlik ve Spor Bayramı; \
26 Mayıs Kurban Bayramı (saat 13.00'ten); 27 Mayıs Kurban Bayramı
  [ ]    son gün
Sürenin son günü olan 27 Mayıs 2026 Çarşamba resmî tatile (Kurban Bayramı) rastladığından süre, \
2577 sayılı İdari Yargılama Usulü Kanununun 8 inci maddesindeki kurala göre, \
izleyen ilk iş günü olan 1 Haziran 2026 Pazartesi günü sonunda dolar.
2026-06-01T23:59:59.999999+03:00
"""


def test_a_call_of_12_may_2026_is_drawn_to_its_last_date(settings: Settings, tmp_path: Path) -> None:
    """The published 15 days end on the first day of the bayram, so on 1 June; a wall time is that of Istanbul."""
    arguments = ("deadline", "--service", "call-center", "--from", "2026-05-12T10:00")
    done = run_estim_process(*arguments, env=environment(settings), folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == MAY_2026


def test_both_limits_are_drawn_each_with_its_own_pauses(settings: Settings, tmp_path: Path) -> None:
    pause = ("--pause", "2026-05-14/2026-05-18:awaiting_citizen")
    done = run_estim(*VISIT, "--from", "2026-05-12T10:00", *pause, env=environment(settings), folder=tmp_path)
    promise, law = done.stdout.split("Yasal süre: 30 gün")
    assert "               ▸     (1)       D       D       D       D\n" in promise
    assert "  D      süre durmuştur: 14–17 Mayıs vatandaşın yanıtı bekleniyor\n" in promise
    assert law.startswith("\n3071 sayılı Dilekçe Hakkının Kullanılmasına Dair Kanun, madde 7\n")
    assert "    (27)    (28)    (29)    [30]\n" in law
    assert "Bu süreyi durdurmaz: vatandaşın yanıtı bekleniyor (14 Mayıs 2026 Perşembe 00:00).\n" in law
    assert law.endswith("2026-06-11T23:59:59.999999+03:00\n")


def test_a_pause_that_lasts_leaves_no_date(settings: Settings, tmp_path: Path) -> None:
    pause = ("--pause", "2026-05-14T09:00/:awaiting_citizen")
    done = run_estim(*VISIT, "--from", "2026-05-12T10:00", *pause, env=environment(settings), folder=tmp_path)
    promise = done.stdout.split("Yasal süre")[0]
    assert "               ▸     (1)      D…\n" in promise
    assert "Süre durduğu için son tarih henüz belli değildir" in promise
    assert "[ ]" not in promise


def test_working_days_and_the_extension_of_law_4982(settings: Settings, tmp_path: Path) -> None:
    """28 April: 15 working days end on 21 May, 30 on 16 June."""
    arguments = ("deadline", "--service", "right-to-information", "--from", "2026-04-28T10:00+03:00")
    env = environment(settings)
    first = run_estim(*arguments, "--right-to-information", env=env, folder=tmp_path).stdout
    longer = run_estim(*arguments, "--right-to-information", "--extended", env=env, folder=tmp_path).stdout
    assert first.endswith("2026-05-21T23:59:59.999999+03:00\n")
    assert "     (3)     (4)     (5)     (6)     (7)       ×       ×\n" in first
    assert longer.endswith("2026-06-16T23:59:59.999999+03:00\n")
    assert "Yasal süre: 30 iş günü\n" in longer


def test_minutes_are_drawn_as_times(settings: Settings, tmp_path: Path) -> None:
    arguments = ("deadline", "--service", "hospitality", "--from", "2026-05-12T16:55")
    shown = run_estim(*arguments, env=environment(settings), folder=tmp_path).stdout
    assert "           (5dk)  [10dk]\n" in shown
    assert "Buna göre süre 13 Mayıs 2026 Çarşamba günü saat 08:35 itibarıyla dolar.\n" in shown


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--service", "no-such", "--from", "2026-05-12"), "--service: There is no such service"),
        ((*VISIT[1:], "--from", "yesterday"), "--from: 'yesterday' is no date-time such as 2026-05-12T10:00."),
        ((*VISIT[1:], "--from", "2005-12-31"), "--from: Must not be before 2006-01-01."),
        ((*VISIT[1:], "--from", "2026-05-12", "--extended"), "--extended: No limit of this service can be extended."),
        ((*VISIT[1:], "--from", "2026-05-12", "--pause", "2026-05-14:ill"), "reasons are awaiting_citizen"),
        (
            (*VISIT[1:], "--from", "2026-05-12", "--pause", "2026-05-14/2026-05-13:force_majeure"),
            "--pause: '2026-05-14/2026-05-13:force_majeure' ends before it starts.",
        ),
    ],
)
def test_what_can_not_be_used_is_named_in_one_line(
    settings: Settings, tmp_path: Path, arguments: tuple[str, ...], expected: str
) -> None:
    done = run_estim("deadline", *arguments, env=environment(settings), folder=tmp_path)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert expected in done.stderr


def test_without_a_database_it_says_so_in_one_line(settings: Settings, tmp_path: Path) -> None:
    away = environment(settings, database_url="postgresql+asyncpg://app@127.0.0.1:1/estim")
    for env, expected in ((environment(), "No database: set ESTIM_DATABASE_URL"), (away, "does not answer")):
        done = run_estim(*VISIT, "--from", "2026-05-12", env=env, folder=tmp_path)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
        assert expected in done.stderr
