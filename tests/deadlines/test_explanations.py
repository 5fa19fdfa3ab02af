"""Why this date? Every kind of line, everything that moves a date, and the same as a text that an office can use."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

from sqlalchemy import select, text

from app.core.clock import ISTANBUL
from app.sla.calendar import ClockKind, DayKind, SpecialDay
from app.sla.calendar_versions import calendars_of, store_calendars
from app.sla.model import CalendarVersion
from app.tickets.history import EventKind, append_event
from app.tickets.model import Ticket
from tests.deadlines.steps import (
    APRIL_28,
    LAW_3071,
    LAW_4982,
    at,
    clock,
    ends,
    explained,
    instants,
    lines,
    reasons,
    text_lines,
)
from tests.desk import (
    ATTORNEY_VISIT,
    CALL,
    INFORMATION,
    ORDER,
    VISIT,
    Desk,
    end_of,
    opened_desk,
)
from tests.installation import START
from tests.servers import TestServers
from workers.timers import sweep

# ── the ledger, line by line ──


async def test_an_explanation_names_its_service_and_the_row_of_the_table(desk: Desk) -> None:
    number = await desk.open(VISIT)
    found = await explained(desk, number)
    assert (found["number"], found["cycle"], found["cycles"]) == (number, 1, 1)
    assert found["service"] == {
        "code": "solution-desk",
        "name": "Halkla İlişkiler - ESTİM (Çözüm Masası)",
        "table": 1,
        "row": 4,
    }


async def test_an_explanation_names_the_versions_of_its_rules(desk: Desk) -> None:
    found = await explained(desk, await desk.open(VISIT))
    rules = await desk.container.rulebooks.current()
    assert found["catalogue_version"] == str(rules.catalogue_version_id)
    assert datetime.fromisoformat(found["catalogue_loaded_at"]) == START
    assert found["clocks"][0]["calendar_version"] == str(rules.calendar_version_id)


async def test_the_promise_is_explained_in_the_words_of_the_table_and_the_law_by_its_article(desk: Desk) -> None:
    promise, law = (await explained(desk, await desk.open(VISIT)))["clocks"]
    assert (promise["kind"], law["kind"]) == ("promise", "statutory")
    assert promise["policy"] == {
        "printed": "15 GÜN",
        "amount": 15,
        "unit": "calendar_day",
        "basis": "round_the_clock",
        "roll": "next_working_day",
        "hours": "office",
        "law": None,
    }
    assert (law["policy"]["printed"], law["policy"]["law"]) == ("30 gün", LAW_3071)
    assert (promise["provisional"], promise["overridden"], promise["override"], promise["changes"]) == (
        *(False, False),
        *(None, []),
    )


async def test_calendar_days_count_weekends_and_holidays_but_do_not_end_on_them(desk: Desk) -> None:
    """12 May + 15 days is the first day of the bayram: the promise ends on 1 June."""
    found = await clock(desk, await desk.open(CALL))
    assert instants(found, "started_at", "due_at") == [START, end_of(2026, 6, 1)]
    ends(found)
    assert lines(
        found, "2026-05-12", "2026-05-13", "2026-05-16", "2026-05-26", "2026-05-27", "2026-05-28", "2026-05-31"
    ) == [
        ("Salı", False, "start_day", "Sayılmaz: sürenin başladığı gün", 0),
        ("Çarşamba", True, "counted", "Sayılır", 1),
        ("Cumartesi", True, "counted", "Sayılır", 4),
        ("Salı", True, "counted", "Sayılır: Kurban Bayramı (saat 13.00'ten)", 14),
        ("Çarşamba", True, "counted", "Sayılır: Kurban Bayramı", 15),
        ("Perşembe", False, "holiday", "Son gün olamaz: resmî tatil – Kurban Bayramı", 15),
        ("Pazar", False, "weekend", "Son gün olamaz: hafta sonu", 15),
    ]
    assert lines(found, "2026-06-01") == [("Pazartesi", False, "rolled", "Son gün: tatili izleyen ilk iş günü", 15)]
    assert len(found["ledger"]) == 21


async def test_working_days_leave_weekends_and_holidays_out(desk: Desk) -> None:
    desk.clock.set(APRIL_28)
    found = await clock(desk, await desk.open(INFORMATION), "statutory")
    assert (found["unit"], found["whole"], found["policy"]["law"]) == ("working_day", 15, LAW_4982)
    assert instants(found, "due_at") == [end_of(2026, 5, 21)]
    ends(found)
    assert lines(found, "2026-05-01", "2026-05-02", "2026-05-04") == [
        ("Cuma", False, "holiday", "Sayılmaz: resmî tatil – Emek ve Dayanışma Günü", 2),
        ("Cumartesi", False, "weekend", "Sayılmaz: hafta sonu", 2),
        ("Pazartesi", True, "counted", "Sayılır", 3),
    ]


async def test_leave_that_does_not_count_is_named(servers: TestServers, template: str, tmp_path: Path) -> None:
    """Leave on 25 and 26 May that the promise counts: the limit of law leaves it out."""
    leave = SpecialDay(DayKind.LEAVE, "İdari izin", counts_as_working=frozenset({ClockKind.PROMISE}))
    async with opened_desk(servers, template, tmp_path) as desk:
        async with desk.container.database.transaction() as session:
            [version] = await session.scalars(select(CalendarVersion.id))
            present = await calendars_of(session, version)
            added = {date(2026, 5, 25): leave, date(2026, 5, 26): leave}
            calendars = {
                name: replace(each, version="with leave", special_days={**each.special_days, **added})
                for name, each in present.items()
            }
            later = START + timedelta(seconds=1)
            stored = await store_calendars(session, calendars, now=later, actor="test", reason="leave")
        desk.clock.set(datetime(2026, 5, 11, 10, tzinfo=ISTANBUL))
        number = await desk.open(INFORMATION)
        found = await clock(desk, number, "statutory")
        assert found["calendar_version"] == str(stored)
        assert instants(found, "due_at") == [end_of(2026, 6, 9)]
        assert lines(found, "2026-05-25") == [("Pazartesi", False, "leave", "Sayılmaz: idari izin", 8)]
        assert lines(await clock(desk, number), "2026-05-25") == [
            ("Pazartesi", True, "counted", "Sayılır: İdari izin", 14)
        ]


async def test_limits_of_minutes_show_what_counted_on_each_date(desk: Desk) -> None:
    desk.clock.set(at(5, 12, 16, 55))
    found = await clock(desk, await desk.open(ORDER))
    assert (found["unit"], found["whole"], found["policy"]["printed"]) == ("second", 600, "10 D")
    assert [(line["date"], line["total"]) for line in found["ledger"]] == [("2026-05-12", 300), ("2026-05-13", 600)]
    assert instants(found, "due_at") == [at(5, 13, 8, 35)]


# ── what moves a date ──


async def paused_on_14_may(desk: Desk) -> str:
    """Return the number of a visit whose directorate waits for the citizen."""
    number = await desk.open(VISIT)
    await desk.run_all(number, "refer", "accept")
    desk.clock.set(at(5, 14))
    await desk.run(number, "pause")
    return number


async def test_a_paused_limit_has_no_date(desk: Desk) -> None:
    found = await clock(desk, await paused_on_14_may(desk))
    assert (found["state"], found["due_at"], found["computed_due_at"]) == ("paused", None, None)
    assert reasons(found) == ["start_day", "counted", "still_paused"]
    assert found["ledger"][-1]["label"] == "Süre durmaktadır: vatandaşın yanıtı bekleniyor"
    [open_pause] = found["pauses"]
    assert (open_pause["to"], open_pause["reason"]) == (None, "awaiting_citizen")
    assert open_pause["label"] == "Vatandaşın yanıtı bekleniyor"
    assert (found["used"], found["whole"]) == (1, 15)


async def test_the_text_of_a_paused_limit_says_since_when_and_why(desk: Desk) -> None:
    said = await text_lines(desk, await paused_on_14_may(desk))
    assert "Son tarih     : Süre durduğundan belli değildir" in said
    assert "Vatandaşın yanıtı beklendiğinden süre 14 Mayıs 2026 Perşembe günü saat 12:00 itibarıyla durmuştur." in said


async def test_a_pause_drops_its_dates_and_is_shown_from_start_to_end(desk: Desk) -> None:
    number = await desk.open(VISIT)
    await desk.run_all(number, "refer", "accept")
    desk.clock.set(at(5, 14))
    await desk.run(number, "pause")
    desk.clock.set(at(5, 18, 9))
    await desk.run(number, "resume")
    found = await clock(desk, number)
    ends(found)
    assert [line["date"] for line in found["ledger"] if line["reason"] == "paused"] == [
        *("2026-05-14", "2026-05-15"),
        *("2026-05-16", "2026-05-17"),
    ]
    assert lines(found, "2026-05-14") == [
        ("Perşembe", False, "paused", "Sayılmaz: süre durmuştur – vatandaşın yanıtı bekleniyor", 1)
    ]
    assert [instants(each, "from", "to") for each in found["pauses"]] == [[at(5, 14), at(5, 18, 9)]]
    assert (await clock(desk, number, "statutory"))["pauses"] == []
    assert (
        "Vatandaşın yanıtı beklendiğinden süre, 14 Mayıs 2026 Perşembe 12:00 ile 18 Mayıs 2026 Pazartesi 09:00 "
        "arasında durmuştur."
    ) in await text_lines(desk, number)


async def extended_after_fee(desk: Desk) -> str:
    """Open a request for information of 28 April, pay its fee and extend it on 14 May; return its number."""
    desk.clock.set(APRIL_28)
    number = await desk.open(INFORMATION)
    await desk.run_all(number, "refer", "accept")
    desk.clock.set(at(5, 11))
    await desk.run(number, "fee_notice")
    desk.clock.set(at(5, 14))
    await desk.run_all(number, "fee_paid", "extend")
    return number


async def test_an_extension_and_a_paid_fee_are_shown_with_every_former_date(desk: Desk) -> None:
    found = await clock(desk, await extended_after_fee(desk), "statutory")
    ends(found)
    assert instants(found, "started_at", "restarted_at", "extended_at") == [APRIL_28, at(5, 14), at(5, 14)]
    assert (found["policy"]["printed"], found["policy"]["amount"], found["whole"]) == ("30 iş günü", 30, 30)
    assert found["ledger"][0]["date"] == "2026-05-14"
    assert instants(found, "internal_target_at") == [end_of(2026, 6, 19)]  # 16 June and the three days of waiting
    assert [(each["cause"], each["label"], instants(each, "at", "from", "to")) for each in found["changes"]] == [
        ("fee_paid", "Ücret ödendi", [at(5, 14), end_of(2026, 5, 21), end_of(2026, 6, 10)]),
        ("extend", "Yasal süre uzatıldı", [at(5, 14), end_of(2026, 6, 10), end_of(2026, 7, 1)]),
    ]
    assert found["changes"][0]["actor"] == "developer (test)"
    assert [each["reason"] for each in found["pauses"]] == ["awaiting_fee"]
    assert (found["extended_for"], found["pay_by"]) == ("other_institution", None)


async def test_a_paid_fee_and_an_extension_are_explained_as_a_restart_and_a_longer_limit(desk: Desk) -> None:
    said = await text_lines(desk, await extended_after_fee(desk))
    for sentence in (
        (
            "Ücret bildirimiyle kesilen süre, ücretin ödendiği 14 Mayıs 2026 Perşembe günü saat 12:00 itibarıyla "
            "baştan işlemeye başlamıştır."
        ),
        f"Dayanak: {LAW_4982}.",
        "Süre 15 iş günüdür; başladığı gün, hafta sonları ve resmî tatiller sayılmaz.",
        (
            "Süre, başka bir kurum veya kuruluşun görüşünün alınması nedeniyle, "
            "14 Mayıs 2026 Perşembe günü saat 12:00 itibarıyla toplam 30 iş gününe uzatılmıştır."
        ),
        "Buna göre süre 1 Temmuz 2026 Çarşamba günü sonunda dolar.",
        (
            "Ücret beklenirken süre kesilmeyip yalnızca durmuş sayılsaydı 19 Haziran 2026 Cuma günü sonunda dolardı; "
            "iç hedef bu tarihtir."
        ),
        "14.05.2026 12:00  Yasal süre uzatıldı – developer (test)",
    ):
        assert sentence in said
    assert not any("durmuştur" in line for line in said)


async def test_a_fee_that_is_waited_for_again_leaves_no_internal_target(desk: Desk) -> None:
    number = await extended_after_fee(desk)
    await desk.run(number, "fee_notice")
    assert (await clock(desk, number, "statutory"))["internal_target_at"] is None


async def test_a_fee_that_is_waited_for_says_until_when_it_has_to_be_paid(desk: Desk) -> None:
    """Law 4982: unpaid after 15 working days it counts as withdrawn; the notice is of Monday 11 May."""
    desk.clock.set(at(5, 11))
    number = await desk.open(INFORMATION)
    await desk.run_all(number, "refer", "accept", "fee_notice")
    promise, law = (await explained(desk, number))["clocks"]
    assert instants(law, "pay_by") == [end_of(2026, 6, 5)]
    assert promise["pay_by"] is None
    sentence = "Ücret 5 Haziran 2026 Cuma günü sonuna kadar ödenmezse başvurudan vazgeçilmiş sayılır."
    assert (await text_lines(desk, number)).count(sentence) == 1
    await desk.run(number, "fee_paid")
    assert sentence not in await text_lines(desk, number)


async def test_a_limit_that_an_interim_reply_met_says_that_the_result_is_owed(desk: Desk) -> None:
    """Law 3071 art. 7: a reader must not take the interim reply for the result."""
    number = await desk.open(VISIT)
    desk.clock.set(at(5, 20))
    await desk.run(number, "interim_reply")
    interim = "Başvuruya 20 Mayıs 2026 Çarşamba günü saat 12:00 itibarıyla süresi içinde ara cevap verilmiştir."
    owed = "Ara cevap bu süreyi karşılar; sonucun ayrıca bildirilmesi gerekir."
    said = await text_lines(desk, number)
    assert said[said.index(interim) + 1] == owed
    desk.clock.set(at(5, 25))
    await desk.run(number, "resolve")
    promise, law = (await explained(desk, number))["clocks"]
    assert (promise["by_interim_reply"], law["by_interim_reply"]) == (False, True)
    said = await text_lines(desk, number)
    assert interim in said
    assert "Başvuruya 25 Mayıs 2026 Pazartesi günü saat 12:00 itibarıyla süresi içinde cevap verilmiştir." in said


async def set_by_hand(desk: Desk) -> str:
    """Return the number of a call whose date a person set on 13 May."""
    number = await desk.open(CALL)
    desk.clock.set(at(5, 13))
    await desk.run(number, "override_due")
    return number


async def test_a_date_set_by_hand_is_shown_with_the_ledger_of_the_computed_one(desk: Desk) -> None:
    found = await clock(desk, await set_by_hand(desk))
    assert found["overridden"] is True
    assert instants(found, "due_at", "computed_due_at") == [
        end_of(2026, 6, 15).replace(microsecond=0),
        end_of(2026, 6, 1),
    ]
    ends(found)
    assert (found["override"]["cause"], found["override"]["actor"]) == ("override_due", "developer (test)")
    assert instants(found["override"], "at", "from", "to") == [
        at(5, 13),
        end_of(2026, 6, 1),
        end_of(2026, 6, 15).replace(microsecond=0),
    ]
    assert found["changes"] == [found["override"]]


async def test_the_text_of_a_date_set_by_hand_says_who_set_it(desk: Desk) -> None:
    said = await text_lines(desk, await set_by_hand(desk))
    assert (
        "Ancak son tarih, 13 Mayıs 2026 Çarşamba günü saat 12:00 itibarıyla “developer (test)” tarafından elle "
        "belirlenmiştir: 15 Haziran 2026 Pazartesi, gün sonu."
    ) in said
    assert "Gerekçesi başvurunun geçmişinde kayıtlıdır; aşağıdaki döküm hesapla bulunan tarihe aittir." in said


async def in_its_second_cycle(desk: Desk) -> str:
    """Return the number of a call that another service serves since it was reopened on 3 June."""
    number = await desk.open(CALL)
    await desk.run(number, "override_due")
    desk.clock.set(at(6, 3))
    await desk.run_all(number, "resolve", "reopen")
    await desk.run(number, "reclassify", {"service": "info-desk", "reason": "Danışma konusudur."})
    return number


async def test_each_cycle_is_explained_by_itself_with_the_service_of_then(desk: Desk) -> None:
    number = await in_its_second_cycle(desk)
    second, first = await explained(desk, number), await explained(desk, number, cycle=1)
    assert (second["cycle"], second["cycles"], second["service"]["code"]) == (2, 2, "info-desk")
    assert (first["cycle"], first["cycles"], first["service"]["code"]) == (1, 2, "call-center")
    [new], [old] = second["clocks"], first["clocks"]
    assert (new["policy"]["printed"], old["policy"]["printed"]) == ("1 GÜN", "15 GÜN")
    assert instants(new, "started_at", "due_at") == [at(6, 3), end_of(2026, 6, 4)]
    assert [each["cause"] for each in new["changes"]] == ["reclassify"]
    assert [each["cause"] for each in old["changes"]] == ["override_due"]
    assert (old["state"], old["on_time"]) == ("met", True)


async def test_the_text_of_a_second_cycle_says_when_it_began(desk: Desk) -> None:
    said = await text_lines(desk, await in_its_second_cycle(desk))
    assert "Dönem          : 2 (başvuru 1 kez yeniden açılmıştır)" in said
    assert "Başvuru yeniden açıldığından süre 3 Haziran 2026 Çarşamba günü saat 12:00 itibarıyla başlamıştır." in said


async def test_a_new_calendar_is_named_as_the_cause_with_who_wanted_it(desk: Desk) -> None:
    number = await desk.open(CALL)
    change = {"clock": "promise", "from": end_of(2026, 6, 1).isoformat(), "to": end_of(2026, 6, 2).isoformat()}
    data = {"cause": "calendar", "by": "Örnek Görevli", "moved": [change]}
    async with desk.container.database.transaction() as session:
        ticket = (await session.execute(select(Ticket).where(Ticket.number == number))).scalar_one()
        append_event(session, ticket, kind=EventKind.DUE_MOVED, at=at(5, 14), actor="system", data=data)
    [found] = (await clock(desk, number))["changes"]
    assert (found["cause"], found["label"], found["actor"]) == (
        "due_moved",
        "Takvim değiştiğinden yeniden hesaplandı",
        "Örnek Görevli",
    )
    said = await text_lines(desk, number)
    assert "14.05.2026 12:00  Takvim değiştiğinden yeniden hesaplandı – Örnek Görevli" in said
    assert "                  1 Haziran 2026 Pazartesi, gün sonu → 2 Haziran 2026 Salı, gün sonu" in said


async def test_a_date_that_was_settled_before_the_calendar_changed_is_shown_beside_the_ledger(desk: Desk) -> None:
    number = await desk.open(CALL)
    async with desk.container.database.transaction() as session:
        await session.execute(text("UPDATE sla_clock SET due_at = :due"), {"due": end_of(2026, 6, 2)})
    found = await clock(desk, number)
    assert instants(found, "due_at", "computed_due_at") == [end_of(2026, 6, 2), end_of(2026, 6, 1)]
    said = await text_lines(desk, number)
    assert "Kayıtlı son tarih 2 Haziran 2026 Salı, gün sonu olup sonraki değişikliklerden etkilenmemiştir." in said


# ── how it stands ──


async def test_state_and_verdict_are_those_of_the_ticket(desk: Desk) -> None:
    """C10, B71: one verdict, on the ticket and here, with or without a sweep."""
    met, late, open_ = [await desk.open(VISIT) for _ in range(3)]
    desk.clock.set(at(5, 20))
    await desk.run(met, "resolve")
    desk.clock.set(at(6, 2))
    await desk.run(late, "resolve")
    for swept in (False, True):
        if swept:
            await sweep(desk.container)
        for number in (met, late, open_):
            shown, found = await desk.read(number), await explained(desk, number)
            for one, other in zip(shown["clocks"], found["clocks"], strict=True):
                names = ("kind", "state", "due_at", "met_at", "breached_at", "on_time", "started_at", "overridden")
                assert [one[name] for name in names] == [other[name] for name in names]
    assert [(await clock(desk, number))["used"] for number in (met, late, open_)] == [7, 15, 15]
    in_time = "Başvuruya 20 Mayıs 2026 Çarşamba günü saat 12:00 itibarıyla süresi içinde cevap verilmiştir."
    missed = "Başvuruya 2 Haziran 2026 Salı günü saat 12:00 itibarıyla süresi geçtikten sonra cevap verilmiştir."
    assert in_time in await text_lines(desk, met)
    assert missed in await text_lines(desk, late)
    said = await text_lines(desk, open_)
    assert "Süre dolmuş, başvuru henüz sonuçlandırılmamıştır." in said
    assert "Durum         : Süresi aşıldı" in said


async def test_a_cancelled_limit_is_not_used_any_further(desk: Desk) -> None:
    number = await desk.open(CALL)
    await desk.run(number, "withdraw")
    found = await clock(desk, number)
    assert (found["state"], found["used"], found["on_time"]) == ("cancelled", None, None)
    assert "Bu süre artık izlenmemektedir; nedeni başvurunun geçmişinde kayıtlıdır." in await text_lines(desk, number)


async def test_a_promise_that_waits_for_documents_is_shown_as_such(desk: Desk) -> None:
    waiting, thanks = await desk.open(ATTORNEY_VISIT), await desk.open(CALL, kind="thanks")
    assert [each["kind"] for each in (await explained(desk, waiting))["clocks"]] == ["statutory"]
    sentence = "Hizmet standardı süresi henüz başlamamıştır: eksik belge veya imza beklenmektedir."
    assert sentence in await text_lines(desk, waiting)
    await desk.run(waiting, "withdraw")
    assert sentence not in await text_lines(desk, waiting)
    assert (await explained(desk, thanks))["clocks"] == []
    assert (await text_lines(desk, thanks))[-1] == "Bu başvuruda işleyen bir süre yoktur."
