"""What there is on this platform that may realise a system of a plan, looked up by name."""

from __future__ import annotations

import functools
from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qianhang.plan.stated import Known
    from qianhang.store import Store

__all__ = ["names_known"]

# Stages in which a model may be used, if only for research.
_USABLE = ("accepted", "research_only")


def names_known(store: Store) -> Known:
    """Kind -> the names of what there is of it on this platform.

    Services and parts are not registered anywhere yet, so that nothing proves them.
    """

    @functools.cache
    def names(kind: str) -> Collection[str]:
        if kind == "scenario":
            from qianhang.core.pack import cards

            return tuple(card.id for card in cards())
        if kind == "dataset":
            from qianhang.data import registry

            return registry.names()
        if kind == "model":
            from qianhang.models.registry import versions

            return tuple({v.name: v for v in versions(store) if v.stage in _USABLE})
        if kind == "pool":
            from qianhang.compute.drivers.local import LocalDriver

            return (LocalDriver.name,)
        return ()

    return names
