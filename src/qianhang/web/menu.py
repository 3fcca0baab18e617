"""The menu: an entry for each part that is there and that the reader may use."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import NamedTuple

from qianhang.web.asked import Asked

__all__ = ["COMPUTE", "MENU", "Entry", "Menu", "compute_tabs", "menu_of"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the menu; `roles` empty: everybody who is signed in."""

    key: str
    path: str
    roles: tuple[str, ...] = ()
    group: str = "work"


class Menu(NamedTuple):
    """The menu of one page.

    entries : key, path and group of each entry that the reader may use
    here : path of the entry under which the page lies, "" for none; exact : whether it is the page
    """

    entries: tuple[tuple[str, str, str], ...]
    here: str
    exact: bool


MENU = (
    Entry("overview", "/"),
    Entry("scenarios", "/scenarios"),
    Entry("runs", "/runs"),
    Entry("plans", "/plans"),
    Entry("compute", "/compute", group="compute"),
    Entry("prices", "/prices", group="compute"),
    Entry("bills", "/bills", group="compute"),
    Entry("vouchers", "/vouchers", group="compute"),
    Entry(
        "settlement",
        "/settlement",
        group="compute",
        roles=("programme_office", "administrator", "pool_operator"),
    ),
    Entry("whatif", "/whatif", group="compute"),
    Entry("data", "/data", group="assets"),
    Entry("models", "/models", group="assets"),
    Entry("safety", "/safety", group="assets"),
    Entry("admin", "/admin", roles=("administrator",), group="admin"),
)
# The pages under compute, in the order of their tabs.
COMPUTE = (
    Entry("pools", "/compute"),
    Entry("jobs", "/compute/jobs"),
    Entry("mine", "/compute/mine"),
    Entry("submit", "/compute/submit", roles=("scenario_owner", "developer")),
    Entry("quotas", "/compute/quotas"),
    Entry("applications", "/compute/applications"),
)


def menu_of(ask: Asked) -> Menu | None:
    """The menu of the reader, None where nobody is signed in."""
    if ask.person is None:
        return None
    path = ask.request.url.path
    shown = _shown(frozenset(role for role, where in ask.person.orgs_by_role.items() if where))
    here = next((at for _, at, _ in shown if _under(path, at)), "")
    return Menu(shown, here, here == path)


@functools.lru_cache(maxsize=256)
def _shown(roles: frozenset[str]) -> tuple[tuple[str, str, str], ...]:
    return tuple(
        (e.key, e.path, e.group) for e in MENU if not e.roles or roles.intersection(e.roles)
    )


def compute_tabs(ask: Asked) -> tuple[Entry, ...]:
    """The pages under compute that the reader may use."""
    return tuple(e for e in COMPUTE if _open(e, ask))


def _open(entry: Entry, ask: Asked) -> bool:
    return not entry.roles or any(ask.who.may(r) for r in entry.roles)  # type: ignore[arg-type]  # roles of the tables above


def _under(here: str, path: str) -> bool:
    return here == path if path == "/" else here == path or here.startswith(f"{path}/")
