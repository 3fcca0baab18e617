"""Applications of outside teams for compute: sent, asked about, approved, rejected, withdrawn."""

from __future__ import annotations

from qianhang.compute.applications import desk
from qianhang.compute.applications.application import Wish
from qianhang.web.api.application_shapes import (
    ApplicationId,
    Approval,
    ComputeApplication,
    ComputeApplications,
    NewApplication,
    Remark,
    Said,
    application_of,
    line_of,
)
from qianhang.web.api.paging import Cursor, Limit, sliced
from qianhang.web.api.rights import RUNNERS, chosen_org
from qianhang.web.asked import Asked, Who
from qianhang.web.routes import Endpoints
from qianhang.web.views import applications as views

__all__ = ["routes"]

routes = Endpoints("/compute/applications", tag="compute")


@routes.get("", "signed")
def list_applications(ask: Who, limit: Limit = 50, cursor: Cursor = "") -> ComputeApplications:
    """The applications of the organisations that the reader covers, and those to answer, by id."""
    rows, more = sliced(views.listed(ask), cursor, limit=limit, key=lambda one: (one.found.id,))
    return ComputeApplications(items=[line_of(one) for one in rows], next=more)


@routes.get("/{application_id}", "signed")
def get_application(ask: Who, application_id: ApplicationId) -> ComputeApplication:
    """One application with every step."""
    return _shown(ask, application_id)


@routes.post("", *RUNNERS, scope="run", status_code=201)
def send_application(ask: Who, wanted: NewApplication) -> ComputeApplication:
    """An application for chips over a period, open until it is answered."""
    org = chosen_org(ask, wanted.org, *RUNNERS)
    told = wanted.model_dump(exclude={"org", "flavours"})
    made = views.send(ask, Wish(org=org, flavours=tuple(wanted.flavours), **told))
    return _shown(ask, made.id)


@routes.post("/{application_id}/question", *views.ANSWERS, scope="admin")
def question_application(
    ask: Who, application_id: ApplicationId, wanted: Remark
) -> ComputeApplication:
    """The application, sent back with a question."""
    name = views.answered(ask, application_id).id
    desk.ask(ask.store, name, words=wanted.words, by=ask.who.account.id, at=ask.now)
    return _shown(ask, name)


@routes.post("/{application_id}/reply", *RUNNERS, scope="run")
def reply_application(
    ask: Who, application_id: ApplicationId, wanted: Remark
) -> ComputeApplication:
    """The application, with what was asked for."""
    name = views.told(ask, application_id).id
    desk.reply(ask.store, name, words=wanted.words, by=ask.who.account.id, at=ask.now)
    return _shown(ask, name)


@routes.post("/{application_id}/approve", *views.ANSWERS, scope="admin")
def approve_application(
    ask: Who, application_id: ApplicationId, wanted: Approval
) -> ComputeApplication:
    """The application approved, the whole or less of it: the project's quota on its days."""
    found = views.answered(ask, application_id)
    granted = found.wish.granted(chips=wanted.chips, card_hours=wanted.card_hours, last=wanted.last)
    desk.approve(
        ask.store, found.id, granted=granted, words=wanted.words, by=ask.who.account.id,
        at=ask.now,
    )  # fmt: skip
    return _shown(ask, found.id)


@routes.post("/{application_id}/reject", *views.ANSWERS, scope="admin")
def reject_application(
    ask: Who, application_id: ApplicationId, wanted: Remark
) -> ComputeApplication:
    """The application rejected, with the reason."""
    name = views.answered(ask, application_id).id
    desk.reject(ask.store, name, words=wanted.words, by=ask.who.account.id, at=ask.now)
    return _shown(ask, name)


@routes.post("/{application_id}/withdraw", *RUNNERS, scope="run")
def withdraw_application(
    ask: Who, application_id: ApplicationId, wanted: Said
) -> ComputeApplication:
    """The application taken back; what it gave is given back at once."""
    name = views.told(ask, application_id).id
    desk.withdraw(ask.store, name, words=wanted.words, by=ask.who.account.id, at=ask.now)
    return _shown(ask, name)


def _shown(ask: Asked, name: str) -> ComputeApplication:
    return application_of(views.seen(ask, name))
