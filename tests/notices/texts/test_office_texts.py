"""Texts to offices and directorates: warnings, escalations, reminders and digests."""

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from app.notices.kinds import NoticeKind
from app.notices.texts.render import Renderer
from tests.notices.samples import (
    BARE,
    DIGEST,
    FULL,
    SERVICE,
    SHORT_LIMIT,
    UNIT,
    VACANT,
)
from tests.notices.texts.rendering import email, replace_case

K = NoticeKind


def test_a_reminder_says_which_notice_and_how_often(texts: Renderer) -> None:
    second, last = email(texts, K.REMINDER, FULL[K.REMINDER]), email(texts, K.REMINDER, BARE[K.REMINDER])

    assert "02.06.2026 tarihli ve 26-000123 numaralı süre aşımı bildiriminin (1. kademe)" in second.body
    assert "2. hatırlatmadır.\n" in second.body
    assert "5. hatırlatmadır; başka hatırlatma gönderilmeyecektir.\n" in last.body
    assert last.body.startswith("Halkla İlişkiler Müdürlüğüne,\n")


def test_a_digest_has_what_is_late_first_and_says_what_is_left_out(texts: Renderer) -> None:
    lines = email(texts, K.DIGEST, replace(DIGEST, more=12)).body.splitlines()

    found = [line for line in lines if line[:2] == "- " or line.isupper()]
    assert [line.partition(":")[0] for line in found] == [
        "SÜRESİ GEÇENLER",
        "- 2600012349",
        "SÜRESİ DOLMAK ÜZERE OLANLAR",
        "- 2600012365",
        "- 2600012357",
    ]
    assert [line[line.index("(", line.index("Süre sonu")) :].partition(")")[0] for line in found if line[0] == "-"] == [
        "(1 gün gecikti",
        "(bugün doluyor",
        "(2 gün kaldı",
    ]
    assert "ve 12 başvuru daha" in lines


def test_a_limit_of_minutes_that_ended_today_is_late_in_a_digest(texts: Renderer) -> None:
    ended = [replace(line, due=datetime(2026, 6, 2, 5, 40, tzinfo=UTC), days_late=0) for line in DIGEST.lines[:2]]
    body = email(texts, K.DIGEST, replace(DIGEST, lines=tuple(ended))).body

    assert "SÜRESİ DOLMAK" not in body
    assert "02.06.2026 08:40 (bugün doldu)" in body


def test_dates_are_those_of_istanbul(texts: Renderer) -> None:
    """B13: 00:30 on 2 June in Istanbul is still 1 June in UTC."""
    late = replace_case(FULL[K.ESCALATION_1], received_at=datetime(2026, 6, 1, 21, 30, tzinfo=UTC))

    assert "02.06.2026 tarihli" in email(texts, K.ESCALATION_1, late).body


@pytest.mark.parametrize("kind", [K.WARNING, K.ESCALATION_1, K.ESCALATION_2])
def test_offices_read_the_printed_words_and_the_breach(texts: Renderer, kind: NoticeKind) -> None:
    body = email(texts, kind, FULL[kind]).body

    assert SERVICE in body
    assert "15 GÜN" in body
    assert "01.06.2026" in body
    assert UNIT in body
    assert "Kazım Karabekir Mahallesi" in body
    assert "Henüz bir birime" not in body


@pytest.mark.parametrize("kind", [K.WARNING, K.ESCALATION_1, K.ESCALATION_2])
def test_an_unassigned_ticket_says_so(texts: Renderer, kind: NoticeKind) -> None:
    """C3: a ticket that no unit has is escalated too."""
    assert "Henüz bir birime sevk edilmemiştir." in email(texts, kind, BARE[kind]).body


@pytest.mark.parametrize("kind", list(SHORT_LIMIT))
def test_limits_under_a_day_show_hour_and_minute(texts: Renderer, kind: NoticeKind) -> None:
    assert "12.05.2026 günü" in (body := email(texts, kind, SHORT_LIMIT[kind]).body)
    assert "saat 10:10 itibarıyla" in body


@pytest.mark.parametrize("kind", [K.ESCALATION_1, K.ESCALATION_2])
def test_escalations_report_the_last_action_and_the_statutory_end(texts: Renderer, kind: NoticeKind) -> None:
    body = email(texts, kind, FULL[kind]).body

    assert "Vatandaş Yanıtı Bekleniyor (20.05.2026 14:05)" in body
    assert "11.06.2026" in body
    assert "3071 sayılı Kanun" in body


def test_a_warning_counts_what_is_left_and_addresses_the_unit(texts: Renderer) -> None:
    rendered = email(texts, K.WARNING, FULL[K.WARNING])

    assert rendered.subject == "[SÜRE UYARISI] 2600012349 – kalan süre 4 gün"
    assert rendered.body.startswith("İklim Değişikliği ve Sıfır Atık Müdürlüğüne,\n")
    assert "kalan süre 2 dakika" in email(texts, K.WARNING, SHORT_LIMIT[K.WARNING]).subject


def test_level_1_goes_to_the_first_office_by_name(texts: Renderer) -> None:
    rendered = email(texts, K.ESCALATION_1, FULL[K.ESCALATION_1])

    assert rendered.subject.startswith("[SÜRE AŞIMI – 1. KADEME] 2600012349 – ")
    assert rendered.body.startswith("Halkla İlişkiler Müdürü\nSayın Ercan ZENGİN,\n")


def test_level_2_has_the_form_of_an_official_letter(texts: Renderer) -> None:
    lines = email(texts, K.ESCALATION_2, FULL[K.ESCALATION_2]).body.splitlines()
    stripped = [line.strip() for line in lines]

    assert stripped[:6] == [
        "T.C.",
        "ESENLER BELEDİYE BAŞKANLIĞI",
        "Halkla İlişkiler Müdürlüğü",
        "ACELE",
        "Taslak tarihi: 02.06.2026",
        "Sayı : E-… (taslak; EBYS verir)",
    ]
    assert "BAŞKAN YARDIMCILIĞI MAKAMINA" in stripped
    table = next(line for line in lines if "Hizmet Standartları Tablosunda" in line)
    assert table.startswith("       Kamu Hizmetlerinin Sunumunda")
    assert any(line.startswith("İlgi : a) ⟦applicant.name⟧ adlı vatandaşın 12.05.2026 tarihli") for line in lines)
    assert f"b) {UNIT}ne 13.05.2026 tarihinde yapılan sevk." in stripped
    assert "c) 02.06.2026 tarihli ve 26-000123 numaralı süre aşımı bildirimi (1. kademe)." in stripped
    assert stripped.index("Bilgilerinizi ve gereğini arz ederim.") < stripped.index("Ercan ZENGİN")
    assert stripped[stripped.index("Ercan ZENGİN") + 1] == "Halkla İlişkiler Müdürü"


def test_a_letter_about_the_first_office_is_not_signed_by_it(texts: Renderer) -> None:
    body = email(texts, K.ESCALATION_2, BARE[K.ESCALATION_2]).body

    assert "Halkla İlişkiler Müdür" not in body
    assert "İmza yetkilisi EBYS'de belirlenir" in body
    assert "İlgi : Kimlik bilgisi paylaşılmayan" in body


def test_a_vacant_office_leaves_the_signature_to_the_records_system(texts: Renderer) -> None:
    body = email(texts, K.ESCALATION_2, replace_case(FULL[K.ESCALATION_2], signatory=VACANT)).body

    assert re.search(r"arz ederim\.\n\n +\(İmza yetkilisi EBYS'de belirlenir\)\n", body)
    assert "Halkla İlişkiler Müdürlüğü\n" in body


def test_a_level_2_raised_before_the_promise_ended_does_not_claim_a_breach(texts: Renderer) -> None:
    """A near statutory limit raises level 2 while the promise still runs (CİMER: both are 30 days)."""
    early = replace_case(
        FULL[K.ESCALATION_2],
        raised_at=datetime(2026, 5, 28, 6, 0, tzinfo=UTC),
        legal_risk=True,
        level_1_number=None,
        level_1_at=None,
    )

    rendered = email(texts, K.ESCALATION_2, early)

    assert rendered.subject.startswith("[YASAL SÜRE RİSKİ – 2. KADEME]")
    assert "dolacaktır" in rendered.body
    assert "dolmuştur" not in rendered.body


@pytest.mark.parametrize("kind", [K.ESCALATION_2, K.REMINDER])
def test_nothing_is_promised_in_the_name_of_the_table_where_no_promise_runs(texts: Renderer, kind: NoticeKind) -> None:
    body = email(texts, kind, replace_case(FULL[kind], promised=False, limit_text="30 gün")).body

    assert "Hizmet Standartları Tablosu" not in body
    assert "30 gün" not in body
    assert "sonuçlandırılmamıştır" in body or kind is K.REMINDER
    assert "11.06.2026" in body
