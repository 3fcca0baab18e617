"""Model versions as a reader may see them: those whose run the reader may see."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import sqlalchemy as sa

from qianhang.core.errors import UsageError
from qianhang.models import ModelVersion, registry
from qianhang.runs import listing, tables
from qianhang.store import Store

__all__ = ["kept", "one_kept", "scenario_of", "seen_runs"]

_BLOCK = 500


def kept(store: Store, orgs: Collection[str] | None, *, scenario: str = "") -> list[ModelVersion]:
    """The versions that those who cover `orgs` may see, newest first; None sees everything.

    scenario : only models of this scenario, whichever organisation fitted them
    """
    found = registry.versions_of(store, scenario) if scenario else registry.versions(store)
    known = seen_runs(store, (v.run for v in found), orgs)
    shown = [v for v in found if v.run in known]
    return sorted(shown, key=lambda v: (v.at, v.name, v.version), reverse=True)


def one_kept(
    store: Store, orgs: Collection[str] | None, *, name: str, version: int
) -> ModelVersion:
    """That version, where the reader may see it.

    Raises UsageError where there is none, or none for this reader: the two look the same.
    """
    found = next((v for v in registry.versions(store, name) if v.version == version), None)
    if found is None or found.run not in seen_runs(store, [found.run], orgs):
        raise UsageError("QH804", f"model {name[:120]}@{version} does not exist")
    return found


def scenario_of(name: str) -> str:
    """The scenario of a model's name, which ends in the organisation where one fitted its own."""
    return name.partition("/")[0]


def seen_runs(store: Store, runs: Iterable[str], orgs: Collection[str] | None) -> Mapping[str, str]:
    """Id -> case of those of the runs that the reader may see."""
    wanted = sorted(set(runs))
    run = tables.run
    found: dict[str, str] = {}
    with store.read() as connection:
        for start in range(0, len(wanted), _BLOCK):
            where = run.c.id.in_(wanted[start : start + _BLOCK]) & listing.seen(orgs)
            rows = connection.execute(sa.select(run.c.id, run.c.case).where(where))
            found |= {row.id: row.case for row in rows}
    return found
