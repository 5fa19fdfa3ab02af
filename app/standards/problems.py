"""What can be wrong with a municipality's files: one literal table of codes, each reason once."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """ERROR: it can't be loaded. REVIEW: loadable, but a person has to look. NOTE: for the record."""

    ERROR = "error"
    REVIEW = "review"
    NOTE = "note"


ERROR, REVIEW, NOTE = Severity.ERROR, Severity.REVIEW, Severity.NOTE

# code → (severity, Turkish, English); {0}, {1} are the particulars given to `problem()`
KINDS: dict[str, tuple[Severity, str, str]] = {
    # the text as a whole
    "undecodable": (
        ERROR,
        "Metinde çözülemeyen karakter var; dosya UTF-8 ya da Windows-1254 olarak kaydedilmelidir",
        "The text has undecodable characters; save the file as UTF-8 or Windows-1254",
    ),
    "control_character": (ERROR, "Satırda denetim karakteri var: {0}", "Control character in the line: {0}"),
    "table_missing": (
        ERROR,
        "Başlık satırı bulunamadı (hizmetin adı ve tamamlanma süresi sütunları gerekir)",
        "No header row found (columns for the service's name and its completion time are needed)",
    ),
    "table_empty": (
        ERROR,
        "Başlık satırının altında hizmet satırı yok",
        "No service row below the header row",
    ),
    "closing_missing": (
        REVIEW,
        "Tablonun kapanış cümlesi (ilk / ikinci müracaat yeri) bulunamadı",
        "The table's closing sentence (first / second application office) was not found",
    ),
    # the header row
    "column_missing": (ERROR, "Başlık satırında sütun eksik: {0}", "Column missing in the header row: {0}"),
    "documents_column_missing": (
        REVIEW,
        "Başlık satırında istenen belgeler sütunu yok",
        "The header row has no column for the documents asked for",
    ),
    "column_twice": (
        ERROR,
        "Aynı anlama gelen iki sütun var: {0}; ilki kullanıldı",
        "Two columns mean the same: {0}; the first one is used",
    ),
    "column_unknown": (NOTE, "Sütun tanınmadı, kullanılmadı", "Column not recognised, not used"),
    # rows
    "row_without_header": (
        ERROR,
        "Satır, tablonun başlık satırından önce geliyor",
        "The row comes before the table's header row",
    ),
    "number_missing": (ERROR, "Sıra numarası yok", "The row has no number"),
    "number_unreadable": (ERROR, "Sıra numarası okunamadı", "The row's number can't be read"),
    "number_gap": (
        REVIEW,
        "Sıra numarası atlıyor: {0} numaradan sonra {1} geliyor; kopyalanırken satır düşmüş olabilir",
        "Numbering jumps from {0} to {1}; a row may have been lost in copying",
    ),
    "number_twice": (
        ERROR,
        "Sıra numarası iki kez kullanılmış (ilki {0}. satırda)",
        "The row's number is used twice (first on line {0})",
    ),
    "number_backwards": (
        REVIEW,
        "Sıra numarası geriye gidiyor: {0} numaradan sonra {1} geliyor",
        "Numbering goes back from {0} to {1}",
    ),
    "name_missing": (ERROR, "Hizmetin adı boş", "The service has no name"),
    "cell_missing": (
        ERROR,
        "Satırda {0} hücre var, başlık satırında {1}",
        "The row has {0} cells, the header row {1}",
    ),
    "cell_extra": (
        REVIEW,
        "Başlık satırında karşılığı olmayan hücre",
        "A cell without a column in the header row",
    ),
    "second_limit": (
        ERROR,
        "Numarasız ek satırda ikinci bir süre yazıyor",
        "A continuation line without a number prints a second time limit",
    ),
    "quote_open": (REVIEW, "Açılan tırnak kapanmıyor", "A quotation mark is opened and never closed"),
    "limit": (ERROR, "Süre anlaşılamadı: {0}", "The time limit needs a person: {1}"),
    # offices
    "office_missing": (ERROR, "{0} bulunamadı", "{0} was not found"),
    "office_twice": (
        REVIEW,
        "{0} iki kez ve farklı yazılmış (ilki {1}. satırda)",
        "{0} is printed twice and differently (first on line {1})",
    ),
    "office_blank": (ERROR, "{0}: yer adı boş", "{0}: the place is blank"),
    "office_nameless": (REVIEW, "{0}: isim boş", "{0}: the name is blank"),
    "office_unreachable": (
        REVIEW,
        "{0}: ne telefon ne e-posta yazıyor",
        "{0}: neither phone nor e-mail is printed",
    ),
    "office_email": (REVIEW, "{0}: e-posta adresi okunamadı", "{0}: the e-mail address can't be read"),
    "office_field_twice": (
        REVIEW,
        "{0}: «{1}» iki kez yazılmış; ilki kullanıldı",
        "{0}: “{1}” is printed twice; the first is used",
    ),
    "office_cell_unread": (
        REVIEW,
        "Müracaat yeri bölümünde anlaşılmayan hücre",
        "A cell of the office block was not understood",
    ),
    # the municipality's folder
    "file_missing": (ERROR, "Dosya yok", "File not found"),
    "file_unreadable": (ERROR, "Dosya okunamadı: {0}", "The file can't be read: {0}"),
    "yaml": (ERROR, "YAML okunamadı: {0}", "Not readable as YAML: {0}"),
    "field_missing": (ERROR, "Zorunlu alan eksik", "Required field missing"),
    "field_unknown": (ERROR, "Bilinmeyen alan", "Unknown field"),
    "field_choice": (ERROR, "İzin verilen değerler: {0}", "Allowed values: {0}"),
    "field_invalid": (ERROR, "Geçersiz değer: {0}", "Invalid value: {0}"),
    "row_unknown": (
        ERROR,
        "Tabloda {0} numaralı satır yok",
        "The table has no row {0}",
    ),
    "row_ambiguous": (
        ERROR,
        "{0} numaralı satır birden çok tabloda var; «table» alanı gerekir",
        "Row {0} is in more than one table; give `table`",
    ),
    "row_shared": (
        ERROR,
        "{0} numaralı satır başka bir hizmete de verilmiş: {1}",
        "Row {0} is also given to another service: {1}",
    ),
    "row_unused": (
        ERROR,
        "{0} numaralı satırın standards.yaml dosyasında karşılığı yok",
        "Row {0} has no entry in standards.yaml",
    ),
    "override_mismatch": (
        ERROR,
        "Satır düzeltmesi «{0}» için yazılmış, tabloda «{1}» yazıyor",
        "The row override is for “{0}”, the table prints “{1}”",
    ),
    "override_needless": (
        REVIEW,
        "Tablodaki süre zaten anlaşılıyor ({0}); satır düzeltmesi onu değiştiriyor",
        "The printed limit is understood as it is ({0}); the row override changes it",
    ),
    "code_twice": (ERROR, "Kod iki kez kullanılmış: {0}", "The code is used twice: {0}"),
    "channel_twice": (
        ERROR,
        "{0} kanalı iki hizmetin varsayılanı: {1}",
        "Channel {0} is the default of two services: {1}",
    ),
    "channel_unserved": (
        ERROR,
        "{0} kanalının varsayılan hizmeti yok",
        "Channel {0} has no default service",
    ),
    "regime_undefined": (
        ERROR,
        "Yasal rejim tanımlanmamış: {0}",
        "Statutory regime is not defined: {0}",
    ),
    "hours_undefined": (
        ERROR,
        "hours.yaml dosyasında böyle bir takvim yok: {0}",
        "hours.yaml has no such calendar: {0}",
    ),
    "chain": (ERROR, "Kademe zinciri geçersiz: {0}", "Invalid escalation chain: {0}"),
    "unit_undefined": (
        ERROR,
        "units.yaml dosyasında böyle bir birim yok: {0}",
        "units.yaml has no such unit: {0}",
    ),
    "unit_name": (
        REVIEW,
        "Birimin adı «{0}», tabloda «{1}» yazıyor",
        "The unit is called “{0}”, the table prints “{1}”",
    ),
    "name_shared": (
        ERROR,
        "Aynı ad ya da takma ad birden çok mahallede: {0}",
        "The same name or alias belongs to more than one neighbourhood: {0}",
    ),
    "csv_columns": (ERROR, "Sütunlar şunlar olmalıdır: {0}", "The columns have to be: {0}"),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding: the file and line (1-based; None = the file as a whole), the cell or path, and why."""

    code: str
    severity: Severity
    line: int | None
    cell: str
    reason_tr: str
    reason_en: str
    source: str = ""

    @property
    def needs_person(self) -> bool:
        """True unless it is for information only."""
        return self.severity is not Severity.NOTE


def problem(code: str, line: int | None, cell: str = "", *particulars: object, source: str = "") -> Problem:
    """Builds the finding of that code; severity and words come from `KINDS`."""
    severity, turkish, english = KINDS[code]
    return Problem(
        code=code,
        severity=severity,
        line=line,
        cell=cell,
        reason_tr=turkish.format(*particulars),
        reason_en=english.format(*particulars),
        source=source,
    )
