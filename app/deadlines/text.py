"""An explanation as plain Turkish text: sentences for a letter, and below them the dates one by one.

One sentence a line, so that each can be copied by itself.
"""

from collections.abc import Iterator, Sequence
from datetime import date

from app.core.clock import ISTANBUL
from app.core.turkish import format_datetime
from app.deadlines import wording_tr as tr
from app.deadlines.service import Account, ClockAccount, DeadlinePreview, DueChange, TicketAccount, with_fullness
from app.sla.calendar import ClockKind
from app.sla.deadline import Basis, Pause, Roll, on_time
from app.sla.explanation import Explanation
from app.sla.limit import Unit
from app.standards.values import Service

TABLE = "Hizmet Standartları Tablosu"
ROLL_LAW = "2577 sayılı İdari Yargılama Usulü Kanununun 8 inci maddesindeki kurala göre"
"""A last day that falls on a holiday: the general rule, where a limit's own law has none."""


def ticket_text(account: TicketAccount) -> str:
    """Why the limits of a ticket end when they end."""
    ticket = account.ticket
    reopened = f" (başvuru {account.cycle - 1} kez yeniden açılmıştır)" if account.cycle > 1 else ""
    loaded = format_datetime(account.catalogue_loaded_at.astimezone(ISTANBUL))
    facts = {
        "Başvuru no": ticket.number,
        "Dönem": f"{account.cycle}{reopened}",
        "Hizmet": account.service.name if account.service else account.service_code,
        "Katalog sürümü": f"{account.catalogue_version_id} ({loaded} tarihinde yüklenmiştir)",
        "Döküm zamanı": format_datetime(account.now.astimezone(ISTANBUL)),
    }
    lines = [*_title("SÜRE HESABI", "="), *_facts(facts)]
    for clock in account.clocks:
        lines += ["", *_clock(clock, account)]
    if account.awaits_documents:
        lines += ["", "Hizmet standardı süresi henüz başlamamıştır: eksik belge veya imza beklenmektedir."]
    elif not account.clocks:
        lines += ["", "Bu başvuruda işleyen bir süre yoktur."]
    return "\n".join(lines) + "\n"


def preview_text(found: DeadlinePreview) -> str:
    """What the limits of a request would be that starts then."""
    facts = {
        "Hizmet": found.service.name,
        "Katalog sürümü": str(found.rulebook.catalogue_version_id),
        "Takvim sürümü": str(found.rulebook.calendar_version_id),
    }
    lines = [*_title("SÜRE HESABI (ÖN İZLEME)", "="), *_facts(facts)]
    for account in (found.promise, found.statutory):
        if account is not None:
            lines += ["", *_title(_heading(account), "-"), *supposed_sentences(account, found.service)]
            lines += ["", *_ledger(account.explanation)]
    return "\n".join(lines) + "\n"


def supposed_sentences(account: Account, service: Service) -> list[str]:
    """A limit of a request that is only thought of, in sentences."""
    explanation, longer = account.explanation, account.pinned.extended_to
    return [
        f"Süre {tr.moment(explanation.counted_from)} başlar.",
        *_rule(account, service),
        *([f"Sürenin toplam {tr.to_limit(longer)} uzatıldığı varsayılmıştır."] if account.extended and longer else ()),
        *(_pause(pause, "durur") for pause in explanation.pauses),
        *(f"{_stretch(pause)} bekleme bu süreyi durdurmaz ({tr.waiting(pause.reason)})." for pause in account.ignored),
        *result(explanation),
    ]


def _clock(one: ClockAccount, of: TicketAccount) -> Iterator[str]:
    clock, account = one.clock, one.account
    explanation, stands = account.explanation, clock.state == "paused"
    yield from _title(_heading(account), "-")
    yield from _facts(
        {
            "Durum": tr.CLOCK_STATES["breached" if _is_past(one, of) else clock.state],
            "Son tarih": "Süre durduğundan belli değildir" if stands else tr.end_as_name(clock.due_at),
            **_progress(one, of),
            "Takvim sürümü": str(clock.calendar_version_id),
        }
    )
    yield ""
    yield from _beginning(one, of.cycle)
    yield from _rule(account, of.service)
    yield from _extension(one)
    in_force = (pause for pause in one.pauses if pause.end is None or pause.end > clock.counted_from)
    yield from (_pause(pause, "durmuştur") for pause in in_force)
    if one.pay_by is not None:
        yield f"Ücret {tr.day(one.pay_by)} günü sonuna kadar ödenmezse başvurudan vazgeçilmiş sayılır."
    yield from result(explanation)
    yield from _target(one)
    yield from _differs(one)
    yield from _outcome(one, of)
    yield ""
    yield from _ledger(explanation)
    yield from _changes(one.changes)


def _heading(account: Account) -> str:
    return f"{tr.CLOCKS[account.pinned.policy.clock_kind]}: {account.printed}"


def _progress(one: ClockAccount, of: TicketAccount) -> dict[str, str]:
    explanation, used = one.account.explanation, one.used(of.now)
    if used is None:
        return {}
    whole = explanation.whole
    begun = tr.amount(used, explanation.unit) if explanation.unit is Unit.SECOND else used
    return {"Sayılan": f"{begun} / {tr.amount(whole, explanation.unit)}"}


def _beginning(one: ClockAccount, cycle: int) -> Iterator[str]:
    clock = one.clock
    why = "Başvuru yeniden açıldığından süre" if cycle > 1 else "Süre"
    yield f"{why} {tr.moment(clock.started_at)} başlamıştır."
    if clock.restarted_at is not None:
        paid = tr.moment(clock.restarted_at)
        yield f"Ücret bildirimiyle kesilen süre, ücretin ödendiği {paid} baştan işlemeye başlamıştır."


def _rule(account: Account, service: Service | None) -> Iterator[str]:
    """The ground of the limit, and how it counts."""
    limit = account.pinned.policy.limit
    if account.law is not None:
        yield f"Dayanak: {account.law}."
    elif account.pinned.policy.clock_kind is ClockKind.PROMISE:
        row = f", {service.row}. sıra" if service else ""
        yield f"Dayanak: {TABLE}{row} (“{account.pinned.printed}”)."
    if limit.unit is Unit.IMMEDIATE:
        yield "Hizmet anında tamamlanır."
    else:
        yield f"Süre {tr.limit_is(limit)}; {_counting(account)}."


def _counting(account: Account) -> str:
    policy = account.pinned.policy
    if policy.limit.seconds is not None:
        opening = policy.basis is Basis.OPENING_HOURS
        return "yalnızca çalışma saatleri sayılır" if opening else "süre kesintisiz işler"
    if policy.limit.unit is Unit.WORKING_DAY:
        return "başladığı gün, hafta sonları ve resmî tatiller sayılmaz"
    rolls = "; son gün tatile rastlarsa süre, izleyen ilk iş gününün sonuna uzar"
    end = rolls if policy.roll is Roll.NEXT_WORKING_DAY else ""
    return f"başladığı gün sayılmaz, aradaki hafta sonları ve tatiller sayılır{end}"


def _extension(one: ClockAccount) -> Iterator[str]:
    clock, longer = one.clock, one.account.pinned.extended_to
    if clock.extended_at is not None and longer is not None:
        because = f", {tr.GROUNDS[one.extended_for]} nedeniyle," if one.extended_for else ""
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
    """When the limit ends, in a sentence or two."""
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


def _target(one: ClockAccount) -> Iterator[str]:
    """The safer reading of a limit that a fee has interrupted; said while it still helps."""
    if one.clock.state == "running" and (target := one.internal_target_at):
        ended = f"{tr.end(target)} dolardı; iç hedef bu tarihtir"
        yield f"Ücret beklenirken süre kesilmeyip yalnızca durmuş sayılsaydı {ended}."


def _differs(one: ClockAccount) -> Iterator[str]:
    """That a person set another date, or that it was fixed before the calendar was changed."""
    clock, change = one.clock, one.override
    if clock.overridden:
        by = f"{tr.moment(change.event.at)} “{change.by}” tarafından " if change else ""
        yield f"Ancak son tarih, {by}elle belirlenmiştir: {tr.end_as_name(clock.due_at)}."
        yield "Gerekçesi başvurunun geçmişinde kayıtlıdır; aşağıdaki döküm hesapla bulunan tarihe aittir."
    elif clock.state != "paused" and clock.due_at != one.account.explanation.due_at:
        yield f"Kayıtlı son tarih {tr.end_as_name(clock.due_at)} olup sonraki değişikliklerden etkilenmemiştir."
        yield "Aşağıdaki döküm, bu değişikliklerden sonraki duruma göredir."


def _outcome(one: ClockAccount, of: TicketAccount) -> Iterator[str]:
    clock = one.clock
    if clock.met_at is not None:
        kept = "süresi içinde" if on_time(clock.met_at, clock.due_at) else "süresi geçtikten sonra"
        given = "ara cevap" if one.by_interim_reply else "cevap"
        yield f"Başvuruya {tr.moment(clock.met_at)} {kept} {given} verilmiştir."
        if one.by_interim_reply:
            yield "Ara cevap bu süreyi karşılar; sonucun ayrıca bildirilmesi gerekir."
    elif clock.state == "cancelled":
        yield "Bu süre artık izlenmemektedir; nedeni başvurunun geçmişinde kayıtlıdır."
    elif _is_past(one, of):
        yield "Süre dolmuş, başvuru henüz sonuçlandırılmamıştır."


def _is_past(one: ClockAccount, of: TicketAccount) -> bool:
    clock = one.clock
    return clock.state == "breached" or (clock.state == "running" and not on_time(of.now, clock.due_at))


def _ledger(explanation: Explanation) -> list[str]:
    """The dates one by one, in columns: date, whether it counts and why, what has counted by then."""
    rows = [("Tarih", "Durum", "Sayılan")]
    for line, full in with_fullness(explanation):
        rows.append((_padded(line.date), tr.line_label(line, full=full), tr.amount(line.total, explanation.unit)))
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
