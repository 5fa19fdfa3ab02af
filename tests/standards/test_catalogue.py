"""The table and the municipality's files give one catalogue, or problems with file and line."""

import hashlib
import json
import shutil
from datetime import date, time
from pathlib import Path

import pytest

from app.domain.terms import PauseReason, Regime
from app.sla.calendar import Calendar, ClockKind, DayKind
from app.sla.deadline import Basis, Policy, Roll
from app.sla.limit import Limit, NeedsReview, Unit
from app.standards.catalogue import check_folder_or_file, load_catalogue
from app.standards.model import catalogue_from_json, catalogue_to_json
from app.standards.values import (
    Catalogue,
    Channel,
    ClockStart,
    DocumentCondition,
    LimitSource,
    Service,
)
from tests.standards.samples import ESENLER, FILES, Edit, faults, line_of, table


@pytest.fixture(scope="module")
def esenler() -> Catalogue:
    return load_catalogue(ESENLER)


def service(catalogue: Catalogue, code: str) -> Service:
    found = catalogue.service(code)
    assert found is not None
    return found


class TestEsenler:
    """The catalogue of Esenler's folder."""

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

    def test_needs_no_person(self) -> None:
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
        regime = esenler.regime(Regime.LAW_4982)
        assert service(esenler, "right-to-information").statutory is Regime.LAW_4982
        assert regime.policy().limit == Limit(15, Unit.WORKING_DAY)
        assert regime.policy(extended=True).limit == Limit(30, Unit.WORKING_DAY)
        assert regime.fee is not None
        assert regime.fee.pay_within == Limit(15, Unit.WORKING_DAY)

    def test_law_3071_is_thirty_calendar_days_and_an_interim_reply_satisfies_it(self, esenler: Catalogue) -> None:
        regime = esenler.regime(Regime.LAW_3071)
        assert regime.policy(extended=True).limit == Limit(30, Unit.CALENDAR_DAY)
        assert regime.policy().clock_kind is ClockKind.STATUTORY
        assert regime.interim_reply_satisfies

    def test_a_cimer_record_on_right_to_information_is_under_law_4982(self, esenler: Catalogue) -> None:
        cimer = service(esenler, "cimer")
        assert cimer.statutory is Regime.LAW_3071
        assert cimer.statutory_by_subtype == {"right_to_information": Regime.LAW_4982}

    def test_bimer_accepts_no_new_request(self, esenler: Catalogue) -> None:
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
        assert service(esenler, "mobile").pausable == (PauseReason.AWAITING_CITIZEN, PauseReason.FORCE_MAJEURE)
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
    """A catalogue is stored as JSON and read back equal."""

    def test_catalogue_survives_json(self, esenler: Catalogue) -> None:
        assert catalogue_from_json(json.loads(json.dumps(catalogue_to_json(esenler)))) == esenler

    def test_a_catalogue_with_closures_chains_and_deputies_survives_json(self, folder: Path, edit: Edit) -> None:
        edit("closures.yaml", "closures: []", "closures: [{date: 2026-05-25, name: İdari izin, kind: leave}]")
        edit("offices.yaml", "deputies: []", "deputies: [{name: Örnek VEKİL, job_title: Müdür V.}]")
        chain = "    escalation: [{kind: warning, level: 50, at: 50%}, {kind: escalation, level: 1, at: due}]\n"
        edit("standards.yaml", "    row: 8\n", f"    row: 8\n{chain}")
        catalogue = load_catalogue(folder)
        assert catalogue.closures[date(2026, 5, 25)].kind is DayKind.LEAVE
        assert service(catalogue, "field").chain == (
            {"kind": "warning", "level": 50, "at": "50%"},
            {"kind": "escalation", "level": 1, "at": "due"},
        )
        assert catalogue_from_json(json.loads(json.dumps(catalogue_to_json(catalogue)))) == catalogue

    def test_the_fingerprint_follows_every_file(self, folder: Path) -> None:
        before = load_catalogue(folder).sha256
        assert before == load_catalogue(ESENLER).sha256
        seen = {before}
        for path in (folder / name for name in FILES):
            path.write_bytes(path.read_bytes() + b"\n")
            seen.add(load_catalogue(folder).sha256)
        assert len(seen) == 8


class TestOverride:
    """A row override applies only to the printed words that it names."""

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
        assert ("standards.yaml", "services.6.limit", "amount_too_small") in faults(result)


class TestCheckOfAFile:
    """A table file can be checked without the rest of a municipality's folder."""

    def test_a_table_alone_reports_what_needs_a_person(self, tmp_path: Path) -> None:
        path = tmp_path / "table.txt"
        path.write_text(table("1\tBir\tYok\t1 GÜN", "2\tİki\tYok\tDeğişken"), encoding="utf-8")
        result = check_folder_or_file(path)
        assert [(found.source, found.line, found.cell) for found in result.problems] == [("table.txt", 5, "Değişken")]
        assert result.needs_person
        assert (len(result.table.rows), len(result.table.offices)) == (2, 2)

    def test_a_faultless_table_alone_needs_no_person(self, tmp_path: Path) -> None:
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
