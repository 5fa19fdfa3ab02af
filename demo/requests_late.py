"""Four requests whose promise is breached, with the actions on them and the expected results.

Each expectation was computed by hand from the calendar and the published table, not by the product. Every action is at
least two days before or after every checkpoint, so that a slow machine changes no figure.
"""

from demo.builders import accept, person, place, refer, report, resolve, visit
from demo.model import FIELD, MOBILE, SMS, SOLUTION, CitizenRequest, Expected, PromiseResult, at, end_of

RUBBISH = CitizenRequest(
    key="rubbish",
    endpoint=SMS,
    at=at("2026-05-11 10:30"),
    sent_at=at("2026-05-11 10:35"),
    subject="Toplanmayan çöp",
    copies=3,
    body={
        "message_id": "ornek-sms-2",
        "sender": "0532 000 00 02",
        "text": "Oruçreis Mahallesi pazar sokağında çöp konteyneri bir haftadır boşaltılmıyor, koku dayanılmaz oldu.",
        "received_at": at("2026-05-11 10:30").isoformat(),
    },
    steps=(
        refer("2026-05-12 10:00", "cleaning", "Temizlik İşleri Müdürlüğüne"),
        accept("2026-05-13 09:00"),
        resolve("2026-06-01 14:00", "geç de olsa konteyner boşaltıldı", "Konteyner boşaltılmış, çevresi yıkanmıştır."),
    ),
    expected=Expected(
        due=end_of("2026-05-26"),
        result=PromiseResult.BREACHED,
        reason="26 Mayıs'ta doldu; 2. kademe 3 iş günü sonra, bayram nedeniyle 3 Haziran'daydı, önce sonuçlandı",
        warnings=(50, 80),
        levels=(1,),
        applicant_notices=("receipt", "referral", "resolution"),
    ),
)

SWING = CitizenRequest(
    key="swing",
    endpoint=MOBILE,
    at=at("2026-05-12 10:30"),
    sent_at=at("2026-05-12 10:35"),
    subject="Kopuk salıncak",
    body=report(
        6,
        at("2026-05-12 10:30"),
        description="Çocuk parkındaki salıncağın zinciri kopmuş, çocuklar için tehlikeli.",
        place=place("Turgut Reis Mah."),
    ),
    expected=Expected(
        due=end_of("2026-06-01"),
        result=PromiseResult.BREACHED,
        reason="hiç ele alınmadı: 1 Haziran'da 1. kademe, 3 iş günü sonra (4 Haziran) 2. kademe",
        warnings=(50, 80),
        levels=(1, 2),
        applicant_notices=("receipt",),
    ),
)

FIRST_OFFICE = CitizenRequest(
    key="first-office",
    endpoint=SOLUTION,
    at=at("2026-05-12 11:00"),
    sent_at=at("2026-05-12 11:05"),
    subject="Kapatılan kayıtlar",
    body=visit(
        7,
        "solution-desk",
        at("2026-05-12 11:00"),
        kind="complaint",
        description="Üç kez aradım, kaydım her seferinde sorulmadan kapatıldı. Halkla İlişkilerden şikâyetçiyim.",
        visitor=person(7),
        about_first_office=True,
    ),
    expected=Expected(
        due=end_of("2026-06-01"),
        result=PromiseResult.BREACHED,
        reason="şikâyet ilk müracaat yeri hakkında: 1 Haziran'da doğrudan 2. kademe, 8 Haziran'da yasal süre riski",
        warnings=(50, 80),
        levels=(2,),
        applicant_notices=("receipt",),
        legal_risk_notice=True,
    ),
)

BRANCHES = CitizenRequest(
    key="branches",
    endpoint=FIELD,
    at=at("2026-05-13 14:00"),
    sent_at=at("2026-05-13 17:30"),
    subject="Ağaç budama",
    body={
        "item_id": "ornek-saha-11",
        "captured_at": at("2026-05-13 14:00").isoformat(),
        "description": "Evimizin önündeki ağacın dalları rüzgârda camlara vuruyor, budanmasını istiyoruz.",
        "place": place("Yavuz Selim Mah."),
        "resident": person(11),
    },
    steps=(
        refer("2026-05-14 10:00", "parks-gardens", "Park ve Bahçeler Müdürlüğüne"),
        accept("2026-05-15 09:00"),
    ),
    expected=Expected(
        due=end_of("2026-06-01"),
        result=PromiseResult.BREACHED,
        reason="birim işleme aldı ama sonuçlandırmadı: 1 Haziran'da 1. kademe, 4 Haziran'da 2. kademe",
        warnings=(50, 80),
        levels=(1, 2),
        applicant_notices=("receipt", "referral"),
    ),
)
