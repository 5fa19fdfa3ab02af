"""Ten requests that are answered in time or withdrawn, with the actions on them and the expected results.

Each expectation was computed by hand from the calendar and the published table, not by the product. Every action is at
least two days before or after every checkpoint, so that a slow machine changes no figure.
"""

from demo.builders import accept, call, person, place, refer, report, resolve, step, visit
from demo.model import (
    CALLS,
    CIMER,
    FIELD,
    HOSPITALITY,
    INFO,
    MOBILE,
    SOLUTION,
    WEB,
    CitizenRequest,
    Expected,
    PromiseResult,
    at,
    end_of,
)

POTHOLE = CitizenRequest(
    key="pothole",
    endpoint=CALLS,
    at=at("2026-05-11 10:00"),
    sent_at=at("2026-05-11 10:05"),
    subject="Kaldırımda çukur",
    body=call(
        1,
        at("2026-05-11 10:00"),
        kind="complaint",
        description="Eczanenin önündeki kaldırımda derin bir çukur var, dün bir çocuk düştü. Onarılmasını istiyorum.",
        place=place("Menderes Mah."),
    ),
    steps=(
        refer("2026-05-12 09:30", "public-works", "Fen İşleri Müdürlüğüne"),
        accept("2026-05-13 10:00"),
        resolve("2026-05-21 11:00", "çukur kapatıldı", "Kaldırımdaki çukur 20.05.2026 tarihinde onarılmıştır."),
        step("2026-05-22 14:00", "callback", "vatandaş arandı, 5 üzerinden 5 puan verdi", reached=True, score=5),
    ),
    expected=Expected(
        due=end_of("2026-05-26"),
        result=PromiseResult.ON_TIME,
        reason="15. gün 26 Mayıs Salı; arife yarım iş günüdür, süreyi uzatmaz",
        warnings=(50,),
        applicant_notices=("receipt", "referral", "resolution"),
    ),
)

ROADS_LIST = CitizenRequest(
    key="roads-list",
    endpoint=CIMER,
    at=at("2026-05-05 10:00"),
    sent_at=at("2026-05-11 11:00"),
    subject="Asfaltlanan yollar",
    body={
        "application_number": "ornek-cimer-3",
        "application_date": at("2026-05-05 10:00").isoformat(),
        "kind": "bilgi edinme",
        "text": "2025 yılında asfaltlanan sokakların listesini 4982 sayılı Kanun kapsamında talep ediyorum.",
        "neighbourhood": "Fatih Mah.",
    },
    steps=(
        refer("2026-05-12 11:00", "public-works", "Fen İşleri Müdürlüğüne"),
        accept("2026-05-13 11:00"),
        resolve("2026-05-25 15:00", "liste CİMER'den gönderildi", "İstenen liste ekte sunulmuştur."),
    ),
    expected=Expected(
        due=end_of("2026-06-04"),
        result=PromiseResult.ON_TIME,
        reason="CİMER'e 5 Mayıs'ta yapıldı; 30. gün 4 Haziran. 4982 süresi dolmadan 3 iş günü önce 2. kademe uyarıldı",
        warnings=(50,),
        levels=(2,),
    ),
)

RAMP = CitizenRequest(
    key="ramp",
    endpoint=CALLS,
    at=at("2026-05-12 09:30"),
    sent_at=at("2026-05-12 09:35"),
    subject="Engelli rampası",
    body=call(
        4,
        at("2026-05-12 09:30"),
        description="Annem tekerlekli sandalye kullanıyor, apartmanımızın önündeki kaldırıma rampa istiyorum.",
        place=place("Kazım Karabekir Mah."),
    ),
    steps=(
        refer("2026-05-12 14:00", "public-works", "Fen İşleri Müdürlüğüne"),
        accept("2026-05-13 13:00"),
        step("2026-05-14 09:00", "pause", "vatandaştan açık adres bekleniyor", reason="awaiting_citizen"),
        step("2026-06-01 09:00", "resume", "adres geldi, süre yeniden işliyor"),
        resolve("2026-06-05 10:00", "rampa yapıldı", "Rampa 04.06.2026 tarihinde tamamlanmıştır."),
    ),
    expected=Expected(
        due=end_of("2026-06-15"),
        result=PromiseResult.ON_TIME,
        reason="15. gün 27 Mayıs'tı; 14–31 Mayıs'ta 18 gün beklendi: 14 Haziran Pazar, ilk iş günü 15 Haziran",
        applicant_notices=("receipt", "referral", "resolution"),
    ),
)

STREET_LIGHT = CitizenRequest(
    key="street-light",
    endpoint=MOBILE,
    at=at("2026-05-12 10:00"),
    sent_at=at("2026-05-12 10:05"),
    subject="Sokak lambası sönük",
    body=report(
        5,
        at("2026-05-12 10:00"),
        description="Sokağımızdaki sokak lambaları üç gecedir yanmıyor, akşamları yürümek tehlikeli.",
        place=place("Nine Hatun Mah.", latitude=41.0434, longitude=28.8763),
    ),
    steps=(
        resolve(
            "2026-05-15 10:00",
            "BEDAŞ'a iletildi",
            "Sokak aydınlatması BEDAŞ'ın görevidir; başvurunuz kuruma iletilmiştir.",
            outcome="forwarded_out",
            forwarded_to="BEDAŞ",
        ),
    ),
    expected=Expected(
        due=end_of("2026-06-01"),
        result=PromiseResult.ON_TIME,
        reason="15. gün 27 Mayıs bayramdır, ilk iş günü 1 Haziran; 15 Mayıs'ta ilgili kuruma iletildi",
        applicant_notices=("receipt", "forwarded_out"),
    ),
)

ATTORNEY = CitizenRequest(
    key="attorney",
    endpoint=SOLUTION,
    at=at("2026-05-12 11:30"),
    sent_at=at("2026-05-12 11:35"),
    subject="Vergi borcu dökümü",
    body=visit(
        8,
        "solution-desk",
        at("2026-05-12 11:30"),
        description="Müvekkilim adına emlak vergisi borç dökümünün verilmesini talep ediyorum.",
        visitor={**person(8), "name": "Örnek Vekil", "role": "attorney"},
    ),
    steps=(
        step(
            "2026-05-14 14:00", "provide-documents", "vekâletname geldi, süre başladı", documents=["power_of_attorney"]
        ),
        refer("2026-05-15 11:00", "finance", "Mali Hizmetler Müdürlüğüne"),
        accept("2026-05-18 09:30"),
        resolve("2026-05-26 10:00", "borç dökümü verildi", "Borç dökümü vekile imza karşılığı verilmiştir."),
    ),
    expected=Expected(
        due=end_of("2026-06-01"),
        result=PromiseResult.ON_TIME,
        reason="süre belge tamamlanınca, 14 Mayıs'ta başlar; 15. gün 29 Mayıs bayramdır, ilk iş günü 1 Haziran",
        warnings=(50,),
        applicant_notices=("receipt", "missing_documents", "referral", "resolution"),
    ),
)

MARKET = CitizenRequest(
    key="market",
    endpoint=CIMER,
    at=at("2026-05-12 12:00"),
    sent_at=at("2026-05-12 13:00"),
    subject="Kaldırımda tezgâh",
    body={
        "application_number": "ornek-cimer-9",
        "application_date": at("2026-05-12 12:00").isoformat(),
        "kind": "şikâyet",
        "text": "Pazar kurulan günlerde tezgâhlar kaldırımı tamamen işgal ediyor, çocuk arabasıyla geçilemiyor.",
        "applicant": person(9),
        "neighbourhood": "Davutpaşa Mah.",
    },
    steps=(
        refer("2026-05-13 14:00", "municipal-police", "Zabıta Müdürlüğüne"),
        accept("2026-05-14 15:00"),
        resolve("2026-06-02 11:00", "tezgâhlar geri çekildi", "Pazar esnafı uyarılmış, kaldırım açılmıştır."),
    ),
    expected=Expected(
        due=end_of("2026-06-11"),
        result=PromiseResult.ON_TIME,
        reason="CİMER'e 12 Mayıs'ta yapıldı; 30. gün 11 Haziran Perşembe",
        warnings=(50,),
    ),
)

LIBRARY = CitizenRequest(
    key="library",
    endpoint=WEB,
    at=at("2026-05-12 15:00"),
    sent_at=at("2026-05-12 15:05"),
    subject="Kütüphane önerisi",
    body={
        "channel": "mobile",
        "external_id": "ornek-web-10",
        "kind": "suggestion",
        "description": "Kütüphanenin sınav döneminde gece yarısına kadar açık kalmasını öneriyorum.",
        "applicant": {"name": "Örnek Vatandaş", "email": "ornek.vatandas@example.org"},
        "occurred_at": at("2026-05-12 15:00").isoformat(),
    },
    steps=(
        step("2026-05-18 13:00", "withdraw", "vatandaş vazgeçti", note="Vatandaş telefonla vazgeçtiğini bildirdi."),
    ),
    expected=Expected(
        due=end_of("2026-06-01"),
        result=PromiseResult.WITHDRAWN,
        reason="18 Mayıs'ta geri alındı; süresi iptal edilir, hesaba katılmaz",
        applicant_notices=("receipt", "withdrawal"),
    ),
)

EXTRA_FLOOR = CitizenRequest(
    key="extra-floor",
    endpoint=FIELD,
    at=at("2026-05-13 15:00"),
    sent_at=at("2026-05-13 17:30"),
    subject="Kaçak kat ihbarı",
    body={
        "item_id": "ornek-saha-12",
        "captured_at": at("2026-05-13 15:00").isoformat(),
        "kind": "tip_off",
        "description": "Sokağın başındaki binanın üstüne geceleri kaçak kat çıkılıyor, iskele kurulmuş.",
        "place": place("Tuna Mah."),
    },
    steps=(
        refer("2026-05-14 11:00", "building-control", "Yapı Kontrol Müdürlüğüne"),
        accept("2026-05-15 10:00"),
        resolve("2026-05-20 11:00", "yapı mühürlendi", "Yerinde denetim yapılmış, yapı tatil tutanağı düzenlenmiştir."),
    ),
    expected=Expected(
        due=end_of("2026-06-01"),
        result=PromiseResult.ON_TIME,
        reason="15. gün 28 Mayıs bayramdır, ilk iş günü 1 Haziran; ihbar kimliksiz, başvurana bildirim gitmez",
    ),
)

MARRIAGE = CitizenRequest(
    key="marriage",
    endpoint=INFO,
    at=at("2026-05-26 09:30"),
    sent_at=at("2026-05-26 09:35"),
    subject="Nikâh belgeleri",
    body=visit(
        13,
        "info-desk",
        at("2026-05-26 09:30"),
        description="Nikâh işlemleri için hangi belgelerin gerektiğini öğrenmek istiyorum.",
        visitor=person(13),
    ),
    steps=(resolve("2026-05-26 11:30", "belge listesi verildi", "Gerekli belgelerin listesi verilmiştir."),),
    expected=Expected(
        due=end_of("2026-06-01"),
        result=PromiseResult.ON_TIME,
        reason="1. gün 27 Mayıs bayramdır, ilk iş günü 1 Haziran",
        applicant_notices=("receipt", "resolution"),
    ),
)

TEA = CitizenRequest(
    key="tea",
    endpoint=HOSPITALITY,
    at=at("2026-05-26 12:55"),
    sent_at=at("2026-05-26 12:56"),
    subject="Sıcak içecek ikramı",
    body=visit(
        14,
        "hospitality",
        at("2026-05-26 12:55"),
        description="Bekleyen ziyaretçilere sıcak içecek ikramı rica ediliyor.",
    ),
    steps=(resolve("2026-05-26 13:05", "ikram edildi", "İkram edilmiştir."),),
    expected=Expected(
        due=at("2026-06-01 08:35"),
        result=PromiseResult.ON_TIME,
        reason="açık saatlerde 10 dakika: 5'i arifede 13.00'e kadar, 5'i bayramdan sonra 08.30'dan itibaren",
    ),
)
