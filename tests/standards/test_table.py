"""Published tables are read as they are printed; a doubtful part is named with its line."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.sla.limit import Limit, Unit, parse_limit
from app.standards.problems import Severity
from app.standards.table import decode_table, limit_problem, read_table
from tests.standards.samples import CLOSING, ESENLER, HEADER, OFFICES_TEXT, table
from tests.tables import failing


def esenler_text() -> str:
    return (ESENLER / "standards-table.txt").read_text(encoding="utf-8")


def found(text: str) -> list[tuple[str, int | None]]:
    """The problems of a text as (code, line)."""
    return [(problem.code, problem.line) for problem in read_table(text).problems]


class TestEsenler:
    """The table of Esenler, letter for letter."""

    def test_has_nine_rows_with_their_printed_names_and_limits(self) -> None:
        rows = read_table(esenler_text()).rows
        assert [(row.number, row.name, row.limit_text) for row in rows] == [
            (1, "Cumhurbaşkanlığı İletişim Merkezi (CİMER)", "30 Gün"),
            (2, "Başbakanlık İletişim Merkezi (BİMER)", "30 Gün"),
            (3, "Halkla İlişkiler - ESTİM (Bilgi Edinme)", "15 Gün"),
            (4, "Halkla İlişkiler - ESTİM (Çözüm Masası)", "15 GÜN"),
            (5, "Halkla İlişkiler - ESTİM (Çağrı Merkezi)", "15 GÜN"),
            (6, "Halkla İlişkiler - ESTİM (Danışma)", "1 GÜN"),
            (7, "Halkla İlişkiler - ESTİM (İkram Noktası)", "10 D"),
            (8, "Halkla İlişkiler - ESTİM (Saha Çalışmaları)", "15 GÜN"),
            (9, "Halkla İlişkiler - ESTİM (Mobil İletişim)", "15 GÜN"),
        ]

    def test_keeps_every_cell_letter_for_letter(self) -> None:
        text = esenler_text()
        for row in read_table(text).rows:
            assert f"{row.number}\t{row.name}\t{row.process_text}\t{row.limit_text}\n" in text
            assert text.split("\n")[row.line - 1].startswith(f"{row.number}\t")

    def test_has_one_heading_and_no_unit_column(self) -> None:
        read = read_table(esenler_text())
        assert read.headings == (
            "İSTANBUL İLİ ESENLER BELEDİYE BAŞKANLIĞI\nHALKLA İLİŞKİLER MÜDÜRLÜĞÜ HİZMET STANDARTLARI",
        )
        assert {row.unit_text for row in read.rows} == {None}

    def test_keeps_the_closing_sentence(self) -> None:
        assert read_table(esenler_text()).closing == CLOSING

    def test_has_two_offices_with_every_printed_field(self) -> None:
        first, second = read_table(esenler_text()).offices
        assert (first.level, first.place, first.name) == (1, "Halkla İlişkiler Müdürlüğü", "Ercan ZENGİN")
        assert first.job_title == "Halkla İlişkiler Müdürü"
        assert first.address == "Birlik Mah. Mehmet Akif İnan Cad. No:6-8/ ESENLER/İST"
        assert (first.fax, first.email) == ("0212 440 11 90", "e.zengin@esenler.bel.tr")
        assert (second.level, second.place, second.name) == (2, "Belediye Başkan Yardımcısı", "Aydın POLAT")
        assert second.address == "Birlik Mah. Mehmet Akif İnan Cad. No:6-8/ ESENLER"
        assert (second.phone, second.email) == ("444 00 73", "a.polat@esenler.bel.tr")

    def test_extension_stays_as_printed_and_is_split_out(self) -> None:
        first, second = read_table(esenler_text()).offices
        assert (first.phone, first.phone_number, first.phone_extension) == (
            "444 00 73/1010",
            "444 00 73",
            "1010",
        )
        assert (second.phone_number, second.phone_extension) == ("444 00 73", "")

    def test_blank_fax_stays_blank(self) -> None:
        second = read_table(esenler_text()).offices[1]
        assert second.fax == ""
        assert ("Faks", "") in second.printed

    def test_only_the_limit_of_row_seven_needs_a_person(self) -> None:
        read = read_table(esenler_text())
        assert read.problems == ()
        doubtful = [problem for problem in map(limit_problem, read.rows) if problem]
        assert [(problem.line, problem.cell) for problem in doubtful] == [(13, "10 D")]


class TestOtherMunicipalities:
    """Tables are worded and laid out differently from place to place."""

    def test_other_words_in_the_header_and_a_unit_column(self) -> None:
        text = table(
            "1\tNikâh başvurusu\tKimlik\t15 DK.\tEvlendirme Memurluğu",
            "2\tBorç sorgulama\tKimlik\t1 saat\t",
            header="S.NO\tVATANDAŞA SUNULAN HİZMETİN ADI\tİSTENEN BELGELER\tTAMAMLANMA SÜRESİ\tİLGİLİ BİRİM",
        )
        read = read_table(text)
        assert read.problems == ()
        assert [(row.name, row.process_text, row.unit_text) for row in read.rows] == [
            ("Nikâh başvurusu", "Kimlik", "Evlendirme Memurluğu"),
            ("Borç sorgulama", "Kimlik", ""),
        ]
        assert [parse_limit(row.limit_text) for row in read.rows] == [
            Limit(15, Unit.MINUTE),
            Limit(1, Unit.HOUR),
        ]

    def test_columns_in_another_order(self) -> None:
        text = table(
            "Fen İşleri\t30 İŞ GÜNÜ\tKazı izni\tDilekçe\t1",
            header="SORUMLU BİRİM\tTAMAMLANMA SÜRESİ (EN GEÇ)\tHİZMETİN ADI\tGEREKLİ BELGELER\tSIRA NO",
        )
        read = read_table(text)
        assert read.problems == ()
        row = read.rows[0]
        assert (row.number, row.name, row.process_text) == (1, "Kazı izni", "Dilekçe")
        assert (row.limit_text, row.unit_text) == ("30 İŞ GÜNÜ", "Fen İşleri")

    def test_several_tables_with_a_heading_each(self) -> None:
        text = "\n".join(
            [
                "ZABITA MÜDÜRLÜĞÜ",
                HEADER,
                "1\tŞikâyet\tDilekçe\t7 GÜN",
                "2\tPazar yeri\tKimlik\t1 AY",
                "",
                "FEN İŞLERİ MÜDÜRLÜĞÜ",
                "SIRA\tHİZMETİN ADI\tTAMAMLANMA SÜRESİ\tİSTENEN BELGELER",
                "1\tAsfalt\t2 Hafta\tYok",
                "",
                CLOSING,
                OFFICES_TEXT,
            ]
        )
        read = read_table(text)
        assert read.problems == ()
        assert read.headings == ("ZABITA MÜDÜRLÜĞÜ", "FEN İŞLERİ MÜDÜRLÜĞÜ")
        assert [(row.table, row.number, row.limit_text, row.heading) for row in read.rows] == [
            (1, 1, "7 GÜN", "ZABITA MÜDÜRLÜĞÜ"),
            (1, 2, "1 AY", "ZABITA MÜDÜRLÜĞÜ"),
            (2, 1, "2 Hafta", "FEN İŞLERİ MÜDÜRLÜĞÜ"),
        ]

    def test_a_heading_without_a_header_row_of_its_own_opens_a_table_when_numbers_start_again(self) -> None:
        read = read_table(table("1\tBir\tYok\t1 GÜN", "2\tİki\tYok\t1 GÜN", "FEN İŞLERİ", "1\tÜç\tYok\t1 GÜN"))
        assert [(row.table, row.number) for row in read.rows] == [(1, 1), (1, 2), (2, 1)]
        assert read.headings[1] == "FEN İŞLERİ"

    def test_a_header_repeated_by_a_page_break_goes_on_with_the_table(self) -> None:
        read = read_table(table("1\tBir\tYok\t1 GÜN", "", HEADER, "2\tİki\tYok\t1 GÜN"))
        assert [(row.table, row.number) for row in read.rows] == [(1, 1), (1, 2)]
        assert read.problems == ()

    def test_a_table_without_numbers_is_counted(self) -> None:
        text = table("Bir\tYok\t1 GÜN", "İki\tYok\t2 GÜN", header="HİZMETİN ADI\tİSTENEN BELGELER\tSÜRE")
        assert [(row.number, row.name) for row in read_table(text).rows] == [(1, "Bir"), (2, "İki")]
        assert found(text) == []

    def test_process_and_documents_in_columns_of_their_own_stay_together(self) -> None:
        header = "SIRA NO\tHİZMETİN ADI\tİŞLEM SÜREÇLERİ\tİSTENEN BELGELER\tTAMAMLANMA SÜRESİ"
        row = read_table(table("1\tBir\tKayıt yapılır\tKimlik\t1 GÜN", header=header)).rows[0]
        assert row.process_text == "Kayıt yapılır\nKimlik"

    def test_offices_one_below_the_other(self) -> None:
        offices = "\n".join(
            [
                "İLK MÜRACAAT YERİ: Örnek Müdürlüğü",
                "Adı Soyadı: Örnek BİRİNCİ",
                "Ünvan: Müdür",
                "Telefon: 0212 000 00 00 dahili 123",
                "Fax:",
                "e-mail: birinci@ornek.bel.tr",
                "",
                "İKİNCİ MÜRACAAT YERİ",
                "Örnek Kaymakamlığı",
                "İsim\t: Örnek İKİNCİ",
                "Tel.\t: 0212 000 00 01",
                "Dahili\t: 55",
            ]
        ).replace("Ünvan", "Unvan")
        read = read_table(table("1\tBir\tYok\t1 GÜN", offices=offices))
        assert read.problems == ()
        first, second = read.offices
        assert (first.place, first.name, first.job_title) == ("Örnek Müdürlüğü", "Örnek BİRİNCİ", "Müdür")
        assert (first.phone_number, first.phone_extension, first.fax) == ("0212 000 00 00", "123", "")
        assert (second.place, second.name) == ("Örnek Kaymakamlığı", "Örnek İKİNCİ")
        assert (second.phone, second.phone_extension, second.email) == ("0212 000 00 01", "55", "")

    def test_offices_side_by_side_separated_by_blanks(self) -> None:
        offices = "\n".join(
            [
                "İlk Müracaat Yeri : Örnek Müdürlüğü      İkinci Müracaat Yeri : Örnek Başkanlığı",
                "İsim : Örnek BİRİNCİ                     İsim : Örnek İKİNCİ",
                "Tel : 0212 000 00 00                     Tel : 0212 000 00 01",
            ]
        )
        read = read_table(table("1\tBir\tYok\t1 GÜN", offices=offices))
        assert read.problems == ()
        assert [(office.place, office.name) for office in read.offices] == [
            ("Örnek Müdürlüğü", "Örnek BİRİNCİ"),
            ("Örnek Başkanlığı", "Örnek İKİNCİ"),
        ]

    def test_a_field_that_only_the_second_office_has_is_not_given_to_the_first(self) -> None:
        offices = OFFICES_TEXT.replace("Faks\t:\tFaks\t: 0212 000 00 02", "\t\tFaks\t: 0212 000 00 02")
        first, second = read_table(table("1\tBir\tYok\t1 GÜN", offices=offices)).offices
        assert (first.fax, second.fax) == ("", "0212 000 00 02")

    @pytest.mark.parametrize("printed", ["0212 440 11 90/91", "0212 000 00 00 / 0212 000 00 01"])
    def test_a_second_number_is_no_extension(self, printed: str) -> None:
        read = read_table(table("1\tBir\tYok\t1 GÜN", offices=OFFICES_TEXT.replace("0212 000 00 01", printed)))
        assert (read.offices[1].phone, read.offices[1].phone_extension) == (printed, "")


class TestStrayForms:
    """Copies of tables carry line ends, blanks, encodings and quotations of their origin."""

    @pytest.mark.parametrize(
        "change",
        [
            lambda text: text.replace("\n", "\r\n"),
            lambda text: text.replace("\n", "\r"),
            lambda text: "\ufeff" + text,
            lambda text: text.replace("\n", "  \n").replace("\t", " \t "),
            lambda text: text.replace(" ", "\u00a0"),
            lambda text: unicodedata.normalize("NFD", text),
        ],
        ids=["CRLF", "CR", "BOM", "blanks", "NBSP", "NFD"],
    )
    def test_line_ends_blanks_and_decomposed_letters_change_nothing(self, change: object) -> None:
        assert callable(change)
        assert read_table(change(esenler_text())) == read_table(esenler_text())

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1254"])
    def test_encodings_give_one_text(self, encoding: str) -> None:
        text = table("1\tŞikâyet\tDilekçe\t15 İŞ GÜNÜ")
        assert decode_table(text.encode(encoding)) == text

    def test_lower_case_header_and_capital_dotless_i_are_understood(self) -> None:
        header = "sıra no\thizmetin adı\tistenen belgeler\thizmetin tamamlanma süresi"
        assert found(table("1\tBir\tYok\t1 GÜN", header=header)) == []

    def test_quoted_cells_keep_their_line_breaks(self) -> None:
        read = read_table(table('1\tBir\t"1. Dilekçe\n2. ""Yeşil"" form"\t1 GÜN', "2\tİki\tYok\t1 GÜN"))
        assert read.problems == ()
        assert read.rows[0].process_text == '1. Dilekçe\n2. "Yeşil" form'
        assert read.rows[1].line == 6

    def test_a_cell_broken_over_lines_is_joined(self) -> None:
        read = read_table(table("1\tBir\t1- Dilekçe", "2- Kimlik", "3- Tapu\t1 GÜN", "2\tİki\tYok\t1 GÜN"))
        assert read.problems == ()
        assert read.rows[0].process_text == "1- Dilekçe\n2- Kimlik\n3- Tapu"
        assert read.rows[0].limit_text == "1 GÜN"

    def test_a_line_with_documents_alone_goes_on_with_the_row_above(self) -> None:
        read = read_table(table("1\tBir\tDilekçe\t1 GÜN", "\t\tKimlik\t"))
        assert read.rows[0].process_text == "Dilekçe\nKimlik"
        assert read.problems == ()

    def test_a_closing_sentence_broken_over_lines_is_one_sentence(self) -> None:
        broken = CLOSING.replace("dışında belge", "dışında\nbelge").replace("tabloda bazı", "tabloda\nbazı")
        assert read_table(table("1\tBir\tYok\t1 GÜN", closing=broken)).closing == CLOSING

    def test_the_same_offices_below_each_table_are_two_offices(self) -> None:
        text = table("1\tBir\tYok\t1 GÜN") + "\n" + table("1\tİki\tYok\t1 GÜN")
        read = read_table(text.replace("ÖRNEK BELEDİYESİ", "FEN İŞLERİ", 1))
        assert [office.level for office in read.offices] == [1, 2]
        assert read.problems == ()


FAULTS = {
    "undecodable": (table("1\tBir\ufffd\tYok\t1 GÜN"), 4),
    "control_character": (table("1\tBir\x00\tYok\t1 GÜN"), 4),
    "table_missing": ("Bu bir tablo değil", None),
    "table_empty": (table(), 3),
    "closing_missing": (table("1\tBir\tYok\t1 GÜN", closing=""), None),
    "column_missing": (table("1\tBir\tYok", header="SIRA NO\tHİZMETİN ADI\tİSTENEN BELGELER"), 3),
    "documents_column_missing": (table("1\tBir\t1 GÜN", header="SIRA NO\tHİZMETİN ADI\tSÜRESİ"), 3),
    "column_twice": (table("1\tBir\tYok\t1 GÜN\t2 GÜN", header=f"{HEADER}\tEN GEÇ SÜRE"), 3),
    "column_unknown": (table("1\tBir\tYok\t1 GÜN\tx", header=f"{HEADER}\tAÇIKLAMA"), 3),
    "row_without_header": ("1\tBir\tYok\t1 GÜN\n" + table("1\tBir\tYok\t1 GÜN"), 1),
    "number_missing": (table("1\tBir\tYok\t1 GÜN", "\tİki\tYok\t1 GÜN"), 5),
    "number_unreadable": (table("1\tBir\tYok\t1 GÜN", "ii\tİki\tYok\t1 GÜN"), 5),
    "number_gap": (table("1\tBir\tYok\t1 GÜN", "3\tÜç\tYok\t1 GÜN"), 5),
    "number_twice": (table("1\tBir\tYok\t1 GÜN", "1\tİki\tYok\t1 GÜN"), 5),
    "number_backwards": (table("2\tBir\tYok\t1 GÜN", "1\tİki\tYok\t1 GÜN"), 5),
    "name_missing": (table("1\tBir\tYok\t1 GÜN", "2\t\tYok\t1 GÜN"), 5),
    "cell_missing": (table("1\tBir\tYok\t1 GÜN", "2\tİki\tYok"), 5),
    "cell_extra": (table("1\tBir\tYok\t1 GÜN\tfazla"), 4),
    "second_limit": (table("1\tBir\tYok\t1 GÜN", "\t\tKimlik\t2 GÜN"), 5),
    "quote_open": (table('1\tBir\tYok\t"1 GÜN'), 4),
    "office_missing": (table("1\tBir\tYok\t1 GÜN", offices=""), None),
    "office_twice": (
        table("1\tBir\tYok\t1 GÜN", offices=f"{OFFICES_TEXT}\nİlk Müracaat Yeri : Başka Müdürlük"),
        15,
    ),
    "office_blank": (table("1\tBir\tYok\t1 GÜN", offices=OFFICES_TEXT.replace(": Örnek Müdürlüğü", ":")), 8),
    "office_nameless": (table("1\tBir\tYok\t1 GÜN", offices=OFFICES_TEXT.replace(": Örnek BİRİNCİ", ":")), 8),
    "office_unreachable": (
        table(
            "1\tBir\tYok\t1 GÜN",
            offices=OFFICES_TEXT.replace(": 0212 000 00 01", ":").replace(": ikinci@ornek.bel.tr", ":"),
        ),
        8,
    ),
    "office_email": (table("1\tBir\tYok\t1 GÜN", offices=OFFICES_TEXT.replace("ikinci@", "ikinci ")), 8),
    "office_field_twice": (table("1\tBir\tYok\t1 GÜN", offices=f"{OFFICES_TEXT}\nTel\t: 1"), 15),
    "office_cell_unread": (table("1\tBir\tYok\t1 GÜN", offices=f"{OFFICES_TEXT}\nÖRNEK/İST"), 15),
}


class TestFaults:
    """Each kind of fault is reported with the line on which a person finds it."""

    def test_fault_is_named_with_its_line(self) -> None:
        def check(code: str) -> None:
            text, line = FAULTS[code]
            assert (code, line) in found(text)

        assert failing(FAULTS, check) == []

    def test_reasons_are_written_in_both_languages_without_open_places(self) -> None:
        def check(code: str) -> None:
            problems = [problem for problem in read_table(FAULTS[code][0]).problems if problem.code == code]
            assert problems, "not found"
            for problem in problems:
                assert problem.reason_tr != problem.reason_en
                assert not {"{", "}"} & {*problem.reason_tr, *problem.reason_en}

        assert failing(FAULTS, check) == []

    def test_a_faultless_table_has_no_problem(self) -> None:
        assert found(table("1\tBir\tYok\t1 GÜN", "2\tİki\tYok\t1 GÜN")) == []

    def test_an_unknown_column_is_only_a_note(self) -> None:
        problems = read_table(FAULTS["column_unknown"][0]).problems
        assert [problem.severity for problem in problems] == [Severity.NOTE]

    @pytest.mark.parametrize("printed", ["10 D", "1-8 Saat", "15 Gün + 5 Gün", "Değişken", ""])
    def test_a_doubtful_limit_is_named_with_line_and_cell(self, printed: str) -> None:
        row = read_table(table(f"1\tBir\tYok\t{printed}")).rows[0]
        problem = limit_problem(row)
        assert problem is not None
        assert (problem.code, problem.line, problem.cell) == ("limit", 4, printed)

    def test_a_stray_quotation_mark_swallows_no_row(self) -> None:
        read = read_table(table('1\tBir\tYok\t"1 GÜN', '2\tİki\tYok\t1 GÜN"', "3\tÜç\tYok\t1 GÜN"))
        assert [row.number for row in read.rows] == [1, 2, 3]


PIECES = st.sampled_from(
    [
        HEADER,
        OFFICES_TEXT,
        CLOSING,
        "1\tBir\tYok\t1 GÜN",
        "\t",
        "\n",
        '"',
        ":",
        "İsim",
        "2",
        "\x00",
        "\ufeff",
        "Tel\t:",
        "  ",
    ]
)


class TestTotal:
    """The reader returns a table for any text and any bytes."""

    @settings(deadline=None)
    @given(st.text())
    def test_any_text_gives_a_table(self, text: str) -> None:
        read = read_table(text)
        assert {problem.code for problem in read.problems} >= {"office_missing"} or len(read.offices) >= 1

    @settings(deadline=None)
    @given(st.lists(PIECES, max_size=40).map("".join))
    def test_any_mixture_of_real_pieces_gives_rows_on_lines_that_exist(self, text: str) -> None:
        read = read_table(text)
        last = len(text.splitlines()) + text.count("\r") + 1
        assert all(1 <= row.line <= last for row in read.rows)
        assert all(problem.line is None or 1 <= problem.line <= last for problem in read.problems)

    @settings(deadline=None)
    @given(st.binary())
    def test_any_bytes_give_a_text(self, data: bytes) -> None:
        assert read_table(decode_table(data)).rows == ()
