"""Review: the text on one side, what was read on the other; a person settles each item."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any

from fastapi import Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.responses import Response

from qianhang.core.errors import QianhangError, UsageError
from qianhang.plan import items, review, rules
from qianhang.plan.items import Item, Plan
from qianhang.web.asked import Asked, Who
from qianhang.web.problems import status_of
from qianhang.web.render import page
from qianhang.web.routes import Pages
from qianhang.web.views import plan_items, plan_text, plans

__all__ = ["routes"]

routes = Pages("/plans")


@routes.get("/{ref}/review", "signed")
def desk(ask: Who, ref: str) -> HTMLResponse:
    """The text and a page of the items beside it."""
    return _desk(ask, plans.seen_plan(ask, ref))


@routes.get("/{ref}/source", "signed")
def source(ask: Who, ref: str) -> HTMLResponse:
    """The text around one item."""
    plan = plans.seen_plan(ask, ref)
    item = plans.seen_item(ask, plan, ask.query("at"))
    text = items.text_of_plan(ask.store, plan)
    return page(ask, "plans/source.html", plan=plan, **_text(text, [item], item))


@routes.get("/{ref}/items/{code}/edit", plans.ROLE)
def form(ask: Who, ref: str, code: str) -> HTMLResponse:
    """An item's values to be edited."""
    plan = plans.own_plan(ask, ref)
    return _form(ask, plan, plans.seen_item(ask, plan, code))


async def _typed(request: Request) -> dict[str, str]:
    """Every field of the form that is text."""
    return {n: v for n, v in (await request.form()).items() if isinstance(v, str)}


Typed = Annotated[dict[str, str], Depends(_typed)]


@routes.post("/{ref}/items/{code}", plans.ROLE)
def settle(ask: Who, ref: str, code: str, typed: Typed) -> Response:
    """The item confirmed, edited or rejected, as it was seen; else as somebody else left it."""
    plan = plans.own_plan(ask, ref)
    now = plans.seen_item(ask, plan, code)
    seen = replace(now, revision=_whole(typed, "revision"), version=_whole(typed, "version"))
    act = typed.get("act", "")
    try:
        new, error = _settled(ask, plan, seen, act, typed), None
    except QianhangError as cause:
        if act == "edit" and cause.code != "QH822":
            return _form(ask, plan, now, error=cause, typed=typed)
        new, error = plans.seen_item(ask, plan, code), cause
    if not ask.request.headers.get("HX-Request"):
        if error:
            return _desk(ask, plan, at=new.code, error=error)
        return RedirectResponse(_onward(ask, plan, new, typed), status_code=303)
    return page(
        ask, "plans/answer.html", status=status_of(error) if error else 200,
        plan=plan, item=new, error=error, may=True, kind=typed.get("kind", ""),
        state=typed.get("state", ""), place=_place(ask, plan, new),
        cut=plan_items.cut(items.items(ask.store, plan)), **_words(ask),
    )  # fmt: skip


@routes.post("/{ref}/review", plans.ROLE)
def settle_all(ask: Who, ref: str, kind: Annotated[str, Form()] = "") -> Response:
    """Every draft of a kind confirmed, and with targets the rules suggested for them."""
    plan = plans.own_plan(ask, ref)
    if kind not in ("", *plan_items.KINDS):
        raise UsageError("QH823", f"no kind {kind[:20]!r} of item")
    kinds = (kind,) if kind else ()
    review.confirm_all(ask.store, plan, by=ask.by, at=ask.now, kinds=kinds)
    if kind in ("", "target"):
        held = items.items(ask.store, plan, kind="target", states=items.CONFIRMED)
        codes = [i.code for i in held]
        if codes:
            rules.confirm_rules(ask.store, plan, by=ask.by, at=ask.now, codes=codes)
    return RedirectResponse(f"/plans/{plan.ref}/review?kind={kind}", status_code=303)


def _settled(ask: Asked, plan: Plan, seen: Item, act: str, typed: dict[str, str]) -> Item:
    if act == "confirm":
        new = review.confirm(ask.store, seen, by=ask.by, at=ask.now)
    elif act == "reject":
        why = typed.get("why", "")[:500]
        return review.reject(ask.store, seen, by=ask.by, at=ask.now, why=why)
    elif act == "edit":
        values = plan_items.typed(seen, typed)
        if values:
            new = review.edit(ask.store, seen, values, by=ask.by, at=ask.now)
        else:
            new = review.confirm(ask.store, seen, by=ask.by, at=ask.now)
    else:
        raise UsageError("QH823", f"{seen.ref}: nothing to do, expected confirm, edit or reject")
    if new.kind == "target":
        rules.confirm_rules(ask.store, plan, by=ask.by, at=ask.now, codes=[new.code])
    return new


def _desk(
    ask: Asked, plan: Plan, *, at: str = "", error: QianhangError | None = None
) -> HTMLResponse:
    every = items.items(ask.store, plan)
    kind, state = ask.query("kind"), ask.query("state")
    at = at or ask.query("at")
    number = ask.query("page")
    cut = plan_items.cut(
        every,
        kind=kind if kind in plan_items.KINDS else "",
        state=state if state in plan_items.STATES else "",
        page=int(number) if number.isascii() and number.isdigit() and len(number) < 7 else 1,
        at=at,
    )
    chosen = next((i for i in cut.items if i.code == at), cut.items[0] if cut.items else None)
    text = items.text_of_plan(ask.store, plan)
    return page(
        ask, "plans/review.html", status=status_of(error) if error else 200, plan=plan, cut=cut,
        kind=kind, state=state, error=error, may=plans.may_write(ask, plan), tab="review",
        **_text(text, cut.items, chosen), **_words(ask),
    )  # fmt: skip


def _text(text: str, shown: Sequence[Item], chosen: Item | None) -> dict[str, Any]:
    """The passage around the chosen item, its place marked, and the places of those shown."""
    passage = plan_text.passage(text, around=chosen.start if chosen else 0)
    places = plan_text.Places(text)
    span = plan_text.marked(text, chosen) if chosen else None
    return {
        "passage": passage,
        "offset": places.at(passage.start),
        "pieces": plan_text.pieces(passage, [span] if span else []),
        "places": {i.code: places.of(i) for i in shown},
        "chosen": chosen,
    }


def _place(ask: Asked, plan: Plan, item: Item) -> plan_text.Place | None:
    return plan_text.Places(items.text_of_plan(ask.store, plan)).of(item)


def _words(ask: Asked) -> dict[str, Any]:
    return {
        "kinds": plan_items.KINDS,
        "review_states": plan_items.STATES,
        "fields": lambda item: plan_items.fields(item, ask.lang),
    }


def _form(
    ask: Asked,
    plan: Plan,
    item: Item,
    *,
    error: QianhangError | None = None,
    typed: dict[str, str] | None = None,
) -> HTMLResponse:
    """The form; with what was typed where that was wrong."""
    found = plan_items.entered(item, ask.lang)
    again = (replace(f, value=typed.get(f.name, "")) for f in found) if typed else found
    partial = bool(ask.request.headers.get("HX-Request"))
    return page(
        ask, "plans/edit_part.html" if partial else "plans/edit.html",
        status=status_of(error) if error else 200, plan=plan, item=item, error=error,
        entered=tuple(again), kind=(typed or {}).get("kind", ask.query("kind")),
        signs=plan_items.SIGNS,
        state=(typed or {}).get("state", ask.query("state")), tab="review",
        **_text(items.text_of_plan(ask.store, plan), [item], item),
    )  # fmt: skip


def _onward(ask: Asked, plan: Plan, item: Item, typed: dict[str, str]) -> str:
    """The desk at the next draft in the text."""
    kind, state = typed.get("kind", ""), typed.get("state", "")
    kind = kind if kind in plan_items.KINDS else ""
    state = state if state in plan_items.STATES else ""
    drafts = items.items(ask.store, plan, kind=kind, states=("draft",))
    ahead = sorted(drafts, key=lambda i: (i.start < item.start, i.start))
    at = ahead[0].code if ahead else item.code
    return f"/plans/{plan.ref}/review?kind={kind}&state={state}&at={at}#i-{at}"


def _whole(typed: dict[str, str], name: str) -> int:
    text = typed.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise UsageError("QH823", f"{name}: found {text[:20]!r}, expected a whole number")
    return int(text)
