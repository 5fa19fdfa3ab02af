"""An explanation as plain Turkish text: sentences for a letter, then the ledger date by date.

Each sentence has its own line, so that it can be copied by itself.
"""

from collections.abc import Iterator, Sequence
from datetime import date

from app.core.clock import ISTANBUL
from app.core.turkish import format_datetime
from app.deadlines import wording_tr as tr
from app.deadlines.service import (
    ClockExplanation,
    DeadlinePreview,
    DueChange,
    LimitExplanation,
    TicketExplanation,
    with_used_up,
)
from app.sla.calendar import ClockKind
from app.sla.deadline import Basis, Pause, Roll, on_time
from app.sla.explanation import Explanation
from app.sla.limit import Unit
from app.standards.values import Service

TABLE = "Hizmet Standartları Tablosu"
ROLL_LAW = "2577 sayılı İdari Yargılama Usulü Kanununun 8 inci maddesindeki kurala göre"
"""The general rule for a last day on a holiday, for limits whose own law has none."""


def ticket_text(explained: TicketExplanation) -> str:
    """Return the explanation of a ticket's limits."""
    ticket = explained.ticket
    reopened = f" (başvuru {explained.cycle - 1} kez yeniden açılmıştır)" if explained.cycle > 1 else ""
    loaded = format_datetime(explained.catalogue_loaded_at.astimezone(ISTANBUL))
    facts = {
        "Başvuru no": ticket.number,
        "Dönem": f"{explained.cycle}{reopened}",
        "Hizmet": explained.service.name if explained.service else explained.service_code,
        "Katalog sürümü": f"{explained.catalogue_version_id} ({loaded} tarihinde yüklenmiştir)",
        "Döküm zamanı": format_datetime(explained.now.astimezone(ISTANBUL)),
    }
    lines = [*_title("SÜRE HESABI", "="), *_facts(facts)]
    for clock in explained.clocks:
        lines += ["", *_clock(clock, explained)]
    if explained.awaits_documents:
        lines += ["", "Hizmet standardı süresi henüz başlamamıştır: eksik belge veya imza beklenmektedir."]
    elif not explained.clocks:
        lines += ["", "Bu başvuruda işleyen bir süre yoktur."]
    return "\n".join(lines) + "\n"


def preview_text(found: DeadlinePreview) -> str:
    """Return the explanation of the limits of a hypothetical request."""
    facts = {
        "Hizmet": found.service.name,
        "Katalog sürümü": str(found.rulebook.catalogue_version_id),
        "Takvim sürümü": str(found.rulebook.calendar_version_id),
    }
    lines = [*_title("SÜRE HESABI (ÖN İZLEME)", "="), *_facts(facts)]
    for explained in (found.promise, found.statutory):
        if explained is not None:
            lines += ["", *_title(_heading(explained), "-"), *preview_sentences(explained, found.service)]
            lines += ["", *_ledger(explained.explanation)]
    return "\n".join(lines) + "\n"


def preview_sentences(explained: LimitExplanation, service: Service) -> list[str]:
    """Return the explanation of one limit of a hypothetical request, in sentences."""
    explanation, longer = explained.explanation, explained.pinned.extended_to
    return [
        f"Süre {tr.moment(explanation.counted_from)} başlar.",
        *_rule(explained, service),
        *(
            [f"Sürenin toplam {tr.to_limit(longer)} uzatıldığı varsayılmıştır."]
            if explained.extended and longer
            else ()
        ),
        *(_pause(pause, "durur") for pause in explanation.pauses),
        *(
            f"{_stretch(pause)} bekleme bu süreyi durdurmaz ({tr.waiting(pause.reason)})."
            for pause in explained.ignored
        ),
        *result(explanation),
    ]


def _clock(explained: ClockExplanation, ticket: TicketExplanation) -> Iterator[str]:
    clock, limit = explained.clock, explained.limit
    explanation, paused = limit.explanation, clock.state == "paused"
    yield from _title(_heading(limit), "-")
    yield from _facts(
        {
            "Durum": tr.CLOCK_STATES["breached" if _is_past(explained, ticket) else clock.state],
            "Son tarih": "Süre durduğundan belli değildir" if paused else tr.end_as_name(clock.due_at),
            **_progress(explained, ticket),
            "Takvim sürümü": str(clock.calendar_version_id),
        }
    )
    yield ""
    yield from _beginning(explained, ticket.cycle)
    yield from _rule(limit, ticket.service)
    yield from _extension(explained)
    in_force = (pause for pause in explained.pauses if pause.end is None or pause.end > clock.counted_from)
    yield from (_pause(pause, "durmuştur") for pause in in_force)
    if explained.pay_by is not None:
        yield f"Ücret {tr.day(explained.pay_by)} günü sonuna kadar ödenmezse başvurudan vazgeçilmiş sayılır."
    yield from result(explanation)
    yield from _target(explained)
    yield from _differs(explained)
    yield from _outcome(explained, ticket)
    yield ""
    yield from _ledger(explanation)
    yield from _changes(explained.changes)


def _heading(explained: LimitExplanation) -> str:
    return f"{tr.CLOCKS[explained.pinned.policy.clock_kind]}: {explained.printed}"


def _progress(explained: ClockExplanation, ticket: TicketExplanation) -> dict[str, str]:
    explanation, used = explained.limit.explanation, explained.used(ticket.now)
    if used is None:
        return {}
    whole = explanation.whole
    begun = tr.amount(used, explanation.unit) if explanation.unit is Unit.SECOND else used
    return {"Sayılan": f"{begun} / {tr.amount(whole, explanation.unit)}"}


def _beginning(explained: ClockExplanation, cycle: int) -> Iterator[str]:
    clock = explained.clock
    why = "Başvuru yeniden açıldığından süre" if cycle > 1 else "Süre"
    yield f"{why} {tr.moment(clock.started_at)} başlamıştır."
    if clock.restarted_at is not None:
        paid = tr.moment(clock.restarted_at)
        yield f"Ücret bildirimiyle kesilen süre, ücretin ödendiği {paid} baştan işlemeye başlamıştır."


def _rule(explained: LimitExplanation, service: Service | None) -> Iterator[str]:
    """Yield the legal basis of the limit, and the way it counts."""
    limit = explained.pinned.policy.limit
    if explained.law is not None:
        yield f"Dayanak: {explained.law}."
    elif explained.pinned.policy.clock_kind is ClockKind.PROMISE:
        row = f", {service.row}. sıra" if service else ""
        yield f"Dayanak: {TABLE}{row} (“{explained.pinned.printed}”)."
    if limit.unit is Unit.IMMEDIATE:
        yield "Hizmet anında tamamlanır."
    else:
        yield f"Süre {tr.limit_is(limit)}; {_counting(explained)}."


def _counting(explained: LimitExplanation) -> str:
    policy = explained.pinned.policy
    if policy.limit.seconds is not None:
        opening = policy.basis is Basis.OPENING_HOURS
        return "yalnızca çalışma saatleri sayılır" if opening else "süre kesintisiz işler"
    if policy.limit.unit is Unit.WORKING_DAY:
        return "başladığı gün, hafta sonları ve resmî tatiller sayılmaz"
    rolls = "; son gün tatile rastlarsa süre, izleyen ilk iş gününün sonuna uzar"
    end = rolls if policy.roll is Roll.NEXT_WORKING_DAY else ""
    return f"başladığı gün sayılmaz, aradaki hafta sonları ve tatiller sayılır{end}"


def _extension(explained: ClockExplanation) -> Iterator[str]:
    clock, longer = explained.clock, explained.limit.pinned.extended_to
    if clock.extended_at is not None and longer is not None:
        because = f", {tr.GROUNDS[explained.extended_for]} nedeniyle," if explained.extended_for else ""
        yield f"Süre{because} {tr.moment(clock.extended_at)} toplam {tr.to_limit(longer)} uzatılmıştır."


def _pause(pause: Pause, verb: str) -> str:
    because = tr.PAUSES[pause.reason].because
    if pause.end is None:
        return f"{because} süre {tr.moment(pause.start)} {verb}."
    return f"{because} süre, {tr.instant(pause.start)} ile {tr.instant(pause.end)} arasında {verb}."


def _stretch(pause: Pause) -> str:
    if pause.end is None:
        return f"{tr.moment(pause.start)} başlayan"
    return f"{tr.instant(pause.start)} ile {tr.instant(pause.end)} arasındaki"


def result(explanation: Explanation) -> Iterator[str]:
    """Yield the end of the limit, in one or two sentences."""
    if explanation.due_at is None:
        yield "Süre durduğu için son tarih henüz belli değildir; süre yeniden işlemeye başladığında hesaplanır."
    elif explanation.rolled_from is not None:
        last, reason = explanation.rolled_from
        yield (
            f"Sürenin son günü olan {tr.day(last)} {tr.falls_on(reason)} rastladığından süre, {ROLL_LAW}, "
            f"izleyen ilk iş günü olan {tr.end(explanation.due_at)} dolar."
        )
    else:
        yield f"Buna göre süre {tr.end(explanation.due_at)} dolar."
    if explanation.provisional:
        yield "Hesap, resmî tatilleri takvime henüz işlenmemiş bir yıla uzandığından son tarih değişebilir."


def _target(explained: ClockExplanation) -> Iterator[str]:
    """Yield the safe target of a running limit that a fee interrupted."""
    if explained.clock.state == "running" and (target := explained.internal_target_at):
        ended = f"{tr.end(target)} dolardı; iç hedef bu tarihtir"
        yield f"Ücret beklenirken süre kesilmeyip yalnızca durmuş sayılsaydı {ended}."


def _differs(explained: ClockExplanation) -> Iterator[str]:
    """Yield the reason if the stored due date differs from the computed one: set by hand, or settled earlier."""
    clock, change = explained.clock, explained.override
    if clock.overridden:
        by = f"{tr.moment(change.event.at)} “{change.by}” tarafından " if change else ""
        yield f"Ancak son tarih, {by}elle belirlenmiştir: {tr.end_as_name(clock.due_at)}."
        yield "Gerekçesi başvurunun geçmişinde kayıtlıdır; aşağıdaki döküm hesapla bulunan tarihe aittir."
    elif clock.state != "paused" and clock.due_at != explained.limit.explanation.due_at:
        yield f"Kayıtlı son tarih {tr.end_as_name(clock.due_at)} olup sonraki değişikliklerden etkilenmemiştir."
        yield "Aşağıdaki döküm, bu değişikliklerden sonraki duruma göredir."


def _outcome(explained: ClockExplanation, ticket: TicketExplanation) -> Iterator[str]:
    clock = explained.clock
    if clock.met_at is not None:
        timing = "süresi içinde" if on_time(clock.met_at, clock.due_at) else "süresi geçtikten sonra"
        given = "ara cevap" if explained.by_interim_reply else "cevap"
        yield f"Başvuruya {tr.moment(clock.met_at)} {timing} {given} verilmiştir."
        if explained.by_interim_reply:
            yield "Ara cevap bu süreyi karşılar; sonucun ayrıca bildirilmesi gerekir."
    elif clock.state == "cancelled":
        yield "Bu süre artık izlenmemektedir; nedeni başvurunun geçmişinde kayıtlıdır."
    elif _is_past(explained, ticket):
        yield "Süre dolmuş, başvuru henüz sonuçlandırılmamıştır."


def _is_past(explained: ClockExplanation, ticket: TicketExplanation) -> bool:
    clock = explained.clock
    return clock.state == "breached" or (clock.state == "running" and not on_time(ticket.now, clock.due_at))


def _ledger(explanation: Explanation) -> list[str]:
    """Return the ledger in columns: date, whether it counts and why, the total by then."""
    rows = [("Tarih", "Durum", "Sayılan")]
    for line, used_up in with_used_up(explanation):
        rows.append((_padded(line.date), tr.line_label(line, used_up=used_up), tr.amount(line.total, explanation.unit)))
    first, second, third = (max(len(row[column]) for row in rows) for column in range(3))
    return [f"{date_:<{first}}  {why:<{second}}  {total:>{third}}" for date_, why, total in rows]


def _padded(value: date) -> str:
    return f"{' ' if value.day < 10 else ''}{tr.day(value)}"


def _changes(changes: Sequence[DueChange]) -> Iterator[str]:
    if changes:
        yield ""
        yield "Son tarihteki değişiklikler"
    for change in changes:
        at = format_datetime(change.event.at.astimezone(ISTANBUL))
        yield f"{at}  {tr.change_label(change.event)} – {change.by}"
        yield f"{' ' * len(at)}  {tr.end_as_name(change.old_due_at)} → {tr.end_as_name(change.new_due_at)}"


def _title(words: str, line: str) -> list[str]:
    return [words, line * len(words)]


def _facts(facts: dict[str, str]) -> Iterator[str]:
    width = max(map(len, facts))
    return (f"{name:<{width}} : {value}" for name, value in facts.items())
