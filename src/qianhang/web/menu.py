"""The menu: an entry for each part that is there and that the reader may use."""

from __future__ import annotations

from dataclasses import dataclass

from qianhang.web.asked import Asked

__all__ = ["COMPUTE", "MENU", "Entry", "compute_tabs", "entries"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the menu; `roles` empty: everybody who is signed in."""

    key: str
    path: str
    roles: tuple[str, ...] = ()
    group: str = "work"


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


def entries(ask: Asked) -> tuple[tuple[Entry, bool], ...]:
    """Each entry that the reader may use, and whether the page asked for lies under it."""
    person, here = ask.person, ask.request.url.path
    if person is None:
        return ()
    return tuple((e, _under(here, e.path)) for e in MENU if _open(e, ask))


def compute_tabs(ask: Asked) -> tuple[Entry, ...]:
    """The pages under compute that the reader may use."""
    return tuple(e for e in COMPUTE if _open(e, ask))


def _open(entry: Entry, ask: Asked) -> bool:
    return not entry.roles or any(ask.who.may(r) for r in entry.roles)  # type: ignore[arg-type]  # roles of the tables above


def _under(here: str, path: str) -> bool:
    return here == path if path == "/" else here == path or here.startswith(f"{path}/")
