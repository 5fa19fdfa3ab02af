"""A faulty file is named with the path of the field and its line, in Turkish and English, and nothing is loaded."""

from pathlib import Path

import pytest

from app.standards.catalogue import CatalogueError, check_folder_or_file, load_catalogue
from tests.standards.samples import FILES, Edit, faults, line_of

FAULTY_EDITS = [
    (
        "standards.yaml",
        "clock_start: external_date",
        "clock_start: tomorrow",
        "services.0.clock_start",
        "field_choice",
    ),
    ("standards.yaml", "    clock_start: external_date\n", "", "services.0.clock_start", "field_missing"),
    ("standards.yaml", "row: 5", "row: 5\n    colour: red", "services.4.colour", "field_unknown"),
    ("standards.yaml", "row: 5", "row: five", "services.4.row", "field_invalid"),
    ("standards.yaml", "row: 5", "row: 55", "services.4.row", "row_unknown"),
    ("standards.yaml", "row: 5", "row: 4", "services.4.row", "row_shared"),
    ("standards.yaml", "code: mobile", "code: field", "services.8.code", "code_twice"),
    (
        "standards.yaml",
        "channels: [field]",
        "channels: [field, desk]",
        "services.7.channels",
        "channel_twice",
    ),
    ("standards.yaml", "channels: [field]", "channels: []", "services", "channel_unserved"),
    ("standards.yaml", "channels: [field]", "channels: [field, bimer]", "services.7.channels.1", "field_choice"),
    ("standards.yaml", "    closed_on: 2018-07-31\n", "", "services.1", "field_invalid"),
    (
        "standards.yaml",
        "when: [formal]",
        "when: [sometimes]",
        "services.8.documents.1.when.0",
        "field_choice",
    ),
    ("standards.yaml", "  law_3071:", "  law_9999:", "regimes.law_9999.[key]", "field_choice"),
    ("standards.yaml", "hours: hospitality", "hours: tea", "services.6.hours", "hours_undefined"),
    ("standards.yaml", "row: 5", "row: 5\n    row: 6", "services.4.row", "code_twice"),
    (
        "standards.yaml",
        "row: 8",
        "row: 8\n    escalation: [{kind: x, level: 1, at: due}]",
        "services.7.escalation.0.kind",
        "field_choice",
    ),
    ("offices.yaml", "unit: public-relations", "unit: nobody", "offices.0.unit", "unit_undefined"),
    ("offices.yaml", "unit: public-relations", "unit: cleaning", "offices.0.unit", "unit_name"),
    ("offices.yaml", "role_mailbox: null", "role_mailbox: kutu", "offices.0.role_mailbox", "field_invalid"),
    ("units.yaml", "code: cleaning", "code: public-works", "units.1.code", "code_twice"),
    ("units.yaml", "code: iski", "code: cleaning", "external_bodies.0.code", "code_twice"),
    ("units.yaml", "keywords: [muhtar]", "keywords: [mu]", "units.26.keywords.0", "field_invalid"),
    ("hours.yaml", "Europe/Istanbul", "Europe/Nowhere", "zone", "unknown_zone"),
    ("hours.yaml", '["08:30-17:00"]', '["17:00-08:30"]', "calendars.office.monday", "segment_order"),
    ("hours.yaml", '["08:30-17:00"]', '["morning"]', "calendars.office.monday.0", "time_form"),
    (
        "closures.yaml",
        "[]\n",
        "[{date: 2026-05-25, name: x, kind: holiday}]\n",
        "closures.0.kind",
        "field_choice",
    ),
    ("neighbourhoods.csv", "name,aliases", "ad,aliases", "ad,aliases,valid_from,valid_to", "csv_columns"),
    ("neighbourhoods.csv", "2024-09-06,", "6 Eylül,", "", "field_invalid"),
    ("neighbourhoods.csv", "Birlik,,,", "Birlik,Kemer,,", "Kemer", "name_shared"),
]


class TestFaultyFolder:
    """A faulty file is named with the path of the field and its line, and nothing is loaded."""

    @pytest.mark.parametrize(("name", "old", "new", "path", "code"), FAULTY_EDITS)
    def test_fault_is_named_by_file_and_path(
        self, edit: Edit, name: str, old: str, new: str, path: str, code: str
    ) -> None:
        result = edit(name, old, new)
        assert (name, path, code) in faults(result)
        assert result.needs_person

    @pytest.mark.parametrize(
        ("name", "old", "new"),
        [
            ("standards.yaml", "clock_start: external_date", "clock_start: tomorrow"),
            ("standards.yaml", "row: 9", "row: 99"),
            ("units.yaml", "code: veterinary", "code: cleaning"),
            ("hours.yaml", '["08:30-17:00"]', '["morning"]'),
        ],
    )
    def test_fault_is_named_with_its_line(self, edit: Edit, name: str, old: str, new: str) -> None:
        expected = line_of(name, old)
        assert expected in [problem.line for problem in edit(name, old, new).problems]

    def test_allowed_values_are_named(self, edit: Edit) -> None:
        result = edit("standards.yaml", "clock_start: external_date", "clock_start: tomorrow")
        assert "documents_complete" in result.problems[0].reason_tr

    def test_an_invalid_yaml_text_is_named_with_its_line(self, edit: Edit) -> None:
        result = edit("units.yaml", "units:", "units: [")
        problem = result.problems[0]
        assert (problem.source, problem.code) == ("units.yaml", "yaml")
        assert problem.line is not None

    def test_an_impossible_date_is_named(self, edit: Edit) -> None:
        result = edit("standards.yaml", "closed_on: 2018-07-31", "closed_on: 2018-07-32")
        assert {source for source, _, _ in faults(result)} >= {"standards.yaml"}

    @pytest.mark.parametrize("name", FILES)
    def test_a_missing_file_is_named(self, folder: Path, name: str) -> None:
        (folder / name).unlink()
        result = check_folder_or_file(folder)
        assert (name, name, "file_missing") in faults(result)
        assert result.catalogue is None

    def test_a_file_in_another_encoding_is_named_with_its_line(self, folder: Path) -> None:
        path = folder / "units.yaml"
        path.write_bytes(path.read_text(encoding="utf-8").encode("cp1254"))
        problem = check_folder_or_file(folder).problems[0]
        assert (problem.source, problem.line, problem.code) == ("units.yaml", 1, "undecodable")

    def test_a_published_row_without_an_entry_is_named(self, edit: Edit) -> None:
        result = edit("standards-table.txt", "9\tHalkla", "9\tYeni hizmet\tYok\t2 Hafta\n10\tHalkla")
        assert [(found.code, found.line) for found in result.problems] == [("row_unused", 16)]

    def test_loading_raises_with_every_fault(self, edit: Edit, folder: Path) -> None:
        edit("standards.yaml", "row: 5", "row: 55")
        edit("offices.yaml", "unit: public-relations", "unit: nobody")
        with pytest.raises(CatalogueError, match=r"services\.4\.row") as caught:
            load_catalogue(folder)
        codes = {problem.code for problem in caught.value.problems}
        assert codes == {"row_unknown", "row_unused", "unit_undefined"}

    def test_a_finding_for_review_does_not_stop_the_load(self, edit: Edit, folder: Path) -> None:
        result = edit("offices.yaml", "unit: public-relations", "unit: cleaning")
        assert result.needs_person
        assert load_catalogue(folder).office(1).unit == "cleaning"

    def test_a_row_number_in_two_tables_asks_for_the_table(self, edit: Edit, folder: Path) -> None:
        text = (folder / "standards-table.txt").read_text(encoding="utf-8")
        header = next(line for line in text.split("\n") if line.startswith("SIRA"))
        second = f"FEN İŞLERİ\n{header}\n1\tAsfalt\tYok\t2 Hafta\n\nBaşvuru esnasında"
        result = edit("standards-table.txt", "Başvuru esnasında", second)
        assert ("standards.yaml", "services.0.row", "row_ambiguous") in faults(result)
        result = edit("standards.yaml", "row: 1\n", "row: 1\n    table: 1\n")
        assert [code for _, _, code in faults(result)] == ["row_unused"]
