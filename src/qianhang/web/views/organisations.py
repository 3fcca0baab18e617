"""The tree of organisations as an administrator of some of it sees it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from qianhang.access import Organisation, Tree

__all__ = ["Node", "forest", "way"]

_DEEPEST = 6


@dataclass(frozen=True, slots=True)
class Node:
    """One organisation in its place; depth : below the topmost that the reader sees, at most 6."""

    org: Organisation
    depth: int
    accounts: int


def forest(tree: Tree, mine: Collection[str], counts: Mapping[str, int]) -> tuple[Node, ...]:
    """The organisations of `mine`, each below the one above it where that is seen too."""

    def walk(one: Organisation, depth: int) -> Iterator[Node]:
        yield Node(one, min(depth, _DEEPEST), counts.get(one.id, 0))
        for child in tree.children.get(one.id, ()):
            if child.id in mine:
                yield from walk(child, depth + 1)

    tops = [o for o in tree.organisations.values() if o.id in mine and o.parent not in mine]
    return tuple(node for top in tops for node in walk(top, 0))


def way(tree: Tree, mine: Collection[str], org: str) -> tuple[Organisation, ...]:
    """From the topmost organisation that the reader sees down to this one."""
    return tuple(tree.find(one) for one in reversed(tree.above(org)) if one in mine)
