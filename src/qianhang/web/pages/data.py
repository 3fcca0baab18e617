"""Data: the registered sets, where they come from, which scenarios and runs use them."""

from __future__ import annotations

from fastapi.responses import HTMLResponse
from starlette.exceptions import HTTPException

from qianhang import data as service
from qianhang.charts import number
from qianhang.core.errors import DatasetError
from qianhang.data import FileState
from qianhang.runs import shelf
from qianhang.web.asked import Asked, Who
from qianhang.web.render import page
from qianhang.web.routes import Pages
from qianhang.web.views import datasets

__all__ = ["routes"]

routes = Pages("/data")


@routes.get("", "signed")
def sets(ask: Who) -> HTMLResponse:
    """Every registered data set, searched."""
    class_ = ask.query("class") if ask.query("class") in datasets.CLASSES else ""
    return page(
        ask, "data/list.html", found=datasets.listed(ask, ask.query("q"), class_),
        total=len(datasets.every()), q=ask.query("q"), chosen=class_, classes=datasets.CLASSES,
        titles={e.id: e.title for e in shelf.entries()},
    )  # fmt: skip


@routes.get("/{name}", "signed")
def one(ask: Who, name: str) -> HTMLResponse:
    """A data set: provenance, columns, scenarios, runs."""
    return _one(ask, name)


@routes.post("/{name}/check", "data_steward")
def checks(ask: Who, name: str) -> HTMLResponse:
    """The same with every file's sum computed now."""
    found = _found(name)
    return _one(ask, name, states=service.verify(found))


def _one(ask: Asked, name: str, *, states: tuple[FileState, ...] = ()) -> HTMLResponse:
    found = _found(name)
    used = datasets.used(found)
    runs = datasets.runs_on(ask, used)
    return page(
        ask, "data/set.html", d=found, used=used, columns=datasets.columns(used), runs=runs,
        checked=next((r for r in runs if r.state == "finished"), None),
        states={s.name: s for s in states}, may=ask.who.may("data_steward"),
        where={f.name: datasets.place_of(f, found) for f in found.file},
        titles={e.id: e.title for e in shelf.entries()},
        unit=lambda name: number.unit(name, lang=ask.lang),
    )  # fmt: skip


def _found(name: str) -> service.DataSet:
    try:
        return datasets.one(name[:120])
    except DatasetError:
        raise HTTPException(404) from None
