"""Tracking by number and four digits of the phone, which can't be guessed."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest
from httpx import AsyncClient, Response

from app.core.clock import ISTANBUL
from tests.desk import AT_WORK, ATTORNEY_VISIT, CALL, CITIZEN, ORDER, VISIT, Desk, end_of
from tests.installation import SettableClock, make_settings, new_key, opened_app, opened_client
from workers.timers import sweep


@pytest.fixture
async def citizen(desk: Desk, redis_url: str) -> AsyncIterator[AsyncClient]:
    """Return a caller without a key; no attempts are counted yet."""
    assert redis_url
    async with opened_client(desk.app) as client:
        yield client


async def ask(citizen: AsyncClient, number: str, digits: str = "0067") -> Response:
    return await citizen.post("/v1/tracking", json={"number": number, "phone_last_four": digits})


async def message(citizen: AsyncClient, number: str) -> str:
    response = await ask(citizen, number)
    assert response.status_code == 200, response.text
    said: str = response.json()["message"]
    return said


# ── wrong answers ──


async def test_every_wrong_answer_looks_the_same(desk: Desk, citizen: AsyncClient) -> None:
    """The response does not reveal whether a number exists."""
    number = await desk.open()
    anonymous = await desk.open(ORDER)
    responses = [
        await ask(citizen, number, "0068"),
        await ask(citizen, "2600000009"),
        await ask(citizen, "2699999995"),
        await ask(citizen, "1234"),
        await ask(citizen, "no number"),
        await ask(citizen, anonymous),
    ]
    assert {response.status_code for response in responses} == {404}
    bodies = [{**response.json(), "request_id": None} for response in responses]
    assert all(body == bodies[0] for body in bodies)
    assert {tuple(sorted(set(response.headers) - {"x-request-id"})) for response in responses} == {
        tuple(sorted(set(responses[0].headers) - {"x-request-id"}))
    }


@pytest.mark.parametrize("digits", ["67", "00067", "006", "abcd", "٠٠٦٧", ""])
async def test_anything_but_four_digits_is_refused(desk: Desk, citizen: AsyncClient, digits: str) -> None:
    response = await ask(citizen, await desk.open(), digits)
    assert (response.status_code, response.json()["errors"][0]["pointer"]) == (422, "/phone_last_four")


async def test_ten_wrong_answers_close_a_number_for_the_right_one_too(desk: Desk, citizen: AsyncClient) -> None:
    number, other = await desk.open(), await desk.open()
    for guess in range(10):
        assert (await ask(citizen, number, f"{guess:04}")).status_code == 404
    for digits in ("0011", "0067"):
        response = await ask(citizen, number, digits)
        assert (response.status_code, response.json()["code"]) == (429, "too_many")
        assert response.headers["Retry-After"] == "3600"
    assert (await ask(citizen, f"{number[:5]} {number[5:]}")).status_code == 429
    assert (await ask(citizen, other)).status_code == 200


async def test_right_answers_are_not_counted(desk: Desk, citizen: AsyncClient) -> None:
    number = await desk.open()
    assert {(await ask(citizen, number)).status_code for _ in range(15)} == {200}


async def test_guesses_at_the_same_moment_are_counted_too(desk: Desk, citizen: AsyncClient) -> None:
    number = await desk.open()
    responses = await asyncio.gather(*(ask(citizen, number, f"{guess:04}") for guess in range(60)))
    assert [response.status_code for response in responses].count(404) <= 10
    assert (await ask(citizen, number)).status_code == 429


async def test_unknown_numbers_are_closed_like_others(citizen: AsyncClient) -> None:
    responses = [(await ask(citizen, "2600000009", f"{guess:04}")).status_code for guess in range(11)]
    assert responses == [404] * 10 + [429]


async def test_tracking_works_and_is_bounded_without_valkey(
    database_url: str, tmp_path: Path, clock: SettableClock
) -> None:
    settings = make_settings(database_url=database_url, redis_url="redis://127.0.0.1:1", data_dir=tmp_path)
    async with opened_app(settings, clock) as app, opened_client(app) as citizen:
        async with opened_client(app, await new_key(app.state.container, "call-centre")) as agent:
            number = (await agent.post("/v1/tickets", json=CALL)).json()["number"]
        assert (await ask(citizen, number)).status_code == 200
        wrong = [(await ask(citizen, number, "1111")).status_code for _ in range(11)]
        assert wrong == [404] * 10 + [429]
        assert (await ask(citizen, number)).status_code == 429


# ── what a citizen reads ──


async def test_a_citizen_reads_service_unit_and_date(desk: Desk, citizen: AsyncClient) -> None:
    number = await desk.open()
    await desk.run(number, "refer")
    response = (await ask(citizen, f"{number[:2]} {number[2:6]} {number[6:]}")).json()
    assert response["number"] == number
    assert (response["status"], response["status_label"]) == ("referred", "Birime Sevk Edildi")
    assert response["service_name"] == "Halkla İlişkiler - ESTİM (Çağrı Merkezi)"
    assert response["unit_name"] == "Fen İşleri Müdürlüğü"
    assert datetime.fromisoformat(response["due_at"]) == end_of(2026, 6, 1)
    assert response["message"] == "Başvurunuz işlemdedir. En geç 01.06.2026 tarihinde sonuçlandırılacaktır."
    assert not {"Örnek", "0067", "çukur"} & set(str(response).split())


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ((*AT_WORK, "pause"), "Başvurunuz için yanıtınızı bekliyoruz."),
        ((*AT_WORK, "pause", "resume"), "Başvurunuz işlemdedir. En geç 01.06.2026 tarihinde sonuçlandırılacaktır."),
        (("request_documents",), "Başvurunuz için eksik belgelerinizi bekliyoruz."),
        (("resolve",), "Başvurunuz olumlu sonuçlandırılmıştır."),
        (("resolve", "callback", "close"), "Başvurunuz olumlu sonuçlandırılmıştır."),
        (("resolve", "reopen"), "Başvurunuz işlemdedir. En geç 01.06.2026 tarihinde sonuçlandırılacaktır."),
        (("withdraw",), "Başvurunuzdan vazgeçtiğiniz kaydedilmiştir."),
    ],
)
async def test_each_state_has_its_sentence(
    desk: Desk, citizen: AsyncClient, path: tuple[str, ...], expected: str
) -> None:
    number = await desk.open(VISIT)
    await desk.run_all(number, *path)
    assert await message(citizen, number) == expected


@pytest.mark.parametrize(
    ("resolution", "expected"),
    [
        ({"outcome": "partial"}, "Başvurunuz kısmen olumlu sonuçlandırılmıştır."),
        (
            {"outcome": "negative", "reason": "Özel mülkiyet", "remedy": "administrative_court"},
            "Başvurunuz olumsuz sonuçlandırılmıştır; gerekçesi tarafınıza bildirilir.",
        ),
        (
            {"outcome": "forwarded_out", "forwarded_to": "İSKİ"},
            "Başvurunuz, görev alanı nedeniyle ilgili kuruma iletilmiştir.",
        ),
        (
            {"outcome": "not_examined", "reason": "Konusu belirsiz"},
            "Başvurunuz işleme alınamamıştır; gerekçesi tarafınıza bildirilir.",
        ),
    ],
)
async def test_each_outcome_has_its_sentence(
    desk: Desk, citizen: AsyncClient, resolution: dict[str, str], expected: str
) -> None:
    number = await desk.open()
    await desk.run(number, "resolve", resolution)
    assert await message(citizen, number) == expected


async def test_a_duplicate_has_its_sentence(desk: Desk, citizen: AsyncClient) -> None:
    number = await desk.open()
    await desk.run(number, "link_duplicate", {"duplicate_of": await desk.open()})
    assert await message(citizen, number) == "Aynı konudaki başvurunuzla birleştirilmiştir."


async def test_a_promise_that_waits_for_papers_names_no_date(desk: Desk, citizen: AsyncClient) -> None:
    number = await desk.open(ATTORNEY_VISIT)
    response = (await ask(citizen, number)).json()
    assert (response["message"], response["due_at"]) == ("Başvurunuz için eksik belgelerinizi bekliyoruz.", None)


async def test_a_limit_that_is_past_is_admitted_before_and_after_the_sweep(desk: Desk, citizen: AsyncClient) -> None:
    """B71: a date that is over is never shown as one to come."""
    number = await desk.open(CALL, applicant=CITIZEN)
    desk.clock.set(datetime(2026, 6, 2, 0, 0, tzinfo=ISTANBUL))
    assert await message(citizen, number) == "Başvurunuzun süresi dolmuştur."
    await sweep(desk.container)
    late = "Başvurunuzun süresi dolmuştur; gecikme ilgili müracaat yerine bildirilmiştir."
    assert await message(citizen, number) == late
