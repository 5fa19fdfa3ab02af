"""Requests of a city: Turkish, each with its own applicant, place and external id, as prepared bytes."""

import json
from typing import Any

MATTERS = (
    ("Kaldırımdaki çukur yayalar için tehlikeli, onarılmasını istiyorum.", "Pazar yerinin karşısı"),
    ("Sokak lambası üç gündür yanmıyor, akşamları zifiri karanlık oluyor.", "Okulun yan sokağı"),
    ("Çöp konteyneri taşmış durumda, çevreye kötü koku yayılıyor; boşaltılmasını rica ederim.", "Cami avlusunun önü"),
    ("Parktaki salıncağın zinciri kopmuş, çocuklar düşebilir.", "Çocuk parkının girişi"),
    ("Yağmur suyu mazgalı tıkalı, her yağışta yolu su basıyor. Ekip yönlendirilmesini istiyorum.", "Dere yolu köprüsü"),
    ("İnşaattan gece yarısından sonra gürültü geliyor, uyuyamıyoruz.", "Şantiyenin arka cephesi"),
    ("Ağacın dalları elektrik tellerine değiyor, budanması gerekiyor.", "Muhtarlığın bahçesi"),
    ("Başıboş köpekler okul yolunda çocukları korkutuyor, barınağa alınmasını talep ediyorum.", "İlkokul çevresi"),
)
NEIGHBOURHOODS = ("Oruçreis Mah.", "Birlik Mahallesi", "15 Temmuz", "Atışalanı Mah.", "Çifte Havuzlar")
CHANNELS = ("call-center", "mobile", "sms", "call-center")
KINDS = ("request", "complaint", "request", "suggestion")


def body(number: int) -> dict[str, Any]:
    """Return the canonical body of the `number`th request; no two are the same, the people are fictitious."""
    description, note = MATTERS[number % len(MATTERS)]
    return {
        "channel": CHANNELS[number % len(CHANNELS)],
        "kind": KINDS[number % len(KINDS)],
        "description": f"{description} (Örnek kayıt {number})",
        "external_id": f"ORNEK-{number:09d}",
        "applicant": {
            "name": f"Örnek Vatandaş {number % 5000}",
            "phone": f"0532 000 {number // 100 % 100:02d} {number % 100:02d}",
        },
        "place": {
            "latitude": round(41.02 + number % 700 / 10_000, 6),
            "longitude": round(28.85 + number % 600 / 10_000, 6),
            "neighbourhood": NEIGHBOURHOODS[number % len(NEIGHBOURHOODS)],
            "note": f"{note}, No: {number % 120 + 1}",
        },
    }


def posts(path: str, key: str, numbers: range) -> list[bytes]:
    """Return the HTTP requests as bytes."""
    return [_post(path, key, json.dumps(body(number), ensure_ascii=False).encode()) for number in numbers]


def gets(path: str, key: str, count: int) -> list[bytes]:
    """Return `count` equal GET requests as bytes."""
    return [f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-API-Key: {key}\r\n\r\n".encode()] * count


def _post(path: str, key: str, content: bytes) -> bytes:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-API-Key: {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content
