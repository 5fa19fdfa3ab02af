"""Tracking of a complaint by the applicant, without a key."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from httpx import AsyncClient

from tests.complaints.test_complaints import ANSWER_BY, COMPLAINT, JUSTIFIED, did, made
from tests.desk import Desk
from tests.installation import opened_client
from workers.timers import sweep

REFUSED = {"outcome": "negative", "text": "Tabloda bulunan bir belgedir.", "remedy": "administrative_court"}


@pytest.fixture
async def citizen(desk: Desk, redis_url: str) -> AsyncIterator[AsyncClient]:
    """A caller without a key, and with no attempts counted yet."""
    assert redis_url
    async with opened_client(desk.app) as client:
        yield client


async def asked(citizen: AsyncClient, number: str, digits: str = "0067") -> dict[str, Any]:
    answer = await citizen.post("/v1/tracking", json={"number": number, "phone_last_four": digits})
    return {"status_code": answer.status_code, **answer.json()}


@pytest.mark.parametrize("spelled", ["{}", "s {}", "S-{}"])
async def test_a_complaint_is_followed_by_its_number_however_it_was_written_down(
    desk: Desk, citizen: AsyncClient, spelled: str
) -> None:
    number = (await made(desk))["number"]
    found = await asked(citizen, spelled.format(number if spelled == "{}" else number[1:]))
    assert (found["status_code"], found["number"]) == (200, number)
    assert found["service_name"] == "Hizmet Standartları Tablosu kapsamında şikâyet"
    assert found["message"] == "Şikâyetiniz incelenmektedir. En geç 11.06.2026 tarihinde cevaplandırılacaktır."
    assert (await asked(citizen, number, "0068"))["status_code"] == 404


@pytest.mark.parametrize(
    ("command", "body", "words"),
    [
        ("answer", JUSTIFIED, "Şikâyetiniz haklı bulunmuş ve cevaplandırılmıştır."),
        ("answer", REFUSED, "Şikâyetiniz haklı bulunmamıştır; gerekçesi tarafınıza bildirilir."),
        ("withdraw", None, "Şikâyetinizi geri aldığınız kaydedilmiştir."),
    ],
)
async def test_the_end_of_a_complaint_is_shown(
    desk: Desk, citizen: AsyncClient, command: str, body: Any, words: str
) -> None:
    number = (await made(desk))["number"]
    await did(desk, number, command, body)
    assert (await asked(citizen, number))["message"] == words


async def test_an_answer_that_is_late_is_called_late(desk: Desk, citizen: AsyncClient) -> None:
    number = (await made(desk, **COMPLAINT))["number"]
    desk.clock.set(ANSWER_BY)
    desk.clock.advance(microseconds=1)
    assert (await asked(citizen, number))["message"] == "Şikâyetinizin cevap süresi dolmuştur."
    await sweep(desk.container)
    assert (await asked(citizen, number))["message"].endswith("gecikme İkinci Müracaat Yerine bildirilmiştir.")
