"""What-if studies: asked for with files or with what the network knows, listed, read with plots."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from fastapi import File, Form, UploadFile
from pydantic import Json
from starlette.responses import Response

from qianhang.charts import Axis, Chart
from qianhang.compute.flavour import flavours
from qianhang.core.errors import UsageError
from qianhang.core.manifest import Words as Said
from qianhang.runs.studies import desk
from qianhang.runs.studies.carrier import SHARES
from qianhang.web import sheets, words
from qianhang.web.api import study_shapes as shapes
from qianhang.web.api.paging import Cursor, Limit, sliced
from qianhang.web.api.shapes import finite
from qianhang.web.api.shapes import words as both
from qianhang.web.api.study_shapes import StudyId
from qianhang.web.asked import Asked, Who
from qianhang.web.attached import named_file
from qianhang.web.pages.whatif import STUDENTS, kept_file, may_study, put
from qianhang.web.routes import Endpoints
from qianhang.web.views import studies
from qianhang.web.views.studied import KNOBS

__all__ = ["routes"]

routes = Endpoints("/whatif", tag="whatif")
# An id begins with its time: so turned, the newest comes first.
_BACK = str.maketrans("0123456789abcdef", "fedcba9876543210")


@routes.get("", "signed")
def list_studies(ask: Who, limit: Limit = 50, cursor: Cursor = "") -> shapes.Studies:
    """The newest 200 studies of the organisations that the reader covers."""
    found = desk.listed(ask.store, ask.who.covers, limit=200)
    rows, more = sliced(found, cursor, limit=limit, key=lambda one: (one.id.translate(_BACK),))
    return shapes.Studies(items=[shapes.Study(**_plain(ask, one)) for one in rows], next=more)


@routes.post("", *STUDENTS, scope="run", status_code=202)
def ask_study(
    ask: Who,
    study: Annotated[
        Json[shapes.NewStudy],
        Form(description="NewStudy as JSON text", examples=['{"green_fen_kwh": 60}']),
    ],
    trace: Annotated[
        UploadFile | None, File(description="A log of jobs: CSV, Parquet or SWF")
    ] = None,
    pools: Annotated[UploadFile | None, File(description="Pools as TOML")] = None,
) -> shapes.Study:
    """A study begun: a form of `study` (NewStudy as JSON) and, if wanted, `trace` and `pools`."""
    org = study.org or ask.who.account.org
    may_study(ask, org)
    spec = {
        "first": study.first, "movable": study.movable, "changes": _changes(study),
        "trace": kept_file(ask, trace, "trace", org=org, earlier=study.trace_of),
        "pools": kept_file(ask, pools, "pools", org=org, earlier=study.pools_of),
    }  # fmt: skip
    made = put(ask, spec, title=study.title, org=org)
    return shapes.Study(**_plain(ask, made))


@routes.get("/{study}", "signed")
def get_study(ask: Who, study: StudyId) -> shapes.StudyDetail:
    """One study: how far it is, then its figures and the numbers of its plots."""
    found = desk.find(ask.store, study, orgs=ask.who.covers)
    cases = studies.cases(found)
    return shapes.StudyDetail(
        **_plain(ask, found), shares=list(SHARES), plots=_plots(cases),
        cases=[
            shapes.StudyCase(
                name=both(c.name), figures=finite(dict(c.figures)), cost=finite(dict(c.cost)),
                waits=finite(list(c.waits)),
            )
            for c in cases
        ],
    )  # fmt: skip


@routes.get(
    "/{study}/{table}/{kind}",
    "signed",
    response_class=Response,
    responses={200: {"content": {m.partition(";")[0]: {} for m in sheets.KINDS.values()}}},
)
def download_study(
    ask: Who, study: StudyId, *, table: Literal["figures", "waits"], kind: Literal["csv", "xlsx"],
    lang: Literal["zh", "en"] = "zh",
) -> Response:  # fmt: skip
    """Every figure of every case, or the waits of every case, as a file."""
    found = desk.find(ask.store, study, orgs=ask.who.covers)
    cases = studies.cases(found)
    if not cases:
        raise UsageError("QH804", f"study {found.id} has no figures yet")
    made = studies.table(cases) if table == "figures" else studies.charts(cases)[0].table
    title = words.say("whatif.result" if table == "figures" else "whatif.waits", lang=lang)
    content = sheets.sheet_of(made, kind=kind, lang=lang, title=title)
    return named_file(content, sheets.KINDS[kind], f"whatif-{table}-{found.id}.{kind}")


def _changes(wanted: shapes.NewStudy) -> list[dict[str, Any]]:
    """The cases that are asked for, as `carrier` takes them.

    Raises UsageError for a chip or knob that nobody knows, and where nothing is to change.
    """
    made: list[dict[str, Any]] = [{"kind": "more", **_more(one)} for one in wanted.more]
    if wanted.knobs:
        made.append({"kind": "policy", "knobs": {n: _knob(n, v) for n, v in wanted.knobs.items()}})
    made += [{"kind": "down", "pool": name} for name in wanted.down]
    if wanted.green_fen_kwh is not None:
        made.append({"kind": "green", "power_fen_kwh": wanted.green_fen_kwh})
    if not made:
        raise UsageError("QH880", "no change was asked for: expected more, knobs, down or green")
    return made


def _more(wanted: shapes.NewStudyPool) -> dict[str, Any]:
    if wanted.flavour not in flavours():
        raise UsageError(
            "QH880", f"more.flavour: found {wanted.flavour[:40]!r}, expected one that is known"
        )
    return wanted.model_dump()


def _knob(name: str, value: float) -> float:
    low, high, factor = KNOBS.get(name, (1.0, 0.0, 1.0))
    if not low * factor <= value <= high * factor:
        known = ", ".join(f"{n} {a * f:g} to {b * f:g}" for n, (a, b, f) in KNOBS.items())
        raise UsageError("QH880", f"knobs: found {name[:40]!r} {value:g}, expected {known}")
    return value


def _plain(ask: Asked, found: desk.Study) -> dict[str, Any]:
    spec = found.spec
    shown = {n: (spec[n] or {}).get("shown", "") for n in ("trace", "pools")}
    error = shapes.StudyError(**found.error) if found.error else None
    told = ("id", "org", "account", "title", "asked", "ended")
    return {
        **{n: getattr(found, n) for n in told}, "state": found.state_at(ask.now),
        "first": spec["first"], "movable": spec["movable"], "files": shapes.StudyFiles(**shown),
        "changes": spec["changes"], "error": error,
    }  # fmt: skip


def _plots(cases: Sequence[studies.Case]) -> list[shapes.StudyPlot]:
    return [_plot(chart) for chart in studies.charts(cases)] if cases else []


def _plot(found: Chart) -> shapes.StudyPlot:
    series = [
        shapes.StudySeries(name=both(s.name), x=list(s.x), y=finite(list(s.y)))
        for s in found.series
    ]
    return shapes.StudyPlot(
        title=both(found.title), kind=found.kind, x=_axis(found.x), y=_axis(found.y),
        series=series, source=both(found.source or Said("", "")),
    )  # fmt: skip


def _axis(found: Axis) -> shapes.StudyAxis:
    names = [both(one) for one in found.categories]
    return shapes.StudyAxis(name=both(found.name), unit=found.unit, categories=names)
