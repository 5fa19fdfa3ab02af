"""The schemas of the catalogue: the literal words of the published table beside their meaning."""

from datetime import date
from typing import Self
from uuid import UUID

from pydantic import AwareDatetime, Field

from app.core.schema import ResponseModel
from app.domain.terms import PauseReason, Regime
from app.sla.limit import Limit, Unit
from app.standards.diff import ChangeKind, ChangeSubject
from app.standards.model import CatalogueVersion
from app.standards.values import (
    ApplicationOffice,
    Catalogue,
    Channel,
    ClockStart,
    DocumentCondition,
    IntakeFact,
    LimitSource,
    RegimeRules,
    Service,
    StatutoryWhen,
)


class LimitOut(ResponseModel):
    """A limit: the printed words, if any, and their meaning."""

    printed: str | None = Field(None, examples=["15 GÜN"], description="Literal; null for a limit of law")
    understood: str = Field(examples=["15 gün"], description="In Turkish, as notices print it")
    amount: int = Field(examples=[15], description="0 for `immediate`")
    unit: Unit = Field(examples=["calendar_day"])
    source: LimitSource | None = Field(None, examples=["printed"], description="`row_override`: settled by a person")

    @classmethod
    def of(cls, limit: Limit, *, printed: str | None = None, source: LimitSource | None = None) -> Self:
        """Return the schema of a limit."""
        return cls(printed=printed, understood=limit.describe_tr(), amount=limit.amount, unit=limit.unit, source=source)


class PublishedDocument(ResponseModel):
    """A document of the published list; no other document may be requested."""

    code: str = Field(examples=["id_card"])
    label: str = Field(examples=["Kimlik belgesi"])
    when: list[DocumentCondition] = Field(examples=[["identity_bound"]], description="Required if any of these is met")
    accepts: list[str] = Field(examples=[["Nüfus cüzdanı", "Sürücü belgesi"]], description="Documents accepted for it")
    store_copy: bool = Field(examples=[False], description="true: a copy may be stored")


class RegimeOut(ResponseModel):
    """A limit of law that runs beside the promise."""

    code: Regime = Field(examples=["law_4982"])
    law: str = Field(examples=["4982 sayılı Bilgi Edinme Hakkı Kanunu, madde 11"])
    limit: LimitOut
    extended_to: LimitOut | None = Field(None, description="The whole limit after an extension, if the law allows one")

    @classmethod
    def of(cls, regime: RegimeRules) -> Self:
        """Return the schema of a regime."""
        longer = LimitOut.of(regime.extended_to) if regime.extended_to else None
        return cls(code=regime.code, law=regime.law, limit=LimitOut.of(regime.limit), extended_to=longer)


class ServiceOut(ResponseModel):
    """One row of the published table."""

    code: str = Field(examples=["call-center"])
    table: int = Field(examples=[1])
    row: int = Field(examples=[5])
    heading: str = Field(examples=["HALKLA İLİŞKİLER MÜDÜRLÜĞÜ HİZMET STANDARTLARI"])
    name: str = Field(examples=["Halkla İlişkiler - ESTİM (Çağrı Merkezi)"], description="Literal")
    process_text: str = Field(
        examples=["1. Telefonla iletişim ve ıslak imza gerektirmeyen hallerde yapılan başvurular. …"],
        description="Literal",
    )
    unit_text: str | None = Field(examples=[None], description="The printed unit; null if the table has no such column")
    limit: LimitOut
    clock_start: ClockStart = Field(examples=["event_time"], description="The event that starts the promise")
    channels: list[Channel] = Field(examples=[["call-center"]], description="The channels whose default service it is")
    documents: list[PublishedDocument]
    pausable: list[PauseReason] = Field(
        examples=[["awaiting_citizen"]], description="Allowed reasons for a pause of the promise"
    )
    statutory: Regime | None = Field(examples=["law_3071"])
    statutory_when: StatutoryWhen = Field(examples=["formal"])
    requires: list[IntakeFact] = Field(examples=[["phone_call"]])
    refuses: list[IntakeFact] = Field(examples=[["wet_signature"]])
    accepts_new: bool = Field(examples=[True], description="false: historical records only")
    closed_on: date | None = Field(examples=[None])

    @classmethod
    def of(cls, service: Service) -> Self:
        """Return the schema of a service."""
        limit = LimitOut.of(service.limit, printed=service.limit_text, source=service.limit_source)
        documents = [PublishedDocument.model_validate(document) for document in service.documents]
        alike = set(cls.model_fields) - {"limit", "documents"}
        return cls(limit=limit, documents=documents, **{name: getattr(service, name) for name in alike})


class PrintedField(ResponseModel):
    """One printed label with its value; a blank value is `""`."""

    label: str = Field(examples=["Faks"])
    value: str = Field(examples=[""])


class DeputyOut(ResponseModel):
    """The deputy of the head of an office."""

    name: str = Field(examples=["Örnek Vekil"])
    job_title: str = Field(examples=["Müdür V."])
    valid_from: date | None = Field(examples=["2026-07-01"])
    valid_to: date | None = Field(examples=["2026-07-15"])


class OfficeOut(ResponseModel):
    """An application office (müracaat yeri): 1 is the first, 2 the second."""

    level: int = Field(examples=[1])
    place: str = Field(examples=["Halkla İlişkiler Müdürlüğü"])
    name: str = Field(examples=["Örnek Görevli"])
    job_title: str = Field(examples=["Halkla İlişkiler Müdürü"])
    address: str = Field(examples=["Örnek Mah. Örnek Cad. No: 1 Esenler/İSTANBUL"])
    phone: str = Field(examples=["444 00 73/1010"], description="As printed")
    phone_number: str = Field(examples=["444 00 73"])
    phone_extension: str = Field(examples=["1010"])
    fax: str = Field(examples=[""], description='"" if printed blank')
    email: str = Field(examples=["ornek@esenler.bel.tr"])
    printed: list[PrintedField] = Field(description="Every printed field, in its order")
    unit: str | None = Field(examples=["public-relations"])
    valid_from: date | None = Field(examples=[None])
    valid_to: date | None = Field(examples=[None])
    deputies: list[DeputyOut]

    @classmethod
    def of(cls, office: ApplicationOffice) -> Self:
        """Return the schema of an office."""
        words = ("level", "place", "name", "job_title", "address", "phone", "phone_number", "phone_extension")
        return cls(
            **{word: getattr(office.printed, word) for word in (*words, "fax", "email")},
            printed=[PrintedField(label=label, value=value) for label, value in office.printed.printed],
            unit=office.unit,
            valid_from=office.valid_from,
            valid_to=office.valid_to,
            deputies=[DeputyOut.model_validate(deputy) for deputy in office.deputies],
        )


class MunicipalityOut(ResponseModel):
    """The name of the municipality and its contact for citizens."""

    name: str = Field(examples=["Esenler Belediyesi"])
    call_line: str = Field(examples=["444 00 73"])
    website: str = Field(examples=["esenler.bel.tr"])


class CatalogueOut(ResponseModel):
    """The published table as it is applied to new tickets."""

    version: UUID = Field(examples=["01a0c3de-0000-7000-8000-000000000000"])
    loaded_at: AwareDatetime = Field(examples=["2026-05-12T06:00:00Z"])
    sha256: str = Field(examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"])
    municipality: MunicipalityOut
    closing: str = Field(
        examples=["Başvuru esnasında yukarıda belirtilen belgelerin dışında belge istenmesi, … başvurunuz."],
        description="The literal sentence that names the offices",
    )
    services: list[ServiceOut]
    regimes: list[RegimeOut]
    offices: list[OfficeOut]

    @classmethod
    def of(cls, catalogue: Catalogue, *, version: UUID, loaded_at: AwareDatetime) -> Self:
        """Return the schema of a version."""
        return cls(
            version=version,
            loaded_at=loaded_at,
            sha256=catalogue.sha256,
            municipality=MunicipalityOut.model_validate(catalogue.municipality),
            closing=catalogue.closing,
            services=[ServiceOut.of(service) for service in catalogue.services],
            regimes=[RegimeOut.of(regime) for regime in catalogue.regimes],
            offices=[OfficeOut.of(office) for office in catalogue.offices],
        )


class UnitOut(ResponseModel):
    """A directorate (müdürlük) for referrals."""

    code: str = Field(examples=["public-works"])
    name: str = Field(examples=["Fen İşleri Müdürlüğü"])
    keywords: list[str] = Field(examples=[["kaldırım", "asfalt"]], description="Words that suggest it")
    email: str | None = Field(examples=[None])


class ExternalBodyOut(ResponseModel):
    """A body outside the municipality to which a request has to be forwarded (law 3071, article 5)."""

    code: str = Field(examples=["iski"])
    name: str = Field(examples=["İSKİ"])
    keywords: list[str] = Field(examples=[["su kesintisi"]])
    phone_line: str | None = Field(examples=["185"])


class UnitsOut(ResponseModel):
    """The directorates and external bodies for referrals."""

    units: list[UnitOut]
    external_bodies: list[ExternalBodyOut]


class NeighbourhoodOut(ResponseModel):
    """A neighbourhood with this name from `valid_from` (inclusive) to `valid_to` (exclusive)."""

    name: str = Field(examples=["Oruçreis"])
    aliases: list[str] = Field(examples=[["Oruç Reis"]], description="Other accepted spellings")
    valid_from: date | None = Field(examples=[None])
    valid_to: date | None = Field(examples=[None])


class NeighbourhoodsOut(ResponseModel):
    """The municipality's neighbourhoods, past ones included."""

    items: list[NeighbourhoodOut]


class VersionOut(ResponseModel):
    """A loaded catalogue."""

    id: UUID = Field(examples=["01a0c3de-0000-7000-8000-000000000000"])
    loaded_at: AwareDatetime = Field(examples=["2026-05-12T06:00:00Z"])
    sha256: str = Field(examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"])
    services: int = Field(examples=[9], description="Number of services")

    @classmethod
    def of(cls, version: CatalogueVersion) -> Self:
        """Return the schema of a stored version."""
        services = len(version.content["services"])
        return cls(id=version.id, loaded_at=version.loaded_at, sha256=version.sha256, services=services)


class VersionPage(ResponseModel):
    """A page of versions, newest first; the first of all applies to new tickets."""

    items: list[VersionOut]
    next_cursor: str | None = Field(
        None, examples=["WyIyMDI2LTA1LTEyVDA3OjAwOjAw"], description="Null on the last page"
    )


class ChangeOut(ResponseModel):
    """One difference between two versions."""

    kind: ChangeKind = Field(examples=["changed"])
    subject: ChangeSubject = Field(examples=["service"])
    code: str = Field(examples=["call-center"], description="Its code; for an office table and level (`1/2`)")
    field: str = Field(examples=["limit_text"], description='"" if the whole item was added or removed')
    old: str = Field(examples=["15 GÜN"], description="In the published or configured words")
    new: str = Field(examples=["10 GÜN"])
    moves_deadlines: bool = Field(examples=[False], description="true: new tickets may get another due date")
    moves_open_tickets: bool = Field(
        examples=[False], description="true for the calendar: open tickets may get another due date too"
    )


class CatalogueDiffOut(ResponseModel):
    """The differences between two versions, services first."""

    old: VersionOut
    new: VersionOut
    changes: list[ChangeOut]
