"""The menu: an entry for each part that is there and that the reader may use."""

from __future__ import annotations

from dataclasses import dataclass

from qianhang.web.asked import Asked

__all__ = ["MENU", "Entry", "entries"]


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
    Entry("prices", "/prices", group="billing"),
    Entry("bills", "/bills", group="billing"),
    Entry("vouchers", "/vouchers", group="billing"),
    Entry(
        "settlement",
        "/settlement",
        group="billing",
        roles=("programme_office", "administrator", "pool_operator"),
    ),
    Entry("whatif", "/whatif", group="billing"),
    Entry("data", "/data", group="assets"),
    Entry("models", "/models", group="assets"),
    Entry("safety", "/safety", group="assets"),
    Entry("admin", "/admin", roles=("administrator",), group="admin"),
)


def entries(ask: Asked) -> tuple[tuple[Entry, bool], ...]:
    """Each entry that the reader may use, and whether the page asked for lies under it."""
    person, here = ask.person, ask.request.url.path
    if person is None:
        return ()
    shown = [e for e in MENU if not e.roles or any(person.may(r) for r in e.roles)]  # type: ignore[arg-type]  # roles of the table above
    return tuple((e, _under(here, e.path)) for e in shown)


def _under(here: str, path: str) -> bool:
    return here == path if path == "/" else here == path or here.startswith(f"{path}/")
