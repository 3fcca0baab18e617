"""Registered data sets as pages show them: where the files are, which scenarios and runs use it."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from qianhang import data
from qianhang.core.errors import DatasetError, PackError
from qianhang.core.manifest import Column, Words
from qianhang.core.pack import find
from qianhang.data.sources import glance
from qianhang.runs import listing, shelf
from qianhang.runs.graded import Graded, graded
from qianhang.runs.listing import Line
from qianhang.runs.shelf import Entry
from qianhang.web.asked import Asked

__all__ = [
    "CLASSES",
    "Columns",
    "Listed",
    "Used",
    "columns",
    "every",
    "listed",
    "one",
    "place_of",
    "runs_on",
    "titles",
    "used",
]

CLASSES = ("C", "R", "N", "G")
_RUNS = 20


@dataclass(frozen=True, slots=True)
class Listed:
    """A data set in the list; where : of its files the farthest: on this machine, or to be had.

    scenarios : ids of those that use it; checked : the last record of its sums and contract
    """

    found: data.DataSet
    where: str
    scenarios: tuple[str, ...]
    checked: Graded | None


@dataclass(frozen=True, slots=True)
class Used:
    """A scenario that uses a data set, in these cases."""

    entry: Entry
    cases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns that a scenario's contract names in the data set."""

    title: Words
    columns: Mapping[str, Column]


@functools.cache
def every() -> tuple[data.DataSet, ...]:
    """Every registered data set; the registry is part of the release, so it is read once."""
    return data.all_datasets()


@functools.cache
def titles() -> Mapping[str, Words]:
    """Data set -> its title."""
    return {d.name: d.title for d in every()}


def one(name: str) -> data.DataSet:
    """The data set of this name.

    Raises DatasetError where there is none.
    """
    return next((d for d in every() if d.name == name), None) or data.dataset(name)


def listed(ask: Asked, text: str, class_: str) -> tuple[Listed, ...]:
    """The data sets whose words hold every word of `text`, of one class where given."""
    words = text.lower().split()
    users = _users()
    found = [
        d
        for d in every()
        if class_ in ("", d.licence_class) and all(w in _haystack(d) for w in words)
    ]
    known = graded(ask.store, [d.name for d in found])
    return tuple(
        Listed(d, _where(d), tuple(u.id for u in users.get(d.name, ())), known.get(d.name))
        for d in found
    )


def used(found: data.DataSet) -> tuple[Used, ...]:
    """The scenarios that use it, with the cases in which they do."""
    return tuple(
        Used(e, tuple(c for c, d in e.datasets.items() if d == found.name))
        for e in _users().get(found.name, ())
    )


def runs_on(ask: Asked, found: Sequence[Used]) -> list[Line]:
    """The newest runs on the data set itself that the reader may see."""
    lines = [
        line
        for use in found
        for line in listing.lines(
            ask.store, orgs=ask.who.covers, scenario=use.entry.id, limit=_RUNS
        )
        if line.case in use.cases and not line.own
    ]
    return sorted(lines, key=lambda line: line.cursor, reverse=True)[:_RUNS]


def columns(found: Sequence[Used]) -> tuple[Columns, ...]:
    """What the contracts of its scenarios say of its columns."""
    told = []
    for use in found:
        try:
            manifest = find(use.entry.id).manifest
        except PackError:
            continue
        held = manifest.find_case(use.cases[0]).columns or manifest.columns
        if held:
            told.append(Columns(use.entry.title, held))
    return tuple(told)


def _users() -> dict[str, list[Entry]]:
    found: dict[str, list[Entry]] = {}
    for entry in shelf.entries():
        for name in dict.fromkeys(entry.datasets.values()):
            found.setdefault(name, []).append(entry)
    return found


def place_of(file: data.DataFile, found: data.DataSet) -> str:
    """Where one file is, or would come from: here, package, remote, by_hand."""
    try:
        place = glance(file, found)
    except DatasetError:
        return "by_hand"
    return "here" if place in ("folder", "cache", "download") else place


def _where(found: data.DataSet) -> str:
    """The least ready of its files: on this machine, shipped by a package, or elsewhere."""
    places = {place_of(file, found) for file in found.file}
    for far in ("by_hand", "remote", "package"):
        if far in places:
            return far
    return "here"


def _haystack(found: data.DataSet) -> str:
    return " ".join(
        (found.name, found.title.zh, found.title.en, found.licence, found.citation)
    ).lower()
