"""What every error code means: where the `type` of a problem leads."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.responses import Response

from qianhang.core.explained import Explained, explained
from qianhang.core.manifest import Words
from qianhang.web.asked import Who
from qianhang.web.public import cached, stranger
from qianhang.web.render import page
from qianhang.web.routes import Pages

__all__ = ["routes"]

routes = Pages("/docs")
_LONGEST = 80


@routes.get("/errors", "public")
def errors(ask: Who) -> Response:
    """Every error code with what happened, why and what to do, by what it asks of the reader."""
    q = ask.query("q").strip()[:_LONGEST]
    found = [one for one in explained().values() if _fits(one, q)]
    # Whoever is signed in keeps the menu; strangers all get the same page.
    seen = ask if ask.person else stranger(ask)
    shown = page(
        seen, "errors.html", groups=_groups(found), q=q, found=len(found), total=len(explained())
    )
    return shown if ask.person else cached(ask, shown)


def _groups(found: Iterable[Explained]) -> dict[Words, list[Explained]]:
    groups: dict[Words, list[Explained]] = {}
    for one in found:
        groups.setdefault(one.action, []).append(one)
    return groups


def _fits(one: Explained, q: str) -> bool:
    told = (one.title, one.happened, one.why, one.todo)
    text = " ".join([one.code, *(part for w in told for part in (w.zh, w.en))]).casefold()
    return all(word in text for word in q.casefold().split())
