"""The month: citizens, directorates and faults, each acting when the API's clock has reached its instant."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

from demo.api_client import ApiClient, ApiError, NoticeView
from demo.checks import Observations, failed_checks
from demo.display import Display, Event, EventStyle, Snapshot
from demo.model import FIELD, CitizenRequest
from demo.scenario import END, FLUSH_AT, KILL_AT, LATEST_END, REQUESTS
from demo.stack import RunningPrograms

CLOCK_POLL_SECONDS = 0.1
POLL_SECONDS = 0.25
"""Real seconds between two readings of the clock, and of tickets and notices."""

WARNING_TEXTS = {50: "sürenin yarısı geçti", 80: "sürenin %80'i geçti"}
STYLE_OF_KIND = {"warning": EventStyle.WARNING, "escalation_1": EventStyle.ALARM, "escalation_2": EventStyle.ALARM}


@dataclass(frozen=True, slots=True)
class Faults:
    """Faults to inject in the middle of the month."""

    flush_valkey: bool = False
    kill_worker: bool = False


class ApiClock:
    """The API's clock, as last read."""

    def __init__(self, client: ApiClient) -> None:
        self._client = client
        self._moved = asyncio.Condition()
        self.now: datetime | None = None

    async def poll(self) -> None:
        """Read the clock repeatedly until cancelled."""
        while True:
            now = await self._client.now()
            async with self._moved:
                self.now = now
                self._moved.notify_all()
            await asyncio.sleep(CLOCK_POLL_SECONDS)

    async def wait_until(self, instant: datetime) -> datetime:
        """Wait until the API's clock has reached `instant`; return its time then."""
        async with self._moved:
            while self.now is None or self.now < instant:
                await self._moved.wait()
            return self.now


@dataclass(slots=True)
class Simulation:
    """One run of the month; `run` returns the observations to check."""

    client: ApiClient
    programs: RunningPrograms
    display: Display
    outbox: Path
    faults: Faults
    _clock: ApiClock = field(init=False)
    _numbers: dict[str, str] = field(default_factory=dict, init=False)
    _announced: set[str] = field(default_factory=set, init=False)
    _requests: dict[str, CitizenRequest] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self._clock = ApiClock(self.client)

    async def run(self) -> Observations:
        """Run the month; errors of the client and the programs are raised in an exception group."""
        self.display.start(await self.client.units())
        async with asyncio.TaskGroup() as tasks:
            background = [tasks.create_task(self._clock.poll()), tasks.create_task(self._poll())]
            async with asyncio.TaskGroup() as actors:
                for requests in _messages(REQUESTS):
                    actors.create_task(self._send_and_handle(requests))
                if self.faults.flush_valkey:
                    actors.create_task(self._flush_valkey())
                if self.faults.kill_worker:
                    actors.create_task(self._kill_worker())
            observed = await self._observe_end()
            for task in background:
                task.cancel()
        return observed

    async def _send_and_handle(self, requests: list[CitizenRequest]) -> None:
        await self._clock.wait_until(requests[0].sent_at)
        await self._send(requests)
        async with asyncio.TaskGroup() as tasks:
            for request in requests:
                tasks.create_task(self._handle(request))

    async def _send(self, requests: list[CitizenRequest]) -> None:
        """Send the message of a request, or the batch of several, as often as the channel repeats it."""
        request = requests[0]
        message = {"items": [one.body for one in requests]} if request.endpoint is FIELD else request.body
        receipts = await asyncio.gather(*(self.client.send(request.endpoint, message) for _ in range(request.copies)))
        numbers = {tuple(_numbers_of(receipt)) for receipt in receipts}
        if len(numbers) > 1:
            raise ApiError(f"{request.subject}: {request.copies} copies became {len(numbers)} tickets")
        for one, number in zip(requests, numbers.pop(), strict=True):
            self._numbers[one.key], self._requests[number] = number, one
            self._add_event(one, _receipt_message(one, receipts[0]), EventStyle.ARRIVAL)

    async def _handle(self, request: CitizenRequest) -> None:
        for step in request.steps:
            await self._clock.wait_until(step.at)
            await self.client.command(self._numbers[request.key], step.command, step.body)
            style = EventStyle.SUCCESS if step.command == "resolve" else EventStyle.PLAIN
            self._add_event(request, step.message, style)

    async def _poll(self) -> None:
        while True:
            await self._read_and_show()
            await asyncio.sleep(POLL_SECONDS)

    async def _read_and_show(self) -> tuple[NoticeView, ...]:
        tickets, notices = await asyncio.gather(self.client.tickets(), self.client.notices())
        for notice in notices:
            request, style = self._requests.get(notice.ticket), STYLE_OF_KIND.get(notice.kind)
            if request is not None and style is not None and notice.number not in self._announced:
                self._announced.add(notice.number)
                self._add_event(request, _notice_message(notice), style, at=notice.created_at)
        if self._clock.now is not None:
            self.display.update(Snapshot(self._clock.now, tuple(tickets), tuple(notices), dict(self._requests)))
        return tuple(notices)

    async def _observe_end(self) -> Observations:
        """Wait for the end of the month, and a little longer on a slow machine."""
        now = await self._clock.wait_until(END)
        while failed_checks(observed := await self._observe()) and now < LATEST_END:
            await asyncio.sleep(POLL_SECONDS)
            now = await self._clock.wait_until(END)
        return observed

    async def _observe(self) -> Observations:
        notices = await self._read_and_show()
        tickets, escalations = await asyncio.gather(self.client.tickets(), self.client.escalations())
        return Observations(
            numbers=dict(self._numbers),
            tickets=tuple(tickets),
            notices=notices,
            escalations=tuple(escalations),
            broken_chains=tuple(await self.client.broken_chains([ticket.number for ticket in tickets])),
            outbox=frozenset(path.stem for path in self.outbox.glob("*.eml")),
        )

    async def _flush_valkey(self) -> None:
        await self._clock.wait_until(FLUSH_AT)
        await self.programs.flush_valkey()
        self._add_fault("FLUSHALL: Valkey tamamen silindi. Süreler PostgreSQL'de; hiçbiri kaybolmadı.")

    async def _kill_worker(self) -> None:
        await self._clock.wait_until(KILL_AT)
        self.programs.worker.kill()
        self._add_fault("kill -9: zamanlayıcı (worker) öldürüldü. Saat işlemeye devam ediyor.")

    def _add_fault(self, message: str) -> None:
        self.display.add(Event(self._clock.now, None, None, message, EventStyle.FAULT))

    def _add_event(self, request: CitizenRequest, message: str, style: EventStyle, at: datetime | None = None) -> None:
        self.display.add(Event(at or self._clock.now, self._numbers[request.key], request, message, style))


def _messages(requests: Iterable[CitizenRequest]) -> list[list[CitizenRequest]]:
    """Group requests that are sent together: a field batch is one message."""

    def message_key(request: CitizenRequest) -> str:
        return request.sent_at.isoformat() if request.endpoint is FIELD else request.key

    return [list(group) for _, group in groupby(requests, key=message_key)]


def _numbers_of(receipt: dict[str, Any]) -> list[str]:
    """Return the ticket numbers of a receipt, or of the response to a batch."""
    numbers = [item["number"] for item in receipt["items"]] if "items" in receipt else [receipt["number"]]
    if None in numbers:
        raise ApiError(f"an item of a field batch was refused: {receipt}")
    return numbers


def _receipt_message(request: CitizenRequest, receipt: dict[str, Any]) -> str:
    if request.copies > 1:
        return f"aynı mesaj {request.copies} kez geldi, tek kayıt açıldı"
    missing = [document["label"] for document in receipt.get("missing_documents", [])]
    return f"alındı ({request.endpoint.label}){', eksik belge: ' if missing else ''}{', '.join(missing)}"


def _notice_message(notice: NoticeView) -> str:
    if notice.kind == "warning":
        return f"{WARNING_TEXTS[notice.level]}, {notice.recipient} uyarıldı"
    if notice.kind == "escalation_1":
        return "süre doldu, İlk Müracaat Yerine bildirildi (1. kademe)"
    prefix = "yasal süre dolmak üzere, " if notice.legal_risk else ""
    return f"{prefix}İkinci Müracaat Yerine yazıldı (2. kademe)"
