"""Applications for compute: sent by outside teams, answered by whoever runs pool or platform."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Literal

from fastapi import Depends, Form
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.responses import Response

from qianhang.compute.applications import desk
from qianhang.compute.applications.application import Application, Wish
from qianhang.compute.flavour import flavours
from qianhang.core.day import day_of
from qianhang.core.errors import QianhangError
from qianhang.web.api.rights import RUNNERS
from qianhang.web.asked import Asked, Who
from qianhang.web.pages.compute import back, compute_page
from qianhang.web.problems import status_of
from qianhang.web.routes import Pages
from qianhang.web.views import applications as views
from qianhang.web.views import jobs, payers, pools, vouchers

__all__ = ["routes"]

routes = Pages("/compute/applications")
_FIELDS = (
    "org", "project", "chips", "card_hours", "first", "last", "purpose", "contact", "pool",
    "voucher",
)  # fmt: skip


@routes.get("", "signed")
def listed(ask: Who) -> HTMLResponse:
    """The applications that the reader sent or answers, and the form for a new one."""
    return _page(ask)


async def _filled(ask: Who) -> dict[str, str]:
    async with ask.request.form(max_fields=60) as form:
        told = {name: str(form.get(name, ""))[:4001] for name in _FIELDS}
        told["flavours"] = ",".join(str(one)[:80] for one in form.getlist("flavours")[:20])
    return told


@routes.post("", *RUNNERS)
def sends(ask: Who, told: Annotated[dict[str, str], Depends(_filled)]) -> Response:
    """An application, then its page; or the form, with the field that is wrong."""
    try:
        made = views.send(ask, _wish(ask, told))
    except QianhangError as cause:
        return _page(ask, error=cause, typed=told)
    return RedirectResponse(f"/compute/applications/{made.id}?done=applied", status_code=303)


@routes.get("/{application_id}", "signed")
def shown(ask: Who, application_id: str) -> HTMLResponse:
    """An application: what is asked for, what was said, what one may do with it."""
    return _one(ask, application_id)


@routes.post("/{application_id}/answer", *views.ANSWERS)
def answers(
    ask: Who,
    *,
    application_id: str,
    answer: Annotated[Literal["approve", "reject", "ask"], Form()],
    words: Annotated[str, Form()] = "",
    chips: Annotated[str, Form()] = "",
    card_hours: Annotated[str, Form()] = "",
    last: Annotated[str, Form()] = "",
) -> Response:
    """The application approved, rejected with the reason, or sent back with a question."""
    found = views.answered(ask, application_id)

    def act() -> None:
        me = ask.who.account.id
        if answer == "approve":
            granted = found.wish.granted(
                chips=_count(chips) if chips else None,
                card_hours=_count(card_hours) if card_hours else None,
                last=views.day(last, "last") if last else None,
            )  # fmt: skip
            desk.approve(ask.store, found.id, granted=granted, words=words, by=me, at=ask.now)
        else:
            do = desk.reject if answer == "reject" else desk.ask
            do(ask.store, found.id, words=words, by=me, at=ask.now)

    done = {"approve": "approved", "reject": "rejected", "ask": "asked"}[answer]
    return _acted(ask, found, act, done=done, words=words)


@routes.post("/{application_id}/reply", *RUNNERS)
def replies(ask: Who, application_id: str, words: Annotated[str, Form()] = "") -> Response:
    """The application, with what was asked for."""
    found = views.told(ask, application_id)

    def act() -> None:
        desk.reply(ask.store, found.id, words=words, by=ask.who.account.id, at=ask.now)

    return _acted(ask, found, act, done="applied", words=words)


@routes.post("/{application_id}/withdraw", *RUNNERS)
def withdraws(ask: Who, application_id: str) -> Response:
    """The application taken back."""
    found = views.told(ask, application_id)

    def act() -> None:
        desk.withdraw(ask.store, found.id, by=ask.who.account.id, at=ask.now)

    return _acted(ask, found, act, done="withdrawn")


def _acted(
    ask: Asked, found: Application, act: Callable[[], None], *, done: str, words: str = ""
) -> Response:
    """What comes of a step: the page again, with the error where it is refused."""
    try:
        act()
    except QianhangError as cause:
        return _one(ask, found.id, error=cause, words=words)
    return back(f"/compute/applications/{found.id}", done)


def _wish(ask: Asked, told: Mapping[str, str]) -> Wish:
    return Wish(
        org=told["org"] or ask.who.account.org, project=told["project"],
        chips=_count(told["chips"]), first=views.day(told["first"], "first"),
        last=views.day(told["last"], "last"), purpose=told["purpose"], contact=told["contact"],
        card_hours=_count(told["card_hours"] or "0"), pool=told["pool"],
        flavours=tuple(told["flavours"].split(",")) if told["flavours"] else (),
        voucher=told["voucher"],
    )  # fmt: skip


def _count(text: str) -> int:
    """The whole number of a text, -1 where it is none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 12 else -1


def _page(
    ask: Asked, *, error: QianhangError | None = None, typed: Mapping[str, str] | None = None
) -> HTMLResponse:
    rows = views.listed(ask)
    return compute_page(
        ask, "applications", tab="applications", status=status_of(error) if error else 200,
        error=error, rows=rows, names=payers.names(ask), orgs=jobs.orgs(ask), typed=typed or {},
        flavours=flavours(), pools=pools.lines(ask), today=day_of(ask.now).isoformat(),
        programmes=vouchers.by_id(ask),
    )  # fmt: skip


def _one(
    ask: Asked, name: str, *, error: QianhangError | None = None, words: str = ""
) -> HTMLResponse:
    seen = views.seen(ask, name)
    return compute_page(
        ask, "application", tab="applications", status=status_of(error) if error else 200,
        error=error, seen=seen, found=seen.found, names=views.names(ask, seen), words=words,
        flavours=flavours(), pools={one.held.pool.id: one.name for one in pools.lines(ask)},
        today=day_of(ask.now).isoformat(),
        programmes=vouchers.by_id(ask),
    )  # fmt: skip
