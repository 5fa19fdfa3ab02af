"""The fallback text of a notice whose text file can't be used: a plain list of its facts."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType

from app.notices.kinds import NoticeKind, facts_of
from app.notices.payloads import DigestLine, OfficeFacts, Payload
from app.notices.texts.filters import tr_date, tr_datetime, tr_money
from app.notices.texts.references import plain

FACT_LABELS: Mapping[str, str] = MappingProxyType(
    {
        "number": "Başvuru numarası",
        "ticket_number": "İlgili başvuru",
        "received_at": "Başvuru tarihi",
        "service_name": "Hizmet",
        "limit_text": "Hizmetin tamamlanma süresi (en geç)",
        "promise_due": "Süre sonu",
        "documents": "Eksik belgeler",
        "unlisted": "Tabloda yer almayan belgeler",
        "complete_by": "Tamamlama tarihi",
        "legal_basis": "Dayanak",
        "unit_name": "Sorumlu birim",
        "referred_at": "Sevk tarihi",
        "subject_label": "Konu",
        "neighbourhood": "Mahalle",
        "raised_at": "Bildirim tarihi",
        "internal_target": "Birim hedef tarihi",
        "office": "Müracaat yeri",
        "last_action": "Son işlem",
        "last_action_at": "Son işlem tarihi",
        "statutory_regime": "Kanun",
        "statutory_due": "Yasal süre sonu",
        "signatory": "İmza yetkilisi",
        "level_1_number": "1. kademe bildirim numarası",
        "level_1_at": "1. kademe bildirim tarihi",
        "notice_number": "Bildirim numarası",
        "notice_at": "İlk bildirim tarihi",
        "reminder": "Kaçıncı hatırlatma",
        "ground": "Gerekçe",
        "consulted": "Görüşü veya bilgisi alınacak yer",
        "extended_at": "Uzatma tarihi",
        "new_due": "Yeni süre sonu",
        "amount": "Ücret",
        "notified_at": "Ücret bildirim tarihi",
        "pay_by": "Son ödeme tarihi",
        "cause": "Neden",
        "withdrawn_at": "İşlemden kaldırma tarihi",
        "replied_at": "Ara cevap tarihi",
        "institution": "İletilen kurum",
        "forwarded_at": "İletme tarihi",
        "attempts": "Arama sayısı",
        "last_attempt_at": "Son arama tarihi",
        "answer_by": "Cevap tarihi (en geç)",
        "owed_by": "Şikâyetin yapıldığı müracaat yeri",
        "requested_at": "Belge isteme tarihi",
        "outcome": "Sonuç",
        "remedy": "Başvuru yolu",
        "first_office": "İlk müracaat yeri",
        "second_office": "İkinci müracaat yeri",
        "forwarded_to": "İletilen kurum",
        "duplicate_of": "Birleştirilen başvuru",
        "as_of": "Bildirim tarihi",
        "lines": "Başvurular",
        "more": "Diğer başvuru sayısı",
    }
)
"""Fact → its Turkish name in the list; flags that only control a text are not listed."""

_CODE_LABELS: Mapping[str, str] = MappingProxyType(
    {
        "law_3071": "3071 sayılı Kanun",
        "law_4982": "4982 sayılı Kanun",
        "administrative_court": "İdare mahkemesi",
        "information_board": "Bilgi Edinme Değerlendirme Kurulu",
        "positive": "olumlu",
        "partial": "kısmen olumlu",
        "negative": "olumsuz",
        "forwarded_out": "ilgili kuruma iletildi",
        "not_examined": "işleme alınmadı",
        "withdrawn": "vazgeçildi",
        "duplicate": "mükerrer",
        "own_wish": "vazgeçildi",
        "fee_unpaid": "ücret süresinde ödenmedi",
        "other_unit": "başka bir birimden sağlanması",
        "other_institution": "başka bir kurumun görüşünün alınması",
        "several_institutions": "birden fazla kurumu ilgilendirmesi",
        "extra_document_requested": "listede olmayan belge istenmesi",
        "deadline_missed": "hizmetin süresinde tamamlanmaması",
        "service_not_listed": "hizmetin tabloda bulunmaması",
    }
)
_CODE_FACTS = frozenset({"legal_basis", "statutory_regime", "remedy", "outcome", "cause", "ground"})


def plain_subject(kind: NoticeKind, payload: Payload) -> str:
    """Return the name of the kind, with the number of the ticket if it is about one."""
    number = facts_of(payload).get("number")
    return f"{kind.label_tr}: {clean_text(str(number))}" if number else kind.label_tr


def short_message(kind: NoticeKind, payload: Payload) -> str:
    """Return one line with the ticket and the name of the kind."""
    return f"{clean_text(str(facts_of(payload).get('number')))} numaralı başvuru: {kind.label_tr}"


def plain_list(kind: NoticeKind, payload: Payload) -> str:
    """Return the facts that exist, one per line."""
    facts = facts_of(payload)
    listed = [
        f"{label}: {_fact_text(fact, facts[fact])}"
        for fact, label in FACT_LABELS.items()
        if facts.get(fact) not in (None, "", (), 0)
    ]
    return "\n".join([kind.label_tr, "", *listed])


def clean_text(value: str, spell: Callable[[str], str] = plain) -> str:
    """Return a text on one line, without reference brackets and doubled spaces.

    `spell` replaces the brackets, and may replace other characters.
    """
    return " ".join(spell(value).split())


def clean(value: object, spell: Callable[[str], str] = plain) -> object:
    """Return a fact with all of its texts cleaned by `clean_text`."""
    if isinstance(value, str):
        return clean_text(value, spell)
    if isinstance(value, tuple):
        return tuple(clean(item, spell) for item in value)
    if isinstance(value, OfficeFacts):
        return clean_office(value, spell)
    if isinstance(value, DigestLine):
        return _clean_line(value, spell)
    return value


@lru_cache(maxsize=256)
def clean_office(office: OfficeFacts, spell: Callable[[str], str] = plain) -> OfficeFacts:
    """Return the office with its texts cleaned; cached, because an office appears in many notices."""
    return OfficeFacts(
        place=clean_text(office.place, spell),
        official=clean_text(office.official, spell),
        title=clean_text(office.title, spell),
        phone=clean_text(office.phone, spell),
    )


def _clean_line(line: DigestLine, spell: Callable[[str], str]) -> DigestLine:
    return replace(
        line,
        number=clean_text(line.number, spell),
        service_name=clean_text(line.service_name, spell),
        unit_name=None if line.unit_name is None else clean_text(line.unit_name, spell),
        notice_number=None if line.notice_number is None else clean_text(line.notice_number, spell),
    )


def _fact_text(fact: str, value: object) -> str:
    if isinstance(value, datetime):
        return tr_datetime(value) if value.tzinfo else value.isoformat()
    if isinstance(value, date):
        return tr_date(value)
    if isinstance(value, Decimal):
        return tr_money(value)
    if isinstance(value, OfficeFacts):
        office = clean_office(value)
        return ", ".join(part for part in (office.place, office.official, office.title, office.phone) if part)
    if isinstance(value, DigestLine):
        return f"{clean_text(value.number)} ({tr_date(value.due)})"
    if isinstance(value, tuple):
        return ", ".join(_fact_text(fact, item) for item in value)
    shown = clean_text(str(value))
    return _CODE_LABELS.get(shown, shown) if fact in _CODE_FACTS else shown
