"""Request examples of “Try it out” in the documentation pages: Turkish requests that the API accepts unchanged.

The people are fictitious. The ids are fixed, so a second click shows that a repeated request stays one ticket.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

_CITIZEN = {"name": "Örnek Vatandaş", "phone": "0532 000 00 00"}

REQUEST_EXAMPLES: Mapping[str, Mapping[str, dict[str, Any]]] = MappingProxyType(
    {
        "create_ticket": {
            "Çağrı merkezi: kaldırımda çukur": {
                "channel": "call-center",
                "kind": "request",
                "description": "Kaldırımdaki çukur yayalar için tehlikeli, onarılmasını istiyorum.",
                "applicant": _CITIZEN,
                "place": {"neighbourhood": "Oruçreis Mah.", "note": "Pazar yerinin karşısındaki kaldırım"},
            },
            "İkram Noktası: 10 dakikalık hizmet": {
                "channel": "desk",
                "service": "hospitality",
                "kind": "request",
                "description": "Ziyaretçi İkram Noktası'nda ağırlanmayı bekliyor.",
            },
            "Bilgi edinme (4982 sayılı Kanun)": {
                "channel": "desk",
                "service": "right-to-information",
                "kind": "request",
                "right_to_information": True,
                "description": "2025 yılında mahallemize dikilen ağaç sayısı hakkında bilgi istiyorum.",
                "applicant": {
                    **_CITIZEN,
                    "national_id": "10000000146",
                    "address": "Örnek Mah. Örnek Sok. No: 1 Esenler",
                },
                "documents": ["application_form"],
            },
        },
        "preview_deadline": {
            "Çözüm Masası": {"service": "solution-desk", "from": "2026-05-12T10:00:00+03:00"},
            "Bilgi edinme, süresi uzatılmış": {
                "service": "right-to-information",
                "from": "2026-04-28T10:00:00+03:00",
                "right_to_information": True,
                "extended": True,
            },
            "Vatandaşın yanıtı beklenirken": {
                "service": "solution-desk",
                "from": "2026-05-12T10:00:00+03:00",
                "pauses": [
                    {
                        "from": "2026-05-14T09:00:00+03:00",
                        "to": "2026-05-18T09:00:00+03:00",
                        "reason": "awaiting_citizen",
                    }
                ],
            },
        },
        "file_complaint": {
            "Hizmet tabloda yok": {
                "channel": "desk",
                "ground": "service_not_listed",
                "office": 1,
                "applicant": _CITIZEN,
                "description": "Nikâh salonu tahsisinin süresi Hizmet Standartları Tablosunda bulunmuyor.",
            },
            "Fazladan belge istendi (doğrudan ikinci müracaat yerine)": {
                "channel": "call-center",
                "ground": "extra_document_requested",
                "office": 2,
                "applicant": _CITIZEN,
                "description": "Başvurumda tabloda yazmayan bir belge istendi.",
            },
        },
        "call_center_call": {
            "Çöp şikâyeti": {
                "call_id": "ornek-cagri-0001",
                "caller": "0532 000 00 00",
                "caller_name": "Örnek Vatandaş",
                "kind": "complaint",
                "description": "Sokağımızdaki çöpler iki gündür alınmadı.",
                "place": {"neighbourhood": "Menderes Mah."},
            },
            "Gizli numara": {
                "call_id": "ornek-cagri-0002",
                "caller": "anonymous",
                "kind": "tip_off",
                "description": "Boş arsaya gece moloz dökülüyor.",
            },
        },
        "sms_message": {
            "Çöp": {
                "message_id": "ornek-sms-0001",
                "sender": "+905320000000",
                "text": "Oruçreis Mahallesi 12. sokakta çöpler iki gündür alınmadı",
            },
        },
        "mobile_report": {
            "Parkta bozuk salıncak": {
                "report_id": "01900000-0000-7000-8000-000000000001",
                "kind": "complaint",
                "description": "Parktaki salıncağın zinciri kopmuş.",
                "reporter": {**_CITIZEN, "national_id": "10000000146"},
                "place": {"latitude": 41.0434, "longitude": 28.8763},
            },
        },
        "desk_visit": {
            "Çözüm Masası: kimlik gösterildi": {
                "visit_id": "ornek-ziyaret-0001",
                "counter": "solution-desk",
                "kind": "request",
                "description": "Sokağımıza aydınlatma direği dikilmesini istiyorum.",
                "visitor": _CITIZEN,
                "identity_bound": True,
                "documents": ["id_card"],
            },
            "Çözüm Masası: vekâletname eksik": {
                "visit_id": "ornek-ziyaret-0002",
                "counter": "solution-desk",
                "kind": "request",
                "description": "Müvekkilim adına kaldırım onarımı talep ediyorum.",
                "visitor": {**_CITIZEN, "role": "attorney"},
            },
        },
        "cimer_application": {
            "CİMER kaydı": {
                "application_number": "2600004717",
                "application_date": "2026-05-11T16:40:00+03:00",
                "kind": "istek",
                "text": "Sokağımızdaki aydınlatma ve kaldırım sorununun giderilmesini talep ediyorum.",
                "applicant": _CITIZEN,
                "neighbourhood": "Menderes Mah.",
            },
        },
        "field_batch": {
            "Bir tabletin iki kaydı": {
                "items": [
                    {
                        "item_id": "tablet-07-000231",
                        "captured_at": "2026-05-11T16:40:00+03:00",
                        "kind": "request",
                        "description": "Bina önündeki ağacın budanmasını istiyor.",
                        "resident": _CITIZEN,
                        "id_shown": True,
                    },
                    {
                        "item_id": "tablet-07-000232",
                        "captured_at": "2026-05-11T16:55:00+03:00",
                        "kind": "thanks",
                        "description": "Sokak temizliği için teşekkür ediyor.",
                        "resident": {"name": "Örnek Komşu"},
                    },
                ]
            },
        },
    }
)
"""Operation id → title → request body."""
