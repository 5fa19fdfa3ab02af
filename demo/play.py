"""The month itself: citizens, directorates and mishaps, each acting when the city's own clock has come so far."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

from demo.city import City, CityError, NoticeSeen
from demo.scenario import CUT_OFF, END, FLUSH_AT, KILL_AT, STORIES
from demo.screen import Mood, News, Screen, View
from demo.stage import Running
from demo.values import FIELD, Story
from demo.verdict import Facts, differences

CLOCK_SECONDS = 0.1
LOOK_SECONDS = 0.25
"""Real seconds between two looks at the clock, and at tickets and notices."""

SPENT = {50: "sürenin yarısı geçti", 80: "sürenin %80'i geçti"}
MOODS = {"warning": Mood.WARNING, "escalation_1": Mood.ALARM, "escalation_2": Mood.ALARM}


@dataclass(frozen=True, slots=True)
class Mishaps:
    """What is done to the running system in the middle of the month."""

    flush_valkey: bool = False
    kill_worker: bool = False


class CityClock:
    """The API's clock, as last read from it."""

    def __init__(self, city: City) -> None:
        self._city = city
        self._moved = asyncio.Condition()
        self.now: datetime | None = None

    async def follow(self) -> None:
        """Read it again and again, for ever."""
        while True:
            now = await self._city.now()
            async with self._moved:
                self.now = now
                self._moved.notify_all()
            await asyncio.sleep(CLOCK_SECONDS)

    async def passed(self, instant: datetime) -> datetime:
        """Wait until the API's clock has passed `instant`; what it showed then."""
        async with self._moved:
            while self.now is None or self.now < instant:
                await self._moved.wait()
            return self.now


@dataclass(slots=True)
class Play:
    """One run; `run` returns the facts to be judged."""

    city: City
    stack: Running
    screen: Screen
    outbox: Path
    mishaps: Mishaps
    _clock: CityClock = field(init=False)
    _numbers: dict[str, str] = field(default_factory=dict, init=False)
    _heard: set[str] = field(default_factory=set, init=False)
    _subjects: dict[str, Story] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self._clock = CityClock(self.city)

    async def run(self) -> Facts:
        """Play the month. Raises what the city or the stage raises, in an exception group."""
        self.screen.open(await self.city.units())
        async with asyncio.TaskGroup() as tasks:
            background = [tasks.create_task(self._clock.follow()), tasks.create_task(self._watch())]
            async with asyncio.TaskGroup() as acts:
                for stories in _sendings(STORIES):
                    acts.create_task(self._act(stories))
                if self.mishaps.flush_valkey:
                    acts.create_task(self._flush())
                if self.mishaps.kill_worker:
                    acts.create_task(self._kill())
            facts = await self._end()
            for task in background:
                task.cancel()
        return facts

    async def _act(self, stories: list[Story]) -> None:
        await self._clock.passed(stories[0].sent_at)
        await self._open(stories)
        async with asyncio.TaskGroup() as tasks:
            for story in stories:
                tasks.create_task(self._handle(story))

    async def _open(self, stories: list[Story]) -> None:
        """Deliver the message of a story, or the batch of several, as often as the channel does."""
        story = stories[0]
        message = {"items": [one.body for one in stories]} if story.door is FIELD else story.body
        answers = await asyncio.gather(*(self.city.send(story.door, message) for _ in range(story.copies)))
        numbers = {tuple(_numbers_of(answer)) for answer in answers}
        if len(numbers) > 1:
            raise CityError(f"{story.subject}: {story.copies} copies became {len(numbers)} tickets")
        for one, number in zip(stories, numbers.pop(), strict=True):
            self._numbers[one.key], self._subjects[number] = number, one
            self._tell(one, _opening_words(one, answers[0]), Mood.ARRIVAL)

    async def _handle(self, story: Story) -> None:
        for step in story.steps:
            await self._clock.passed(step.at)
            await self.city.command(self._numbers[story.key], step.command, step.body)
            mood = Mood.SUCCESS if step.command == "resolve" else Mood.PLAIN
            self._tell(story, step.says, mood)

    async def _watch(self) -> None:
        while True:
            await self._look()
            await asyncio.sleep(LOOK_SECONDS)

    async def _look(self) -> tuple[NoticeSeen, ...]:
        tickets, notices = await asyncio.gather(self.city.tickets(), self.city.notices())
        for notice in notices:
            if notice.number not in self._heard and notice.kind in MOODS and notice.ticket in self._subjects:
                self._heard.add(notice.number)
                self._tell(
                    self._subjects[notice.ticket], _notice_words(notice), MOODS[notice.kind], at=notice.created_at
                )
        if self._clock.now is not None:
            self.screen.show(View(self._clock.now, tuple(tickets), tuple(notices), dict(self._subjects)))
        return tuple(notices)

    async def _end(self) -> Facts:
        """Wait for the end of the month, and for a hampered machine a little longer."""
        now = await self._clock.passed(END)
        while differences(facts := await self._gather()) and now < CUT_OFF:
            await asyncio.sleep(LOOK_SECONDS)
            now = await self._clock.passed(END)
        return facts

    async def _gather(self) -> Facts:
        notices = await self._look()
        tickets, escalations = await asyncio.gather(self.city.tickets(), self.city.escalations())
        return Facts(
            numbers=dict(self._numbers),
            tickets=tuple(tickets),
            notices=notices,
            escalations=tuple(escalations),
            broken_chains=tuple(await self.city.broken_chains([ticket.number for ticket in tickets])),
            outbox=frozenset(path.stem for path in self.outbox.glob("*.eml")),
        )

    async def _flush(self) -> None:
        await self._clock.passed(FLUSH_AT)
        await self.stack.flush_valkey()
        self._announce("FLUSHALL: Valkey tamamen silindi. Süreler PostgreSQL'de; hiçbiri kaybolmadı.")

    async def _kill(self) -> None:
        await self._clock.passed(KILL_AT)
        self.stack.worker.kill()
        self._announce("kill -9: zamanlayıcı (worker) öldürüldü. Saat işlemeye devam ediyor.")

    def _announce(self, words: str) -> None:
        self.screen.tell(News(self._clock.now, None, None, words, Mood.MISHAP))

    def _tell(self, story: Story, words: str, mood: Mood, at: datetime | None = None) -> None:
        self.screen.tell(News(at or self._clock.now, self._numbers[story.key], story, words, mood))


def _sendings(stories: Iterable[Story]) -> list[list[Story]]:
    """Stories that go out together: a field batch is one message."""

    def sending(story: Story) -> str:
        return story.sent_at.isoformat() if story.door is FIELD else story.key

    return [list(group) for _, group in groupby(stories, key=sending)]


def _numbers_of(answer: dict[str, Any]) -> list[str]:
    """Ticket numbers in a receipt, or in the answer to a batch."""
    numbers = [item["number"] for item in answer["items"]] if "items" in answer else [answer["number"]]
    if None in numbers:
        raise CityError(f"an item of a field batch was refused: {answer}")
    return numbers


def _opening_words(story: Story, answer: dict[str, Any]) -> str:
    if story.copies > 1:
        return f"aynı mesaj {story.copies} kez geldi, tek kayıt açıldı"
    missing = [document["label"] for document in answer.get("missing_documents", [])]
    return f"alındı ({story.door.label}){', eksik belge: ' if missing else ''}{', '.join(missing)}"


def _notice_words(notice: NoticeSeen) -> str:
    if notice.kind == "warning":
        return f"{SPENT[notice.level]}, {notice.recipient} uyarıldı"
    if notice.kind == "escalation_1":
        return "süre doldu, İlk Müracaat Yerine bildirildi (1. kademe)"
    cause = "yasal süre dolmak üzere, " if notice.legal_risk else ""
    return f"{cause}İkinci Müracaat Yerine yazıldı (2. kademe)"
