"""The signatory of a letter to the applicant: the official of the first office that day, unless it is the matter."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from app.notices.model import Notice
from app.standards.catalogue import load_catalogue
from app.standards.values import Deputy
from tests.bugs.conftest import own_desk
from tests.bugs.steps import load
from tests.desk import INFORMATION, REFUSAL, VISIT, Desk
from tests.installation import ESENLER

__all__ = ["own_desk"]

HEAD = load_catalogue(ESENLER).office(1).printed.name
LETTERS: dict[str, tuple[dict[str, Any], str, Any]] = {
    "resolution": (VISIT, "resolve", REFUSAL),
    "extension": (INFORMATION, "extend", None),
    "missing_documents": (VISIT, "request_documents", None),
}
"""Kind → the request, and the command with its body that sends the applicant a letter."""


async def signatory(desk: Desk, kind: str, **other: Any) -> Any:
    """Who signs the letter of a new ticket."""
    given, command, body = LETTERS[kind]
    number = await desk.open({**given, **other})
    await desk.run(number, command, body)
    async with desk.container.database.reading() as session:
        found = select(Notice.payload).where(Notice.kind == kind, Notice.payload["number"].astext == number)
        return (await session.scalars(found)).one()["signatory"]


@pytest.mark.parametrize("kind", LETTERS)
async def test_the_head_of_the_first_office_signs(desk: Desk, kind: str) -> None:
    assert (await signatory(desk, kind))["official"] == HEAD


@pytest.mark.parametrize("kind", LETTERS)
async def test_no_official_signs_in_a_matter_about_themselves(desk: Desk, kind: str) -> None:
    assert await signatory(desk, kind, about_first_office=True) is None


async def test_the_deputy_signs_while_the_head_is_on_leave(own_desk: Desk) -> None:
    """`START` is on 12 May in Istanbul."""
    table = load_catalogue(ESENLER)
    leave = Deputy("Örnek Vekil", "Halkla İlişkiler Müdürü V.", None, date(2026, 5, 12), date(2026, 5, 12))
    offices = tuple(replace(one, deputies=(leave,)) if one.printed.level == 1 else one for one in table.offices)
    await load(own_desk, replace(table, offices=offices, sha256="0" * 64))
    for kind in LETTERS:
        signs = await signatory(own_desk, kind)
        assert (signs["official"], signs["title"]) == ("Örnek Vekil", "Halkla İlişkiler Müdürü V.")
