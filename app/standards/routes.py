"""The published table over HTTP, as it is applied to new tickets."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.dependencies import require_scope
from app.access.scopes import Scope
from app.core.dependencies import PagingDep, ReadSessionDep, problem_responses
from app.core.errors import FieldError, Invalid, NotFound, Unavailable
from app.standards.dependencies import RulebookDep
from app.standards.diff import diff_catalogues
from app.standards.model import CatalogueVersion
from app.standards.queries import current_version, list_versions, loaded_at, versions_by_prefix
from app.standards.schemas import (
    CatalogueDiffOut,
    CatalogueOut,
    ChangeOut,
    ExternalBodyOut,
    NeighbourhoodOut,
    NeighbourhoodsOut,
    ServiceOut,
    UnitOut,
    UnitsOut,
    VersionOut,
    VersionPage,
)

catalogue = APIRouter(
    prefix="/v1/catalogue",
    tags=["catalogue"],
    dependencies=[Depends(require_scope(Scope.CATALOGUE_READ))],
    responses=problem_responses(401, 403, 503),
)

_VERSION_NAME: dict[str, Any] = {
    "min_length": 4,
    "max_length": 64,
    "pattern": "^[0-9A-Fa-f-]+$",
    "examples": ["9f86d081"],
    "description": "Id or checksum of a version, or how it begins",
}


@catalogue.get("", summary="The whole published table")
async def read_catalogue(rules: RulebookDep, session: ReadSessionDep) -> CatalogueOut:
    """Every service with its literal words, its limit and documents, the laws beside it, and both application offices.

    New tickets get the limits of this version; tickets that run keep those of the version they were opened under.
    """
    version = rules.catalogue_version_id
    return CatalogueOut.of(rules.catalogue, version=version, loaded_at=await loaded_at(session, version))


@catalogue.get("/services/{code}", summary="One service", responses=problem_responses(404, 422))
async def read_service(
    code: Annotated[str, Path(max_length=60, examples=["call-center"])], rules: RulebookDep
) -> ServiceOut:
    """One row of the published table with its limit, documents and what starts its clock."""
    service = rules.catalogue.service(code)
    if service is None:
        raise NotFound
    return ServiceOut.of(service)


@catalogue.get("/units", summary="Directorates, and bodies outside")
async def read_units(rules: RulebookDep) -> UnitsOut:
    """Where a ticket can be referred to, with the words by which a unit is suggested."""
    return UnitsOut(
        units=[UnitOut.model_validate(unit) for unit in rules.catalogue.units],
        external_bodies=[ExternalBodyOut.model_validate(body) for body in rules.catalogue.external_bodies],
    )


@catalogue.get("/neighbourhoods", summary="Neighbourhoods")
async def read_neighbourhoods(rules: RulebookDep) -> NeighbourhoodsOut:
    """The neighbourhoods that a place may name, with the spellings that are understood."""
    items = [NeighbourhoodOut.model_validate(each) for each in rules.catalogue.neighbourhoods]
    return NeighbourhoodsOut(items=items)


@catalogue.get("/versions", summary="Versions, newest first", responses=problem_responses(422))
async def read_versions(session: ReadSessionDep, paging: PagingDep) -> VersionPage:
    """Every catalogue that was loaded and when; the first of all applies to new tickets."""
    page = await list_versions(session, cursor=paging.cursor, limit=paging.page_size)
    paging.set_next_link(page.next_cursor)
    items = [VersionOut.model_validate(version) for version in page.items]
    return VersionPage(items=items, next_cursor=page.next_cursor)


@catalogue.get("/diff", summary="What differs between two versions", responses=problem_responses(422))
async def read_diff(
    session: ReadSessionDep,
    old: Annotated[str, Query(alias="from", **_VERSION_NAME)],
    new: Annotated[str | None, Query(alias="to", **_VERSION_NAME)] = None,
) -> CatalogueDiffOut:
    """Services, limits, documents, laws, offices, units, neighbourhoods and hours, in the words that were published.

    Without `to` the version that applies. A change with `moves_deadlines` concerns new tickets: a clock that runs keeps
    the policy that it was started with. It follows the calendar, though: closures and hours have `moves_open_tickets`.
    """
    before = await _named(session, old, "/from")
    after = await _applying(session) if new is None else await _named(session, new, "/to")
    changes = diff_catalogues(before.catalogue, after.catalogue)
    return CatalogueDiffOut(
        old=VersionOut.of(before),
        new=VersionOut.of(after),
        changes=[ChangeOut.model_validate(change) for change in changes],
    )


async def _named(session: AsyncSession, beginning: str, pointer: str) -> CatalogueVersion:
    found = await versions_by_prefix(session, beginning)
    if len(found) != 1:
        raise Invalid([FieldError(pointer, "ambiguous_version" if found else "unknown_version")])
    return found[0]


async def _applying(session: AsyncSession) -> CatalogueVersion:
    version = await current_version(session)
    if version is None:
        raise Unavailable(retry_after=30)
    return version
