"""The catalogue as people browse it: each scenario with its promise, its tier, its last figures."""

from __future__ import annotations

import operator
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa

from qianhang.core import manifest as manifests
from qianhang.core import pack as packs
from qianhang.core.errors import PackError
from qianhang.core.manifest import Words
from qianhang.runs import tables
from qianhang.store import Store
from qianhang.store.prepared import Prepared, fetch

__all__ = ["Entry", "case_titles", "entries", "tiers", "titles"]

_FRESH_S = 20.0
_TIERS = Prepared(sa.select(tables.conformance.c.scenario, tables.conformance.c.tier))


@dataclass(frozen=True, slots=True)
class Entry:
    """One scenario: what its manifest says, read whole; `broken` where it cannot be read.

    datasets : case -> registered data set, for the cases that have one
    titles : metric -> the pack's own words for it; case_titles : case -> its title
    """

    id: str
    title: Words
    summary: Words
    industry: str
    task: str
    risk: str
    owner: str
    covers: tuple[str, ...]
    cases: tuple[str, ...]
    extra: str
    text: str
    broken: str = ""
    subject: str = ""
    purpose: str = ""
    device_class: str = "none"
    human_role: Words | None = None
    datasets: Mapping[str, str] = field(default_factory=dict)
    titles: Mapping[str, Words] = field(default_factory=dict)
    case_titles: Mapping[str, Words] = field(default_factory=dict)


class _Shelf:
    """The manifests of every pack, read again where a file is newer; one for a process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._looked = 0.0
        self._marks: dict[str, float] = {}
        self._entries: dict[str, Entry] = {}
        self._listed: tuple[Entry, ...] = ()
        self._titles: dict[str, Words] = {}
        self._cases: dict[tuple[str, str], Words] = {}

    def entries(self) -> tuple[Entry, ...]:
        with self._lock:
            if time.monotonic() - self._looked > _FRESH_S or not self._entries:
                self._look()
                self._looked = time.monotonic()
            return self._listed

    def titles(self) -> Mapping[str, Words]:
        self.entries()
        return self._titles

    def case_titles(self) -> Mapping[tuple[str, str], Words]:
        self.entries()
        return self._cases

    def _look(self) -> None:
        found: dict[str, Entry] = {}
        marks: dict[str, float] = {}
        for folder in packs.folders():
            place = str(folder)
            marks[place] = (folder / "pack.toml").stat().st_mtime
            id_ = f"{folder.parent.name}.{folder.name}"
            same = self._marks.get(place) == marks[place] and id_ in self._entries
            found[id_] = self._entries[id_] if same else _read(id_, folder)
        self._entries, self._marks = found, marks
        listed = tuple(found.values())
        same = len(listed) == len(self._listed) and all(map(operator.is_, listed, self._listed))
        if not same:
            self._listed, self._titles = listed, {e.id: e.title for e in listed}
            self._cases = {(e.id, n): t for e in listed for n, t in e.case_titles.items()}


_SHELF = _Shelf()


def entries() -> tuple[Entry, ...]:
    """Every scenario that can be found, in order of industry and name.

    The same tuple comes until a pack changes, so that what is made of it may be kept by it.
    """
    return _SHELF.entries()


def titles() -> Mapping[str, Words]:
    """Scenario -> its title, of all that can be found; the same object until a pack changes."""
    return _SHELF.titles()


def case_titles() -> Mapping[tuple[str, str], Words]:
    """Scenario and case -> the case's title; the same object until a pack changes."""
    return _SHELF.case_titles()


def tiers(store: Store) -> Mapping[str, str]:
    """Scenario -> tier of those that were examined."""
    with store.read() as connection:
        return {row.scenario: row.tier for row in fetch(connection, _TIERS)}


def _read(id_: str, folder: Path) -> Entry:
    industry = id_.partition(".")[0]
    try:
        found = manifests.load(folder / "pack.toml")
    except PackError as cause:
        name = Words(id_, id_)
        return Entry(id_, name, name, industry, "", "", "", (), (), "", id_, broken=str(cause))
    words = (id_, found.title.zh, found.title.en, found.summary.zh, found.summary.en, found.owner)
    return Entry(
        id_, found.title, found.summary, industry, found.task, found.risk, found.owner,
        found.covers, tuple(c.name for c in found.case), found.extra,
        text=" ".join((*words, *found.covers)).lower(), subject=found.subject,
        purpose=found.purpose, device_class=found.device_class or "none",
        human_role=found.human_role,
        datasets={c.name: c.dataset for c in found.case if c.dataset}, titles=found.page.titles,
        case_titles={c.name: c.title for c in found.case},
    )  # fmt: skip
