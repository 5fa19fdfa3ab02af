"""The catalogue over HTTP: the published words beside their meaning."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from httpx import AsyncClient

from app.container import Container
from app.standards.catalogue import load_catalogue
from app.standards.service import store_catalogue
from app.standards.values import Catalogue
from tests.installation import ESENLER, START

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


async def test_documents_come_with_the_conditions_under_which_they_may_be_requested(client_as: Callers) -> None:
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


@pytest.mark.parametrize("path", ["", "/services/cimer", "/units", "/neighbourhoods", "/versions", "/diff?from=0000"])
async def test_the_catalogue_needs_a_key(client: AsyncClient, path: str) -> None:
    assert (await client.get(f"/v1/catalogue{path}")).status_code == 401


# ── versions ──


def edition(number: int) -> Catalogue:
    """A catalogue whose call line ends in that number."""
    municipality = replace(CATALOGUE.municipality, call_line=f"444 00 {number}")
    return replace(CATALOGUE, municipality=municipality, sha256=f"{number}" * 32)


async def load(container: Container, *catalogues: Catalogue) -> None:
    for days, catalogue in enumerate(catalogues, start=1):
        async with container.database.transaction() as session:
            await store_catalogue(session, catalogue, now=START + timedelta(days=days))


async def test_versions_are_listed_newest_first_page_by_page(client_as: Callers, container: Container) -> None:
    await load(container, edition(11), edition(12))
    caller = await client_as("ops")
    whole = (await caller.get("/v1/catalogue/versions")).json()
    assert [each["sha256"] for each in whole["items"]] == ["12" * 32, "11" * 32, CATALOGUE.sha256]
    assert [each["services"] for each in whole["items"]] == [9, 9, 9]
    assert whole["items"][0]["loaded_at"] == "2026-05-14T07:00:00Z"
    answer = await caller.get("/v1/catalogue/versions?limit=2")
    rest = (await caller.get(answer.links["next"]["url"])).json()
    assert answer.json()["items"] + rest["items"] == whole["items"]
    assert rest["next_cursor"] is None


async def test_two_versions_are_compared_in_the_words_that_were_published(
    client_as: Callers, container: Container
) -> None:
    await load(container, edition(11), edition(12))
    caller = await client_as("ops")
    shown = (await caller.get("/v1/catalogue/diff", params={"from": CATALOGUE.sha256[:8], "to": "1111"})).json()
    assert (shown["old"]["sha256"], shown["new"]["sha256"]) == (CATALOGUE.sha256, "11" * 32)
    expected = {
        "kind": "changed",
        "subject": "municipality",
        "code": "",
        "field": "call_line",
        "old": "444 00 73",
        "new": "444 00 11",
        "moves_deadlines": False,
        "moves_open_tickets": False,
    }
    assert shown["changes"] == [expected]
    by_id = (await caller.get("/v1/catalogue/diff", params={"from": shown["new"]["id"]})).json()
    assert [(each["old"], each["new"]) for each in by_id["changes"]] == [("444 00 11", "444 00 12")]
    same = (await caller.get("/v1/catalogue/diff", params={"from": "1212"})).json()
    assert same["changes"] == []


@pytest.mark.parametrize(
    ("wanted", "pointer", "code"),
    [
        ({}, "/from", "missing"),
        ({"from": "abc"}, "/from", "too_short"),
        ({"from": "latest!"}, "/from", "characters"),
        ({"from": "ffffffff"}, "/from", "unknown_version"),
        ({"from": "1111", "to": "ffffffff"}, "/to", "unknown_version"),
        ({"from": "2222"}, "/from", "ambiguous_version"),
    ],
)
async def test_an_ambiguous_or_unknown_version_is_an_error(
    client_as: Callers, container: Container, wanted: dict[str, str], pointer: str, code: str
) -> None:
    await load(container, edition(11), edition(22), replace(edition(22), sha256="2222" + "0" * 60))
    answer = await (await client_as("ops")).get("/v1/catalogue/diff", params=wanted)
    assert answer.status_code == 422
    assert [(each["pointer"], each["code"]) for each in answer.json()["errors"]] == [(pointer, code)]
