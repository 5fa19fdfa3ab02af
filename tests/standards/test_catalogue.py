"""The table and the municipality's files make one catalogue, or say in which file and line they don't."""

import hashlib
import json
import shutil
from collections.abc import Callable
from datetime import date, time
from pathlib import Path

import pytest

from app.sla.calendar import Calendar, ClockKind, DayKind
from app.sla.deadline import Basis, Policy, Roll
from app.sla.limit import Limit, NeedsReview, Unit
from app.standards.catalogue import CatalogueError, CheckResult, check_folder_or_file, load_catalogue
from app.standards.folder import COMPANIONS, TABLE
from app.standards.values import (
    Catalogue,
    Channel,
    ClockStart,
    DocumentCondition,
    LimitSource,
    Pausable,
    RegimeCode,
    Service,
    catalogue_from_json,
    catalogue_to_json,
    service_from_json,
    service_to_json,
)
from tests.standards.samples import ESENLER, table

FILES = (TABLE, *COMPANIONS)
Edit = Callable[[str, str, str], CheckResult]


@pytest.fixture(scope="module")
def esenler() -> Catalogue:
    return load_catalogue(ESENLER)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of Esenler's folder that a test may spoil."""
    return Path(shutil.copytree(ESENLER, tmp_path / "municipality"))


@pytest.fixture
def edit(folder: Path) -> Edit:
    """Replaces words in one file of the copy and checks the folder again."""

    def change(name: str, old: str, new: str) -> CheckResult:
        path = folder / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        return check_folder_or_file(folder)

    return change


def service(catalogue: Catalogue, code: str) -> Service:
    found = catalogue.service(code)
    assert found is not None
    return found


def faults(result: CheckResult) -> list[tuple[str, str, str]]:
    """The problems of a check as (file, cell or path, code)."""
    return [(problem.source, problem.cell, problem.code) for problem in result.problems]


def line_of(name: str, words: str) -> int:
    """The line of Esenler's file on which the words first stand."""
    lines = (ESENLER / name).read_text(encoding="utf-8").split("\n")
    return next(number for number, line in enumerate(lines, 1) if words in line)


class TestEsenler:
    """What Esenler's folder says."""

    def test_has_the_nine_services_in_the_order_of_the_table(self, esenler: Catalogue) -> None:
        assert [(found.row, found.code) for found in esenler.services] == [
            (1, "cimer"),
            (2, "bimer"),
            (3, "right-to-information"),
            (4, "solution-desk"),
            (5, "call-center"),
            (6, "info-desk"),
            (7, "hospitality"),
            (8, "field"),
            (9, "mobile"),
        ]

    def test_needs_nobody(self) -> None:
        result = check_folder_or_file(ESENLER)
        assert (result.problems, result.needs_person) == ((), False)

    @pytest.mark.parametrize(
        ("code", "printed", "limit", "start"),
        [
            ("cimer", "30 Gün", Limit(30, Unit.CALENDAR_DAY), ClockStart.EXTERNAL_DATE),
            ("right-to-information", "15 Gün", Limit(15, Unit.CALENDAR_DAY), ClockStart.EVENT_TIME),
            ("solution-desk", "15 GÜN", Limit(15, Unit.CALENDAR_DAY), ClockStart.DOCUMENTS_COMPLETE),
            ("call-center", "15 GÜN", Limit(15, Unit.CALENDAR_DAY), ClockStart.EVENT_TIME),
            ("info-desk", "1 GÜN", Limit(1, Unit.CALENDAR_DAY), ClockStart.EVENT_TIME),
            ("hospitality", "10 D", Limit(10, Unit.MINUTE), ClockStart.EVENT_TIME),
        ],
    )
    def test_services_keep_the_print_beside_its_meaning(
        self, esenler: Catalogue, code: str, printed: str, limit: Limit, start: ClockStart
    ) -> None:
        found = service(esenler, code)
        assert (found.limit_text, found.limit, found.clock_start) == (printed, limit, start)

    def test_ten_d_becomes_ten_minutes_only_through_the_row_override(self, esenler: Catalogue) -> None:
        """Acceptance case 20: never silently."""
        sources = {found.code: found.limit_source for found in esenler.services}
        assert sources.pop("hospitality") is LimitSource.ROW_OVERRIDE
        assert set(sources.values()) == {LimitSource.PRINTED}

    def test_services_give_the_policy_of_their_clock(self, esenler: Catalogue) -> None:
        assert service(esenler, "hospitality").policy == Policy(Limit(10, Unit.MINUTE), Basis.OPENING_HOURS)
        assert service(esenler, "field").policy == Policy(
            Limit(15, Unit.CALENDAR_DAY), Basis.ROUND_THE_CLOCK, Roll.NEXT_WORKING_DAY, ClockKind.PROMISE
        )

    def test_law_4982_is_fifteen_working_days_and_thirty_in_all(self, esenler: Catalogue) -> None:
        regime = esenler.regime(RegimeCode.LAW_4982)
        assert service(esenler, "right-to-information").statutory is RegimeCode.LAW_4982
        assert regime.policy().limit == Limit(15, Unit.WORKING_DAY)
        assert regime.policy(extended=True).limit == Limit(30, Unit.WORKING_DAY)
        assert regime.fee is not None
        assert regime.fee.pay_within == Limit(15, Unit.WORKING_DAY)

    def test_law_3071_is_thirty_calendar_days_and_an_interim_reply_satisfies_it(self, esenler: Catalogue) -> None:
        regime = esenler.regime(RegimeCode.LAW_3071)
        assert regime.policy(extended=True).limit == Limit(30, Unit.CALENDAR_DAY)
        assert regime.policy().clock_kind is ClockKind.STATUTORY
        assert regime.interim_reply_satisfies

    def test_a_cimer_record_on_right_to_information_is_under_law_4982(self, esenler: Catalogue) -> None:
        cimer = service(esenler, "cimer")
        assert cimer.statutory is RegimeCode.LAW_3071
        assert cimer.statutory_by_subtype == {"right_to_information": RegimeCode.LAW_4982}

    def test_bimer_takes_nothing_new(self, esenler: Catalogue) -> None:
        bimer = service(esenler, "bimer")
        assert (bimer.accepts_new, bimer.closed_on, bimer.channels) == (False, date(2018, 7, 31), ())

    def test_every_channel_has_its_service(self, esenler: Catalogue) -> None:
        assert {channel.value: esenler.service_for(channel).code for channel in Channel} == {
            "call-center": "call-center",
            "sms": "mobile",
            "mobile": "mobile",
            "field": "field",
            "desk": "solution-desk",
            "cimer": "cimer",
        }

    @pytest.mark.parametrize(
        ("facts", "codes"),
        [
            (set(), []),
            ({DocumentCondition.IDENTITY_BOUND}, ["id_card"]),
            ({DocumentCondition.WET_SIGNATURE}, ["id_card", "petition"]),
            ({DocumentCondition.ATTORNEY}, ["power_of_attorney"]),
            ({DocumentCondition.GUARDIAN, DocumentCondition.FORMAL}, ["petition", "guardianship_order"]),
        ],
    )
    def test_the_desk_asks_only_for_what_the_case_needs(
        self, esenler: Catalogue, facts: set[DocumentCondition], codes: list[str]
    ) -> None:
        asked = service(esenler, "solution-desk").documents_for(frozenset(facts))
        assert [document.code for document in asked] == codes

    def test_no_document_is_copied(self, esenler: Catalogue) -> None:
        documents = [document for found in esenler.services for document in found.documents]
        assert {document.store_copy for document in documents} == {False}

    def test_the_promise_pauses_for_the_citizen_and_force_majeure_only(self, esenler: Catalogue) -> None:
        assert service(esenler, "mobile").pausable == (Pausable.AWAITING_CITIZEN, Pausable.FORCE_MAJEURE)
        assert service(esenler, "cimer").pausable == ()

    def test_the_first_office_is_the_unit_that_the_table_names(self, esenler: Catalogue) -> None:
        office = esenler.office(1)
        unit = esenler.unit(office.unit or "")
        assert unit is not None
        assert unit.name == office.printed.place
        assert office.mailbox == "e.zengin@esenler.bel.tr"
        assert esenler.office(2, table=7).printed.name == "Aydın POLAT"

    def test_the_hours_make_a_calendar(self, esenler: Catalogue) -> None:
        calendar = Calendar("sample", esenler.zone, esenler.hours["office"], esenler.closures)
        assert calendar.weekly[0] == ((time(8, 30), time(17)),)
        assert calendar.weekly[5] == ()

    def test_the_table_in_the_folder_is_the_published_one(self, esenler: Catalogue) -> None:
        content = (ESENLER / "standards-table.txt").read_bytes()
        assert esenler.sources["standards-table.txt"] == hashlib.sha256(content).hexdigest()
        assert set(esenler.sources) == set(FILES)


class TestStoring:
    """A catalogue is stored as JSON and comes back as it was."""

    def test_catalogue_survives_json(self, esenler: Catalogue) -> None:
        assert catalogue_from_json(json.loads(json.dumps(catalogue_to_json(esenler)))) == esenler

    def test_a_catalogue_with_closures_chains_and_deputies_survives_json(self, folder: Path, edit: Edit) -> None:
        edit("closures.yaml", "closures: []", "closures: [{date: 2026-05-25, name: İdari izin, kind: leave}]")
        edit("offices.yaml", "deputies: []", "deputies: [{name: Örnek VEKİL, job_title: Müdür V.}]")
        chain = "    escalation: [{kind: warning, level: 50, at: 50%}]\n"
        edit("standards.yaml", "    row: 8\n", f"    row: 8\n{chain}")
        catalogue = load_catalogue(folder)
        assert catalogue.closures[date(2026, 5, 25)].kind is DayKind.LEAVE
        assert service(catalogue, "field").chain == ({"kind": "warning", "level": 50, "at": "50%"},)
        assert catalogue_from_json(json.loads(json.dumps(catalogue_to_json(catalogue)))) == catalogue

    def test_service_survives_json(self, esenler: Catalogue) -> None:
        for found in esenler.services:
            assert service_from_json(json.loads(json.dumps(service_to_json(found)))) == found

    def test_the_fingerprint_follows_every_file(self, folder: Path) -> None:
        before = load_catalogue(folder).sha256
        assert before == load_catalogue(ESENLER).sha256
        seen = {before}
        for path in (folder / name for name in FILES):
            path.write_bytes(path.read_bytes() + b"\n")
            seen.add(load_catalogue(folder).sha256)
        assert len(seen) == 8


class TestOverride:
    """A row override holds for the printed words it was written for, and for no others."""

    def test_an_override_for_other_words_is_refused(self, edit: Edit) -> None:
        result = edit("standards-table.txt", "\t10 D\n", "\t15 D\n")
        assert faults(result) == [("standards.yaml", "services.6.printed", "override_mismatch")]
        assert result.problems[0].line == line_of("standards.yaml", "printed: 10 D")
        assert result.catalogue is None
        assert isinstance(result.limit_of(result.table.rows[6]), NeedsReview)

    def test_an_override_of_an_understood_limit_is_pointed_out(self, edit: Edit) -> None:
        edit("standards-table.txt", "\t10 D\n", "\t12 DK.\n")
        result = edit("standards.yaml", "printed: 10 D", "printed: 12 DK.")
        assert faults(result) == [("standards.yaml", "services.6.limit", "override_needless")]
        assert result.needs_person
        assert result.catalogue is not None
        assert service(result.catalogue, "hospitality").limit == Limit(10, Unit.MINUTE)

    def test_without_the_override_the_row_needs_a_person(self, edit: Edit) -> None:
        result = edit("standards.yaml", "    printed: 10 D", "    # ")
        assert [code for _, _, code in faults(result)] == ["field_invalid"]
        edit("standards.yaml", "    limit: {amount: 10, unit: minute}\n", "")
        result = check_folder_or_file(result.path)
        assert [(found.code, found.line, found.cell) for found in result.problems] == [("limit", 13, "10 D")]

    def test_a_limit_of_nothing_is_refused(self, edit: Edit) -> None:
        result = edit("standards.yaml", "limit: {amount: 10, unit: minute}", "limit: {amount: 0, unit: minute}")
        assert ("standards.yaml", "services.6.limit", "field_invalid") in faults(result)


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
        "services.7",
        "field_invalid",
    ),
    ("offices.yaml", "unit: public-relations", "unit: nobody", "offices.0.unit", "unit_undefined"),
    ("offices.yaml", "unit: public-relations", "unit: cleaning", "offices.0.unit", "unit_name"),
    ("offices.yaml", "role_mailbox: null", "role_mailbox: kutu", "offices.0.role_mailbox", "field_invalid"),
    ("units.yaml", "code: cleaning", "code: public-works", "units.1.code", "code_twice"),
    ("units.yaml", "code: iski", "code: cleaning", "external_bodies.0.code", "code_twice"),
    ("units.yaml", "keywords: [muhtar]", "keywords: [mu]", "units.26.keywords.0", "field_invalid"),
    ("hours.yaml", "Europe/Istanbul", "Europe/Nowhere", "", "field_invalid"),
    ("hours.yaml", '["08:30-17:00"]', '["17:00-08:30"]', "calendars.office", "field_invalid"),
    ("hours.yaml", '["08:30-17:00"]', '["morning"]', "calendars.office.monday.0", "field_invalid"),
    (
        "closures.yaml",
        "[]\n",
        "[{date: 2026-05-25, name: x, kind: holiday}]\n",
        "closures.0.kind",
        "field_invalid",
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

    def test_what_only_wants_an_eye_does_not_stop_the_load(self, edit: Edit, folder: Path) -> None:
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


class TestCheckOfAFile:
    """A table file can be checked before anything else of a municipality is there."""

    def test_a_table_alone_tells_what_needs_a_person(self, tmp_path: Path) -> None:
        path = tmp_path / "table.txt"
        path.write_text(table("1\tBir\tYok\t1 GÜN", "2\tİki\tYok\tDeğişken"), encoding="utf-8")
        result = check_folder_or_file(path)
        assert [(found.source, found.line, found.cell) for found in result.problems] == [("table.txt", 5, "Değişken")]
        assert result.needs_person
        assert (len(result.table.rows), len(result.table.offices)) == (2, 2)

    def test_a_faultless_table_alone_needs_nobody(self, tmp_path: Path) -> None:
        path = tmp_path / "table.txt"
        path.write_bytes(table("1\tBir\tYok\t1 GÜN").replace("\n", "\r\n").encode("cp1254"))
        result = check_folder_or_file(path)
        assert (result.problems, result.needs_person, result.catalogue) == ((), False, None)

    def test_the_table_of_a_folder_is_checked_with_its_companions(self) -> None:
        result = check_folder_or_file(ESENLER / "standards-table.txt")
        assert result.catalogue == load_catalogue(ESENLER)
        assert result.limit_of(result.table.rows[6]) == Limit(10, Unit.MINUTE)

    def test_a_copy_of_the_configured_table_is_checked_with_that_municipality(self, tmp_path: Path) -> None:
        copy = Path(shutil.copy(ESENLER / "standards-table.txt", tmp_path / "copy.txt"))
        assert check_folder_or_file(copy).needs_person
        assert not check_folder_or_file(copy, known_folder=ESENLER).needs_person

    def test_a_file_that_is_not_there_is_a_problem(self, tmp_path: Path) -> None:
        result = check_folder_or_file(tmp_path / "nothing.txt", known_folder=ESENLER)
        assert [found.code for found in result.problems] == ["file_missing"]
