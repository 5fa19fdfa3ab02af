"""The catalogue over HTTP: the published words beside what they are understood to mean."""

from collections.abc import Awaitable, Callable

import pytest
from httpx import AsyncClient

from app.standards.catalogue import load_catalogue
from tests.installation import ESENLER

Callers = Callable[..., Awaitable[AsyncClient]]
CATALOGUE = load_catalogue(ESENLER)


async def test_the_catalogue_shows_every_service_with_its_literal_words(client_as: Callers) -> None:
    shown = (await (await client_as("mobile-app")).get("/v1/catalogue")).json()
    assert [service["name"] for service in shown["services"]] == [service.name for service in CATALOGUE.services]
    assert [service["limit"]["printed"] for service in shown["services"]] == [
        service.limit_text for service in CATALOGUE.services
    ]
    assert shown["closing"] == CATALOGUE.closing
    assert shown["municipality"]["call_line"] == "444 00 73"
    assert {regime["code"]: regime["limit"]["understood"] for regime in shown["regimes"]} == {
        "law_3071": "30 gün",
        "law_4982": "15 iş günü",
    }


async def test_a_limit_that_a_person_settled_says_so(client_as: Callers) -> None:
    """“10 D” is shown as printed, as understood, and as settled by the row override."""
    shown = (await (await client_as("desk")).get("/v1/catalogue/services/hospitality")).json()
    assert shown["limit"] == {
        "printed": "10 D",
        "understood": "10 dakika",
        "amount": 10,
        "unit": "minute",
        "source": "row_override",
    }


async def test_documents_come_with_the_conditions_under_which_they_may_be_asked_for(client_as: Callers) -> None:
    shown = (await (await client_as("desk")).get("/v1/catalogue/services/solution-desk")).json()
    documents = {document["code"]: document["when"] for document in shown["documents"]}
    assert documents["power_of_attorney"] == ["attorney"]
    assert shown["clock_start"] == "documents_complete"


async def test_both_offices_show_every_printed_field(client_as: Callers) -> None:
    """A blank fax stays blank, and the telephone keeps its extension."""
    shown = (await (await client_as("developer")).get("/v1/catalogue")).json()["offices"]
    assert [office["level"] for office in shown] == [1, 2]
    first, second = shown
    assert (first["phone"], first["phone_number"], first["phone_extension"]) == (
        "444 00 73/1010",
        "444 00 73",
        "1010",
    )
    assert second["fax"] == ""
    assert {"label": "Faks", "value": ""} in second["printed"]
    for office, known in zip(shown, CATALOGUE.offices, strict=True):
        assert [(field["label"], field["value"]) for field in office["printed"]] == list(known.printed.printed)


async def test_units_and_neighbourhoods_are_listed(client_as: Callers) -> None:
    caller = await client_as("call-centre")
    units = (await caller.get("/v1/catalogue/units")).json()
    assert [unit["code"] for unit in units["units"]] == [unit.code for unit in CATALOGUE.units]
    assert "iski" in {body["code"] for body in units["external_bodies"]}
    places = (await caller.get("/v1/catalogue/neighbourhoods")).json()["items"]
    renamed = {place["name"]: (place["valid_from"], place["valid_to"]) for place in places}
    assert renamed["Atışalanı"] == ("2024-09-06", None)
    assert renamed["Havaalanı"] == (None, "2024-09-06")


async def test_an_unknown_service_is_not_found(client_as: Callers) -> None:
    answer = await (await client_as("desk")).get("/v1/catalogue/services/no-such")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("path", ["", "/services/cimer", "/units", "/neighbourhoods"])
async def test_the_catalogue_needs_a_key(client: AsyncClient, path: str) -> None:
    assert (await client.get(f"/v1/catalogue{path}")).status_code == 401
