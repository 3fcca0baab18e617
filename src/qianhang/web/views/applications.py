"""Applications for compute as the reader sees them: one's own, and those that one answers.

An applicant's people see theirs. Whoever runs the pool that is asked for answers it, and so does
the platform's programme office; nobody else learns that it is there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from qianhang.access import administration, organisations
from qianhang.compute.applications import application, desk, period
from qianhang.compute.applications.application import Application, Step, Wish
from qianhang.compute.door import plant
from qianhang.core.errors import UsageError
from qianhang.web.api.rights import RUNNERS, require
from qianhang.web.asked import Asked
from qianhang.web.views import payers, pools

__all__ = [
    "ANSWERS",
    "Seen",
    "answered",
    "day",
    "listed",
    "names",
    "seen",
    "send",
    "told",
]

ANSWERS = ("programme_office", "administrator", "pool_operator")


@dataclass(frozen=True, slots=True)
class Seen:
    """An application before one reader.

    mine : whether it is of an organisation for which the reader acts; answers : may answer it
    own : whether the reader wrote on it, so that somebody else has to answer
    used : card-hours since its first day, None where it was never approved
    """

    found: Application
    mine: bool
    answers: bool
    own: bool
    steps: tuple[Step, ...] = ()
    used: float | None = None


def listed(ask: Asked) -> list[Seen]:
    """Every application that the reader may see: what waits for an answer first, then by age."""
    own = _answered_pools(ask)
    orgs = None if own is None else ask.who.covers
    found = application.listed(ask.store, orgs=orgs, pools=own)
    return [_seen(ask, one, own) for one in found]


def seen(ask: Asked, name: str) -> Seen:
    """The application of this id with its steps, where the reader may see it.

    Raises UsageError where there is none, or none for this reader: the two look the same.
    """
    found, own = application.get(ask.store, name), _answered_pools(ask)
    if found.wish.org not in ask.who.covers and not _answers(found, own):
        raise UsageError("QH524", f"application {name[:40]!r} does not exist")
    taken = application.steps(ask.store, name)
    used = None
    if found.granted is not None:
        with ask.store.read() as connection:
            used = period.card_hours(connection, found, ask.now)
    return _seen(ask, found, own, steps=taken, used=used)


def answered(ask: Asked, name: str) -> Application:
    """The application, where the reader answers such.

    Raises UsageError where the reader does not see it, AccessRefused where it is for others.
    """
    found = seen(ask, name)
    if not found.answers:
        payers.require_office(ask)
    return found.found


def told(ask: Asked, name: str) -> Application:
    """The application, where the reader acts for the applicant.

    Raises as `require` does, UsageError where the reader does not see it.
    """
    found = seen(ask, name).found
    require(ask, found.wish.org, *RUNNERS)
    return found


def send(ask: Asked, wish: Wish) -> Application:
    """The application, open; the organisation is one for which the reader acts.

    Raises UsageError where a field makes no sense, AccessRefused where it is another's.
    """
    require(ask, wish.org, *RUNNERS)
    return desk.send(ask.store, wish, by=ask.who.account.id, at=ask.now)


def day(text: str, field: str) -> date:
    """The day of a text such as 2026-05-01.

    Raises UsageError where it is none.
    """
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        application.refuse(field, repr(text[:20]), "a day such as 2026-05-01")


def names(ask: Asked, found: Seen) -> Mapping[str, str]:
    """Account or organisation of the application -> its name."""
    orgs = organisations.tree(ask.store).organisations
    known = administration.names(ask.store, {one.by for one in found.steps})
    org = found.found.wish.org
    return {**known, org: orgs[org].name if org in orgs else org}


def _answered_pools(ask: Asked) -> frozenset[str] | None:
    """The pools for which the reader answers, None for the whole platform."""
    if payers.office(ask):
        return None
    return frozenset(one.pool.id for one in plant.pools(ask.store) if pools.runs(ask, one))


def _answers(found: Application, own: frozenset[str] | None) -> bool:
    return own is None or found.wish.pool in own


def _seen(
    ask: Asked, found: Application, own: frozenset[str] | None, *, steps: tuple[Step, ...] = (),
    used: float | None = None,
) -> Seen:  # fmt: skip
    me = ask.who.account.id
    wrote = {one.by for one in steps if one.act in ("sent", "replied")} | {found.by}
    return Seen(
        found, any(ask.who.may(role, found.wish.org) for role in RUNNERS), _answers(found, own),
        me in wrote, steps, used,
    )  # fmt: skip
