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
    "description": "Id or checksum of a version, or its first four or more characters",
}


@catalogue.get("", summary="The whole published table")
async def read_catalogue(rules: RulebookDep, session: ReadSessionDep) -> CatalogueOut:
    """Return every service with its literal words, limit and documents, the laws, and both application offices.

    New tickets get the limits of this version. Open tickets keep the limits of the version they were opened under.
    """
    version = rules.catalogue_version_id
    return CatalogueOut.of(rules.catalogue, version=version, loaded_at=await loaded_at(session, version))


@catalogue.get("/services/{code}", summary="One service", responses=problem_responses(404, 422))
async def read_service(
    code: Annotated[str, Path(max_length=60, examples=["call-center"])], rules: RulebookDep
) -> ServiceOut:
    """Return one row of the published table with its limit, its documents and the event that starts its clock."""
    service = rules.catalogue.service(code)
    if service is None:
        raise NotFound
    return ServiceOut.of(service)


@catalogue.get("/units", summary="Directorates, and bodies outside")
async def read_units(rules: RulebookDep) -> UnitsOut:
    """Return the directorates and external bodies for referrals, with the keywords that suggest them."""
    return UnitsOut(
        units=[UnitOut.model_validate(unit) for unit in rules.catalogue.units],
        external_bodies=[ExternalBodyOut.model_validate(body) for body in rules.catalogue.external_bodies],
    )


@catalogue.get("/neighbourhoods", summary="Neighbourhoods")
async def read_neighbourhoods(rules: RulebookDep) -> NeighbourhoodsOut:
    """Return the neighbourhoods that a place may name, with their aliases."""
    items = [NeighbourhoodOut.model_validate(each) for each in rules.catalogue.neighbourhoods]
    return NeighbourhoodsOut(items=items)


@catalogue.get("/versions", summary="Versions, newest first", responses=problem_responses(422))
async def read_versions(session: ReadSessionDep, paging: PagingDep) -> VersionPage:
    """Return every loaded catalogue with its instant, newest first; the first of all applies to new tickets."""
    page = await list_versions(session, cursor=paging.cursor, page_size=paging.page_size)
    paging.set_next_link(page.next_cursor)
    items = [VersionOut.model_validate(version) for version in page.items]
    return VersionPage(items=items, next_cursor=page.next_cursor)


@catalogue.get("/diff", summary="Differences between two versions", responses=problem_responses(422))
async def read_diff(
    session: ReadSessionDep,
    old: Annotated[str, Query(alias="from", **_VERSION_NAME)],
    new: Annotated[str | None, Query(alias="to", **_VERSION_NAME)] = None,
) -> CatalogueDiffOut:
    """Return the changed services, limits, documents, laws, offices, units, neighbourhoods and hours.

    Old and new values are in the published words. The default of `to` is the version that applies. A change with
    `moves_deadlines` concerns new tickets: a running clock stays under its policy. It follows the calendar, though:
    changed closures and hours have `moves_open_tickets`.
    """
    before = await _version(session, old, "/from")
    after = await _current_version(session) if new is None else await _version(session, new, "/to")
    changes = diff_catalogues(before.catalogue, after.catalogue)
    return CatalogueDiffOut(
        old=VersionOut.of(before),
        new=VersionOut.of(after),
        changes=[ChangeOut.model_validate(change) for change in changes],
    )


async def _version(session: AsyncSession, prefix: str, pointer: str) -> CatalogueVersion:
    found = await versions_by_prefix(session, prefix)
    if len(found) != 1:
        raise Invalid([FieldError(pointer, "ambiguous_version" if found else "unknown_version")])
    return found[0]


async def _current_version(session: AsyncSession) -> CatalogueVersion:
    version = await current_version(session)
    if version is None:
        raise Unavailable(retry_after=30)
    return version
