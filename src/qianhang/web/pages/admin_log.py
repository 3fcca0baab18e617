"""The audit log: who did what when, verified on demand, to take away as JSON lines."""

from __future__ import annotations

from fastapi.responses import HTMLResponse
from starlette.responses import Response, StreamingResponse

from qianhang.access import ROOT, administration, organisations
from qianhang.runs import journal
from qianhang.store import Check
from qianhang.web.asked import Asked, Who
from qianhang.web.pages.admin import admin_page, mine
from qianhang.web.routes import Pages
from qianhang.web.views import log_facts
from qianhang.web.views.settings import administers_platform

__all__ = ["routes"]

routes = Pages("/admin/log")
_PAGE, _ACCESS = 50, "access."


@routes.get("", "administrator")
def log(ask: Who) -> HTMLResponse:
    """Records of access, or of everything, newest first."""
    return _log(ask)


@routes.post("/verify", "administrator")
def verifies(ask: Who) -> HTMLResponse:
    """The whole chain, recomputed."""
    ask.who.require("administrator", ROOT)
    return _log(ask, check=ask.store.verify())


@routes.get("/download", "administrator")
def download(ask: Who) -> Response:
    """Every record that the reader may see, one JSON object a line."""
    lines = journal.lines(ask.store, mine(ask), whole=administers_platform(ask))
    headers = {
        "Content-Disposition": 'attachment; filename="qianhang-log.jsonl"',
        "Cache-Control": "no-store",
    }
    return StreamingResponse(lines, media_type="application/x-ndjson", headers=headers)


def _log(ask: Asked, *, check: Check | None = None) -> HTMLResponse:
    whole, orgs = administers_platform(ask), mine(ask)
    everything = whole and ask.query("what") == "all"
    known = journal.kinds(ask.store)
    choices = [k for k in known if everything or k.startswith(_ACCESS)]
    kind = ask.query("kind") if ask.query("kind") in choices else ""
    before = ask.query("before")
    found = journal.page(
        ask.store, orgs, whole=whole, kind=kind or ("" if everything else _ACCESS),
        before=int(before) if before.isdecimal() and len(before) < 16 else None, limit=_PAGE + 1,
    )  # fmt: skip
    shown = found[:_PAGE]
    names = {o.id: o.name for o in organisations.organisations(ask.store) if o.id in orgs}
    names |= administration.names(ask.store, {n for one in shown for n in (one.by, one.subject)})
    return admin_page(
        ask,
        "log",
        tab="log",
        lines=shown,
        more=shown[-1].seq if len(found) > _PAGE else 0,
        whole=whole,
        what="all" if everything else "access",
        kind=kind,
        kinds=choices,
        names=names,
        check=check,
        facts=log_facts.facts,
        kind_words=log_facts.kind_words,
        way_words=log_facts.way_words,
        subject_words=log_facts.subject_words,
    )
