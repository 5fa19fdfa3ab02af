"""What a notice says where its text file can't be used: its facts in a plain list."""

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from app.notices.kinds import DigestLine, NoticeKind, OfficeFacts, Payload, facts_of
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
"""Turkish names under which the facts are listed; flags that only steer a text are not."""

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
_CODED = frozenset({"legal_basis", "statutory_regime", "remedy", "outcome", "cause", "ground"})


def plain_subject(kind: NoticeKind, payload: Payload) -> str:
    """The name of the kind, and the number of the ticket where it is about one."""
    number = facts_of(payload).get("number")
    return f"{kind.label_tr}: {clean(number)}" if number else kind.label_tr


def short_message(kind: NoticeKind, payload: Payload) -> str:
    """The ticket and what happened to it."""
    return f"{clean(str(facts_of(payload).get('number')))} numaralı başvuru: {kind.label_tr}"


def plain_list(kind: NoticeKind, payload: Payload) -> str:
    """The facts that exist, one a line."""
    facts = facts_of(payload)
    listed = [
        f"{label}: {_shown(fact, facts[fact])}"
        for fact, label in FACT_LABELS.items()
        if facts.get(fact) not in (None, "", (), 0)
    ]
    return "\n".join([kind.label_tr, "", *listed])


def clean(value: Any, spelled: Callable[[str], str] = plain) -> Any:
    """A fact that can only be words: no reference brackets, no line breaks, no doubled spaces.

    `spelled` turns the brackets into plain ones, and may change more.
    """
    if isinstance(value, str):
        return " ".join(spelled(value).split())
    if isinstance(value, tuple):
        return tuple(clean(item, spelled) for item in value)
    if isinstance(value, OfficeFacts):
        return _clean_office(value, spelled)
    if is_dataclass(value) and not isinstance(value, type):
        return _clean_parts(value, spelled)
    return value


@lru_cache(maxsize=256)
def _clean_office(office: OfficeFacts, spelled: Callable[[str], str]) -> Any:
    return _clean_parts(office, spelled)


def _clean_parts(value: Any, spelled: Callable[[str], str]) -> Any:
    return replace(value, **{part.name: clean(getattr(value, part.name), spelled) for part in fields(value)})


def _shown(fact: str, value: Any) -> str:
    if isinstance(value, datetime):
        return tr_datetime(value) if value.tzinfo else value.isoformat()
    if isinstance(value, date):
        return tr_date(value)
    if isinstance(value, Decimal):
        return tr_money(value)
    if isinstance(value, OfficeFacts):
        office = clean(value)
        return ", ".join(part for part in (office.place, office.official, office.title, office.phone) if part)
    if isinstance(value, DigestLine):
        return f"{clean(value.number)} ({tr_date(value.due)})"
    if isinstance(value, tuple):
        return ", ".join(_shown(fact, item) for item in value)
    words: str = clean(str(value))
    return _CODE_LABELS.get(words, words) if fact in _CODED else words
