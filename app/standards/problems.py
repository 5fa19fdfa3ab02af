"""The problems of a municipality's files: one literal table of codes and reasons."""

from dataclasses import dataclass
from enum import StrEnum

from app.sla.checkpoints import ChainError
from app.sla.limit import SlaError


class Severity(StrEnum):
    """ERROR: the folder can't be loaded. REVIEW: loadable, but a person has to look. NOTE: for the record."""

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
    "field_invalid": (ERROR, "Geçersiz değer: {0}", "Invalid value: {1}"),
    "field_single": (ERROR, "Tek bir değer değil, alanlar beklenir", "Fields are expected here, not a single value"),
    "time_form": (
        ERROR,
        'Saat tırnak içinde ve SS:DD biçiminde yazılır, aralık tireyle: "12:00", "08:30-17:00"',
        'Times are written in quotes as HH:MM, spans with a hyphen: "12:00", "08:30-17:00"',
    ),
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
    "regime_missing": (
        ERROR,
        "Yasal rejim tanımlanmamış: {0}; imzalı dilekçe ve bilgi edinme başvurusu her hizmete gelebilir",
        "Statutory regime is not defined: {0}; a signed petition or a request for information may reach any service",
    ),
    "extension_not_longer": (
        ERROR,
        "Uzatılmış süre (extended_to) ilk süreyle aynı birimde ve ondan uzun olmalıdır",
        "The extended limit (extended_to) has to be in the unit of the first and longer than it",
    ),
    # limits
    "amount_too_small": (ERROR, "Süre en az 1 olmalıdır", "A limit is at least 1"),
    "amount_too_large": (ERROR, "Süre on yıldan uzun olamaz", "A limit can't be longer than ten years"),
    "immediate_has_no_amount": (
        ERROR,
        "«immediate» (anında) biriminin miktarı 0 olmalıdır",
        "The amount of the unit “immediate” has to be 0",
    ),
    # opening hours and special days
    "unknown_zone": (ERROR, "Böyle bir saat dilimi yok", "There is no such time zone"),
    "no_opening_time": (
        ERROR,
        "Takvimin hiç açılış saati yok; saatle ölçülen süreler hiç işlemez",
        "The calendar has no opening time; limits of hours would never run",
    ),
    "closed_too_long": (
        ERROR,
        "«{0}» takvimi bu tarihlerle 800 günden uzun süre kapalı ya da iş günsüz kalıyor",
        "With these dates the calendar “{0}” has no opening time, or no working day, for more than 800 days",
    ),
    "segment_order": (
        ERROR,
        "Kapanış açılıştan sonra olmalıdır; gece çalışması iki parça yazılır: 22:00-24:00, ertesi gün 00:00-06:00",
        "Closing comes after opening; a night shift is written in two parts: 22:00-24:00, next day 00:00-06:00",
    ),
    "segment_overlap": (
        ERROR,
        "Açılış saatleri çakışıyor ya da sıralı değil",
        "Opening times overlap or are not in order",
    ),
    "zoned_time": (
        ERROR,
        "Saatler saat dilimi eklenmeden yazılır (08:30)",
        "Times are written without a time zone (08:30)",
    ),
    "segments_of_special_day": (
        ERROR,
        "Çalışma saatleri (segments) yalnızca «working» türündeki güne, ona da mutlaka yazılır",
        "Opening times (segments) belong to a day of the kind “working”, which can't do without them",
    ),
    "closure_twice": (ERROR, "Bu tarih iki kez yazılmış: {0}", "This date is written twice: {0}"),
    "closure_past": (
        ERROR,
        "Geçmiş tarihler bu dosyadan değiştirilemez: {0}; geç alınan karar «estim calendar add … --force» ile girilir",
        "Dates that are past can't be changed by this file: {0}; a late decision needs “estim calendar add … --force”",
    ),
    # escalation chains
    "chain_unreadable": (
        ERROR,
        "Kademenin zamanı şu biçimlerden biri olmalıdır: 50%, due, +3 working_day, -3 working_day",
        "The instant of a step has to be one of: 50%, due, +3 working_day, -3 working_day",
    ),
    "chain_fraction": (
        ERROR,
        "Uyarı yüzdesi 1 ile 99 arasında olmalıdır",
        "The percentage of a warning has to be from 1 to 99",
    ),
    "chain_level": (
        ERROR,
        "Uyarının kademesi yüzdesidir; öbür kademeler 1 ile 9 arasındadır",
        "The level of a warning is its percentage; other levels are from 1 to 9",
    ),
    "chain_early": (
        ERROR,
        "Kademe, süre dolmadan bildirilemez; önceden haber vermek için uyarı (warning) kullanılır",
        "No level can be raised before the limit has ended; a warning gives notice before it",
    ),
    "chain_order": (
        ERROR,
        "Kademeler zaman sırasında değil ya da numaraları birer birer artmıyor",
        "The steps are not in the order of time, or their levels do not rise one by one",
    ),
    "chain_repeated": (ERROR, "Aynı kademe iki kez yazılmış", "The same step is written twice"),
    "chain_no_previous_level": (
        ERROR,
        "Bir kademe, zincirde olmayan önceki kademeyi bekliyor",
        "A level waits for one before it that is not in the chain",
    ),
    "chain_due_twice": (
        ERROR,
        "Sürenin dolduğu ana (due) yalnızca bir kademe yazılabilir",
        "Only one step can stand where the limit ends (due)",
    ),
    "chain_no_due_step": (
        ERROR,
        "Zincirde sürenin dolduğu an (due) için kademe yok; gecikme hiç saptanmaz",
        "The chain has no step where the limit ends (due): a breach would never be seen",
    ),
    "chain_not_of_a_promise": (
        ERROR,
        "Hizmetin zincirinde yasal risk kademesi olamaz; o, yasal süreye aittir",
        "The chain of a service has no legal risk: that belongs to the limit of the law",
    ),
    "level_without_office": (
        ERROR,
        "{0}. kademe için müracaat yeri yok; ilk (1) ve ikinci (2) müracaat yeri vardır",
        "There is no office for level {0}: there are the first (1) and the second (2) application office",
    ),
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
class CatalogueProblem:
    """One finding: the file and line (1-based; None = the whole file), the cell or path, and the reason."""

    code: str
    severity: Severity
    line: int | None
    cell: str
    reason_tr: str
    reason_en: str
    source: str = ""

    @property
    def needs_person(self) -> bool:
        """Return whether a person has to look; a note is for information only."""
        return self.severity is not Severity.NOTE


def code_of(error: SlaError) -> str:
    """Return the code in `KINDS` of an error of the time core."""
    code = f"chain_{error.code}" if isinstance(error, ChainError) else error.code
    return code if code in KINDS else "field_invalid"


def problem(code: str, line: int | None, cell: str = "", *particulars: object, source: str = "") -> CatalogueProblem:
    """Return the finding of that code; severity and words come from `KINDS`."""
    severity, turkish, english = KINDS[code]
    return CatalogueProblem(
        code=code,
        severity=severity,
        line=line,
        cell=cell,
        reason_tr=turkish.format(*particulars),
        reason_en=english.format(*particulars),
        source=source,
    )
