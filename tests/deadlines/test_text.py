"""An explanation as a Turkish text that an office can copy into a letter."""

import pytest

from app.deadlines import wording_tr as tr
from app.domain.terms import ExtensionGround, PauseReason
from app.sla.clocks import AWAITING_FEE
from tests.deadlines.steps import at, text_lines
from tests.desk import (
    CALL,
    ORDER,
    Desk,
)


async def test_the_text_of_a_visit_reads_as_an_office_writes(desk: Desk) -> None:
    number = await desk.open(CALL)
    version = (await desk.container.rulebooks.current()).catalogue_version_id
    calendar = (await desk.container.rulebooks.current()).calendar_version_id
    assert await text_lines(desk, number) == [
        "SÜRE HESABI",
        "===========",
        f"Başvuru no     : {number}",
        "Dönem          : 1",
        "Hizmet         : Halkla İlişkiler - ESTİM (Çağrı Merkezi)",
        f"Katalog sürümü : {version} (12.05.2026 10:00 tarihinde yüklenmiştir)",
        "Döküm zamanı   : 12.05.2026 10:00",
        "",
        "Hizmet standardı süresi: 15 GÜN",
        "-------------------------------",
        "Durum         : İşliyor",
        "Son tarih     : 1 Haziran 2026 Pazartesi, gün sonu",
        "Sayılan       : 0 / 15 gün",
        f"Takvim sürümü : {calendar}",
        "",
        "Süre 12 Mayıs 2026 Salı günü saat 10:00 itibarıyla başlamıştır.",
        "Dayanak: Hizmet Standartları Tablosu, 5. sıra (“15 GÜN”).",
        (
            "Süre 15 takvim günüdür; başladığı gün sayılmaz, aradaki hafta sonları ve tatiller sayılır; "
            "son gün tatile rastlarsa süre, izleyen ilk iş gününün sonuna uzar."
        ),
        (
            "Sürenin son günü olan 27 Mayıs 2026 Çarşamba resmî tatile (Kurban Bayramı) rastladığından süre, "
            "2577 sayılı İdari Yargılama Usulü Kanununun 8 inci maddesindeki kurala göre, "
            "izleyen ilk iş günü olan 1 Haziran 2026 Pazartesi günü sonunda dolar."
        ),
        "",
        "Tarih                      Durum                                             Sayılan",
        "12 Mayıs 2026 Salı         Sayılmaz: sürenin başladığı gün                     0 gün",
        "13 Mayıs 2026 Çarşamba     Sayılır                                             1 gün",
        "14 Mayıs 2026 Perşembe     Sayılır                                             2 gün",
        "15 Mayıs 2026 Cuma         Sayılır                                             3 gün",
        "16 Mayıs 2026 Cumartesi    Sayılır                                             4 gün",
        "17 Mayıs 2026 Pazar        Sayılır                                             5 gün",
        "18 Mayıs 2026 Pazartesi    Sayılır                                             6 gün",
        "19 Mayıs 2026 Salı         Sayılır: Atatürk'ü Anma, Gençlik ve Spor Bayramı    7 gün",
        "20 Mayıs 2026 Çarşamba     Sayılır                                             8 gün",
        "21 Mayıs 2026 Perşembe     Sayılır                                             9 gün",
        "22 Mayıs 2026 Cuma         Sayılır                                            10 gün",
        "23 Mayıs 2026 Cumartesi    Sayılır                                            11 gün",
        "24 Mayıs 2026 Pazar        Sayılır                                            12 gün",
        "25 Mayıs 2026 Pazartesi    Sayılır                                            13 gün",
        "26 Mayıs 2026 Salı         Sayılır: Kurban Bayramı (saat 13.00'ten)           14 gün",
        "27 Mayıs 2026 Çarşamba     Sayılır: Kurban Bayramı                            15 gün",
        "28 Mayıs 2026 Perşembe     Son gün olamaz: resmî tatil – Kurban Bayramı       15 gün",
        "29 Mayıs 2026 Cuma         Son gün olamaz: resmî tatil – Kurban Bayramı       15 gün",
        "30 Mayıs 2026 Cumartesi    Son gün olamaz: resmî tatil – Kurban Bayramı       15 gün",
        "31 Mayıs 2026 Pazar        Son gün olamaz: hafta sonu                         15 gün",
        " 1 Haziran 2026 Pazartesi  Son gün: tatili izleyen ilk iş günü                15 gün",
    ]


async def test_a_limit_of_minutes_shows_hour_and_minute(desk: Desk) -> None:
    desk.clock.set(at(5, 12, 16, 55))
    said = await text_lines(desk, await desk.open(ORDER))
    assert said[-6:] == [
        "Süre 10 dakikadır; yalnızca çalışma saatleri sayılır.",
        "Buna göre süre 13 Mayıs 2026 Çarşamba günü saat 08:35 itibarıyla dolar.",
        "",
        "Tarih                   Durum      Sayılan",
        "12 Mayıs 2026 Salı      Sayılır   5 dakika",
        "13 Mayıs 2026 Çarşamba  Sayılır  10 dakika",
    ]


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        ("text/plain", "text/plain; charset=utf-8"),
        ("text/plain;q=0.9, application/json;q=0.2", "text/plain; charset=utf-8"),
        ("Text/Plain, */*;q=0.1", "text/plain; charset=utf-8"),
        ("application/json, text/plain, */*", "application/json"),
        ("text/plain;q=0", "application/json"),
        ("text/html", "application/json"),
        ("*/*", "application/json"),
    ],
)
async def test_text_comes_where_it_is_preferred_to_json(desk: Desk, accept: str, media: str) -> None:
    number = await desk.open(CALL)
    response = await desk.client.get(f"/v1/tickets/{number}/deadline", headers={"Accept": accept})
    assert (response.headers["content-type"], response.headers["vary"]) == (media, "Accept")
    assert response.headers.get("content-language") == ("tr" if media.startswith("text") else None)


def test_there_are_words_for_every_pause_ground_and_state() -> None:
    assert set(tr.PAUSES) == {*PauseReason, AWAITING_FEE}
    assert set(tr.GROUNDS) == set(ExtensionGround)
    assert set(tr.CLOCK_STATES) == {"running", "paused", "met", "breached", "cancelled"}
