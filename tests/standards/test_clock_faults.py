"""A configuration that gives a wrong date, or none, is refused when it is loaded, in plain words."""

import io
from datetime import date, timedelta
from pathlib import Path

import pytest
from rich.console import Console

from app.standards.catalogue import CatalogueCheck, CatalogueError, check_folder_or_file, load_catalogue
from app.standards.problems import CatalogueProblem, Severity
from app.standards.report import print_check
from tests.standards.samples import Edit, faults

MONDAY = 'monday: ["08:30-17:00"]'
SATURDAY = "closures: [{{date: 2026-01-10, name: Telafi, kind: working{0}}}]\n"

LIMITS = [
    ("standards.yaml", "{amount: 10, unit: minute}", "{amount: 0, unit: minute}", "services.6.limit", "en az 1"),
    ("standards.yaml", "{amount: 10, unit: minute}", "{amount: -1, unit: minute}", "services.6.limit", "en az 1"),
    ("standards.yaml", "{amount: 10, unit: minute}", "{amount: 5260321, unit: minute}", "services.6.limit", "on yıl"),
    ("standards.yaml", "{amount: 10, unit: minute}", "{amount: 121, unit: month}", "services.6.limit", "on yıl"),
    ("standards.yaml", "{amount: 10, unit: minute}", "{amount: 1, unit: immediate}", "services.6.limit", "anında"),
    ("standards.yaml", "{amount: 10, unit: minute}", "{amount: 10, unit: dakika}", "services.6.limit.unit", "hour"),
    (
        "standards.yaml",
        "{amount: 30, unit: calendar_day}",
        "{amount: 0, unit: calendar_day}",
        "regimes.law_3071.limit",
        "en az 1",
    ),
    (
        "standards.yaml",
        "extended_to: {amount: 30, unit: working_day}",
        "extended_to: {amount: 15, unit: working_day}",
        "regimes.law_4982",
        "ondan uzun",
    ),
    (
        "standards.yaml",
        "extended_to: {amount: 30, unit: working_day}",
        "extended_to: {amount: 30, unit: calendar_day}",
        "regimes.law_4982",
        "aynı birimde",
    ),
    (
        "standards.yaml",
        "statutory_by_subtype: {right_to_information: law_4982}",
        "statutory_by_subtype: {right_to_information: law_4983}",
        "services.0.statutory_by_subtype.right_to_information",
        "law_3071, law_4982",
    ),
    ("standards.yaml", "statutory: law_4982", "statutory: law_1", "services.2.statutory", "law_3071, law_4982"),
]

CALENDARS = [
    ("hours.yaml", "zone: Europe/Istanbul", "zone: Europe/Esenler", "zone", "saat dilimi"),
    ("hours.yaml", MONDAY, 'monday: ["17:00-08:30"]', "calendars.office.monday", "sonra olmalıdır"),
    ("hours.yaml", MONDAY, 'monday: ["22:00-06:00"]', "calendars.office.monday", "iki parça"),
    ("hours.yaml", MONDAY, 'monday: ["09:00-09:00"]', "calendars.office.monday", "sonra olmalıdır"),
    ("hours.yaml", MONDAY, 'monday: ["08:30-12:00", "11:59-17:00"]', "calendars.office.monday", "çakışıyor"),
    ("hours.yaml", MONDAY, 'monday: ["13:00-17:00", "08:30-12:00"]', "calendars.office.monday", "sıralı değil"),
    ("hours.yaml", MONDAY, 'monday: ["08:30+03:00-17:00"]', "calendars.office.monday", "saat dilimi"),
    ("closures.yaml", "closures: []\n", SATURDAY.format(""), "closures.0", "segments"),
    (
        "closures.yaml",
        "closures: []\n",
        SATURDAY.format(', segments: ["09:00-13:00", "12:00-15:00"]'),
        "closures.0.segments",
        "çakışıyor",
    ),
    (
        "closures.yaml",
        "closures: []\n",
        "closures: [{date: 2026-01-09, name: a, kind: leave}, {date: 2026-01-09, name: b, kind: half_day}]\n",
        "closures.1.date",
        "2026-01-09",
    ),
    ("standards.yaml", "row: 8\n", "row: 8\n    hours: night\n", "services.7.hours", "night"),
]

LEAVE = "closures: [{{date: 2026-05-25, name: İdari izin, kind: leave, {0}}}]\n"

# a value of another kind than the field's, and its message in Turkish
KINDS = [
    (
        "standards.yaml",
        "{amount: 10, unit: minute}",
        "{amount: on, unit: minute}",
        "services.6.limit.amount",
        "Tam sayı",
    ),
    ("standards.yaml", "{amount: 10, unit: minute}", "10 dakika", "services.6.limit", "alanlar beklenir"),
    ("standards.yaml", "effect: reset", "effect: suspend", "regimes.law_4982.fee.effect", "değerler: reset"),
    ("hours.yaml", MONDAY, 'monday: "08:30-17:00"', "calendars.office.monday", "liste"),
    ("hours.yaml", MONDAY, 'monday: ["8:30-17:00"]', "calendars.office.monday.0", "SS:DD"),
    ("hours.yaml", MONDAY, 'monday: ["08:30"]', "calendars.office.monday.0", "SS:DD"),
    ("hours.yaml", MONDAY, "monday: [17]", "calendars.office.monday.0", "SS:DD"),
    ("closures.yaml", "closures: []\n", LEAVE.format("ends_at: 12:00"), "closures.0.ends_at", "tırnak içinde"),
    (
        "closures.yaml",
        "closures: []\n",
        LEAVE.format("").replace("2026-05-25", "2026-02-30"),
        "closures.0.date",
        "Tarih olmalıdır",
    ),
]

# the steps of a service's own chain, and the problem of it
CHAINS = {
    "a level before the limit": (["escalation 1 -1 working_day", "escalation 2 due"], "süre dolmadan"),
    "a level at a percentage": (["escalation 1 90%", "escalation 2 due"], "zaman sırasında değil"),
    "levels backwards": (
        ["escalation 1 due", "escalation 3 +2 working_day", "escalation 2 +2 working_day"],
        "zaman sırasında değil",
    ),
    "a level left out": (["escalation 1 due", "escalation 3 +2 working_day"], "birer birer"),
    "warnings backwards": (["warning 80 80%", "warning 50 50%", "escalation 1 due"], "zaman sırasında değil"),
    "a warning after the limit": (["escalation 1 due", "warning 80 80%"], "zaman sırasında değil"),
    "a level that waits for none": (["breach 1 due", "escalation 2 +3 working_day"], "bekliyor"),
    "a step twice": (["escalation 1 due", "escalation 1 due"], "iki kez"),
    "two steps at the limit": (["escalation 1 due", "escalation 2 due"], "yalnızca bir kademe"),
    "nothing at the limit": (["warning 50 50%"], "gecikme hiç saptanmaz"),
    "no step at all": ([], "gecikme hiç saptanmaz"),
    "the law's risk": (["legal_risk 2 -3 working_day", "escalation 1 due"], "yasal süreye aittir"),
    "a warning at the start": (["warning 0 0%", "escalation 1 due"], "1 ile 99"),
    "a warning of another level": (["warning 1 50%", "escalation 1 due"], "yüzdesidir"),
    "an instant of another form": (["escalation 1 later"], "+3 working_day"),
}


def chain_of_field(edit: Edit, *steps: str) -> CatalogueCheck:
    """The check after the service `field` got a chain of its own, each step as `kind level instant`."""
    entries = [dict(zip(("kind", "level", "at"), step.split(maxsplit=2), strict=True)) for step in steps]
    words = (f"{{kind: {entry['kind']}, level: {entry['level']}, at: {entry['at']}}}" for entry in entries)
    return edit("standards.yaml", "row: 8\n", f"row: 8\n    escalation: [{', '.join(words)}]\n")


def the_fault(result: CatalogueCheck) -> CatalogueProblem:
    """The one finding of a folder that can't be loaded for it."""
    assert ([found.severity for found in result.problems], result.catalogue) == ([Severity.ERROR], None)
    return result.problems[0]


def decide(folder: Path, first: str, count: int, counts: str) -> CatalogueCheck:
    """Return the check after a number of dates in a row became leave."""
    days = (date.fromisoformat(first) + timedelta(number) for number in range(count))
    entries = [f"  - {{date: {day}, name: Deneme, kind: leave, counts_as_working: {counts}}}" for day in days]
    (folder / "closures.yaml").write_text("\n".join(["closures:", *entries, ""]), encoding="utf-8")
    return check_folder_or_file(folder)


@pytest.mark.parametrize(("name", "old", "new", "path", "words"), [*LIMITS, *CALENDARS])
def test_a_limit_or_a_calendar_that_can_not_be_is_refused(
    edit: Edit, name: str, old: str, new: str, path: str, words: str
) -> None:
    found = the_fault(edit(name, old, new))

    assert (found.source, found.cell) == (name, path)
    assert words in found.reason_tr
    assert found.code != "field_invalid"


@pytest.mark.parametrize(("name", "old", "new", "path", "words"), KINDS)
def test_a_value_of_another_kind_is_reported_in_turkish_with_its_line(
    edit: Edit, name: str, old: str, new: str, path: str, words: str
) -> None:
    found = the_fault(edit(name, old, new))

    assert (found.source, found.cell) == (name, path)
    assert found.line is not None
    assert words in found.reason_tr
    assert "Input" not in found.reason_tr


@pytest.mark.parametrize(("steps", "words"), CHAINS.values(), ids=CHAINS)
def test_a_chain_out_of_order_is_refused(edit: Edit, steps: list[str], words: str) -> None:
    found = the_fault(chain_of_field(edit, *steps))

    assert found.cell == "services.7.escalation"
    assert words in found.reason_tr


def test_a_chain_that_only_stamps_the_breach_is_allowed(edit: Edit) -> None:
    """B41: a chain without notices is a chain too."""
    assert chain_of_field(edit, "breach 1 due").problems == ()


def test_a_level_without_an_office_is_refused(edit: Edit) -> None:
    waiting = [f"escalation {level} +3 working_day" for level in (2, 3)]

    found = the_fault(chain_of_field(edit, "escalation 1 due", *waiting))

    assert (found.code, found.cell) == ("level_without_office", "services.7.escalation.2.level")


@pytest.mark.parametrize("printed", ["0 GÜN", "11 YIL", "3654 GÜN", "121 AY"])
def test_a_printed_limit_of_nothing_or_beyond_ten_years_goes_to_a_person(edit: Edit, printed: str) -> None:
    found = the_fault(edit("standards-table.txt", "\t1 GÜN\n", f"\t{printed}\n"))

    assert (found.code, found.cell) == ("limit", printed)


def test_a_calendar_without_opening_time_is_refused(folder: Path) -> None:
    """B22: an endless search for the next opening time."""
    hours = folder / "hours.yaml"
    text = hours.read_text(encoding="utf-8")
    start, end = text.index("  office:"), text.index("  hospitality:")
    hours.write_text(f"{text[:start]}  office: {{}}\n{text[end:]}", encoding="utf-8")

    found = the_fault(check_folder_or_file(folder))

    assert (found.code, found.cell) == ("no_opening_time", "calendars.office")
    assert "açılış saati yok" in found.reason_tr


@pytest.mark.parametrize("counts", ["[]", "[promise, statutory]"])
def test_closures_of_several_years_are_refused(folder: Path, counts: str) -> None:
    """B22: a calendar that does not open within 800 days is misconfigured, whatever its closed dates count as."""
    result = decide(folder, "2026-01-01", 900, counts)

    assert {(found.source, found.cell, found.code) for found in result.problems} == {
        ("closures.yaml", "closures", "closed_too_long")
    }
    assert "«office»" in result.problems[0].reason_tr
    assert decide(folder, "2026-01-01", 700, counts).problems == ()


def test_a_folder_without_the_calendar_of_the_law_is_refused(edit: Edit) -> None:
    result = edit("hours.yaml", "  office:", "  bureau:")

    assert ("hours.yaml", "calendars", "hours_undefined") in faults(result)
    assert ("standards.yaml", "services.7.hours", "hours_undefined") in faults(result)


@pytest.mark.parametrize(("law", "following"), [("law_3071", "  law_4982:"), ("law_4982", "services:")])
def test_a_folder_without_one_of_the_two_laws_is_refused(folder: Path, law: str, following: str) -> None:
    """A signed petition or a request for information may come to any service, whatever law its entry names."""
    path = folder / "standards.yaml"
    text = path.read_text(encoding="utf-8")
    text = text[: text.index(f"  {law}:")] + text[text.index(following) :]
    path.write_text(text.replace(f"    statutory: {law}\n", ""), encoding="utf-8")

    codes = {(found.code, found.cell) for found in check_folder_or_file(folder).problems}

    assert ("regime_missing", "regimes") in codes


@pytest.mark.parametrize(("name", "old", "new", "path", "words"), [LIMITS[0], CALENDARS[2], CALENDARS[4]])
def test_a_faulty_folder_is_not_loaded_and_says_so_in_both_languages(
    edit: Edit, folder: Path, name: str, old: str, new: str, path: str, words: str
) -> None:
    result = edit(name, old, new)
    console = Console(file=io.StringIO(), width=400, color_system=None)
    print_check(result, console)
    assert isinstance(console.file, io.StringIO)

    with pytest.raises(CatalogueError, match=path):
        load_catalogue(folder)

    printed = console.file.getvalue()
    assert all(text in printed for text in (path, words, result.problems[0].reason_en))


def test_the_line_of_a_fault_is_named(edit: Edit, folder: Path) -> None:
    found = the_fault(edit("hours.yaml", MONDAY, 'monday: ["22:00-06:00"]'))

    assert found.line is not None
    assert "22:00" in (folder / "hours.yaml").read_text(encoding="utf-8").split("\n")[found.line - 1]
