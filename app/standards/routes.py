"""The published table over HTTP, as it is applied to new tickets."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path

from app.access.dependencies import needs
from app.access.scopes import Scope
from app.core.dependencies import Reading, problems
from app.core.errors import NotFound
from app.standards.dependencies import CurrentRules
from app.standards.queries import loaded_at
from app.standards.schemas import (
    CatalogueAnswer,
    ExternalBodyAnswer,
    NeighbourhoodAnswer,
    NeighbourhoodsAnswer,
    ServiceAnswer,
    UnitAnswer,
    UnitsAnswer,
)

catalogue = APIRouter(
    prefix="/v1/catalogue",
    tags=["catalogue"],
    dependencies=[Depends(needs(Scope.CATALOGUE_READ))],
    responses=problems(401, 403, 503),
)


@catalogue.get("", summary="The whole published table")
async def read_catalogue(rules: CurrentRules, session: Reading) -> CatalogueAnswer:
    """Every service with its literal words, its limit and documents, the laws beside it, and both application offices.

    New tickets get the limits of this version; tickets that run keep those of the version they were opened under.
    """
    version = rules.catalogue_version_id
    return CatalogueAnswer.of(rules.catalogue, version=version, loaded_at=await loaded_at(session, version))


@catalogue.get("/services/{code}", summary="One service", responses=problems(404, 422))
async def read_service(
    code: Annotated[str, Path(max_length=60, examples=["call-center"])], rules: CurrentRules
) -> ServiceAnswer:
    """One row of the published table with its limit, documents and what starts its clock."""
    service = rules.catalogue.service(code)
    if service is None:
        raise NotFound
    return ServiceAnswer.of(service)


@catalogue.get("/units", summary="Directorates, and bodies outside")
async def read_units(rules: CurrentRules) -> UnitsAnswer:
    """Where a ticket can be referred to, with the words by which a unit is suggested."""
    return UnitsAnswer(
        units=[UnitAnswer.model_validate(unit) for unit in rules.catalogue.units],
        external_bodies=[ExternalBodyAnswer.model_validate(body) for body in rules.catalogue.external_bodies],
    )


@catalogue.get("/neighbourhoods", summary="Neighbourhoods")
async def read_neighbourhoods(rules: CurrentRules) -> NeighbourhoodsAnswer:
    """The neighbourhoods that a place may name, with the spellings that are understood."""
    items = [NeighbourhoodAnswer.model_validate(each) for each in rules.catalogue.neighbourhoods]
    return NeighbourhoodsAnswer(items=items)
