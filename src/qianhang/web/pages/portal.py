"""The public portal: the same for everybody, without an account, so that it may be cached."""

from __future__ import annotations

import secrets
from typing import Annotated, Any

from fastapi import Form
from fastapi.responses import RedirectResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import Response

from qianhang import data
from qianhang.charts import number as units
from qianhang.core.errors import QianhangError, UsageError
from qianhang.plan.office import printing, publishing
from qianhang.runs import shelf, showcase
from qianhang.runs.answering import LONGEST
from qianhang.runs.report.shape import metric_words
from qianhang.safety import complaints
from qianhang.web.asked import Asked, Who
from qianhang.web.problems import status_of
from qianhang.web.public import cached, stranger
from qianhang.web.render import page
from qianhang.web.routes import Pages
from qianhang.web.views import datasets
from qianhang.web.views import portal as service
from qianhang.web.views.papers import parts_of

__all__ = ["routes", "start"]

routes = Pages("/open")
_PAGE = 12
_MEDIA = {
    "txt": "text/plain; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


class _Typed(BaseModel):
    """The complaint's form as it was sent."""

    kind: str = ""
    about: str = ""
    text: str = ""
    contact: str = ""
    once: str = ""


@routes.get("", "public")
def portal(ask: Who) -> Response:
    """The portal's start."""
    return start(ask)


def start(ask: Asked) -> Response:
    """What was verified, what was published, where to ask and to complain."""
    verified = showcase.verified(ask.store)
    return _public(
        ask, "portal/start.html", tab="start", verified=len(verified), total=len(shelf.entries()),
        shown=showcase.shown(ask.store, verified[:6]),
        bulletins=publishing.published(ask.store)[:5],
        sets=len(datasets.every()), source=service.answerer(ask).source(), longest=LONGEST,
    )  # fmt: skip


@routes.get("/scenarios", "public")
def verified(ask: Who) -> Response:
    """The verified scenarios with their figures, some to a page."""
    every = showcase.verified(ask.store)
    last = max(0, (len(every) - 1) // _PAGE)
    number = min(_whole(ask.query("page")), last)
    found = showcase.shown(ask.store, every[number * _PAGE : (number + 1) * _PAGE])
    return _public(
        ask, "portal/scenarios.html", tab="scenarios", shown=found, number=number, last=last,
        verified=len(every), total=len(shelf.entries()),
    )  # fmt: skip


@routes.get("/bulletins", "public")
def bulletins(ask: Who) -> Response:
    """The bulletins that the programme offices have published."""
    found = publishing.published(ask.store)
    return _public(ask, "portal/bulletins.html", tab="bulletins", bulletins=found)


@routes.get("/bulletins/{number}", "public")
def bulletin(ask: Who, number: int) -> Response:
    """One published bulletin, to read."""
    one = _published(ask, number)
    paper = publishing.paper_of(ask.store, one)
    return _public(
        ask, "portal/bulletin.html", tab="bulletins", one=one, paper=paper, parts=parts_of(paper),
        kinds=printing.FORMATS,
    )  # fmt: skip


@routes.get("/bulletins/{number}/{kind}", "public")
def printed(ask: Who, number: int, kind: str) -> Response:
    """The bytes of a published bulletin as they were issued, to keep."""
    one = _published(ask, number)
    if kind not in _MEDIA:
        raise HTTPException(404)
    body = printing.reprint(ask.store, one.bulletin, kind)
    named = {"Content-Disposition": f'attachment; filename="bulletin-{number}.{kind}"'}
    return cached(ask, Response(body, media_type=_MEDIA[kind], headers=named))


@routes.get("/data", "public")
def sets(ask: Who) -> Response:
    """The registered data sets with source and licence."""
    words = ask.query("q").lower().split()
    every = datasets.every()
    found = [d for d in every if all(w in _haystack(d) for w in words)]
    return _public(
        ask, "portal/data.html", tab="data", found=found, total=len(every), q=ask.query("q")
    )


@routes.get("/ask", "public")
def answers(ask: Who) -> Response:
    """The passages that answer a question, each with its citation; or that none does."""
    question = ask.query("q").strip()[:LONGEST]
    answerer = service.answerer(ask)
    if not question:
        return _public(
            ask, "portal/ask.html", tab="ask", q="", source=answerer.source(), reply=None,
            refused=0, longest=LONGEST,
        )  # fmt: skip
    taken = service.taken(ask, "questions")
    reply = None if taken.refused else answerer.ask(question)
    shown = page(
        stranger(ask), "portal/ask.html", tab="ask", q=question, source=answerer.source(),
        reply=reply, refused=taken.wait_s, longest=LONGEST, status=429 if taken.refused else 200,
    )  # fmt: skip
    shown.headers.update({"Cache-Control": "no-store", **taken.headers})
    return shown


@routes.get("/complaint", "public")
def form(ask: Who) -> Response:
    """The form, or the way to the answer of an earlier complaint."""
    if ask.query("ref"):
        return RedirectResponse(f"/open/complaint/{_plain(ask.query('ref'))}", status_code=303)
    return _form(ask)


@routes.post("/complaint", "public")
def complains(ask: Who, typed: Annotated[_Typed, Form()]) -> Response:
    """The complaint is kept, and its number told."""
    sent = complaints.Sent(**typed.model_dump())
    try:
        taken = service.taken(ask, "complaints")
        if taken.refused:
            raise UsageError(
                "QH873", f"too many complaints from this address: wait {taken.wait_s} s"
            )
        kept = complaints.receive(ask.store, sent, now=ask.now)
    except QianhangError as cause:
        return _form(ask, sent, error=cause)
    return RedirectResponse(f"/open/complaint/{kept.ref}?new=1", status_code=303)


@routes.get("/complaint/{ref}", "public")
def complaint(ask: Who, ref: str) -> Response:
    """Where a complaint stands, for whoever has its number: never what it says."""
    taken = service.taken(ask, "looks")
    found = None
    try:
        found = None if taken.refused else complaints.find(ask.store, ref)
    except UsageError:
        found = None
    shown = page(
        stranger(ask), "portal/complaint.html", tab="complaint", found=found, new=ask.query("new"),
        status=200 if found else 404,
    )  # fmt: skip
    shown.headers["Cache-Control"] = "no-store"
    return shown


def _form(
    ask: Asked, sent: complaints.Sent | None = None, *, error: QianhangError | None = None
) -> Response:
    # Each form has a mark of its own, so the page is nobody else's to keep.
    once = sent.once if sent and sent.once else secrets.token_urlsafe(18)
    shown = page(
        stranger(ask), "portal/complain.html", tab="complaint", kinds=complaints.KINDS,
        sent=sent or complaints.Sent("", "", ask.query("about")[:120]), once=once, error=error,
        status=status_of(error) if error else 200,
    )  # fmt: skip
    shown.headers["Cache-Control"] = "no-store"
    return shown


def _published(ask: Asked, number: int) -> publishing.Published:
    try:
        return publishing.public(ask.store, number)
    except UsageError:
        raise HTTPException(404) from None


def _public(ask: Asked, template: str, **values: Any) -> Response:
    """The page as everybody sees it, to be kept by whoever stands between."""
    seen = stranger(ask)
    shown = page(
        seen, template, **values,
        metric=lambda name, titles: metric_words(name, seen.lang, titles),
        unit=lambda name: units.unit(name, lang=seen.lang),
    )  # fmt: skip
    return cached(ask, shown)


def _haystack(one: data.DataSet) -> str:
    return f"{one.name} {one.title.zh} {one.title.en} {one.licence} {one.citation}".lower()


def _whole(text: str) -> int:
    return min(int(text), 10**6) if text.isdecimal() else 0


def _plain(ref: str) -> str:
    return "".join(sign for sign in ref.strip().upper() if sign.isalnum() and sign.isascii())[:20]
