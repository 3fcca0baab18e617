"""The tree of organisations, and which of them a grant reaches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import sqlalchemy as sa

from qianhang.access import schema
from qianhang.core.errors import UsageError
from qianhang.store.prepared import Prepared, fetch

if TYPE_CHECKING:
    from qianhang.store import Store

__all__ = ["KINDS", "ROOT", "SEALED_KINDS", "Organisation", "Tree", "current", "read_tree"]

ROOT = "root"
KINDS = (
    "province", "city", "county", "department", "company", "hospital", "school", "bank", "other",
)  # fmt: skip
# What these hold of persons and of their own business is nobody's above them, unless they say so.
SEALED_KINDS = frozenset({"company", "hospital", "bank"})

_STAMP = Prepared(sa.select(schema.tree.c.stamp))
# A process's copy of each store's tree, with the stamp of the state that it shows.
_KEPT: WeakKeyDictionary[Store, tuple[str, Tree]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Organisation:
    """One organisation; sealed: grants above it do not reach it or what is below it."""

    id: str
    name: str
    kind: str
    parent: str | None
    sealed: bool


@dataclass(frozen=True)
class Tree:
    """Every organisation by id, root first."""

    organisations: Mapping[str, Organisation]
    _reached: dict[str, frozenset[str]] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def children(self) -> Mapping[str, tuple[Organisation, ...]]:
        """What is directly below each organisation."""
        found: dict[str, list[Organisation]] = {}
        for one in self.organisations.values():
            if one.parent is not None:
                found.setdefault(one.parent, []).append(one)
        return {parent: tuple(below) for parent, below in found.items()}

    def covers(self, org: str) -> frozenset[str]:
        """What a grant at `org` reaches: itself and all below it, stopping at sealed ones."""
        found = self._reached.get(org)
        if found is None:
            found = frozenset(self._open_below(org)) if org in self.organisations else frozenset()
            self._reached[org] = found
        return found

    def _open_below(self, org: str) -> Iterator[str]:
        todo = [org]
        while todo:
            one = todo.pop()
            yield one
            todo += [child.id for child in self.children.get(one, ()) if not child.sealed]

    def above(self, org: str) -> tuple[str, ...]:
        """`org` and its ancestors, root last."""
        found: list[str] = []
        one = self.organisations.get(org)
        while one is not None:
            found.append(one.id)
            one = self.organisations.get(one.parent) if one.parent is not None else None
        return tuple(found)

    def below(self, org: str) -> frozenset[str]:
        """`org` and all below it, sealed or not."""
        found, todo = set(), [org]
        while todo:
            one = todo.pop()
            found.add(one)
            todo += [child.id for child in self.children.get(one, ())]
        return frozenset(found)

    def find(self, org: str) -> Organisation:
        """The organisation of this id.

        Raises UsageError where there is none.
        """
        if org not in self.organisations:
            raise UsageError("QH862", f"no organisation {org!r} here")
        return self.organisations[org]


def read_tree(connection: sa.Connection) -> Tree:
    """The tree as this connection sees it."""
    table = schema.organisation
    columns = [table.c[name] for name in ("id", "name", "kind", "parent", "sealed")]
    query = sa.select(*columns).order_by(table.c.parent.is_not(None), table.c.name, table.c.id)
    every = (Organisation(*row) for row in connection.execute(query))
    return Tree({one.id: one for one in every})


def current(store: Store, connection: sa.Connection, *, stamp: str | None = None) -> Tree:
    """The tree, read again only where its stamp is not the one of this process's copy.

    stamp : what this connection sees there, where the caller has read it already
    """
    if stamp is None:
        stamp = str(fetch(connection, _STAMP)[0].stamp)
    kept = _KEPT.get(store)
    if kept is None or kept[0] != stamp:
        kept = (stamp, read_tree(connection))
        _KEPT[store] = kept
    return kept[1]
