"""The registered public data sets."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Path, Query
from pydantic import BaseModel, Field

from qianhang.core.errors import UsageError
from qianhang.core.manifest import Words as Both
from qianhang.data import DataSet, verify
from qianhang.web.api.paging import Cursor, Limit, Page, sliced
from qianhang.web.api.shapes import Words, words
from qianhang.web.asked import Who
from qianhang.web.routes import Endpoints
from qianhang.web.views import datasets as views

__all__ = ["Datasets", "found_datasets", "routes"]

routes = Endpoints("/datasets", tag="datasets")
Name = Annotated[str, Path(max_length=120, examples=["coal-ash-robena"])]


class DatasetFile(BaseModel):
    """One file of a data set."""

    name: str = Field(description="Input that it fills; table is the main one")
    reader: str = Field(description="How it is read", examples=["csv"])
    sha256: list[str] = Field(description="Sums that it may have")
    size: int = Field(description="bytes; 0 where not known")


class DatasetColumn(BaseModel):
    """What a column of the source holds."""

    title: Words | None
    unit: str


class Dataset(BaseModel):
    """A registered data set: source, licence, files."""

    name: str = Field(examples=["coal-ash-robena"])
    title: Words
    source: list[str] = Field(description="Where it is published")
    licence: str
    licence_class: str = Field(description="C clean, R research, N non-commercial, G copyleft")
    citation: str
    twin: bool = Field(description="Whether it comes from a simulator")
    size: int = Field(description="bytes of all files")
    files: list[DatasetFile]
    columns: dict[str, DatasetColumn]


class DatasetUse(BaseModel):
    """A scenario that uses the data set."""

    scenario: str = Field(examples=["energy.load_forecast"])
    cases: list[str] = Field(description="In which it does")


class DatasetDetail(Dataset):
    """A data set with where its files are, and what uses it."""

    places: dict[str, str] = Field(
        description="File -> here, package, remote or by_hand", examples=[{"table": "here"}]
    )
    scenarios: list[DatasetUse]
    runs: list[str] = Field(description="Ids of the newest runs on it that the reader may see")


class FileVerified(BaseModel):
    """One file as it lies here."""

    name: str
    state: str = Field(description="ok, absent or spoilt", examples=["ok"])
    found: str = Field(description="The sum that was found where it is spoilt")


class DatasetVerified(BaseModel):
    """Whether a data set is here as it was published."""

    name: str
    whole: bool
    files: list[FileVerified]


class Datasets(Page):
    """A page of data sets, by name."""

    items: list[Dataset]


@routes.get("", "signed")
def list_datasets(
    _: Who,
    *,
    q: Annotated[str, Query(max_length=200, description="Words of name or title")] = "",
    licence_class: Annotated[
        Literal["C", "R", "N", "G", ""], Query(description="Only of this class")
    ] = "",
    limit: Limit = 50,
    cursor: Cursor = "",
) -> Datasets:
    """The registered data sets."""
    return found_datasets(q, licence_class, limit=limit, cursor=cursor)


@routes.get("/{name}", "signed")
def get_dataset(ask: Who, name: Name) -> DatasetDetail:
    """One data set: provenance, where its files are, the scenarios and runs that use it."""
    found = _found(name)
    used = views.used(found)
    return DatasetDetail(
        **_shape(found).model_dump(),
        places={f.name: views.place_of(f, found) for f in found.file},
        scenarios=[DatasetUse(scenario=u.entry.id, cases=list(u.cases)) for u in used],
        runs=[line.id for line in views.runs_on(ask, used)],
    )


@routes.post("/{name}/verification", "data_steward", scope="data")
def verify_dataset(_: Who, name: Name) -> DatasetVerified:
    """Every file's sum computed now, beside those that it may have."""
    states = verify(_found(name))
    return DatasetVerified(
        name=name,
        whole=all(s.state == "ok" for s in states),
        files=[FileVerified(name=s.name, state=s.state, found=s.found) for s in states],
    )


def found_datasets(q: str, licence_class: str, *, limit: int, cursor: str) -> Datasets:
    """A page of the data sets whose words hold every word of `q`."""
    asked = q.lower().split()
    found = [
        d
        for d in views.every()
        if all(w in _text(d) for w in asked) and licence_class in ("", d.licence_class)
    ]
    page, next_ = sliced(found, cursor, limit=limit, key=lambda d: (d.name,))
    return Datasets(items=[_shape(d) for d in page], next=next_)


def _found(name: str) -> DataSet:
    for found in views.every():
        if found.name == name:
            return found
    raise UsageError("QH862", f"no data set {name!r} here")


def _text(found: DataSet) -> str:
    return f"{found.name} {found.title.zh} {found.title.en}".lower()


def _shape(found: DataSet) -> Dataset:
    plain = ("name", "licence", "licence_class", "citation", "twin", "size")
    return Dataset(
        **{name: getattr(found, name) for name in plain},
        title=words(found.title),
        source=[found.source] if isinstance(found.source, str) else list(found.source),
        files=[
            DatasetFile(name=f.name, reader=f.reader, sha256=list(f.sums), size=f.size)
            for f in found.file
        ],
        columns={
            name: DatasetColumn(title=_title(note.title), unit=note.unit)
            for name, note in found.columns.items()
        },
    )


def _title(found: Both | None) -> Words | None:
    return words(found) if found else None
