"""The sentences of the API's errors in Turkish and English; codes are stable, sentences may improve."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple

Language = Literal["tr", "en"]


class Sentence(NamedTuple):
    """A sentence in both languages, with `{fact}` placeholders."""

    tr: str
    en: str


PROBLEM_TITLES: Mapping[str, Sentence] = MappingProxyType(
    {
        "internal": Sentence("Beklenmeyen hata", "Unexpected error"),
        "unauthenticated": Sentence("API anahtarı gerekli", "API key required"),
        "forbidden": Sentence("Bu işlem için yetki yok", "Not permitted"),
        "not_owner": Sentence("Başka bir istemciye ait", "It belongs to another client"),
        "not_found": Sentence("Bulunamadı", "Not found"),
        "no_letter": Sentence("Bu bildirimin resmî yazısı yok", "This notice has no official letter"),
        "method_not_allowed": Sentence("Bu adreste bu yöntem yok", "Method not allowed here"),
        "invalid": Sentence("Geçersiz alanlar var", "Some fields are not valid"),
        "wrong_state": Sentence("Başvurunun durumu buna izin vermiyor", "The ticket's state does not allow this"),
        "is_complaint": Sentence("Bu kayıt bir şikâyettir", "This record is a complaint"),
        "not_extendable": Sentence("Bu süre uzatılamaz", "This limit cannot be extended"),
        "limit_passed": Sentence("Süre dolmuştur", "The limit is past"),
        "limit_of_law": Sentence("Yasal süre elle değiştirilemez", "A limit of law is not set by hand"),
        "no_fee": Sentence("Bu başvuruda ücret istenemez", "No fee may be asked for here"),
        "no_limit": Sentence("İşleyen bir süre yok", "No limit is running"),
        "stale_version": Sentence("Başvuru bu arada değişti", "The ticket has changed meanwhile"),
        "stale_calendar": Sentence("Takvim bu arada değişti", "The calendar has changed meanwhile"),
        "version_required": Sentence("If-Match başlığı gerekli", "If-Match header required"),
        "key_reused": Sentence("Idempotency-Key başka bir istekte kullanıldı", "Idempotency-Key was used before"),
        "already_received": Sentence("Bu kayıt daha önce alındı", "This record was received before"),
        "unsupported_media_type": Sentence("Desteklenmeyen içerik türü", "Unsupported content type"),
        "too_large": Sentence("İstek gövdesi çok büyük", "Request body too large"),
        "too_slow": Sentence("İstek gövdesi zamanında gelmedi", "Request body did not arrive in time"),
        "too_many": Sentence("Çok fazla deneme", "Too many attempts"),
        "unavailable": Sentence("Hizmet şu anda yanıt veremiyor", "Service cannot answer at the moment"),
    }
)

PROBLEM_DETAILS: Mapping[str, Sentence] = MappingProxyType(
    {
        "internal": Sentence(
            "Hata kaydedildi. İstek numarasını destek birimine iletiniz.",
            "The error was recorded. Please pass the request id on to support.",
        ),
        "unauthenticated": Sentence(
            "Geçerli bir anahtarı X-API-Key veya Authorization: Bearer başlığında gönderiniz.",
            "Send a valid key in the header X-API-Key or as Authorization: Bearer.",
        ),
        "forbidden": Sentence("Anahtarda {scope} yetkisi yok.", "The key lacks the scope {scope}."),
        "not_owner": Sentence(
            "Bunu yalnızca aboneliğin sahibi olan istemci değiştirebilir.",
            "Only the client that owns the subscription can change this.",
        ),
        "not_found": Sentence(
            "Böyle bir kayıt yok veya bu anahtarla görülemiyor.",
            "There is no such record, or it is not visible to this key.",
        ),
        "no_letter": Sentence(
            "Bu türdeki bildirimler ({kind}) resmî yazı olarak düzenlenmez.",
            "Notices of this kind ({kind}) are not written as official letters.",
        ),
        "method_not_allowed": Sentence("İzin verilenler: {allowed}.", "Allowed: {allowed}."),
        "invalid": Sentence(
            "Her alan için ne beklendiği 'errors' listesinde yazılıdır.",
            "The list 'errors' says for each field what is expected.",
        ),
        "wrong_state": Sentence(
            "Başvuru '{state}' durumunda. Yapılabilecekler: {allowed}.",
            "The ticket is in state '{state}'. Possible now: {allowed}.",
        ),
        "is_complaint": Sentence(
            "Cevap vatandaşa verilir: POST /v1/complaints/{complaint}/answer.",
            "The citizen is answered: POST /v1/complaints/{complaint}/answer.",
        ),
        "not_extendable": Sentence(
            "Başvurunun tabi olduğu mevzuat daha uzun bir süre tanımıyor veya süre daha önce uzatıldı.",
            "The law that the ticket is under knows no longer limit, or it was extended before.",
        ),
        "limit_passed": Sentence(
            "Bu işlem ancak süre dolmadan yapılabilir; süre {due_at} anında doldu.",
            "This has to be done before the limit ends; it ended at {due_at}.",
        ),
        "limit_of_law": Sentence(
            "Elle yalnızca hizmet standardı süresinin son tarihi belirlenebilir.",
            "Only the date of the published promise can be set by hand.",
        ),
        "no_fee": Sentence(
            "Başvurunun tabi olduğu mevzuat ücret bildirimi öngörmüyor (4982 sayılı Kanun kapsamında değil).",
            "The law that the ticket is under knows no notice of a fee (it is not under law 4982).",
        ),
        "no_limit": Sentence(
            "Başvuruda hizmet standardı süresi işlemiyor (teşekkür veya eksik belge).",
            "No published limit runs on the ticket (a thank-you, or documents are missing).",
        ),
        "stale_version": Sentence(
            "Güncel sürüm {etag}. Başvuruyu yeniden okuyup tekrar deneyiniz.",
            "The present version is {etag}. Read the ticket again and retry.",
        ),
        "stale_calendar": Sentence(
            "Güncel takvim sürümü {version}. Önizlemeyi yenileyip tekrar deneyiniz.",
            "The present calendar is {version}. Preview the change again and retry.",
        ),
        "version_required": Sentence(
            "Değişiklik isteklerinde, okunan sürümün ETag değeri If-Match başlığında gönderilmelidir.",
            "A change has to carry the ETag of the version that was read in the header If-Match.",
        ),
        "key_reused": Sentence(
            "Aynı Idempotency-Key farklı bir içerikle geldi; yeni istek için yeni anahtar kullanınız.",
            "The same Idempotency-Key came with another content; use a new key for a new request.",
        ),
        "already_received": Sentence(
            "Bu kanal kimliği {number} numaralı başvuruya aittir ve içeriği farklıdır.",
            "This channel id belongs to ticket {number}, whose content differs.",
        ),
        "unsupported_media_type": Sentence(
            "Content-Type: application/json (UTF-8) gönderiniz.",
            "Send Content-Type: application/json (UTF-8).",
        ),
        "too_large": Sentence("En fazla {limit} bayt gönderilebilir.", "At most {limit} bytes may be sent."),
        "too_slow": Sentence(
            "Gövde {seconds} saniye içinde tamamlanmalıdır.",
            "The body has to be complete within {seconds} seconds.",
        ),
        "too_many": Sentence("{retry_after} saniye sonra yeniden deneyiniz.", "Try again in {retry_after} seconds."),
        "unavailable": Sentence(
            "İstek tamamlanamadı. {retry_after} saniye sonra yeniden deneyiniz.",
            "The request could not be completed. Try again in {retry_after} seconds.",
        ),
    }
)

FIELD_SENTENCES: Mapping[str, Sentence] = MappingProxyType(
    {
        "missing": Sentence("Bu alan zorunludur.", "This field is required."),
        "unknown_field": Sentence("Böyle bir alan yok.", "There is no such field."),
        "json": Sentence("Gövde geçerli bir JSON değil.", "The body is not valid JSON."),
        "utf8": Sentence("Gövde UTF-8 değil.", "The body is not UTF-8."),
        "control_character": Sentence(
            "Denetim karakteri veya bozuk Unicode içeremez.",
            "Must not hold control characters or broken Unicode.",
        ),
        "invisible": Sentence("Görünen en az bir karakter içermelidir.", "Must contain a visible character."),
        "text": Sentence("Metin olmalıdır.", "Must be text."),
        "too_long": Sentence("En fazla {max} karakter olabilir.", "Must have at most {max} characters."),
        "too_short": Sentence("En az {min} karakter olmalıdır.", "Must have at least {min} characters."),
        "too_many_items": Sentence("En fazla {max} öğe olabilir.", "Must have at most {max} items."),
        "too_few_items": Sentence("En az {min} öğe olmalıdır.", "Must have at least {min} items."),
        "characters": Sentence("İzin verilmeyen bir karakter içeriyor.", "Holds a character that is not allowed here."),
        "choice": Sentence("Şunlardan biri olmalıdır: {allowed}.", "Must be one of: {allowed}."),
        "number": Sentence("Sayı olmalıdır.", "Must be a number."),
        "integer": Sentence("Tam sayı olmalıdır.", "Must be a whole number."),
        "boolean": Sentence("true veya false olmalıdır.", "Must be true or false."),
        "minimum": Sentence("En az {min} olmalıdır.", "Must be at least {min}."),
        "maximum": Sentence("En fazla {max} olmalıdır.", "Must be at most {max}."),
        "object": Sentence("Bir JSON nesnesi olmalıdır.", "Must be a JSON object."),
        "list": Sentence("Bir liste olmalıdır.", "Must be a list."),
        "date_time": Sentence(
            "ISO 8601 tarih-saat olmalıdır, örneğin 2026-05-12T10:00:00+03:00.",
            "Must be an ISO 8601 date-time such as 2026-05-12T10:00:00+03:00.",
        ),
        "zone": Sentence(
            "Saat dilimi zorunludur, örneğin 2026-05-12T10:00:00+03:00.",
            "The zone is required, as in 2026-05-12T10:00:00+03:00.",
        ),
        "date": Sentence("Tarih olmalıdır, örneğin 2026-05-25.", "Must be a date such as 2026-05-25."),
        "time": Sentence("Saat olmalıdır, örneğin 13:00.", "Must be a time such as 13:00."),
        "nothing_to_change": Sentence("Eklenecek veya kaldırılacak gün yok.", "There is no day to add or to revoke."),
        "date_twice": Sentence("Aynı tarih iki kez verilmiş.", "The same date is given twice."),
        "past_without_force": Sentence(
            "Geçmiş bir tarih için 'force' gerekir (bugün: {today}).",
            "A date that is past needs 'force' (today is {today}).",
        ),
        "not_decided": Sentence(
            "Bu tarihler için alınmış bir karar yok: {dates}; olanlar: {allowed}.",
            "Nothing was decided for these dates: {dates}; there are: {allowed}.",
        ),
        "segments_of_special_day": Sentence(
            "Çalışma saatleri (segments) yalnızca 'working' türündeki güne, ona da mutlaka yazılır.",
            "Opening times (segments) belong to a day of the kind 'working', which needs them.",
        ),
        "segment_order": Sentence(
            "Kapanış açılıştan sonra olmalıdır; gece çalışması iki parça yazılır (22:00-24:00, 00:00-06:00).",
            "Closing comes after opening; a night shift is written in two parts (22:00-24:00, 00:00-06:00).",
        ),
        "segment_overlap": Sentence(
            "Çalışma saatleri çakışıyor ya da sıralı değil.", "Opening times overlap or are not in order."
        ),
        "zoned_time": Sentence("Saatler saat dilimi olmadan yazılır.", "Times are written without a zone."),
        "closed_too_long": Sentence(
            "Takvim bu tarihlerle 800 günden uzun süre kapalı kalıyor.",
            "With these dates the calendar stays closed for more than 800 days.",
        ),
        "in_future": Sentence("Gelecekte olamaz.", "Must not lie in the future."),
        "too_late": Sentence("{latest} tarihinden önce olmalıdır.", "Must be before {latest}."),
        "too_old": Sentence("{earliest} tarihinden önce olamaz.", "Must not be before {earliest}."),
        "phone": Sentence(
            "Geçerli bir telefon numarası değil; 0532 000 00 00 gibi olmalıdır.",
            "Not a valid phone number; it should look like 0532 000 00 00.",
        ),
        "national_id": Sentence(
            "Geçerli bir T.C. kimlik numarası değil (11 hanelidir, son iki hanesi denetim hanesidir).",
            "Not a valid T.C. identity number (11 digits, the last two are a checksum).",
        ),
        "email": Sentence("Geçerli bir e-posta adresi değil.", "Not a valid e-mail address."),
        "ticket_number": Sentence(
            "Geçerli bir başvuru numarası değil (10 hanelidir, son hanesi denetim hanesidir).",
            "Not a valid ticket number (10 digits, the last is a check digit).",
        ),
        "anonymous_with_identity": Sentence(
            "Anonim başvuruda kişi bilgisi gönderilmez.", "An anonymous applicant carries no personal fields."
        ),
        "identity_needed": Sentence(
            "Anonim olmayan başvuruda ad veya telefon gerekir.",
            "An applicant who is not anonymous needs a name or a phone.",
        ),
        "sms_needs_mobile": Sentence(
            "SMS ile bilgilendirme için cep telefonu gerekir.", "To be told by SMS needs a mobile phone."
        ),
        "email_needed": Sentence(
            "E-posta ile bilgilendirme için e-posta adresi gerekir.", "To be told by e-mail needs an e-mail address."
        ),
        "app_only_for_its_own": Sentence(
            "Uygulama yalnızca uygulamadan gelen başvurular için bilgilendirir; sms veya email seçilebilir.",
            "The app tells about what came through the app; choose sms or email.",
        ),
        "coordinates": Sentence(
            "Enlem ve boylam birlikte verilmelidir.", "Latitude and longitude have to come together."
        ),
        "service_closed": Sentence(
            "Bu hizmet {closed_on} tarihine kadar başvuru aldı, yeni başvuruya kapalıdır; açık olanlar: {allowed}.",
            "This service took requests until {closed_on} and takes no new ones; these do: {allowed}.",
        ),
        "unknown_service": Sentence(
            "Katalogda böyle bir hizmet yok; olanlar: {allowed}.",
            "There is no such service in the catalogue; it has: {allowed}.",
        ),
        "same_service": Sentence(
            "Başvuru zaten bu hizmettedir; diğerleri: {allowed}.", "The ticket is with this service; others: {allowed}."
        ),
        "no_personal_data": Sentence("Bu hizmette kişi bilgisi kaydedilmez.", "This service records no personal data."),
        "not_by_phone": Sentence("Bu hizmete telefonla başvurulamaz.", "This service cannot be applied for by phone."),
        "unknown_unit": Sentence(
            "Böyle bir birim yok; olanlar: {allowed}.", "There is no such unit; there are: {allowed}."
        ),
        "unknown_document": Sentence(
            "Bu belge bu hizmet için yayımlanan listede yok; olanlar: {allowed}.",
            "This document is not on the published list of this service; it has: {allowed}.",
        ),
        "unlisted_document": Sentence(
            "Bu belge Hizmet Standartları Tablosunda yok. Tabloda belirtilenlerin dışında belge istenmesi vatandaşın "
            "şikâyet gerekçesidir ({ground}). İstenebilecek belgeler: {allowed}. Zorunluysa 'unlisted' alanında adıyla "
            "ve 'override_reason' gerekçesiyle istenir; müracaat yerine bildirilir.",
            "This document is not on the published table. Asking for a document beyond it is a ground of complaint "
            "({ground}). What may be asked for: {allowed}. Where it is needed all the same, name it in 'unlisted' with "
            "an 'override_reason'; the application office is told.",
        ),
        "listed_document": Sentence(
            "Bu belge tabloda var; 'documents' alanında isteyiniz.",
            "This document is on the published table; ask for it in 'documents'.",
        ),
        "nothing_to_override": Sentence(
            "Gerekçe yalnızca tabloda olmayan belgeler ('unlisted') için verilir.",
            "A reason is given only for documents that are not on the table ('unlisted').",
        ),
        "no_document": Sentence("En az bir belge istenmelidir.", "At least one document has to be asked for."),
        "answer_owed": Sentence(
            "Şikâyete cevap verilmesi zorunludur; anonim şikâyet alınmaz.",
            "A complaint has to be answered; it can't be anonymous.",
        ),
        "ticket_needed": Sentence(
            "Süresinde tamamlanmayan hizmetin başvuru numarası gereklidir.",
            "The number of the application whose time has passed is required.",
        ),
        "reason_needed": Sentence(
            "Olumsuz sonuçta gerekçe ve başvuru yolu zorunludur.",
            "A negative outcome needs its reason and the remedy.",
        ),
        "forwarded_to_needed": Sentence(
            "İletilen kurumun adı zorunludur.", "The body to which it was forwarded is required."
        ),
        "wrong_outcome": Sentence("Bu sonuç kendi komutuyla verilir.", "This outcome has a command of its own."),
        "already_received": Sentence(
            "Bu kimlik {number} numaralı başvuruya aittir ve içeriği farklıdır.",
            "This id belongs to ticket {number}, whose content differs.",
        ),
        "pause_order": Sentence("Bekleme başladığından önce bitemez.", "A pause can't end before it starts."),
        "not_extendable": Sentence(
            "Bu hizmette uzatılabilen bir süre yok.", "No limit of this service can be extended."
        ),
        "month": Sentence("Bir ay olmalıdır, örneğin 2026-05.", "Must be a month such as 2026-05."),
        "unknown_version": Sentence("Böyle bir katalog sürümü yok.", "There is no such version of the catalogue."),
        "ambiguous_version": Sentence(
            "Birden çok katalog sürümü böyle başlıyor; daha uzun yazınız.",
            "More than one version of the catalogue begins so; give more of it.",
        ),
        "cursor_of_lost_data": Sentence(
            "İmleç, yedekten geri yüklenmeden önceki verilere ait; after olmadan baştan okuyunuz.",
            "The cursor belongs to data from before a restore; read again from the start, without after.",
        ),
        "webhook_url": Sentence(
            "Kullanıcı adı içermeyen, https://sunucu/yol biçiminde bir adres olmalıdır.",
            "Must be an address like https://host/path, without a user name.",
        ),
        "webhook_https": Sentence("Adres https ile başlamalıdır.", "The address has to begin with https."),
        "webhook_private_address": Sentence(
            "Sunucu, herkese açık internette olmayan bir adreste.", "The host has an address off the public internet."
        ),
        "webhook_unknown_host": Sentence("Sunucunun adı çözümlenemedi.", "The host's name could not be resolved."),
        "cursor": Sentence("İmleç bu listeye ait değil.", "The cursor does not belong to this list."),
        "duplicate_itself": Sentence("Başvuru kendisinin mükerreri olamaz.", "A ticket is no duplicate of itself."),
        "not_answered": Sentence(
            "Cevap tarihi yok. Cevaplanmamış başvuru geçmiş kayıt olarak aktarılamaz; yeniden kaydedilmelidir.",
            "There is no date of the answer. An unanswered request is not imported; it has to be registered anew.",
        ),
        "answered_before_received": Sentence(
            "Cevap tarihi başvuru tarihinden önce olamaz.", "The answer can't be older than the request."
        ),
        "after_closing": Sentence(
            "Bu sistem {closed_on} tarihine kadar başvuru aldı; sonraki başvurular CİMER kaydı olarak alınmalıdır.",
            "That system took requests until {closed_on}; later ones have to be registered as CİMER.",
        ),
        "local_date": Sentence(
            "Tarih gg.aa.yyyy, gg.aa.yyyy SS:dd veya 2012-03-05T14:30 biçiminde olmalıdır.",
            "Must be a date such as 05.03.2012, 05.03.2012 14:30 or 2012-03-05T14:30.",
        ),
        "record_changed": Sentence(
            "Bu kayıt {number} numaralı başvuru olarak aktarılmış; içeriği farklıdır.",
            "This record was imported as ticket {number}, whose content differs.",
        ),
        "record_twice": Sentence(
            "Bu kayıt numarası dosyada başka bir içerikle de var.",
            "The file has this record number with another content as well.",
        ),
        "sheet_quotes": Sentence(
            "Satırdaki tırnak işaretleri kapanmıyor veya yanlış yerde.",
            "A quotation mark of the line is not closed or not in its place.",
        ),
        "sheet_columns": Sentence(
            "Satırda {found} sütun var, başlıkta {expected}.", "The line has {found} columns, the headings {expected}."
        ),
        "sheet_line": Sentence("Satır en fazla {max} karakter olabilir.", "A line has at most {max} characters."),
        "value": Sentence("Geçerli bir değer değil.", "Not a valid value."),
    }
)


def translate(sentence: Sentence, language: Language, facts: Mapping[str, object]) -> str:
    """Return the sentence in `language` with its facts filled in; a list becomes `a, b`, an empty one `–`."""
    shown = {
        key: (", ".join(map(str, value)) or "–") if isinstance(value, (list, tuple)) else value
        for key, value in facts.items()
    }
    template: str = getattr(sentence, language)
    return template.format_map(shown)


def preferred_language(accept_language: str) -> Language:
    """Return English if the header prefers it to Turkish; otherwise, and without a header, Turkish."""
    best: dict[str, float] = {"tr": 0.0, "en": 0.0}
    for part in accept_language.split(","):
        tag, _, parameters = part.strip().partition(";")
        primary = tag.strip().lower().partition("-")[0]
        if primary in best:
            best[primary] = max(best[primary], parse_quality(parameters))
    return "en" if best["en"] > best["tr"] else "tr"


def parse_quality(parameters: str) -> float:
    """Return the `q` weight in the parameters of an `Accept…` choice: 0 to 1, by default 1."""
    name, _, value = parameters.partition(";")[0].partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        return min(max(float(value), 0.0), 1.0)
    except ValueError:
        return 0.0
